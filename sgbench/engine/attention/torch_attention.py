"""Attention with torch's own kernels, on a CPU or a GPU.

A step is cut into pieces, each one dense call for many requests, and partial results are merged by their log-sum-exp:

* a *window*: decoding requests, over dense copies of their own KV (CPU only: `sgbench.engine.attention.decode_window`);
* a *group*: chunks of few tokens (decode, short extensions), padded to the longest of like ones, over what is their own;
* a *run*: a long chunk over its own fresh keys, causally, straight from the projection;
* a *prefix*: KV that is read once for many queries: what a long chunk finds cached, or what several chunks share (paper
  sec. 3: the tree knows who shares what; reading it once is ours).

Does not know the model; tested equal to `sgbench.engine.attention.reference`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from sgbench.engine.attention.chunkwise import chunkwise_attention
from sgbench.engine.attention.decode_window import DecodeWindow, Member, WindowGroup
from sgbench.engine.attention.dense import dense_attention

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

Partial = tuple[torch.Tensor, torch.Tensor]
"""Output ``[rows, kv_heads, queries of a kv head, head_dim]`` and log-sum-exp without the last axis."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a piece's KV lies: a slice of the cache if the slots are neighbours, else an index to gather."""

    first: int
    stop: int
    index: torch.Tensor | None

    def read(self, cache: KVCache, layer: int) -> torch.Tensor:
        """``[2 * kv_heads, n, head_dim]``."""
        if self.index is None:
            return cache.view(layer, self.first, self.stop)
        return cache.gather(layer, self.index)


@dataclass(frozen=True, slots=True)
class Group:
    """Short chunks, padded: ``batch`` chunks of up to ``n_queries`` tokens over up to ``n_keys`` of their own KV.

    Attributes
    ----------
    rows
        Flat token rows, int64 ``[batch * n_queries]``, the last of a chunk repeated as padding; None: all tokens in order.
    valid
        Which of those are no padding, int64; None: all.
    targets
        Token row of each of those, on the host.
    mask
        ``[batch, 1, queries, n_keys]``; None: nothing is padded or hidden.
    """

    batch: int
    n_queries: int
    n_keys: int
    source: Source
    rows: torch.Tensor | None
    valid: torch.Tensor | None
    targets: Int64Array
    mask: torch.Tensor | None

    def attend(self, cache: KVCache, layer: int, q: torch.Tensor, kv: torch.Tensor) -> Partial:
        """Partial result for `targets`; the step's keys and values are in the cache already."""
        n_kv_heads, repeat, head_dim = q.shape[1:]
        read = self.source.read(cache, layer).view(2, n_kv_heads, self.batch, self.n_keys, head_dim)
        k, v = read[0].transpose(0, 1), read[1].transpose(0, 1)
        picked = q if self.rows is None else q.index_select(0, self.rows)
        if self.n_queries == 1:
            return dense_attention(picked, k, v, self.mask)
        queries = picked.view(self.batch, self.n_queries, n_kv_heads, repeat, head_dim).permute(0, 2, 3, 1, 4)
        out, lse = dense_attention(queries.reshape(self.batch, n_kv_heads, -1, head_dim), k, v, self.mask)
        shape = (self.batch, n_kv_heads, repeat, self.n_queries)
        out = out.reshape(*shape, head_dim).permute(0, 3, 1, 2, 4).flatten(0, 1)
        lse = lse.reshape(shape).permute(0, 3, 1, 2).flatten(0, 1)
        if self.valid is None:
            return out, lse
        return out.index_select(0, self.valid), lse.index_select(0, self.valid)


@dataclass(frozen=True, slots=True)
class Run:
    """A long chunk over its own tokens, causally."""

    first: int
    stop: int

    def attend(self, q: torch.Tensor, kv: torch.Tensor) -> Partial:
        """Partial result for rows ``first`` to ``stop``."""
        heads = kv[self.first : self.stop].transpose(0, 1)
        return _over_heads(q[self.first : self.stop], heads, causal=True)


@dataclass(frozen=True, slots=True)
class Prefix:
    """KV that every one of ``rows`` sees whole; rows None: all tokens in order."""

    source: Source
    rows: torch.Tensor | None

    def attend(self, cache: KVCache, layer: int, q: torch.Tensor) -> Partial:
        """Partial result for ``rows``."""
        picked = q if self.rows is None else q.index_select(0, self.rows)
        return _over_heads(picked, self.source.read(cache, layer), causal=False)


def _over_heads(q: torch.Tensor, kv: torch.Tensor, causal: bool) -> Partial:
    """Queries ``[n, kv_heads, repeat, head_dim]`` over one ``kv`` ``[2 * kv_heads, keys, head_dim]``; no copies."""
    n_kv_heads, repeat = q.shape[1:3]
    k = kv[:n_kv_heads].unsqueeze(1).expand(-1, repeat, -1, -1)
    v = kv[n_kv_heads:].unsqueeze(1).expand(-1, repeat, -1, -1)
    out, lse = dense_attention(q.permute(1, 2, 0, 3), k, v, causal=causal)
    return out.permute(2, 0, 1, 3), lse.permute(2, 0, 1)


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
        self._window = DecodeWindow(cache) if cache.data.device.type == "cpu" else None

    def prepare(self, plan: StepPlan, table: SlotTable, slots: torch.Tensor) -> AttentionStep:
        """See `AttentionBackend.prepare`."""
        plain = _Planner(self._cache, self._window, plan, table.host, self._repeat).step(slots)
        if not self._layers:
            return plain
        return TorchLayersStep(plain, self._cache, slots, plan, table.host, self._layers)


class TorchStep:
    """`AttentionStep` of `TorchAttention`: groups and runs give each token once, prefixes are merged in.

    ``order`` brings what groups and runs give, one after the other, into the order of the tokens; None: it is that already.
    """

    def __init__(
        self,
        cache: KVCache,
        slots: torch.Tensor,
        groups: list[Group | WindowGroup],
        runs: list[Run],
        prefixes: list[Prefix],
        order: torch.Tensor | None,
    ) -> None:
        self._cache, self._slots, self._order = cache, slots, order
        self._groups, self._runs, self._prefixes = groups, runs, prefixes

    def attend(self, layer: int, q: torch.Tensor, kv: torch.Tensor | None) -> torch.Tensor:
        """See `AttentionStep.attend`."""
        assert kv is not None, "fresh keys are read from the projection"
        cache = self._cache
        cache.write(layer, self._slots, kv)
        n_kv_heads = kv.shape[1] // 2
        grouped = q.view(q.shape[0], n_kv_heads, -1, q.shape[2])
        out, lse = self._own(layer, grouped, kv)
        for prefix in self._prefixes:
            part_out, part_lse = prefix.attend(cache, layer, grouped)
            if prefix.rows is None:
                out, lse = _merge(out, lse, part_out, part_lse)
                continue
            rows = prefix.rows
            merged, merged_lse = _merge(out.index_select(0, rows), lse.index_select(0, rows), part_out, part_lse)
            out.index_copy_(0, rows, merged)
            lse.index_copy_(0, rows, merged_lse)
        return out.reshape(q.shape[0], -1)

    def _own(self, layer: int, q: torch.Tensor, kv: torch.Tensor) -> Partial:
        """Every token over its chunk's own KV."""
        parts = [group.attend(self._cache, layer, q, kv) for group in self._groups]
        parts += [run.attend(q, kv) for run in self._runs]
        if len(parts) == 1:
            out, lse = parts[0]
        else:
            out, lse = torch.cat([out for out, _ in parts]), torch.cat([lse for _, lse in parts])
        if self._order is None:
            return out, lse
        return out.index_select(0, self._order), lse.index_select(0, self._order)


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


def _merge(
    out: torch.Tensor, lse: torch.Tensor, other: torch.Tensor, other_lse: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attention over the union of two disjoint sets of keys."""
    weight = torch.sigmoid(other_lse - lse).unsqueeze(-1).to(out.dtype)
    return torch.lerp(out, other, weight), torch.logaddexp(lse, other_lse)


class _Planner:
    """Cuts a plan into pieces, in NumPy."""

    def __init__(
        self, cache: KVCache, window: DecodeWindow | None, plan: StepPlan, table: IntArray, repeat: int
    ) -> None:
        self._cache, self._window, self._plan, self._table, self._repeat = cache, window, plan, table, repeat
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
        windows, padded = self._windows(np.flatnonzero(short))
        groups: list[Group | WindowGroup] = [*windows, *(self._group(members) for members in self._like(padded))]
        runs, prefixes = [], []
        for i in np.flatnonzero(~short):
            first, stop = int(self._offsets[i]), int(self._offsets[i] + self._counts[i])
            runs.append(Run(first, stop))
            if self._own_from[i] < self._starts[i]:
                cached = self._table[self._rows[i], self._own_from[i] : self._starts[i]]
                prefixes.append(Prefix(self._source(cached.astype(np.int64)), self._all_or(np.arange(first, stop))))
        for segment in self._plan.shared:
            cached = self._table[self._rows[segment.chunks[0]], segment.start : segment.end]
            rows = np.concatenate([self._token_rows(i) for i in segment.chunks])
            prefixes.append(Prefix(self._source(cached.astype(np.int64)), self._all_or(rows)))
        given = np.concatenate([g.targets for g in groups] + [np.arange(r.first, r.stop) for r in runs])
        return TorchStep(self._cache, slots, groups, runs, prefixes, self._all_or(np.argsort(given)))

    def _windows(self, members: Int64Array) -> tuple[list[WindowGroup], Int64Array]:
        """Decoding chunks in the window, and the short chunks that are left."""
        decoding = members[self._counts[members] == 1]
        if self._window is None or (len(decoding) == 1 and self._in_order(int(decoding[0]))):
            return [], members
        given = [Member(self._plan.chunks[i], int(self._offsets[i]), int(self._own_from[i])) for i in decoding]
        groups, left = self._window.plan(given, self._table, self._n_tokens, self._repeat)
        rows = {m.token_row for m in left}
        kept = [i for i in members if self._counts[i] > 1 or int(self._offsets[i]) in rows]
        return groups, np.asarray(kept, dtype=np.int64)

    def _in_order(self, i: int) -> bool:
        """Do a chunk's own slots neighbour one another? Then the cache itself is read without a copy."""
        slots = self._table[self._rows[i], self._own_from[i] : self._starts[i] + self._counts[i]]
        return bool((np.diff(slots) == 1).all())

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
            rows=self._tensor(rows) if padded else self._all_or(rows),
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

    def _all_or(self, rows: Int64Array) -> torch.Tensor | None:
        """None when ``rows`` are all tokens in order."""
        if len(rows) == self._n_tokens and bool((rows == np.arange(self._n_tokens)).all()):
            return None
        return self._tensor(rows)

    def _source(self, slots: Int64Array) -> Source:
        first = int(slots[0])
        if len(slots) == 1 or bool((np.diff(slots) == 1).all()):
            return Source(first, first + len(slots), None)
        return Source(0, 0, self._cache.gather_index(self._tensor(slots)))

    def _tensor(self, values: Int64Array) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self._device)
