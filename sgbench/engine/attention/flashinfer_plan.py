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
    from sgbench.engine.request import Chunk, SharedPrefix, StepPlan

MAX_LEVELS = 2
"""Most shared segments of one chunk that get a pass of their own."""
_TILE_TOKENS = {"fa3": 128, "fa2": 16}
_PAGED_RATE = {"fa3": 450e12, "fa2": 330e12}
_DENSE_RATE = {"fa3": 620e12, "fa2": 380e12}
_OWN_RATE = 260e12
"""Operations a second of the kernels on an H200, heads of 128, bf16."""
_TOKEN_S = {"fa3": 10e-9, "fa2": 10e-9}
_OWN_TOKEN_S = 26e-9
"""What a token costs beside its keys: seconds of a layer (measured with fa3)."""
_JOIN_RATE = 3e12
"""Bytes a second of partial results, written and joined, and of keys and values copied together."""
_READ_RATE = 4e12
"""Bytes a second of keys and values that one request reads."""
_MOST_ODD = 48
_OWN_TOKENS = 4
"""Tokens that our own kernels pack together at least, with heads of four to a KV head."""
_CUT_S = 20e-6
"""What a layer pays for another kernel."""
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
    own = float((counts * keys).sum()) * row_flops / _OWN_RATE + int(counts.sum()) * _OWN_TOKEN_S
    tiles = int(padded.sum()) * _TOKEN_S[kernels]
    plain = float((padded * keys).sum()) * row_flops / _PAGED_RATE[kernels] + tiles
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
        joined = tiles + left + float(pairs) * row_flops / _DENSE_RATE[kernels] + tokens * row_bytes * 4 / _JOIN_RATE
    if joined < min(own, plain):
        return Way(False, tuple(passes), tuple(own_from.tolist()))
    n_keys = int((starts + counts).sum())
    computing = float((padded * keys).sum()) * row_flops / _DENSE_RATE[kernels] + tiles
    copying = computing + 2 * n_keys * key_bytes / _JOIN_RATE
    dense = DENSE_OWN and n_keys <= _MOST_COPIED and copying < min(own, plain)
    return Way(own < plain and not dense, (), (0,) * len(chunks), dense)


def odd_tokens(plan: StepPlan, first: int, kernels: str, row_flops: float, key_bytes: int) -> list[int]:
    """For each chunk how many tokens to cut off in front, so that the rest fills tiles and our own kernels do those few; 0: none.

    Parameters
    ----------
    first
        Chunks from here on are FlashInfer's.
    kernels, row_flops, key_bytes
        As in `way`.
    """
    tile = _TILE_TOKENS[kernels]
    in_shared = {i for segment in plan.shared for i in segment.chunks}
    found, saved = [0] * len(plan.chunks), -_CUT_S
    for i, chunk in enumerate(plan.chunks[first:], first):
        n = len(chunk.token_ids)
        odd, n_keys = n % tile, chunk.start + n
        if not 0 < odd <= _MOST_ODD or odd == n or chunk.input_logprobs_from is not None or i in in_shared:
            continue
        packed = _OWN_TOKENS * -(-odd // _OWN_TOKENS)
        own = max(packed * n_keys * row_flops / _OWN_RATE, n_keys * key_bytes / _READ_RATE) + odd * _OWN_TOKEN_S
        gain = tile * n_keys * row_flops / _PAGED_RATE[kernels] + tile * _TOKEN_S[kernels] - own
        if gain > 0:
            found[i] = odd
            saved += gain
    return found if saved > 0 else [0] * len(found)


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
