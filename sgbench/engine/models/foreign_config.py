"""The shape of a decoder that `transformers` computes for us, from its own reading of ``config.json``.

Fast reasons to refuse come here, before any weight is read; what only the model's code can tell is found by
`sgbench.engine.models.foreign`. Knows no torch; never runs code that comes with a model.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sgbench.engine.models.config import ModelConfig
from sgbench.engine.models.rope_config import RopeConfig
from sgbench.errors import ModelError

_LAYER_TYPES = {"full_attention", "sliding_attention"}
_SWITCHING = ("dynamic", "longrope")


def foreign_config(folder: Path, reason: str) -> ModelConfig:
    """Shape of the decoder in ``folder``; ``reason`` says why the engine does not compute it itself.

    Raises
    ------
    ModelError
        `transformers` does not know the model, or it is none that attends causally to a KV cache in every layer.
    """
    from transformers import AutoConfig

    try:
        raw = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except (
        Exception
    ) as failure:  # unknown types, code of its own, fields of a wrong kind: each has an exception of its own
        raise ModelError(
            f"{folder}: {reason}, and transformers cannot read it either ({type(failure).__name__}: {failure})"
        ) from failure
    try:
        text = raw.get_text_config(decoder=True)
        _refuse(raw, text, folder)
        heads, hidden = int(text.num_attention_heads), int(text.hidden_size)
        context, longest = _context(text)
        return ModelConfig(
            family=str(raw.model_type),
            vocab_size=int(text.vocab_size),
            hidden_size=hidden,
            intermediate_size=int(getattr(text, "intermediate_size", None) or 4 * hidden),
            n_layers=int(text.num_hidden_layers),
            n_heads=heads,
            n_kv_heads=int(getattr(text, "num_key_value_heads", None) or heads),
            head_dim=int(getattr(text, "head_dim", None) or hidden // heads),
            norm_eps=0.0,
            rope=RopeConfig("default", 0.0, {}),
            max_context_tokens=context,
            longest_context_tokens=longest,
            qkv_bias=False,
            out_bias=False,
            mlp_bias=False,
            qk_norm=False,
            tied=bool(getattr(raw, "tie_word_embeddings", False)),
            dtype=str(raw.dtype).removeprefix("torch.") if raw.dtype else None,
            foreign=reason,
        )
    except ModelError:
        raise
    except Exception as failure:  # configs of a shape of their own complain in ways of their own
        raise ModelError(
            f"{folder}: the shape of {raw.model_type!r} cannot be read from its config ({type(failure).__name__}: {failure})"
        ) from failure


def _refuse(raw: Any, text: Any, folder: Path) -> None:
    kind = raw.model_type
    if raw.is_encoder_decoder:
        raise ModelError(f"{folder}: {kind!r} has an encoder; the engine runs decoders only")
    if getattr(raw, "quantization_config", None) is not None:
        raise ModelError(f"{folder}: a quantised checkpoint is not supported; use the unquantised weights")
    for layer_type in sorted(set(getattr(text, "layer_types", None) or ()) - _LAYER_TYPES):
        raise ModelError(
            f"{folder}: {kind!r} has layers of type {layer_type!r}, whose state is not one KV entry for each token: "
            "a prefix cache cannot hold it"
        )
    if getattr(text, "num_kv_shared_layers", 0):
        raise ModelError(
            f"{folder}: layers of {kind!r} share their keys and values; the engine's pool does not know that"
        )
    if getattr(text, "use_bidirectional_attention", None):
        raise ModelError(f"{folder}: {kind!r} attends to tokens that come later: what is cached would change")


def _context(text: Any) -> tuple[int, int]:
    """Longest sequence; where positions depend on a sequence's own length, the longest for which they do not yet."""
    longest = int(text.max_position_embeddings)
    rope = getattr(text, "rope_parameters", None) or {}
    original = getattr(text, "original_max_position_embeddings", None) or rope.get("original_max_position_embeddings")
    kinds = {rope.get("rope_type"), *(one.get("rope_type") for one in rope.values() if isinstance(one, dict))}
    if kinds & set(_SWITCHING):
        longest = min(longest, int(original or longest))
    return longest, longest
