"""What a Hugging Face ``config.json`` says about a decoder, checked.

Knows the Llama, Mistral, Qwen2 and Qwen3 families and refuses everything it would compute wrongly. Knows no torch and no
weights.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sgbench.errors import ModelError

FAMILIES = ("llama", "mistral", "qwen2", "qwen3")
_ARCHITECTURES = {
    "LlamaForCausalLM": "llama",
    "MistralForCausalLM": "mistral",
    "Qwen2ForCausalLM": "qwen2",
    "Qwen3ForCausalLM": "qwen3",
}
_ROPE_TYPES: dict[str, tuple[str, ...]] = {
    "default": (),
    "linear": ("factor",),
    "llama3": ("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"),
    "yarn": ("factor",),
}


@dataclass(frozen=True, slots=True)
class RopeConfig:
    """Rotary position embedding: base and scaling.

    Attributes
    ----------
    kind
        ``default``, ``linear``, ``llama3`` or ``yarn``.
    theta
        Base of the geometric series of wavelengths.
    options
        The scaling's own numbers, under Hugging Face's names.
    """

    kind: str
    theta: float
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Shape of a decoder.

    Attributes
    ----------
    family
        One of `FAMILIES`.
    max_context_tokens
        Longest sequence the positions allow.
    sliding_window_tokens
        Window of attention where the model has one, else None: sequences up to that length are computed rightly.
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
    sliding_window_tokens: int | None
    qkv_bias: bool
    out_bias: bool
    mlp_bias: bool
    qk_norm: bool
    tied: bool
    dtype: str | None

    @property
    def parameters(self) -> int:
        """Number of weights, the tied embedding counted once."""
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
        return cls.from_dict(raw, str(path))

    @classmethod
    def from_dict(cls, raw: dict[str, Any], where: str = "config.json") -> ModelConfig:
        """Check ``raw``, the contents of a ``config.json``; ``where`` names it in errors."""
        family = _family(raw, where)
        _refuse(raw, where)
        try:
            hidden, n_heads = _positive(raw, "hidden_size"), _positive(raw, "num_attention_heads")
            n_kv_heads = _positive(raw, "num_key_value_heads", n_heads)
            head_dim = _positive(raw, "head_dim", hidden // n_heads)
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
                rope=_rope(raw, where),
                max_context_tokens=_positive(raw, "max_position_embeddings", 2048),
                sliding_window_tokens=_sliding_window(raw),
                qkv_bias=True if family == "qwen2" else bool(raw.get("attention_bias", False)),
                out_bias=False if family == "qwen2" else bool(raw.get("attention_bias", False)),
                mlp_bias=family == "llama" and bool(raw.get("mlp_bias", False)),
                qk_norm=family == "qwen3",
                tied=bool(raw.get("tie_word_embeddings", False)),
                dtype=_dtype(raw),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{where}: {error}") from error
        if n_heads % n_kv_heads:
            raise ModelError(f"{where}: {n_heads} attention heads cannot share {n_kv_heads} key-value heads evenly")
        if head_dim % 2:
            raise ModelError(f"{where}: rotary embeddings need an even head_dim, not {head_dim}")
        return config


def _family(raw: dict[str, Any], where: str) -> str:
    architectures = raw.get("architectures") or []
    for name in architectures:
        if name in _ARCHITECTURES:
            return _ARCHITECTURES[name]
    if not architectures and raw.get("model_type") in FAMILIES:
        return str(raw["model_type"])
    what = ", ".join(architectures) or f"model_type {raw.get('model_type')!r}"
    raise ModelError(f"{where}: {what} is not supported; the engine knows {', '.join(_ARCHITECTURES)}")


def _refuse(raw: dict[str, Any], where: str) -> None:
    """Everything that would load and then compute something else."""
    if raw.get("quantization_config"):
        method = raw["quantization_config"].get("quant_method", "unknown")
        raise ModelError(f"{where}: a quantised checkpoint ({method}) is not supported; use the unquantised weights")
    act = raw.get("hidden_act", "silu")
    if act not in ("silu", "swish"):
        raise ModelError(f"{where}: activation {act!r} is not supported; the engine computes silu")
    if float(raw.get("partial_rotary_factor", 1.0)) != 1.0:
        raise ModelError(f"{where}: partial rotary embeddings are not supported")
    for layer_type in set(raw.get("layer_types") or ()):
        if layer_type not in ("full_attention", "sliding_attention"):
            raise ModelError(f"{where}: layers of type {layer_type!r} are not supported")


def _positive(raw: dict[str, Any], name: str, default: int | None = None) -> int:
    value = raw.get(name)
    if value is None:
        value = default
    if value is None:
        raise KeyError(f"{name} is missing")
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name}={value!r} is not a positive whole number")
    return value


def _sliding_window(raw: dict[str, Any]) -> int | None:
    """The window some layer uses, or None. Qwen switches it by ``use_sliding_window``, newer files by ``layer_types``."""
    window = raw.get("sliding_window")
    if window is None:
        return None
    if raw.get("model_type") != "mistral" and not raw.get("use_sliding_window", False):
        return None
    if raw.get("layer_types") and "sliding_attention" not in raw["layer_types"]:
        return None
    return int(window)


def _rope(raw: dict[str, Any], where: str) -> RopeConfig:
    """Both spellings: ``rope_parameters``, and ``rope_theta`` with ``rope_scaling``."""
    options = dict(raw.get("rope_scaling") or {})
    options.update(raw.get("rope_parameters") or {})
    kind = str(options.pop("rope_type", None) or options.pop("type", None) or "default")
    options.pop("type", None)
    theta = float(options.pop("rope_theta", None) or raw.get("rope_theta") or 10000.0)
    if kind not in _ROPE_TYPES:
        known = ", ".join(_ROPE_TYPES)
        raise ModelError(f"{where}: rotary scaling of type {kind!r} is not supported; the engine computes {known}")
    if float(options.get("partial_rotary_factor", 1.0)) != 1.0:
        raise ModelError(f"{where}: partial rotary embeddings are not supported")
    if kind == "yarn":
        options.setdefault("original_max_position_embeddings", raw.get("max_position_embeddings"))
    for name in _ROPE_TYPES[kind]:
        if not isinstance(options.get(name), (int, float)):
            raise ModelError(f"{where}: rotary scaling {kind!r} needs the number {name!r}")
    return RopeConfig(kind, theta, options)


def _dtype(raw: dict[str, Any]) -> str | None:
    value = raw.get("dtype") or raw.get("torch_dtype")
    return str(value).removeprefix("torch.") if value else None
