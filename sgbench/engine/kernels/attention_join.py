"""Partial results of attention, joined by their log-sum-exp.

Knows tensors; who wrote the parts, and why there are several, does not matter.
"""

from __future__ import annotations

import triton
import triton.language as tl

from sgbench.engine.kernels.following import follow


@triton.jit
def merge_parts(
    part_out,
    part_lse,
    sources,
    n_levels,
    out,
    N_HEADS: tl.constexpr,
    HEAD_DIM: tl.constexpr,
    BLOCK_D: tl.constexpr,
    MAX_LEVELS: tl.constexpr,
    BLOCK_P: tl.constexpr,
    early: tl.constexpr,
):
    """Join the partial results of one token and head.

    ``sources`` ``[tokens, 1 + MAX_LEVELS, 3]``: first partial result, step to the next, how many; the token's own first, then
    ``n_levels`` shared ones. A token with one of its own and no level was written already; one with none gets zeros.
    """
    follow(early)
    token = tl.program_id(0)
    head = tl.program_id(1)
    source = sources + token * (3 * MAX_LEVELS + 3)
    n_above = tl.load(n_levels + token)
    first = tl.load(source)
    step = tl.load(source + 1)
    count = tl.load(source + 2)
    if (count != 1) | (n_above != 0):
        dims = tl.arange(0, BLOCK_D)
        inside = dims < HEAD_DIM
        total = 0.0
        peak = float("-inf")
        acc = tl.zeros([BLOCK_D], tl.float32)
        for level in range(0, n_above + 1):
            if level > 0:
                first = tl.load(source + 3 * level)
                step = tl.load(source + 3 * level + 1)
                count = tl.load(source + 3 * level + 2)
            for block in range(0, count, BLOCK_P):
                nth = block + tl.arange(0, BLOCK_P)
                part = (first + nth * step).to(tl.int64) * N_HEADS + head
                lse = tl.load(part_lse + part, mask=nth < count, other=float("-inf"))
                value = tl.load(
                    part_out + part[:, None] * HEAD_DIM + dims[None, :],
                    mask=(nth < count)[:, None] & inside[None, :],
                    other=0.0,
                )
                higher = tl.maximum(peak, tl.max(lse, 0))
                base = tl.where(higher == float("-inf"), 0.0, higher)
                weight = tl.exp2(lse - base)
                fade = tl.exp2(peak - base)
                total = total * fade + tl.sum(weight, 0)
                acc = acc * fade + tl.sum(weight[:, None] * value, 0)
                peak = higher
        result = acc / tl.where(total == 0.0, 1.0, total)
        tl.store(
            out + (token.to(tl.int64) * N_HEADS + head) * HEAD_DIM + dims, result.to(out.dtype.element_ty), mask=inside
        )
