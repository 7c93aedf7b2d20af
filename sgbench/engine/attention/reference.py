"""The slow twin of every attention backend: one request at a time, dense, in float64.

Ignores shared prefixes, batching and layouts. For tests and for a user who doubts a backend; knows only the plan, the table
and the cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from sgbench.engine.attention.base import PLAIN, LayerOptions
from sgbench.engine.attention.chunkwise import chunkwise_attention

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
    layers
        Options by layer; empty: all are plain.
    """

    name = "reference"
    reads_cache = True

    def __init__(self, cache: KVCache, layers: Sequence[LayerOptions] = ()) -> None:
        self._cache, self._layers = cache, layers

    def prepare(self, plan: StepPlan, table: SlotTable, slots: torch.Tensor) -> ReferenceStep:
        """Remember the step; see `AttentionBackend.prepare`."""
        return ReferenceStep(self._cache, self._layers, plan, table, slots)


class ReferenceStep:
    """`AttentionStep` of `ReferenceAttention`."""

    def __init__(
        self,
        cache: KVCache,
        layers: Sequence[LayerOptions],
        plan: StepPlan,
        table: SlotTable,
        slots: torch.Tensor,
    ) -> None:
        self._cache, self._layers, self._plan, self._table, self._slots = cache, layers, plan, table, slots

    def attend(self, layer: int, q: torch.Tensor, kv: torch.Tensor | None) -> torch.Tensor:
        """See `AttentionStep.attend`."""
        if kv is not None:
            self._cache.write(layer, self._slots, kv)
        options = self._layers[layer] if self._layers else PLAIN
        return chunkwise_attention(self._cache, layer, q, self._plan, self._table.host, options, torch.float64)
