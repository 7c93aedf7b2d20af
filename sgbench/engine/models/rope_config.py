"""Rotary position embeddings as a ``config.json`` gives them, checked. Knows both spellings; computes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sgbench.errors import ModelError

_NUMBERS: dict[str, tuple[str, ...]] = {
    "default": (),
    "linear": ("factor",),
    "dynamic": ("factor",),
    "llama3": ("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"),
    "yarn": ("factor",),
    "longrope": ("original_max_position_embeddings",),
}


@dataclass(frozen=True, slots=True)
class RopeConfig:
    """Rotary position embedding: base and scaling.

    Attributes
    ----------
    kind
        ``default``, ``linear``, ``dynamic``, ``llama3``, ``yarn`` or ``longrope``.
    theta
        Base of the geometric series of wavelengths.
    options
        The scaling's own numbers, under Hugging Face's names.
    """

    kind: str
    theta: float
    options: dict[str, Any]

    @property
    def exact_tokens(self) -> int | None:
        """Longest sequence whose frequencies do not depend on its own length, where they do beyond; None: they never do.

        KV of a shorter sequence cannot be reused for a longer one across that length.
        """
        if self.kind in ("dynamic", "longrope"):
            return int(self.options["original_max_position_embeddings"])
        return None


def rope_config(raw: dict[str, Any], where: str) -> RopeConfig:
    """From ``rope_parameters``, or ``rope_theta`` with ``rope_scaling``.

    Raises
    ------
    ModelError
        A scaling nobody here computes, or one whose numbers are missing.
    """
    options = dict(raw.get("rope_scaling") or {})
    options.update(raw.get("rope_parameters") or {})
    kind = str(options.pop("rope_type", None) or options.pop("type", None) or "default")
    options.pop("type", None)
    theta = float(options.pop("rope_theta", None) or raw.get("rope_theta") or 10000.0)
    if kind not in _NUMBERS:
        known = ", ".join(_NUMBERS)
        raise ModelError(f"{where}: rotary scaling of type {kind!r} is not supported; the engine computes {known}")
    positions = raw.get("max_position_embeddings")
    if kind == "yarn":
        options.setdefault("original_max_position_embeddings", positions)
    if kind == "dynamic":
        options["original_max_position_embeddings"] = positions
    if kind == "longrope":
        original = raw.get("original_max_position_embeddings") or options.get("original_max_position_embeddings")
        options["original_max_position_embeddings"] = original or positions
        _longrope(raw, options, where)
    for name in _NUMBERS[kind]:
        if not isinstance(options.get(name), (int, float)):
            raise ModelError(f"{where}: rotary scaling {kind!r} needs the number {name!r}")
    return RopeConfig(kind, theta, options)


def _longrope(raw: dict[str, Any], options: dict[str, Any], where: str) -> None:
    """One divisor for each rotated pair, for short and for long sequences; the factor is of the two context lengths."""
    hidden, heads = raw.get("hidden_size") or 0, raw.get("num_attention_heads") or 1
    pairs = (raw.get("head_dim") or hidden // heads) // 2
    for name in ("short_factor", "long_factor"):
        values = options.get(name)
        if not isinstance(values, list) or len(values) != pairs:
            raise ModelError(f"{where}: rotary scaling 'longrope' needs {name!r}, a list of {pairs} numbers")
    if options.get("factor") is None:
        options["factor"] = (raw.get("max_position_embeddings") or 0) / options["original_max_position_embeddings"]
