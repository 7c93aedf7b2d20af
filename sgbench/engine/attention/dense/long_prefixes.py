"""Dense copies of long shared prefixes, each in memory of its own, kept while one of its requests runs; CPU only.

Requests come and go, and with them what the others share grows and shrinks by a few tokens: a copy serves any prefix of what it holds,
and grows in place. For each request it knows up to where the copy holds what that request's slots hold.
Knows chunks, their shared segments and the cache; decides nothing about who runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from sgbench.engine.attention.dense.rows import Refill, new_rows, refill, row_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sgbench.engine.request import Chunk, IntArray, SharedPrefix
    from sgbench.engine.runner.kv_cache import KVCache


@dataclass(slots=True, eq=False)
class LongCopy:
    """Positions from ``start`` on.

    Attributes
    ----------
    buffer
        ``[layers, 1, 2 * kv_heads, width, head_dim]``.
    start
        First position.
    until
        For each request the position up to which this is its KV.
    used
        Does the step being planned read it already?
    """

    buffer: torch.Tensor
    start: int
    until: dict[int, int]
    used: bool = False

    @property
    def width(self) -> int:
        """Most positions."""
        return int(self.buffer.shape[3])


class LongPrefixes:
    """The copies of one engine.

    Parameters
    ----------
    cache
        The KV tensors, the truth.
    budget_tokens
        Most positions of all copies; segments that find no room are left to the caller.
    """

    def __init__(self, cache: KVCache, budget_tokens: int) -> None:
        self._cache, self._budget_tokens = cache, budget_tokens
        self._copies: list[LongCopy] = []

    def begin(self, chunks: Sequence[Chunk]) -> None:
        """A step of these chunks: whoever is not among them, and whatever slots they exchanged, is no longer vouched for."""
        since = {chunk.rid: chunk.slots_from for chunk in chunks}
        for copy in self._copies:
            copy.used = False
            copy.until = {rid: min(until, since[rid]) for rid, until in copy.until.items() if rid in since}

    def take(
        self, segment: SharedPrefix, chunks: Sequence[Chunk], table: IntArray
    ) -> tuple[torch.Tensor, Refill | None] | None:
        """A buffer for a segment, and what must be copied into it before it is read; None: there is no room."""
        rids = [chunks[i].rid for i in segment.chunks]
        copy = self._nearest(segment, rids) or self._new(segment)
        if copy is None:
            return None
        held = min(segment.end, max((copy.until.get(rid, copy.start) for rid in rids), default=copy.start))
        copy.used = True
        missing = None
        if held < segment.end:
            # What is written over is no longer that of others.
            copy.until = {rid: min(until, held) for rid, until in copy.until.items()}
            slots = table[chunks[segment.chunks[0]].row, held : segment.end]
            missing = refill(self._cache, [slots], np.zeros(1, np.int64), copy.width, held - copy.start)
        for rid in rids:
            copy.until[rid] = max(segment.end, copy.until.get(rid, 0))
        return copy.buffer, missing

    def _nearest(self, segment: SharedPrefix, rids: list[int]) -> LongCopy | None:
        """The free copy that holds most of the segment, if any holds some."""
        best, most = None, segment.start
        for copy in self._copies:
            if copy.start != segment.start or copy.used or segment.end - segment.start > copy.width:
                continue
            held = min(segment.end, max(copy.until.get(rid, copy.start) for rid in rids))
            if held > most:
                best, most = copy, held
        return best

    def _new(self, segment: SharedPrefix) -> LongCopy | None:
        """Memory that nobody needs any more, or fresh memory."""
        width = row_width(segment.end - segment.start)
        idle = [copy for copy in self._copies if not copy.used and not copy.until]
        for copy in idle:
            if copy.width == width:
                copy.start = segment.start
                return copy
        for copy in idle:
            if self._tokens() + width > self._budget_tokens:
                self._copies.remove(copy)
        if self._tokens() + width > self._budget_tokens:
            return None
        made = LongCopy(new_rows(self._cache, 1, width), segment.start, {})
        self._copies.append(made)
        return made

    def _tokens(self) -> int:
        return sum(copy.width for copy in self._copies)
