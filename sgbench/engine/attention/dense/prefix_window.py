"""Dense copies of what several decoding requests share, kept from step to step; CPU only.

The slots of a shared prefix lie scattered over the pool, as its requests' own do (`sgbench.engine.attention.dense.decode_window`). Each
segment is gathered once into a row of a dense buffer, where it stays while one of its requests runs on. Short segments of like length and
about as many queries stand together: one call reads all of them, each for its own queries. Long ones stand alone
(`sgbench.engine.attention.dense.long_prefixes`).

The window is a copy and never the truth: a segment is gathered anew where none of its requests had it in the step before, or slots were
exchanged. Knows chunks, their shared segments and the cache; decides nothing about who runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from sgbench.engine.attention.dense.blocks import dense_attention
from sgbench.engine.attention.dense.joining import rows_unless_all
from sgbench.engine.attention.dense.long_prefixes import LongPrefixes
from sgbench.engine.attention.dense.rows import DenseRows, Place, Refill, length_mask, refill, row_width, seated

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from sgbench.engine.attention.dense.joining import Partial
    from sgbench.engine.request import Chunk, IntArray, SharedPrefix
    from sgbench.engine.runner.kv_cache import KVCache

    Int64Array = npt.NDArray[np.int64]

BUDGET_BYTES = 1 << 28
LONG_TOKENS = 384
"""Segments of at least this many keys are read by a call of their own."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A shared segment, and the token rows that read it."""

    segment: SharedPrefix
    tokens: Int64Array

    @property
    def length(self) -> int:
        """Keys."""
        return self.segment.end - self.segment.start

    @property
    def key(self) -> tuple[int, int]:
        """Width of its row, and a number that segments of as many queries, up to a factor of four, have in common."""
        return row_width(self.length), ((len(self.tokens) - 1).bit_length() + 1) // 2


@dataclass(frozen=True, slots=True)
class PrefixGroup:
    """One buffer's part of a step: up to ``n_queries`` queries for each of ``n_rows`` segments of up to ``n_keys`` keys.

    Attributes
    ----------
    buffer
        ``[layers, rows, 2 * kv_heads, width, head_dim]``.
    refill
        Of segments that are copied anew; None: none.
    targets
        Token of each row of the result, on the host; -1: padding.
    rows
        Token rows to be read, int64 ``[n_rows * n_queries]``; None: all tokens in order.
    mask
        ``[n_rows, 1, 1, n_keys]``; None: all segments are equally long.
    """

    buffer: torch.Tensor
    n_rows: int
    n_queries: int
    n_keys: int
    refill: Refill | None
    targets: Int64Array
    rows: torch.Tensor | None
    mask: torch.Tensor | None

    def attend(self, cache: KVCache, layer: int, q: torch.Tensor) -> Partial:
        """Bring the buffer up to date and read it: partial result for ``targets``."""
        buffer = self.buffer[layer]
        if self.refill is not None:
            self.refill.copy(cache, layer, buffer)
        used = buffer[: self.n_rows, :, : self.n_keys]
        n_kv_heads, repeat, head_dim = q.shape[1:]
        picked = q if self.rows is None else q.index_select(0, self.rows)
        queries = picked.view(self.n_rows, self.n_queries, n_kv_heads, repeat, head_dim).transpose(1, 2)
        queries = queries.reshape(self.n_rows, n_kv_heads, -1, head_dim)
        mask = None if self.mask is None else self.mask.expand(-1, -1, queries.shape[2], -1)
        out, lse = dense_attention(queries, used[:, :n_kv_heads], used[:, n_kv_heads:], mask)
        shape = (self.n_rows, n_kv_heads, self.n_queries, repeat)
        return out.view(*shape, head_dim).transpose(1, 2).flatten(0, 1), lse.view(shape).transpose(1, 2).flatten(0, 1)


_HeldKey = tuple[int, int, int]
"""A request and the positions of it that are held."""


class PrefixWindow:
    """The buffers of one engine.

    Parameters
    ----------
    cache
        The KV tensors, the truth.
    budget_bytes
        Most memory of the buffers; segments that find no room are left to the caller.
    """

    def __init__(self, cache: KVCache, budget_bytes: int = BUDGET_BYTES) -> None:
        self._cache = cache
        layers, heads, _, head_dim = cache.data.shape
        half = budget_bytes // 2
        self._long = LongPrefixes(cache, half // (layers * heads * head_dim * cache.data.itemsize))
        self._rows: DenseRows[tuple[int, int]] = DenseRows(cache, half)
        self._held: dict[_HeldKey, Place] = {}

    def plan(
        self, readings: list[Reading], chunks: Sequence[Chunk], table: IntArray, n_tokens: int, short: bool
    ) -> tuple[list[PrefixGroup], list[Reading]]:
        """Groups for the readings that fit, and the readings that do not; the short ones only where ``short``.

        Groups of long ones give each token at most once, without padding. What nobody read before is left: it may not be read again.
        """
        self._long.begin(chunks)
        groups: list[PrefixGroup] = []
        left: list[Reading] = []
        brief: list[Reading] = []
        for reading in readings:
            if not _goes_on(reading.segment, chunks):
                left.append(reading)
            elif reading.length < LONG_TOKENS:
                brief.append(reading)
            elif (taken := self._long.take(reading.segment, chunks, table)) is None:
                left.append(reading)
            else:
                groups.append(_alone(reading, *taken, n_tokens))
        if not short:
            self._forget(chunks)
            return groups, left + brief
        more, without = self._together(brief, chunks, table, n_tokens)
        return groups + more, left + without

    def _together(
        self, readings: list[Reading], chunks: Sequence[Chunk], table: IntArray, n_tokens: int
    ) -> tuple[list[PrefixGroup], list[Reading]]:
        """Short segments, those of a kind in one group."""
        self._forget(chunks)
        by_key: dict[tuple[int, int], list[Reading]] = {}
        for reading in readings:
            by_key.setdefault(reading.key, []).append(reading)
        held, self._held = self._held, {}
        groups, left = [], []
        for key, members in by_key.items():
            buffer = self._rows.take(key, len(members), by_key)
            if buffer is None:
                left.extend(members)
            else:
                groups.append(self._group(buffer, members, held, chunks, table, n_tokens))
        return groups, left

    def _forget(self, chunks: Sequence[Chunk]) -> None:
        """What these chunks do not vouch for: that of requests that do not run, and of exchanged slots."""
        if self._held:
            since = {chunk.rid: chunk.slots_from for chunk in chunks}
            self._held = {key: held for key, held in self._held.items() if since.get(key[0], -1) >= key[2]}

    def _group(
        self,
        buffer: torch.Tensor,
        members: list[Reading],
        held: dict[_HeldKey, Place],
        chunks: Sequence[Chunk],
        table: IntArray,
        n_tokens: int,
    ) -> PrefixGroup:
        index, _, fresh = seated([_stands(reading.segment, chunks, held, buffer, len(members)) for reading in members])
        for reading, at in zip(members, index.tolist(), strict=True):
            place, segment = Place(buffer, at), reading.segment
            self._held.update(((chunks[i].rid, segment.start, segment.end), place) for i in segment.chunks)
        missing = None
        if fresh:
            slots = [_slots(members[i].segment, chunks, table) for i in fresh]
            missing = refill(self._cache, slots, index[fresh], buffer.shape[3])
        in_place = [members[i] for i in np.argsort(index)]
        n_queries = max(len(reading.tokens) for reading in in_place)
        n_keys = max(reading.length for reading in in_place)
        rows, targets = _padded([reading.tokens for reading in in_place], n_queries)
        return PrefixGroup(
            buffer=buffer,
            n_rows=len(members),
            n_queries=n_queries,
            n_keys=n_keys,
            refill=missing,
            targets=targets,
            rows=rows_unless_all(rows, n_tokens),
            mask=length_mask(np.array([reading.length for reading in in_place]), n_keys, buffer.dtype),
        )


def _goes_on(segment: SharedPrefix, chunks: Sequence[Chunk]) -> bool:
    """Has any of its requests run with these slots before?"""
    return any(chunks[i].slots_from >= segment.end for i in segment.chunks)


def _alone(reading: Reading, buffer: torch.Tensor, missing: Refill | None, n_tokens: int) -> PrefixGroup:
    """A group of one."""
    tokens = reading.tokens
    rows = rows_unless_all(tokens, n_tokens)
    return PrefixGroup(buffer, 1, len(tokens), reading.length, missing, tokens, rows, None)


def _padded(tokens: list[Int64Array], n_queries: int) -> tuple[Int64Array, Int64Array]:
    """Token rows of all segments, the last of each repeated as padding; and the same with -1 for the padding."""
    rows = np.empty((len(tokens), n_queries), np.int64)
    targets = np.full((len(tokens), n_queries), -1, np.int64)
    for i, own in enumerate(tokens):
        rows[i], rows[i, : len(own)], targets[i, : len(own)] = own[-1], own, own
    return rows.ravel(), targets.ravel()


def _slots(segment: SharedPrefix, chunks: Sequence[Chunk], table: IntArray) -> IntArray:
    slots: IntArray = table[chunks[segment.chunks[0]].row, segment.start : segment.end]
    return slots


def _stands(
    segment: SharedPrefix, chunks: Sequence[Chunk], held: dict[_HeldKey, Place], buffer: torch.Tensor, n_rows: int
) -> int:
    """Where the segment stands already, or -1."""
    for i in segment.chunks:
        there = held.get((chunks[i].rid, segment.start, segment.end))
        if there is not None and there.among(buffer, n_rows):
            return there.row
    return -1
