"""How a prefill is cut into passes of FlashInfer's kernels, or left to our own: a cost model with measured rates.

FlashInfer's Hopper kernels fill tiles with the tokens of one request and one head, so chunks of a few tokens waste most of a tile; our
own pack the heads that share a KV head, and waste nothing, at a lower rate. A prefix that neighbouring chunks share can be read in a
pass over all of them as if they were one request: full tiles, and keys copied together once. Knows chunks and rates; no tensors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sgbench.engine.request import Chunk, SharedPrefix

MAX_LEVELS = 2
"""Most shared segments of one chunk that get a pass of their own."""
_TILE_TOKENS = {"fa3": 128, "fa2": 16}
_PAGED_RATE = {"fa3": 450e12, "fa2": 330e12}
_DENSE_RATE = {"fa3": 620e12, "fa2": 380e12}
_OWN_RATE = 320e12
"""Operations a second of the kernels on an H200, heads of 128, bf16."""
_JOIN_RATE = 3e12
"""Bytes a second of partial results, written and joined, and of keys and values copied together."""
_MOST_COPIED = 32_768
"""Keys that are copied together for one pass at most: the copy takes memory."""
DENSE_OWN = True
"""Copy the keys of whole prompts together where that is faster than reading them where they lie."""


@dataclass(frozen=True, slots=True)
class SharedPass:
    """A pass over shared segments: tokens ``first`` to ``stop``, cut at ``queries`` (ends of segments' tokens, from ``first``)."""

    first: int
    stop: int
    segments: tuple[SharedPrefix, ...]
    queries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """What to do: our ``own`` kernels for all, or passes over shared segments and one over what is left from ``own_from``.

    ``dense``: the latter over a copy of its keys, side by side.
    """

    own: bool
    passes: tuple[SharedPass, ...]
    own_from: tuple[int, ...]
    dense: bool = False


def way(
    chunks: tuple[Chunk, ...],
    shared: tuple[SharedPrefix, ...],
    kernels: str,
    row_flops: float,
    row_bytes: int,
    key_bytes: int,
) -> Way:
    """The fastest way for chunks of a step.

    Parameters
    ----------
    shared
        Segments; ``chunks`` are indices into ``chunks``.
    kernels
        ``fa3`` or ``fa2``.
    row_flops
        Operations of a token and a key, all heads.
    row_bytes
        Bytes of a token's output, all heads.
    key_bytes
        Bytes of a token's keys and values in a layer.
    """
    counts = np.asarray([len(chunk.token_ids) for chunk in chunks])
    starts = np.asarray([chunk.start for chunk in chunks])
    keys = starts + (counts + 1) / 2
    tile = _TILE_TOKENS[kernels]
    padded = -(-counts // tile) * tile
    own = float((counts * keys).sum()) * row_flops / _OWN_RATE
    plain = float((padded * keys).sum()) * row_flops / _PAGED_RATE[kernels]
    passes, own_from = _passes(shared, counts)
    joined = np.inf
    if passes:
        left = float((padded * (keys - own_from)).sum()) * row_flops / _PAGED_RATE[kernels]
        pairs = sum(
            (counts[list(segment.chunks)].sum() + tile / 2) * (segment.end - segment.start)
            for each in passes
            for segment in each.segments
        )
        tokens = sum(each.stop - each.first for each in passes)
        joined = left + float(pairs) * row_flops / _DENSE_RATE[kernels] + tokens * row_bytes * 4 / _JOIN_RATE
    if joined < min(own, plain):
        return Way(False, tuple(passes), tuple(own_from.tolist()))
    n_keys = int((starts + counts).sum())
    copying = float((padded * keys).sum()) * row_flops / _DENSE_RATE[kernels] + 2 * n_keys * key_bytes / _JOIN_RATE
    dense = DENSE_OWN and n_keys <= _MOST_COPIED and copying < min(own, plain)
    return Way(own < plain and not dense, (), (0,) * len(chunks), dense)


def _passes(shared: tuple[SharedPrefix, ...], counts: np.ndarray) -> tuple[list[SharedPass], np.ndarray]:
    """A pass for each of the upper levels whose segments' tokens lie side by side, and where each chunk's own begins."""
    own_from = np.zeros(len(counts), np.int64)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    passes: list[SharedPass] = []
    for _ in range(MAX_LEVELS):
        level = sorted((s for s in shared if (own_from[list(s.chunks)] == s.start).all()), key=lambda s: s.chunks)
        members = [i for segment in level for i in segment.chunks]
        if not level or members != list(range(members[0], members[-1] + 1)):
            break
        first = int(offsets[members[0]])
        ends = tuple(int(offsets[segment.chunks[-1] + 1]) - first for segment in level)
        passes.append(SharedPass(first, first + ends[-1], tuple(level), ends))
        for segment in level:
            own_from[list(segment.chunks)] = segment.end
        shared = tuple(s for s in shared if s not in level)
    return passes, own_from
