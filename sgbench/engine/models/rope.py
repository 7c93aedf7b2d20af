"""Rotary position embeddings: wavelengths, and the rotation itself.

Heads are stored with the two halves of each rotated pair side by side (the loader permutes the rows of the query and key
weights so), because then a rotation is one complex multiplication. Attention scores do not depend on the order of the
dimensions of a head. Knows nothing of caches or batches.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from sgbench.engine.models.rope_config import RopeConfig


def inverse_frequencies(config: RopeConfig, head_dim: int, n_positions: int) -> tuple[torch.Tensor, float]:
    """Angle per position of each pair, and the factor on cosine and sine.

    The same for every sequence of an engine of ``n_positions``: longrope takes its long divisors where that is above the
    original context, else its short ones; dynamic scaling never reaches the length where it begins.

    Returns
    -------
    (float32 ``[head_dim / 2]``, float)
        The factor is 1 for all but yarn and longrope.
    """
    import torch

    exponents = torch.arange(0, head_dim, 2, dtype=torch.int64).float() / head_dim
    plain = 1.0 / (config.theta**exponents)
    if config.kind == "linear":
        return plain / float(config.options["factor"]), 1.0
    if config.kind == "llama3":
        return _llama3(plain, config.options), 1.0
    if config.kind == "yarn":
        return _yarn(plain, config, head_dim)
    if config.kind == "longrope":
        return _longrope(plain, config.options, n_positions)
    return plain, 1.0


def _longrope(plain: torch.Tensor, options: dict[str, Any], n_positions: int) -> tuple[torch.Tensor, float]:
    """Each pair slowed by a divisor of its own (Ding et al., "LongRoPE", 2024)."""
    original, factor = float(options["original_max_position_embeddings"]), float(options["factor"])
    divisors = options["long_factor" if n_positions > original else "short_factor"]
    given = options.get("attention_factor")
    if given is None:
        given = 1.0 if factor <= 1.0 else math.sqrt(1 + math.log(factor) / math.log(original))
    return plain / plain.new_tensor(divisors), float(given)


def _llama3(plain: torch.Tensor, options: dict[str, Any]) -> torch.Tensor:
    """Long waves are slowed by ``factor``, short ones kept, those between interpolated (Llama 3.1)."""
    import torch

    factor, low, high = (float(options[k]) for k in ("factor", "low_freq_factor", "high_freq_factor"))
    turns = float(options["original_max_position_embeddings"]) * plain / (2 * math.pi)
    keep = torch.clamp((turns - low) / (high - low), 0.0, 1.0)
    return (1 - keep) * plain / factor + keep * plain


def _yarn(plain: torch.Tensor, config: RopeConfig, head_dim: int) -> tuple[torch.Tensor, float]:
    """NTK-by-parts interpolation and attention temperature of Peng et al., "YaRN", 2023."""
    import torch

    options = config.options
    factor, original = float(options["factor"]), float(options["original_max_position_embeddings"])

    def dimension(turns: float) -> float:
        return head_dim * math.log(original / (turns * 2 * math.pi)) / (2 * math.log(config.theta))

    low = dimension(float(options.get("beta_fast") or 32))
    high = dimension(float(options.get("beta_slow") or 1))
    if options.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, head_dim - 1)
    span = high - low if high != low else 0.001
    slowed = torch.clamp((torch.arange(head_dim // 2, dtype=torch.float32) - low) / span, 0.0, 1.0)
    frequencies = slowed * plain / factor + (1 - slowed) * plain
    return frequencies, _yarn_attention_factor(options, factor)


def _yarn_attention_factor(options: dict[str, Any], factor: float) -> float:
    def mscale(weight: float) -> float:
        return 1.0 if factor <= 1 else 0.1 * weight * math.log(factor) + 1.0

    given = options.get("attention_factor")
    if given is not None:
        return float(given)
    numerator, denominator = options.get("mscale"), options.get("mscale_all_dim")
    if numerator and denominator:
        return mscale(float(numerator)) / mscale(float(denominator))
    return mscale(1.0)


def rotation_table(config: RopeConfig, head_dim: int, n_positions: int, device: torch.device) -> torch.Tensor:
    """Cosines and sines of all positions: float32 ``[n_positions, head_dim / 2, 2]`` on ``device``."""
    import torch

    frequencies, factor = inverse_frequencies(config, head_dim, n_positions)
    angles = torch.outer(torch.arange(n_positions, dtype=torch.float32, device=device), frequencies.to(device))
    return torch.stack((angles.cos(), angles.sin()), -1).mul_(factor)


class Rope:
    """Cosines and sines of all positions, and the rotation.

    Parameters
    ----------
    config
        Base and scaling.
    head_dim
        Size of a head.
    n_positions
        Positions ``0 .. n_positions - 1`` can be rotated.
    dtype, device
        Of the heads to rotate.
    """

    def __init__(
        self, config: RopeConfig, head_dim: int, n_positions: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        import torch

        frequencies, factor = inverse_frequencies(config, head_dim, n_positions)
        angles = torch.outer(torch.arange(n_positions, dtype=torch.float32), frequencies)
        table = torch.polar(torch.full_like(angles, factor), angles)
        self._complex = dtype == torch.float32
        self._table = (table if self._complex else torch.view_as_real(table).to(dtype)).to(device)

    def at(self, positions: torch.Tensor) -> torch.Tensor:
        """Rows of the table for int64 ``[n]`` positions, once for all layers of a step."""
        return self._table.index_select(0, positions).unsqueeze(1)

    def rotate_(self, heads: torch.Tensor, rows: torch.Tensor) -> None:
        """Rotate ``heads`` ``[n, heads, head_dim]`` in place by `at`'s ``rows``."""
        import torch

        pairs = heads.view(*heads.shape[:2], -1, 2)
        if self._complex:
            torch.view_as_complex(pairs).mul_(rows)
            return
        real, imaginary = pairs.unbind(-1)
        cos, sin = rows.unbind(-1)
        rotated = torch.stack((real * cos - imaginary * sin, real * sin + imaginary * cos), -1)
        pairs.copy_(rotated)


def interleave(rows: torch.Tensor, head_dim: int) -> torch.Tensor:
    """Reorder the output rows of a query or key weight, bias or norm so that rotated pairs lie side by side.

    Parameters
    ----------
    rows
        ``[heads * head_dim, ...]`` in Hugging Face's order (first halves, then second halves of a head).
    head_dim
        Size of a head.
    """
    halves = rows.reshape(-1, 2, head_dim // 2, *rows.shape[1:])
    return halves.transpose(1, 2).flatten(0, 2)
