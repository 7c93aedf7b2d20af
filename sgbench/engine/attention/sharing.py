"""Which shared segments of a step are worth a pass of their own? A cost model of tiles.

Plain attention reads a shared segment once for each tile of each chunk; a pass of its own packs the queries of all chunks into full
tiles, and pays with partial results that must be written and joined. For decoding requests that is a gain almost always, for long
extensions, whose tiles are full anyway, almost never. A few requests with a short text in common save less than the pass itself costs.
Knows plans and the constants of a device; no tensors.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from sgbench.engine.request import SharedPrefix, StepPlan

    Int64Array = npt.NDArray[np.int64]

MAX_LEVELS = 7
"""Most shared segments of one chunk; what lies deeper is read as its own."""
PASS_S = 10e-6
"""What a layer pays for having shared segments at all: one more kernel, and own parts that must be joined (0.35 ms of a decode step
of 32 layers on an H200)."""


@dataclass(frozen=True, slots=True)
class Tiling:
    """How queries are packed, and what a device gives: the constants of the cost model.

    Attributes
    ----------
    group
        Query heads of a KV head: rows of a tile that one token takes.
    narrow, wide
        Rows of the two kinds of tile.
    n_kv_heads, head_dim, itemsize
        Shape of the cache.
    read_rate
        Bytes a second of keys and values that many tiles read, most of them from the L2 cache (measured on an H200).
    product_rate
        Operations a second of the wide tile's products (likewise).
    join_rate
        Bytes a second of partial results, written and read.
    """

    group: int
    narrow: int
    wide: int
    n_kv_heads: int
    head_dim: int
    itemsize: int
    read_rate: float = 7.1e12
    product_rate: float = 350e12
    join_rate: float = 5e12

    def rows(self, n_tokens: int) -> int:
        """Rows of the tiles that ``n_tokens`` queries are packed into."""
        return self.narrow if n_tokens * self.group <= self.narrow else self.wide

    def tokens(self, rows: int) -> int:
        """Queries that fit a tile of ``rows``."""
        return rows // self.group

    def seconds(self, n_tokens: int, n_keys: int) -> float:
        """Reading ``n_keys`` for ``n_tokens`` queries packed together, all heads."""
        rows = self.rows(n_tokens)
        tiles = -(-n_tokens // self.tokens(rows))
        read = 2 * self.n_kv_heads * self.head_dim * self.itemsize / self.read_rate
        product = 4 * rows * self.n_kv_heads * self.head_dim / self.product_rate
        return tiles * n_keys * max(read, product)

    def joining(self, n_tokens: int) -> float:
        """Writing and reading one partial result of ``n_tokens`` queries, all heads."""
        return n_tokens * self.n_kv_heads * self.group * self.head_dim * 8 / self.join_rate


@dataclass(frozen=True, slots=True)
class Segment:
    """A shared segment that is read on its own: positions ``start`` to ``end`` of table row ``row``, by queries ``tokens``."""

    row: int
    start: int
    end: int
    tokens: Int64Array
    level: int


def leading(plan: StepPlan) -> int:
    """How many chunks of a single token stand in front."""
    return next((i for i, chunk in enumerate(plan.chunks) if len(chunk.token_ids) > 1), len(plan.chunks))


def part_of(plan: StepPlan, which: range) -> StepPlan:
    """Neighbouring chunks of a plan, and what two or more of them share: with a segment, all those above it."""
    shared: list[SharedPrefix] = []
    for segment in plan.shared:
        members = tuple(i - which.start for i in segment.chunks if i in which)
        if len(members) > 1:
            shared.append(dataclasses.replace(segment, chunks=members))
    return dataclasses.replace(plan, chunks=plan.chunks[which.start : which.stop], shared=tuple(shared))


def worthwhile(
    shared: tuple[SharedPrefix, ...],
    rows: npt.NDArray[np.integer[Any]],
    counts: Int64Array,
    offsets: Int64Array,
    tiling: Tiling,
) -> tuple[list[Segment], Int64Array]:
    """The segments to read on their own, by start, and for each chunk the first position that is left to itself.

    Parameters
    ----------
    shared
        Of the step, `StepPlan.shared`.
    rows, counts, offsets
        Table row of each chunk, its number of tokens, and the flat index of its first.
    """
    own_from = np.zeros(len(rows), np.int64)
    if not shared:
        return [], own_from
    above = _parents(shared)
    level = [0] * len(shared)
    for i in sorted(range(len(shared)), key=lambda i: shared[i].start):
        level[i] = 0 if above[i] < 0 else level[above[i]] + 1
    sizes = counts.tolist()
    gains = [_gain(segment, sizes, tiling) for segment in shared]
    kept = [level[i] < MAX_LEVELS and gains[i] > 0 for i in range(len(shared))]
    for i in sorted(range(len(shared)), key=lambda i: -shared[i].start):
        if kept[i] and above[i] >= 0:
            kept[above[i]] = True  # what a chunk reads as its own has no holes
    if sum(gain for gain, keep in zip(gains, kept, strict=True) if keep) < PASS_S:
        return [], own_from
    found = []
    for i in sorted((i for i in range(len(shared)) if kept[i]), key=lambda i: shared[i].start):
        segment = shared[i]
        members = np.asarray(segment.chunks)
        own_from[members] = np.maximum(own_from[members], segment.end)
        found.append(
            Segment(
                int(rows[segment.chunks[0]]),
                segment.start,
                segment.end,
                _token_rows(members, counts, offsets),
                level[i],
            )
        )
    return found, own_from


def _parents(shared: tuple[SharedPrefix, ...]) -> list[int]:
    """For each segment the one that ends where it starts, -1 at the root."""
    ends = {(segment.end, chunk): i for i, segment in enumerate(shared) for chunk in segment.chunks}
    return [ends.get((segment.start, segment.chunks[0]), -1) for segment in shared]


def _gain(segment: SharedPrefix, counts: list[int], tiling: Tiling) -> float:
    """Seconds of a layer that a pass of its own saves, `PASS_S` aside."""
    n_keys = segment.end - segment.start
    sizes = Counter(counts[i] for i in segment.chunks)
    plain = sum(how_many * tiling.seconds(size, n_keys) for size, how_many in sizes.items())
    n_tokens = sum(size * how_many for size, how_many in sizes.items())
    return plain - tiling.seconds(n_tokens, n_keys) - tiling.joining(2 * n_tokens)


def _token_rows(members: Int64Array, counts: Int64Array, offsets: Int64Array) -> Int64Array:
    """Flat indices of the members' tokens."""
    each = counts[members]
    first = offsets[members]
    if int(each.max()) == 1:
        return first
    return np.repeat(first - (np.cumsum(each) - each), each) + np.arange(int(each.sum()))
