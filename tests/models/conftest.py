"""Random tiny checkpoints of every family, written by transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

SHAPE: dict[str, Any] = {
    "vocab_size": 160,
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "initializer_range": 0.3,
}


def tiny(family: str, **changes: Any) -> Any:
    """A random model of a family in float32, biases and norms random too."""
    import torch
    import transformers

    classes = {"llama": "Llama", "mistral": "Mistral", "qwen2": "Qwen2", "qwen3": "Qwen3"}
    name = classes[family]
    extra: dict[str, Any] = {"mistral": {"sliding_window": None, "head_dim": 16}, "qwen3": {"head_dim": 16}}.get(
        family, {}
    )
    config = getattr(transformers, f"{name}Config")(**(SHAPE | extra | changes))
    torch.manual_seed(7)
    model = getattr(transformers, f"{name}ForCausalLM")(config).float().eval()
    with torch.no_grad():
        for key, value in model.named_parameters():
            if value.dim() == 1:
                value.normal_(0.0 if key.endswith("bias") else 1.0, 0.2)
    model.generation_config.eos_token_id = None
    return model


@pytest.fixture
def device() -> str:
    """Where runners run; tests/gpu overrides it."""
    return "cpu"


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """``checkpoint(family, shard_size=None, **config)`` -> (transformers model, folder)."""
    made: dict[str, tuple[Any, Path]] = {}

    def make(family: str, shard_size: str | None = None, **changes: Any) -> tuple[Any, Path]:
        key = repr((family, shard_size, sorted(changes.items(), key=repr)))
        if key not in made:
            model, folder = tiny(family, **changes), tmp_path_factory.mktemp(family)
            model.save_pretrained(folder, **({"max_shard_size": shard_size} if shard_size else {}))
            made[key] = (model, folder)
        return made[key]

    return make
