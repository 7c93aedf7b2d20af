"""From a folder to a decoder that runs: our own code for the families it knows, `transformers`' for the others.

Knows both kinds of decoder and what tells them apart; does not know what runs them.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import torch

from sgbench.engine.models.decoder import Decoder
from sgbench.engine.models.weights import load_weights, random_weights

if TYPE_CHECKING:
    from sgbench.engine.config import EngineConfig
    from sgbench.engine.models.config import ModelConfig
    from sgbench.engine.models.foreign import ForeignDecoder

AnyDecoder: TypeAlias = "Decoder | ForeignDecoder"


def load_decoder(folder: Path, model: ModelConfig, config: EngineConfig) -> tuple[ModelConfig, AnyDecoder]:
    """The decoder in ``folder`` on the device of ``config``, and its shape with all that only the loaded model tells.

    Parameters
    ----------
    folder
        In Hugging Face layout.
    model
        `ModelConfig.from_folder` of it.
    config
        With device, dtype and context resolved.

    Raises
    ------
    ModelError
        It cannot be loaded, or would be computed wrongly.
    """
    device, dtype = torch.device(config.device), getattr(torch, config.dtype)
    seed = config.seed if config.load_format == "dummy" else None
    if model.foreign:
        return _foreign(folder, model, dtype, device, seed)
    dummy = seed is not None
    weights = random_weights(model, dtype, device, config.seed) if dummy else load_weights(folder, model, dtype, device)
    assert config.context_length is not None
    return model, Decoder(model, weights, config.context_length)


def _foreign(
    folder: Path, model: ModelConfig, dtype: torch.dtype, device: torch.device, seed: int | None
) -> tuple[ModelConfig, ForeignDecoder]:
    from sgbench.engine.models.foreign import ForeignDecoder, load_foreign
    from sgbench.engine.models.proof import prove

    loaded = load_foreign(folder, dtype, device, seed)
    decoder = ForeignDecoder(loaded)
    n_heads, kv_heads, head_dim = decoder.shape
    model = dataclasses.replace(
        model,
        n_heads=n_heads,
        n_kv_heads=kv_heads,
        head_dim=head_dim,
        layers=decoder.layers,
        n_parameters=sum(p.numel() for p in loaded.parameters()),
    )
    prove(loaded, decoder, model)
    return model, decoder
