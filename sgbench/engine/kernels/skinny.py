"""Triton: matrix products of a few dozen rows, at the speed at which the weights can be read.

The weights are the tall side of the tensor cores' tiles and the tokens the narrow one, so that nothing is padded. Where the matrix has too
few rows to occupy the device the sums are split along its width into parts in float32, which the kernel behind adds up
(`sgbench.engine.kernels.norm.add_norm`); the gate of the feed-forward layer is done where the products are.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import triton
import triton.language as tl

from sgbench.engine.kernels.following import early, follow

if TYPE_CHECKING:
    from sgbench.engine.kernels.chosen_products import Kind, Product

CAPABILITIES = (9, 10)
"""Devices whose processors have the shared memory that `CUTS` take: Hopper and what is like it."""
MOST_ROWS = 64
"""Above, tensor cores are the limit and not memory."""
_LEAST_BLOCK = 64


@dataclass(frozen=True, slots=True)
class Cut:
    """How programs are cut: rows of the matrix, columns of a step along them, parts of the width, warps, stages."""

    rows: int
    columns: int
    splits: int
    warps: int
    stages: int


CUTS: dict[Kind, Cut] = {
    "whole": Cut(64, 128, 1, 4, 6),
    "gated": Cut(64, 64, 1, 4, 3),
    "added": Cut(64, 128, 2, 4, 6),
}
"""By kind of product (`sgbench.engine.kernels.chosen_products`); the best of those that were tried on an H200 (`benchmarks/LOG.md`)."""


@triton.jit(do_not_specialize=["n"])
def _skinny(
    x,
    matrix,
    out,
    n,
    n_rows,
    width: tl.constexpr,
    block_r: tl.constexpr,
    block_n: tl.constexpr,
    block_k: tl.constexpr,
    splits: tl.constexpr,
    gated: tl.constexpr,
    early: tl.constexpr,
):
    follow(early)
    row = tl.program_id(0) * block_r + tl.arange(0, block_r)
    part = tl.program_id(1)
    token = tl.arange(0, block_n)
    there = token < n
    column = part * (width // splits) + tl.arange(0, block_k)
    weights_at = matrix + row.to(tl.int64)[:, None] * width + column[None, :]
    others_at = weights_at + n_rows.to(tl.int64) * width
    x_at = x + token[None, :] * width + column[:, None]
    first = tl.zeros((block_r, block_n), tl.float32)
    second = tl.zeros((block_r, block_n), tl.float32)
    for _ in range(0, width // splits, block_k):
        vector = tl.load(x_at, mask=there[None, :], other=0.0)
        first = tl.dot(tl.load(weights_at), vector, first)
        if gated:
            second = tl.dot(tl.load(others_at), vector, second)
            others_at += block_k
        weights_at += block_k
        x_at += block_k
    if gated:
        first = first / (1.0 + tl.exp(-first)) * second
    at = out + (part * n + token[None, :]).to(tl.int64) * n_rows + row[:, None]
    tl.store(at, first.to(out.dtype.element_ty), mask=there[None, :])


def skinny(
    x: torch.Tensor, matrix: torch.Tensor, out: torch.Tensor | None = None, *, cut: Cut, gated: bool = False
) -> torch.Tensor:
    """``x @ matrix.T``.

    Parameters
    ----------
    x
        ``[n, width]``, contiguous, few rows.
    matrix
        ``[rows, width]``, contiguous; a multiple of ``cut.rows`` (of twice that with ``gated``).
    out
        ``[n, rows]``: where the product goes, if it is not in parts; None: into a new tensor.
    cut
        ``splits * columns`` divides the width.
    gated
        The first half of the matrix gates the second: ``silu(first) * second``; not with several ``splits``.

    Returns
    -------
    ``[n, rows]`` in x's dtype, or with several ``splits`` their parts, float32 ``[splits, n, rows]``.
    """
    n, width = x.shape
    n_rows = matrix.shape[0] // 2 if gated else matrix.shape[0]
    assert n_rows % cut.rows == 0 and width % (cut.splits * cut.columns) == 0 and not (gated and cut.splits > 1)
    assert x.is_contiguous() and matrix.is_contiguous() and (out is None or cut.splits == 1)
    if cut.splits > 1:
        out = x.new_empty(cut.splits, n, n_rows, dtype=torch.float32)
    elif out is None:
        out = x.new_empty(n, n_rows)
    _skinny[(n_rows // cut.rows, cut.splits)](
        x,
        matrix,
        out,
        n,
        n_rows,
        width=width,
        block_r=cut.rows,
        block_n=max(_LEAST_BLOCK, triton.next_power_of_2(n)),
        block_k=cut.columns,
        splits=cut.splits,
        gated=gated,
        num_warps=cut.warps,
        num_stages=cut.stages,
        **early(x),
    )
    return out


def own_ways(kind: Kind, n: int, rows: int, width: int) -> Iterator[tuple[str, Product]]:
    """What this module has for `ChosenProducts`: names and products, sums in parts."""
    cut = CUTS.get(kind)
    if cut is None or n > MOST_ROWS:
        return
    gated = kind == "gated"
    n_rows = rows // 2 if gated else rows
    if n_rows % cut.rows == 0 and width % (cut.splits * cut.columns) == 0:
        yield f"own {cut.rows}x{cut.columns}/{cut.splits}", functools.partial(skinny, cut=cut, gated=gated)
