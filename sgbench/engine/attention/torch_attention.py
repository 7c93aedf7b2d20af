"""Attention with torch's own kernels, on a CPU or a GPU.

A step is cut into pieces, each one dense call for many requests, and partial results are merged by their log-sum-exp:

* a *window*: decoding requests, over dense copies of their own KV (CPU only: `sgbench.engine.attention.dense.decode_window`);
* a *group*: chunks of few tokens (decode, short extensions), padded to the longest of like ones, over what is their own;
* a *run*: a long chunk over its own fresh keys, causally, straight from the projection;
* a *prefix*: KV that is read once for many queries: what a long chunk finds cached, or what several chunks share (paper
  sec. 3: the tree knows who shares what; reading it once is ours). In steps of few tokens, on a CPU, what is shared is read from dense
  copies too, many segments in one call (`sgbench.engine.attention.dense.prefix_window`).

Does not know the model; tested equal to `sgbench.engine.attention.reference`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from sgbench.engine.attention.chunkwise import chunkwise_attention
from sgbench.engine.attention.dense.decode_window import DecodeWindow, Member, WindowGroup
from sgbench.engine.attention.dense.joining import InTurn, Together, rows_unless_all
from sgbench.engine.attention.dense.passes import joined_downwards
from sgbench.engine.attention.dense.pieces import Group, Prefix, Run, Source
from sgbench.engine.attention.dense.prefix_window import PrefixGroup, PrefixWindow, Reading

if TYPE_CHECKING:
    import numpy.typing as npt

    from sgbench.engine.attention.base import AttentionStep, LayerOptions
    from sgbench.engine.request import IntArray, StepPlan
    from sgbench.engine.runner.kv_cache import KVCache
    from sgbench.engine.runner.slot_table import SlotTable

    Int64Array = npt.NDArray[np.int64]

SHORT_TOKENS = 64
"""Chunks of at most this many tokens are padded and batched; longer ones run on their own."""
_GROUP_BYTES = {"cpu": 1 << 21, "cuda": 1 << 28}
"""Most KV bytes of a layer gathered for one group: what a core's cache holds, or a bound on memory."""
_FEW_TOKENS = 256
"""Steps of at most this many tokens read what is shared from dense copies, and join all partial results at once."""

Windows = tuple[DecodeWindow, PrefixWindow]
"""Dense copies of requests' own KV, and of what they share."""


class TorchAttention:
    """`AttentionBackend` on torch.

    Parameters
    ----------
    cache
        The KV tensors.
    n_heads
        Query heads of the model.
    layers
        Options by layer; empty: all are plain. A layer with a soft-cap, or a window below the longest context, runs chunk by chunk.
    """

    name = "torch"
    reads_cache = False

    def __init__(self, cache: KVCache, n_heads: int, layers: Sequence[LayerOptions] = ()) -> None:
        self._cache, self._layers = cache, layers
        self._repeat = 2 * n_heads // cache.data.shape[1]
        self._windows: Windows | None = None
        if cache.data.device.type == "cpu":
            self._windows = DecodeWindow(cache), PrefixWindow(cache)

    def prepare(self, plan: StepPlan, table: SlotTable, slots: torch.Tensor) -> AttentionStep:
        """See `AttentionBackend.prepare`."""
        plain = _Planner(self._cache, self._windows, plan, table.host, self._repeat).step(slots)
        if not self._layers:
            return plain
        return TorchLayersStep(plain, self._cache, slots, plan, table.host, self._layers)


class TorchStep:
    """`AttentionStep` of `TorchAttention`: ``own`` pieces and ``runs`` give each token once, what ``prefixes`` give is joined to it."""

    def __init__(
        self,
        cache: KVCache,
        slots: torch.Tensor,
        own: Sequence[Group | WindowGroup],
        runs: Sequence[Run],
        prefixes: Sequence[Prefix | PrefixGroup],
        joining: InTurn | Together,
    ) -> None:
        self._cache, self._slots, self._joining = cache, slots, joining
        self._own, self._runs, self._prefixes = own, runs, prefixes

    def attend(self, layer: int, q: torch.Tensor, kv: torch.Tensor | None) -> torch.Tensor:
        """See `AttentionStep.attend`."""
        assert kv is not None, "fresh keys are read from the projection"
        cache = self._cache
        cache.write(layer, self._slots, kv)
        grouped = q.view(q.shape[0], kv.shape[1] // 2, -1, q.shape[2])
        parts = [group.attend(cache, layer, grouped, kv) for group in self._own]
        parts += [run.attend(grouped, kv) for run in self._runs]
        parts += [prefix.attend(cache, layer, grouped) for prefix in self._prefixes]
        return self._joining.join(parts).reshape(q.shape[0], -1)


class TorchLayersStep:
    """`AttentionStep` of a model whose layers have options: what the fused kernels do not compute runs chunk by chunk."""

    def __init__(
        self,
        plain: TorchStep,
        cache: KVCache,
        slots: torch.Tensor,
        plan: StepPlan,
        table: IntArray,
        layers: Sequence[LayerOptions],
    ) -> None:
        self._plain, self._cache, self._slots = plain, cache, slots
        self._plan, self._table, self._layers = plan, table, layers

    def attend(self, layer: int, q: torch.Tensor, kv: torch.Tensor | None) -> torch.Tensor:
        """See `AttentionStep.attend`."""
        assert kv is not None, "fresh keys are read from the projection"
        options = self._layers[layer]
        # Decided by what may come, not by this step: a decode window misses what a layer did not append to it.
        in_window = options.window is None or options.window >= self._table.shape[1]
        if in_window and options.soft_cap is None:
            factor = 1.0 if options.scale is None else options.scale * q.shape[2] ** 0.5
            return self._plain.attend(layer, q if factor == 1.0 else q * factor, kv)
        self._cache.write(layer, self._slots, kv)
        dtype = torch.float32 if q.dtype != torch.float64 else q.dtype
        return chunkwise_attention(self._cache, layer, q, self._plan, self._table, options, dtype)


class _Planner:
    """Cuts a plan into pieces, in NumPy."""

    def __init__(self, cache: KVCache, windows: Windows | None, plan: StepPlan, table: IntArray, repeat: int) -> None:
        self._cache, self._windows, self._plan, self._table, self._repeat = cache, windows, plan, table, repeat
        self._device = cache.data.device
        chunks = plan.chunks
        self._rows = np.fromiter((c.row for c in chunks), np.int64, len(chunks))
        self._starts = np.fromiter((c.start for c in chunks), np.int64, len(chunks))
        self._counts = np.fromiter((len(c.token_ids) for c in chunks), np.int64, len(chunks))
        self._offsets = np.cumsum(self._counts) - self._counts
        self._n_tokens = int(self._counts.sum())
        self._own_from = np.zeros(len(chunks), np.int64)
        for segment in plan.shared:
            members = np.asarray(segment.chunks)
            self._own_from[members] = np.maximum(self._own_from[members], segment.end)

    def step(self, slots: torch.Tensor) -> TorchStep:
        short = self._counts <= SHORT_TOKENS
        windowed, padded = self._in_window(np.flatnonzero(short))
        own: list[Group | WindowGroup] = [*windowed, *(self._group(members) for members in self._like(padded))]
        long: list[int] = np.flatnonzero(~short).tolist()
        runs = [Run(int(self._offsets[i]), int(self._offsets[i] + self._counts[i])) for i in long]
        cached = [i for i in long if self._own_from[i] < self._starts[i]]
        prefixes = [self._prefix(i, self._own_from[i], self._starts[i], self._token_rows(i)) for i in cached]
        groups, left = self._shared()
        prefixes += [self._prefix(r.segment.chunks[0], r.segment.start, r.segment.end, r.tokens) for r in left]
        return TorchStep(
            self._cache, slots, own, runs, [*prefixes, *groups], self._joining(own, runs, prefixes, groups)
        )

    def _shared(self) -> tuple[list[PrefixGroup], list[Reading]]:
        """What chunks share: from dense copies, and the rest."""
        plan, windows = self._plan, self._windows
        few = windows is not None and self._n_tokens <= _FEW_TOKENS
        segments = joined_downwards(plan.shared) if few else plan.shared
        readings = [Reading(s, self._rows_of(np.asarray(s.chunks))) for s in segments]
        if windows is None:
            return [], readings
        return windows[1].plan(readings, plan.chunks, self._table, self._n_tokens, few)

    def _joining(
        self,
        own: Sequence[Group | WindowGroup],
        runs: Sequence[Run],
        prefixes: Sequence[Prefix],
        groups: Sequence[PrefixGroup],
    ) -> InTurn | Together:
        """Few tokens together: what groups of short segments give belongs to a token more than once, and cannot be joined in turn."""
        given = [piece.targets for piece in (*own, *runs)]
        shared: list[Prefix | PrefixGroup] = [*prefixes, *groups]
        if shared and self._windows is not None and self._n_tokens <= _FEW_TOKENS:
            return Together.of([*given, *(piece.targets for piece in shared)], self._n_tokens)
        return InTurn(self._picked(np.argsort(np.concatenate(given))), len(given), tuple(p.rows for p in shared))

    def _prefix(self, i: int, start: int, end: int, tokens: Int64Array) -> Prefix:
        """Positions ``start`` to ``end`` of chunk ``i``, read by ``tokens``."""
        cached = self._table[self._rows[i], start:end]
        return Prefix(self._source(cached.astype(np.int64)), self._picked(tokens), tokens)

    def _in_window(self, members: Int64Array) -> tuple[list[WindowGroup], Int64Array]:
        """Decoding chunks in the window, and the short chunks that are left."""
        decoding = members[self._counts[members] == 1]
        if self._windows is None or (len(decoding) == 1 and self._in_order(int(decoding[0]))):
            return [], members
        given = [Member(self._plan.chunks[i], int(self._offsets[i]), int(self._own_from[i])) for i in decoding]
        groups, left = self._windows[0].plan(given, self._table, self._n_tokens, self._repeat)
        rows = {m.token_row for m in left}
        kept = [i for i in members if self._counts[i] > 1 or int(self._offsets[i]) in rows]
        return groups, np.asarray(kept, dtype=np.int64)

    def _in_order(self, i: int) -> bool:
        """Do a chunk's own slots neighbour one another? Then the cache itself is read without a copy."""
        slots = self._table[self._rows[i], self._own_from[i] : self._starts[i] + self._counts[i]]
        return bool((np.diff(slots) == 1).all())

    def _rows_of(self, members: Int64Array) -> Int64Array:
        """Token rows of several chunks."""
        if int(self._counts[members].max()) == 1:
            rows: Int64Array = self._offsets[members]
            return rows
        return np.concatenate([self._token_rows(i) for i in members.tolist()])

    def _token_rows(self, i: int) -> Int64Array:
        return np.arange(self._offsets[i], self._offsets[i] + self._counts[i])

    def _like(self, members: Int64Array) -> list[Int64Array]:
        """Batches of chunks of like length, so that padding costs at most about a third."""
        keys = self._starts[members] + self._counts[members] - self._own_from[members]
        sizes = np.ceil(np.log2(np.maximum(self._counts[members], 1))).astype(np.int64)
        data = self._cache.data
        limit = _GROUP_BYTES[self._device.type] // (data.shape[1] * data.shape[3] * data.itemsize)
        batches: list[list[int]] = []
        longest = size = 0
        for j in np.lexsort((-keys, sizes)):
            full = bool(batches) and (len(batches[-1]) + 1) * longest > limit
            if not batches or full or sizes[j] != size or (keys[j] + 32) * 1.5 < longest:
                batches.append([])
                longest, size = int(keys[j]), int(sizes[j])
            batches[-1].append(int(members[j]))
        return [np.sort(np.asarray(batch)) for batch in batches]

    def _group(self, members: Int64Array) -> Group:
        starts, counts, own = self._starts[members], self._counts[members], self._own_from[members]
        ends = starts + counts
        n_queries, n_keys = int(counts.max()), int((ends - own).max())
        position = own[:, None] + np.arange(n_keys)
        # Padding repeats the last slot of the chunk: whatever is read must have been written, or its NaN would spread.
        slots = self._table[self._rows[members][:, None], np.minimum(position, ends[:, None] - 1)]
        query = np.minimum(np.arange(n_queries), counts[:, None] - 1)
        rows = (self._offsets[members][:, None] + query).ravel()
        hidden = position[:, None, :] > (starts[:, None] + query)[:, :, None]
        valid = np.flatnonzero((np.arange(n_queries) < counts[:, None]).ravel())
        padded = len(valid) < len(rows)
        return Group(
            batch=len(members),
            n_queries=n_queries,
            n_keys=n_keys,
            source=self._source(slots.ravel().astype(np.int64)),
            rows=self._tensor(rows) if padded else self._picked(rows),
            valid=self._tensor(valid) if padded else None,
            targets=rows[valid],
            mask=self._mask(hidden) if hidden.any() else None,
        )

    def _mask(self, hidden: npt.NDArray[np.bool_]) -> torch.Tensor:
        """``[batch, 1, repeat * queries, keys]``; for single queries, repeated without a copy."""
        batch, n_queries, n_keys = hidden.shape
        data = self._cache.data
        repeat = self._repeat
        bias = np.where(hidden, np.float32(-np.inf), np.float32(0))
        tensor = torch.from_numpy(bias).to(data.device).to(data.dtype).view(batch, 1, 1, n_queries, n_keys)
        return tensor.expand(-1, -1, repeat, -1, -1).reshape(batch, 1, repeat * n_queries, n_keys)

    def _picked(self, rows: Int64Array) -> torch.Tensor | None:
        return rows_unless_all(rows, self._n_tokens, self._device)

    def _source(self, slots: Int64Array) -> Source:
        first = int(slots[0])
        if len(slots) == 1 or bool((np.diff(slots) == 1).all()):
            return Source(first, first + len(slots), None)
        return Source(0, 0, self._cache.gather_index(self._tensor(slots)))

    def _tensor(self, values: Int64Array) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self._device)
