"""Triton: RMS norm with what stands before it: the addition to the residual stream, or the embedding.

One program for each token, sums in float32. Results are rounded where `transformers` rounds them: the residual stream is kept in the
model's own precision, and the norm reads the rounded sum.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from sgbench.engine.kernels.following import early, follow


@triton.jit
def _normed(x, weight, column, width, eps):
    scale = tl.rsqrt(tl.sum(x * x, 0) / width + eps)
    return x * scale * tl.load(weight + column, mask=column < width, other=0.0).to(tl.float32)


@triton.jit
def _add_norm(x, stream, weight, out, width, eps, parts: tl.constexpr, block: tl.constexpr, early: tl.constexpr):
    follow(early)
    row = tl.program_id(0).to(tl.int64) * width
    column = tl.arange(0, block)
    inside = column < width
    rounded = tl.load(stream + row + column, mask=inside, other=0.0)
    if parts > 0:
        added = tl.load(x + row + column, mask=inside, other=0.0).to(tl.float32)
        for _ in tl.static_range(1, parts):
            x += tl.num_programs(0).to(tl.int64) * width
            added += tl.load(x + row + column, mask=inside, other=0.0).to(tl.float32)
        rounded = (rounded.to(tl.float32) + added).to(stream.dtype.element_ty)
        tl.store(stream + row + column, rounded, mask=inside)
    value = _normed(rounded.to(tl.float32), weight, column, width, eps)
    tl.store(out + row + column, value.to(out.dtype.element_ty), mask=inside)


@triton.jit
def _embed_norm(
    ids,
    rows,
    last,
    table,
    stream,
    weight,
    out,
    width,
    eps,
    has_last: tl.constexpr,
    block: tl.constexpr,
):
    token = tl.program_id(0).to(tl.int64)
    token_id = tl.load(ids + token).to(tl.int64)
    if has_last:
        sampled = tl.load(last + tl.load(rows + token)).to(tl.int64)
        token_id = tl.where(token_id < 0, sampled, token_id)
    token_id = tl.maximum(token_id, 0)
    column = tl.arange(0, block)
    inside = column < width
    value = tl.load(table + token_id * width + column, mask=inside, other=0.0)
    tl.store(stream + token * width + column, value, mask=inside)
    normed = _normed(value.to(tl.float32), weight, column, width, eps)
    tl.store(out + token * width + column, normed.to(out.dtype.element_ty), mask=inside)


def norm(stream: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """``stream / sqrt(mean(stream ** 2) + eps) * weight`` of ``[n, width]``, contiguous."""
    n, width = stream.shape
    assert stream.is_contiguous()
    out = torch.empty_like(stream)
    _add_norm[(n,)](stream, stream, weight, out, width, eps, parts=0, **_launch(width), **early(stream))
    return out


def add_norm(x: torch.Tensor, stream: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """``stream += x``; returns ``stream / sqrt(mean(stream ** 2) + eps) * weight``.

    Parameters
    ----------
    x
        ``[n, width]``, or parts of it that are still to be added up, float32 ``[parts, n, width]``; contiguous.
    stream
        ``[n, width]``, contiguous; changed.
    weight
        ``[width]``.
    """
    n, width = stream.shape
    assert x.is_contiguous() and stream.is_contiguous()
    out = torch.empty_like(stream)
    parts = len(x) if x.dim() == 3 else 1
    _add_norm[(n,)](x, stream, weight, out, width, eps, parts=parts, **_launch(width), **early(stream))
    return out


def embed_norm(
    ids: torch.Tensor,
    rows: torch.Tensor | None,
    last: torch.Tensor,
    table: torch.Tensor,
    weight: torch.Tensor,
    eps: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Embeddings of tokens, and their norm.

    Parameters
    ----------
    ids
        int32 ``[n]``; negative: the token is ``last[rows[i]]``, or token 0 if that is negative too.
    rows
        int32 ``[n]``; None: no id is negative.
    last
        int32 ``[max_running]``: the token that each row of the slot table sampled last.
    table
        ``[vocab, width]``.

    Returns
    -------
    The residual stream and its norm, both ``[n, width]``.
    """
    n, width = ids.shape[0], table.shape[1]
    stream, out = table.new_empty(n, width), table.new_empty(n, width)
    has_last = rows is not None
    _embed_norm[(n,)](
        ids,
        rows if has_last else ids,
        last,
        table,
        stream,
        weight,
        out,
        width,
        eps,
        has_last=has_last,
        **_launch(width),
    )
    return stream, out


def _launch(width: int) -> dict[str, int]:
    block = triton.next_power_of_2(width)
    return {"block": block, "num_warps": min(16, max(1, block // 512))}
