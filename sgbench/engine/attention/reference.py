"""The slow twin of every attention backend: one request at a time, dense, in float64.

Ignores shared prefixes, batching and layouts. For tests and for a user who doubts a backend; knows only the plan, the table
and the cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from sgbench.engine.request import StepPlan
    from sgbench.engine.runner.kv_cache import KVCache
    from sgbench.engine.runner.slot_table import SlotTable


class ReferenceAttention:
    """`AttentionBackend` that does exactly what the definition says.

    Parameters
    ----------
    cache
        The KV tensors.
    """

    name = "reference"

    def __init__(self, cache: KVCache) -> None:
        self._cache = cache

    def prepare(self, plan: StepPlan, table: SlotTable, slots: torch.Tensor) -> ReferenceStep:
        """Remember the step; see `AttentionBackend.prepare`."""
        return ReferenceStep(self._cache, plan, table, slots)


class ReferenceStep:
    """`AttentionStep` of `ReferenceAttention`."""

    def __init__(self, cache: KVCache, plan: StepPlan, table: SlotTable, slots: torch.Tensor) -> None:
        self._cache, self._plan, self._table, self._slots = cache, plan, table, slots

    def attend(self, layer: int, q: torch.Tensor, kv: torch.Tensor) -> torch.Tensor:
        """See `AttentionStep.attend`."""
        self._cache.write(layer, self._slots, kv)
        n_kv_heads = kv.shape[1] // 2
        outputs = []
        offset = 0
        for chunk in self._plan.chunks:
            n, end = len(chunk.token_ids), chunk.start + len(chunk.token_ids)
            slots = torch.from_numpy(self._table.host[chunk.row, :end].astype("int64")).to(q.device)
            heads = self._cache.data[layer].index_select(1, slots).double()
            repeat = q.shape[1] // n_kv_heads
            keys = heads[:n_kv_heads].repeat_interleave(repeat, 0)
            values = heads[n_kv_heads:].repeat_interleave(repeat, 0)
            queries = q[offset : offset + n].transpose(0, 1).double()
            scores = queries @ keys.transpose(1, 2) * q.shape[2] ** -0.5
            hidden = torch.arange(end, device=q.device)[None] > torch.arange(chunk.start, end, device=q.device)[:, None]
            weights = scores.masked_fill(hidden, float("-inf")).softmax(-1)
            outputs.append((weights @ values).transpose(0, 1).flatten(1))
            offset += n
        return torch.cat(outputs).to(q.dtype)
