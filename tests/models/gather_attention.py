"""A `GraphAttention` in plain torch, as slow and simple as can be: decode steps read nothing but the buffers at fixed addresses."""

from __future__ import annotations

import torch

from sgbench.engine.attention.reference import ReferenceAttention
from sgbench.engine.request import DecodePlan
from sgbench.engine.runner.kv_cache import KVCache
from sgbench.engine.runner.slot_table import SlotTable


class GatherInputs:
    """`DecodeInputs`."""

    variant = "only"

    def __init__(self, max_rows: int, scratch_slot: int, device: torch.device) -> None:
        self._scratch = scratch_slot
        self.rows = torch.zeros(max_rows, dtype=torch.int32, device=device)
        self.lengths = torch.zeros(max_rows, dtype=torch.int32, device=device)
        self.slots = torch.zeros(max_rows, dtype=torch.int64, device=device)

    def load(self, plan: DecodePlan, n_rows: int) -> None:
        n = len(plan.rids)
        for buffer, values, padding in (
            (self.rows, plan.rows, 0),
            (self.lengths, plan.positions + 1, 0),
            (self.slots, plan.slots, self._scratch),
        ):
            buffer[:n] = torch.from_numpy(values).to(buffer)
            buffer[n:n_rows] = padding


class GatherAttention(ReferenceAttention):
    """Steps of one token gather every slot up to the longest context; all others are the reference's."""

    name = "gather"

    def __init__(self, cache: KVCache) -> None:
        super().__init__(cache)
        self.decoded = 0

    def decode_inputs(self, table: SlotTable, max_rows: int) -> GatherInputs:
        self._device_table = table.device
        return GatherInputs(max_rows, self._cache.scratch_slot, self._cache.data.device)

    def decode(self, inputs: GatherInputs, n_rows: int) -> GatherStep:
        self.decoded += 1
        rows, lengths = inputs.rows[:n_rows].long(), inputs.lengths[:n_rows].long()
        table = self._device_table
        present = lengths > 0
        table[rows[present], lengths[present] - 1] = inputs.slots[:n_rows][present].int()
        return GatherStep(self._cache, table[rows].long(), lengths)


class GatherStep:
    """`AttentionStep`."""

    def __init__(self, cache: KVCache, slots: torch.Tensor, lengths: torch.Tensor) -> None:
        self._cache, self._slots = cache, slots
        self._hidden = torch.arange(slots.shape[1], device=slots.device) >= lengths[:, None]
        self._empty = lengths == 0

    def attend(self, layer: int, q: torch.Tensor, kv: torch.Tensor | None) -> torch.Tensor:
        assert kv is None, "the caller has stored them"
        n, n_heads, head_dim = q.shape
        read = self._cache.by_slot[layer][self._slots].double()  # [n, context, 2 * kv_heads, head_dim]
        k, v = read.chunk(2, 2)
        repeat = n_heads // k.shape[2]
        k, v = (part.repeat_interleave(repeat, 2) for part in (k, v))
        scores = torch.einsum("nhd,nchd->nhc", q.double(), k) * head_dim**-0.5
        scores = scores.masked_fill(self._hidden[:, None], float("-inf"))
        mixed = torch.einsum("nhc,nchd->nhd", scores.softmax(-1).nan_to_num(), v.nan_to_num())
        return mixed.masked_fill(self._empty[:, None, None], 0).to(q.dtype).reshape(n, -1)
