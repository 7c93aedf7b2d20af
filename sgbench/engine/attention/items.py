"""Lists of work items for `sgbench.engine.kernels.attention`, planned on the host in NumPy.

Knows chunks, shared segments and tiles; no tensors. A list is cut so that it fills the device: what is long is split along the keys,
partial results are joined later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sgbench.engine.attention.sharing import MAX_LEVELS, Segment, Tiling, worthwhile

if TYPE_CHECKING:
    import numpy.typing as npt

    from sgbench.engine.request import StepPlan

    Int32Array = npt.NDArray[np.int32]
    Int64Array = npt.NDArray[np.int64]

ITEM_FIELDS = 8
SHORTEST_RUN = 128
"""Positions below which splitting costs more than it gives."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How tiles are cut: into about ``aim`` runs of like length, or, where ``fixed`` is not 0, at multiples of that position."""

    aim: int = 0
    fixed: int = 0


@dataclass(frozen=True, slots=True)
class Tiles:
    """Tiles before they are split, one entry each: first query, queries, table row, first position, position behind the last."""

    q_first: Int64Array
    q_count: Int64Array
    row: Int64Array
    start: Int64Array
    end: Int64Array

    def __len__(self) -> int:
        return len(self.q_first)


@dataclass(frozen=True, slots=True)
class Split:
    """Items of some tiles: ``items`` ``[n, ITEM_FIELDS]``; for each tile its first partial result and number of runs."""

    items: Int32Array
    part_first: Int64Array
    n_runs: Int64Array
    n_parts: int


def chunk_tiles(
    rows: Int64Array, starts: Int64Array, counts: Int64Array, offsets: Int64Array, own_from: Int64Array, per_tile: int
) -> Tiles:
    """Tiles of chunks over their own positions: causal, so a tile ends at its last query."""
    n_tiles = -(-counts // per_tile)
    chunk = np.repeat(np.arange(len(counts)), n_tiles)
    nth = np.arange(len(chunk)) - np.repeat(np.cumsum(n_tiles) - n_tiles, n_tiles)
    first = nth * per_tile
    size = np.minimum(per_tile, counts[chunk] - first)
    return Tiles(offsets[chunk] + first, size, rows[chunk], own_from[chunk], starts[chunk] + first + size)


def segment_tiles(segments: list[Segment], q_first: Int64Array, per_tile: int) -> tuple[Tiles, Int64Array, Int64Array]:
    """Tiles of shared segments, whose queries stand at ``q_first`` and on in the list of queries.

    Returns
    -------
    The tiles; then for each query, one segment after the other, its tile and its place in the tile.
    """
    sizes = np.fromiter((len(segment.tokens) for segment in segments), np.int64, len(segments))
    n_tiles = -(-sizes // per_tile)
    of = np.repeat(np.arange(len(segments)), n_tiles)
    first = (np.arange(len(of)) - np.repeat(np.cumsum(n_tiles) - n_tiles, n_tiles)) * per_tile
    place = np.asarray([(s.row, s.start, s.end) for s in segments], np.int64).reshape(-1, 3)[of]
    tiles = Tiles(q_first[of] + first, np.minimum(per_tile, sizes[of] - first), place[:, 0], place[:, 1], place[:, 2])
    nth = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    tile = np.repeat(np.cumsum(n_tiles) - n_tiles, sizes) + nth // per_tile
    return tiles, tile, nth % per_tile


def split(tiles: Tiles, cut: Cut, direct: npt.NDArray[np.bool_], part_base: int) -> Split:
    """Cut tiles along the keys, longest runs first.

    Parameters
    ----------
    direct
        Tiles that write their output themselves if they are not cut.
    part_base
        Number of the first partial result.
    """
    lengths = tiles.end - tiles.start
    if cut.fixed:
        n_runs = -(-lengths // cut.fixed)
    else:
        run = max(SHORTEST_RUN, -(-int(lengths.sum()) // max(cut.aim, 1)))
        n_runs = np.maximum(1, np.rint(lengths / run).astype(np.int64))
    tile = np.repeat(np.arange(len(tiles)), n_runs)
    nth = np.arange(len(tile)) - np.repeat(np.cumsum(n_runs) - n_runs, n_runs)
    even = np.full(len(tiles), cut.fixed) if cut.fixed else (-(-lengths // n_runs) + 15) // 16 * 16
    start = tiles.start[tile] + nth * even[tile]
    end = np.minimum(start + even[tile], tiles.end[tile])
    direct = direct & (n_runs == 1)
    n_parts = np.where(direct, 0, n_runs * tiles.q_count)
    part_first = part_base + np.cumsum(n_parts) - n_parts
    items = np.zeros((len(tile), ITEM_FIELDS), np.int32)
    items[:, 0], items[:, 1], items[:, 2] = tiles.q_first[tile], tiles.q_count[tile], tiles.row[tile]
    items[:, 3], items[:, 4] = start, end
    items[:, 5], items[:, 6] = part_first[tile] + nth * tiles.q_count[tile], direct[tile]
    order = np.argsort(start - end, kind="stable")
    return Split(items[order], part_first, n_runs, int(n_parts.sum()))


@dataclass(frozen=True, slots=True)
class SharedWork:
    """Items of the shared segments alone.

    Attributes
    ----------
    queries
        Flat token rows of all segments' queries, one segment after the other.
    narrow, wide
        Items of the two tile sizes; their first field counts from ``query_base``.
    n_levels
        Shared segments of each token.
    sources
        ``[tokens, 1 + MAX_LEVELS, 3]``: where each token's partial results are; entry 0, its own, is left to others.
    n_parts
        Partial results used.
    """

    queries: Int64Array
    narrow: Int32Array
    wide: Int32Array
    n_levels: Int32Array
    sources: Int32Array
    n_parts: int


def shared_work(
    segments: list[Segment],
    n_tokens: int,
    tiling: Tiling,
    narrow: Cut,
    wide: Cut,
    query_base: int,
) -> SharedWork:
    """Plan the segments of a step of ``n_tokens``; the cuts count all KV heads as one item."""
    n_levels = np.zeros(n_tokens, np.int32)
    sources = np.zeros((n_tokens, 1 + MAX_LEVELS, 3), np.int32)
    lists: list[Int32Array] = []
    firsts = query_base + np.cumsum([0, *(len(segment.tokens) for segment in segments)])
    n_parts = 0
    for rows, cut in ((tiling.narrow, narrow), (tiling.wide, wide)):
        which = [i for i, segment in enumerate(segments) if tiling.rows(len(segment.tokens)) == rows]
        mine = [segments[i] for i in which]
        tiles, tile, nth = segment_tiles(mine, firsts[which], tiling.tokens(rows))
        done = split(tiles, cut, np.zeros(len(tiles), bool), n_parts)
        n_parts += done.n_parts
        lists.append(done.items)
        if mine:
            tokens = np.concatenate([segment.tokens for segment in mine])
            level = np.repeat([segment.level for segment in mine], [len(segment.tokens) for segment in mine])
            sources[tokens, 1 + level, 0] = done.part_first[tile] + nth
            sources[tokens, 1 + level, 1] = tiles.q_count[tile]
            sources[tokens, 1 + level, 2] = done.n_runs[tile]
            np.maximum.at(n_levels, tokens, level.astype(np.int32) + 1)
    queries = [segment.tokens for segment in segments]
    both = np.concatenate(queries) if queries else np.zeros(0, np.int64)
    return SharedWork(both, lists[0], lists[1], n_levels, sources, n_parts)


@dataclass(frozen=True, slots=True)
class StepWork:
    """Everything the kernels need for one step, on the host; see `SharedWork`."""

    positions: Int32Array
    queries: Int32Array
    narrow: Int32Array
    wide: Int32Array
    n_levels: Int32Array
    sources: Int32Array
    n_parts: int


def step_work(plan: StepPlan, tiling: Tiling, narrow: Cut, wide: Cut) -> StepWork:
    """Plan any step."""
    chunks = plan.chunks
    rows = np.fromiter((c.row for c in chunks), np.int64, len(chunks))
    starts = np.fromiter((c.start for c in chunks), np.int64, len(chunks))
    counts = np.fromiter((len(c.token_ids) for c in chunks), np.int64, len(chunks))
    offsets = np.cumsum(counts) - counts
    n_tokens = int(counts.sum())
    segments, own_from = worthwhile(plan.shared, rows, counts, offsets, tiling)
    shared = shared_work(segments, n_tokens, tiling, narrow, wide, n_tokens)
    sources, n_parts = shared.sources, shared.n_parts
    lists = []
    small = counts * tiling.group <= tiling.narrow
    for size, cut, mine, above in (
        (tiling.narrow, narrow, small, shared.narrow),
        (tiling.wide, wide, ~small, shared.wide),
    ):
        per_tile = tiling.tokens(size)
        tiles = chunk_tiles(rows[mine], starts[mine], counts[mine], offsets[mine], own_from[mine], per_tile)
        done = split(tiles, cut, shared.n_levels[tiles.q_first] == 0, n_parts)
        n_parts += done.n_parts
        lists.append(np.concatenate([above, done.items]))
        tile = np.repeat(np.arange(len(tiles)), tiles.q_count)
        nth = np.arange(len(tile)) - np.repeat(np.cumsum(tiles.q_count) - tiles.q_count, tiles.q_count)
        token = tiles.q_first[tile] + nth
        sources[token, 0, 0] = done.part_first[tile] + nth
        sources[token, 0, 1] = tiles.q_count[tile]
        sources[token, 0, 2] = done.n_runs[tile]
    positions = np.repeat(starts - offsets, counts) + np.arange(n_tokens)
    queries = np.concatenate([np.arange(n_tokens), shared.queries])
    return StepWork(
        positions.astype(np.int32),
        queries.astype(np.int32),
        lists[0],
        lists[1],
        shared.n_levels,
        sources,
        n_parts,
    )
