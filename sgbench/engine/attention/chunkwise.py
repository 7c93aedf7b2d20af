"""Attention one chunk at a time, with everything that a layer may ask for: windows, soft-caps, any scale.

The plain way, for layers that torch's fused kernels do not compute. Knows the plan, the table and the cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from sgbench.engine.attention.base import LayerOptions
    from sgbench.engine.request import IntArray, StepPlan
    from sgbench.engine.runner.kv_cache import KVCache

_SCORE_ELEMENTS = 1 << 26
"""Most scores held at once."""


def chunkwise_attention(
    cache: KVCache,
    layer: int,
    q: torch.Tensor,
    plan: StepPlan,
    table: IntArray,
    options: LayerOptions,
    dtype: torch.dtype,
) -> torch.Tensor:
    """Attention of every chunk to what its row of the table holds, the step's own tokens included.

    Parameters
    ----------
    q
        ``[tokens, heads, head_dim]``; the step's keys and values are in the cache already.
    table
        Slots of all positions, on the host.
    dtype
        What is computed in.

    Returns
    -------
    ``[tokens, heads * head_dim]`` in q's dtype.
    """
    n_kv_heads = cache.data.shape[1] // 2
    outputs = []
    offset = 0
    for chunk in plan.chunks:
        n, end = len(chunk.token_ids), chunk.start + len(chunk.token_ids)
        first = 0 if options.window is None else max(0, chunk.start + 1 - options.window)
        slots = torch.from_numpy(table[chunk.row, first:end].astype(np.int64)).to(q.device)
        heads = cache.by_slot[layer].index_select(0, slots).transpose(0, 1).to(dtype)
        block = max(1, _SCORE_ELEMENTS // (q.shape[1] * (end - first)))
        for at in range(0, n, block):
            part = q[offset + at : offset + min(at + block, n)].to(dtype)
            positions = torch.arange(chunk.start + at, chunk.start + min(at + block, n), device=q.device)
            outputs.append(_one(part, heads[:n_kv_heads], heads[n_kv_heads:], positions, first, options))
        offset += n
    return torch.cat(outputs).to(q.dtype)


def _one(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, positions: torch.Tensor, first: int, options: LayerOptions
) -> torch.Tensor:
    """Queries at ``positions`` over keys at ``first`` and up."""
    n, n_heads, head_dim = q.shape
    grouped = q.view(n, k.shape[0], -1, head_dim).permute(1, 2, 0, 3)
    scores = grouped @ k.transpose(1, 2).unsqueeze(1) * (options.scale or head_dim**-0.5)
    if options.soft_cap is not None:
        scores = options.soft_cap * torch.tanh(scores / options.soft_cap)
    at = torch.arange(first, first + k.shape[1], device=q.device)
    hidden = at[None] > positions[:, None]
    if options.window is not None:
        hidden |= at[None] <= positions[:, None] - options.window
    weights = scores.masked_fill(hidden, float("-inf")).softmax(-1)
    return (weights @ v.unsqueeze(1)).permute(2, 0, 1, 3).reshape(n, n_heads * head_dim)
