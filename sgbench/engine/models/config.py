"""What a Hugging Face ``config.json`` says about a decoder, checked.

Knows the Llama, Mistral, Qwen2 and Qwen3 families, which the engine computes itself; for every other it asks
`sgbench.engine.models.foreign_config`. Refuses what would be computed wrongly. Knows no torch and no weights.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sgbench.engine.attention.base import LayerOptions
from sgbench.engine.models.rope_config import RopeConfig, rope_config
from sgbench.errors import ModelError

FAMILIES = ("llama", "mistral", "qwen2", "qwen3")
_ARCHITECTURES = {
    "LlamaForCausalLM": "llama",
    "MistralForCausalLM": "mistral",
    "Qwen2ForCausalLM": "qwen2",
    "Qwen3ForCausalLM": "qwen3",
}


class NotOursError(ModelError):
    """A decoder that is right but not among ours; `transformers` may compute it."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Shape of a decoder.

    Attributes
    ----------
    family
        One of `FAMILIES`, or another model's ``model_type``.
    max_context_tokens
        Longest sequence the positions allow, unless a user asks for more where that can be right (``longest_context_tokens``).
    layers
        Options of attention, layer by layer; empty: all are plain.
    foreign
        Why `transformers` computes this model, in a sentence; empty: the engine does.
    qkv_bias, out_bias, mlp_bias, qk_norm
        What the families differ in.
    tied
        Is the embedding also the output projection?
    """

    family: str
    vocab_size: int
    hidden_size: int
    intermediate_size: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    head_dim: int
    norm_eps: float
    rope: RopeConfig
    max_context_tokens: int
    longest_context_tokens: int
    qkv_bias: bool
    out_bias: bool
    mlp_bias: bool
    qk_norm: bool
    tied: bool
    dtype: str | None
    layers: tuple[LayerOptions, ...] = ()
    foreign: str = ""
    n_parameters: int | None = None

    @property
    def parameters(self) -> int:
        """Number of weights, the tied embedding counted once."""
        if self.n_parameters is not None:
            return self.n_parameters
        q, kv = self.n_heads * self.head_dim, self.n_kv_heads * self.head_dim
        attention = (
            self.hidden_size * (2 * q + 2 * kv) + self.qkv_bias * (q + 2 * kv) + self.out_bias * self.hidden_size
        )
        mlp = 3 * self.hidden_size * self.intermediate_size
        mlp += self.mlp_bias * (2 * self.intermediate_size + self.hidden_size)
        norms = 2 * self.hidden_size + self.qk_norm * 2 * self.head_dim
        embedding = self.vocab_size * self.hidden_size * (1 if self.tied else 2)
        return self.n_layers * (attention + mlp + norms) + embedding + self.hidden_size

    @classmethod
    def from_folder(cls, folder: Path) -> ModelConfig:
        """Read ``folder/config.json``.

        Raises
        ------
        ModelError
            No such file, not JSON, or a model this engine does not compute rightly.
        """
        path = folder / "config.json"
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ModelError(
                f"{folder} holds no config.json: it is not a model folder in Hugging Face layout"
            ) from None
        except (ValueError, UnicodeDecodeError) as error:
            raise ModelError(f"{path} is not valid JSON: {error}") from error
        if not isinstance(raw, dict):
            raise ModelError(f"{path} is not a JSON object")
        try:
            return cls.from_dict(raw, str(path))
        except NotOursError as reason:
            from sgbench.engine.models.foreign_config import foreign_config

            return foreign_config(folder, str(reason))

    @classmethod
    def from_dict(cls, raw: dict[str, Any], where: str = "config.json") -> ModelConfig:
        """Check ``raw``, the contents of a ``config.json`` of one of our families; ``where`` names it in errors.

        Raises
        ------
        NotOursError
            Another family, or a feature of one of ours that the engine does not compute itself.
        ModelError
            A quantised checkpoint, or numbers that contradict one another.
        """
        family = _family(raw)
        _refuse(raw, where)
        try:
            hidden, n_heads = _positive(raw, "hidden_size"), _positive(raw, "num_attention_heads")
            n_kv_heads = _positive(raw, "num_key_value_heads", n_heads)
            head_dim = _positive(raw, "head_dim", hidden // n_heads)
            rope = rope_config(raw, where)
            positions = _positive(raw, "max_position_embeddings", 2048)
            config = cls(
                family=family,
                vocab_size=_positive(raw, "vocab_size"),
                hidden_size=hidden,
                intermediate_size=_positive(raw, "intermediate_size"),
                n_layers=_positive(raw, "num_hidden_layers"),
                n_heads=n_heads,
                n_kv_heads=n_kv_heads,
                head_dim=head_dim,
                norm_eps=float(raw.get("rms_norm_eps", 1e-6)),
                rope=rope,
                max_context_tokens=min(positions, rope.exact_tokens or positions),
                longest_context_tokens=positions,
                qkv_bias=True if family == "qwen2" else bool(raw.get("attention_bias", False)),
                out_bias=False if family == "qwen2" else bool(raw.get("attention_bias", False)),
                mlp_bias=family == "llama" and bool(raw.get("mlp_bias", False)),
                qk_norm=family == "qwen3",
                tied=bool(raw.get("tie_word_embeddings", False)),
                dtype=_dtype(raw),
                layers=_layers(raw, family),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{where}: {error}") from error
        if n_heads % n_kv_heads:
            raise ModelError(f"{where}: {n_heads} attention heads cannot share {n_kv_heads} key-value heads evenly")
        if head_dim % 2:
            raise ModelError(f"{where}: rotary embeddings need an even head_dim, not {head_dim}")
        return config


def _family(raw: dict[str, Any]) -> str:
    architectures = raw.get("architectures") or []
    for name in architectures:
        if name in _ARCHITECTURES:
            return _ARCHITECTURES[name]
    if not architectures and raw.get("model_type") in FAMILIES:
        return str(raw["model_type"])
    what = ", ".join(architectures) or f"model_type {raw.get('model_type')!r}"
    raise NotOursError(f"{what} is not among {', '.join(_ARCHITECTURES)}")


def _refuse(raw: dict[str, Any], where: str) -> None:
    """Everything that would load and then compute something else."""
    if raw.get("quantization_config"):
        method = raw["quantization_config"].get("quant_method", "unknown")
        raise ModelError(f"{where}: a quantised checkpoint ({method}) is not supported; use the unquantised weights")
    act = raw.get("hidden_act", "silu")
    if act not in ("silu", "swish"):
        raise NotOursError(f"its activation is {act!r} and ours is silu")
    rope = (raw.get("rope_scaling") or {}) | (raw.get("rope_parameters") or {})
    if any(float(one.get("partial_rotary_factor") or 1.0) != 1.0 for one in (raw, rope)):
        raise NotOursError("it rotates a part of each head only")
    for layer_type in set(raw.get("layer_types") or ()):
        if layer_type not in ("full_attention", "sliding_attention"):
            raise NotOursError(f"it has layers of type {layer_type!r}")


def _positive(raw: dict[str, Any], name: str, default: int | None = None) -> int:
    value = raw.get(name)
    if value is None:
        value = default
    if value is None:
        raise KeyError(f"{name} is missing")
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name}={value!r} is not a positive whole number")
    return value


def _layers(raw: dict[str, Any], family: str) -> tuple[LayerOptions, ...]:
    """Windows: Mistral's in all layers; Qwen's where ``layer_types`` says, or from ``max_window_layers`` up; Llama has none."""
    window = raw.get("sliding_window")
    n_layers = _positive(raw, "num_hidden_layers")
    if window is None or family == "llama":
        return ()
    if isinstance(window, bool) or not isinstance(window, int) or window < 1:
        raise ValueError(f"sliding_window={window!r} is not a positive whole number")
    if family == "mistral":
        return (LayerOptions(window=window),) * n_layers
    if not raw.get("use_sliding_window", False):
        return ()
    first = int(raw.get("max_window_layers", 28))
    types = raw.get("layer_types") or ["full_attention"] * first + ["sliding_attention"] * (n_layers - first)
    if len(types[:n_layers]) != n_layers:
        raise ValueError(f"layer_types names {len(types)} layers of {n_layers}")
    layers = tuple(LayerOptions(window=window if kind == "sliding_attention" else None) for kind in types[:n_layers])
    return layers if any(layer.window for layer in layers) else ()


def _dtype(raw: dict[str, Any]) -> str | None:
    value = raw.get("dtype") or raw.get("torch_dtype")
    return str(value).removeprefix("torch.") if value else None
