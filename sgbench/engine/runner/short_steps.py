"""A step of a few tokens for each request as a decode step: every token is a row of its own.

A token's attention reads its own sequence up to itself, and every layer stores the step's keys before it reads any: so tokens that follow
one another may run side by side. Forced text is a few tokens long, and while one request has some, the others decode: their step need not
leave the captured graph. Knows chunks and arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sgbench.engine.request import DecodePlan, MovedSlots, SharedPrefix

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from sgbench.engine.request import Chunk, IntArray

_MOST_TOKENS = 16
"""Of one request: longer runs are read faster together, as a prompt is."""
_SHORT_CONTEXT = 128
"""Unless all that they read is this short: then what counts is to launch them at once."""


@dataclass(frozen=True, slots=True)
class ShortStep:
    """Tokens side by side.

    Attributes
    ----------
    plan
        One entry for each token.
    token_ids
        int32 ``[n]``.
    ends
        int64 ``[chunks]``: the last token of each chunk.
    """

    plan: DecodePlan
    token_ids: IntArray
    ends: npt.NDArray[np.int64]


def is_short(chunks: Sequence[Chunk], most_rows: int) -> bool:
    """Does every chunk sample, report nothing of its own tokens, and bring few; and are they ``most_rows`` at most together?"""
    for chunk in chunks:
        n = len(chunk.token_ids)
        if not chunk.sample or chunk.input_logprobs_from is not None:
            return False
        if n > _MOST_TOKENS and chunk.start + n > _SHORT_CONTEXT:
            return False
    return sum(len(c.token_ids) for c in chunks) <= most_rows


def short_step(chunks: Sequence[Chunk], shared: tuple[SharedPrefix, ...]) -> ShortStep:
    """The step of ``chunks``, which share as a `StepPlan` says."""
    counts = np.array([len(c.token_ids) for c in chunks])
    ends = np.cumsum(counts) - 1
    firsts = (ends - counts + 1).tolist()
    within = np.arange(counts.sum()) - np.repeat(ends - counts + 1, counts)
    starts = np.array([c.start for c in chunks])
    moved = [
        MovedSlots(first, c.slots_from, c.slots[: c.start - c.slots_from])
        for first, c in zip(firsts, chunks, strict=True)
        if c.slots_from < c.start
    ]
    segments = [
        SharedPrefix(
            s.start, s.end, tuple(row for i in s.chunks for row in range(firsts[i], firsts[i] + int(counts[i])))
        )
        for s in shared
    ]
    plan = DecodePlan(
        rids=tuple(np.repeat([c.rid for c in chunks], counts).tolist()),
        rows=np.repeat(np.array([c.row for c in chunks], np.int32), counts),
        positions=(np.repeat(starts, counts) + within).astype(np.int32),
        slots=np.concatenate([c.slots[-len(c.token_ids) :] for c in chunks]).astype(np.int32),
        sample_index=np.repeat(np.array([c.sample_index for c in chunks], np.int64), counts),
        moved=tuple(moved),
        shared=tuple(segments),
    )
    return ShortStep(plan, np.concatenate([c.token_ids for c in chunks]).astype(np.int32), ends.astype(np.int64))
