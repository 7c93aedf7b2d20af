"""Triton: matrix times one vector, at the speed at which the matrix can be read, with what stands before and behind it.

For one request alone a step is reading weights. A program takes a few rows of the matrix and walks along them; the norm of the vector is
computed on the way (it is in every program's hands anyway), the gate of the feed-forward layer and the residual sum where the result is
written. Sums are in float32, and a normed vector is not rounded on its way into the product.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import triton
import triton.language as tl

from sgbench.engine.kernels.following import early, follow
from sgbench.engine.kernels.gemv_shapes import GATED, MEASURED, PLAIN


@dataclass(frozen=True, slots=True)
class Shape:
    """Rows of the matrix that a program takes, columns of a step along them, and warps."""

    rows: int
    columns: int
    warps: int


@triton.jit
def _weights(start, at, column, valid, width: tl.constexpr):
    inside = valid[:, None] & (at + column < width)[None, :]
    return tl.load(start + at, mask=inside, other=0.0, eviction_policy="evict_first")


@triton.jit
def _gemv(
    x,
    matrix,
    bias,
    norm,
    stream,
    out,
    n_rows,
    eps,
    width: tl.constexpr,
    block_r: tl.constexpr,
    block_c: tl.constexpr,
    has_bias: tl.constexpr,
    has_norm: tl.constexpr,
    has_stream: tl.constexpr,
    gated: tl.constexpr,
    early: tl.constexpr,
):
    follow(early)
    row = tl.program_id(0) * block_r + tl.arange(0, block_r)
    valid = row < n_rows
    column = tl.arange(0, block_c)
    first = tl.zeros((block_r, block_c), tl.float32)
    second = tl.zeros((block_r, block_c), tl.float32)
    squares = tl.zeros((block_c,), tl.float32)
    start = matrix + row.to(tl.int64)[:, None] * width + column[None, :]
    below = start + n_rows.to(tl.int64) * width
    weights = _weights(start, 0, column, valid, width)
    if gated:
        others = _weights(below, 0, column, valid, width)
    for at in tl.static_range(0, width, block_c):
        inside = at + column < width
        vector = tl.load(x + at + column, mask=inside, other=0.0).to(tl.float32)
        if has_norm:
            squares += vector * vector
            vector *= tl.load(norm + at + column, mask=inside, other=0.0).to(tl.float32)
        if at > 0:
            weights = _weights(start, at, column, valid, width)
        first += weights.to(tl.float32) * vector[None, :]
        if gated:
            if at > 0:
                others = _weights(below, at, column, valid, width)
            second += others.to(tl.float32) * vector[None, :]
    scale = 1.0
    if has_norm:
        scale = tl.rsqrt(tl.sum(squares, 0) / width + eps)
    value = tl.sum(first, 1) * scale
    if has_bias:
        value += tl.load(bias + row, mask=valid, other=0.0).to(tl.float32)
    if gated:
        up = tl.sum(second, 1) * scale
        if has_bias:
            up += tl.load(bias + n_rows + row, mask=valid, other=0.0).to(tl.float32)
        value = value / (1.0 + tl.exp(-value)) * up
    if has_stream:
        value += tl.load(stream + row, mask=valid, other=0.0).to(tl.float32)
    tl.store(out + row, value.to(out.dtype.element_ty), mask=valid)


def gemv(
    x: torch.Tensor,
    matrix: torch.Tensor,
    bias: torch.Tensor | None,
    *,
    norm: torch.Tensor | None = None,
    eps: float = 0.0,
    stream: torch.Tensor | None = None,
    gated: bool = False,
    out: torch.Tensor | None = None,
    shape: Shape | None = None,
) -> torch.Tensor:
    """``matrix @ x``, with what is asked for around it.

    Parameters
    ----------
    x
        ``[1, width]``, contiguous.
    matrix
        ``[rows, width]``, contiguous.
    bias
        ``[rows]`` or None.
    norm, eps
        ``x`` is divided by its root mean square and multiplied by ``norm`` ``[width]`` first.
    stream
        ``[1, rows]``: added to the result.
    gated
        The first half of the rows gates the second: ``silu(first) * second``, ``[1, rows / 2]``.
    out
        ``[1, rows]``: where the result goes; None: into a new tensor.
    shape
        How programs are cut; None: by the size of the matrix.
    """
    width = matrix.shape[1]
    n_rows = matrix.shape[0] // 2 if gated else matrix.shape[0]
    assert x.shape == (1, width) and x.is_contiguous() and matrix.is_contiguous()
    shape = shape or shape_for(n_rows, width, gated)
    if out is None:
        out = x.new_empty(1, n_rows)
    _gemv[(triton.cdiv(n_rows, shape.rows),)](
        x,
        matrix,
        x if bias is None else bias,
        x if norm is None else norm,
        x if stream is None else stream,
        out,
        n_rows,
        eps,
        width=width,
        block_r=shape.rows,
        block_c=shape.columns,
        has_bias=bias is not None,
        has_norm=norm is not None,
        has_stream=stream is not None,
        gated=gated,
        num_warps=shape.warps,
        **early(x),
    )
    return out


def shape_for(n_rows: int, width: int, gated: bool) -> Shape:
    """How programs are cut for a matrix of ``n_rows`` rows, of twice as many with ``gated``."""
    rows, columns, warps = MEASURED.get((n_rows, width, gated), GATED if gated else PLAIN)
    return Shape(rows, min(columns, triton.next_power_of_2(width)), warps)
