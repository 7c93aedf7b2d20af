"""Triton: the gate of the feed-forward layer, ``silu(gate) * up``, in one pass."""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from sgbench.engine.kernels.following import early, follow

_BLOCK = 1024


@triton.jit
def _silu_mul(gate_up, out, width, block: tl.constexpr, early: tl.constexpr):
    follow(early)
    row = tl.program_id(0).to(tl.int64)
    column = tl.program_id(1) * block + tl.arange(0, block)
    inside = column < width
    gate = tl.load(gate_up + row * 2 * width + column, mask=inside, other=0.0).to(tl.float32)
    up = tl.load(gate_up + (row * 2 + 1) * width + column, mask=inside, other=0.0).to(tl.float32)
    value = gate / (1.0 + tl.exp(-gate)) * up
    tl.store(out + row * width + column, value.to(out.dtype.element_ty), mask=inside)


def silu_mul(gate_up: torch.Tensor) -> torch.Tensor:
    """``silu(gate) * up`` ``[n, width]`` from ``[n, 2 * width]``, gates first, contiguous."""
    n, width = gate_up.shape[0], gate_up.shape[1] // 2
    assert gate_up.is_contiguous()
    out = gate_up.new_empty(n, width)
    _silu_mul[(n, triton.cdiv(width, _BLOCK))](gate_up, out, width, block=_BLOCK, num_warps=4, **early(out))
    return out
