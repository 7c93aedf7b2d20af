"""Prompts cut so that tiles are full. A kernel whose tiles hold tokens of one chunk alone computes a whole tile more for the few that
fill none: where another kernel does those for less, they become a chunk of their own in front of the rest. The next turn of a chat is
such a chunk: what was said, and one token before it, the last of an answer, that was never computed.

Knows plans; no tensors and no rates.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from sgbench.engine.attention.sharing import leading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sgbench.engine.request import Chunk, StepPlan


def cut(plan: StepPlan, odd: Sequence[int]) -> StepPlan:
    """The same step with the first ``odd[i]`` tokens of chunk i, if any, as a chunk of their own, which samples and reports nothing.

    Those stand behind the chunks of a single token that are in front; what chunks share belongs to their rests.
    """
    if not any(odd):
        return plan
    n = leading(plan)
    heads = tuple(_head(chunk, k) for chunk, k in zip(plan.chunks, odd, strict=True) if k)
    rests = (_rest(chunk, k) if k else chunk for chunk, k in zip(plan.chunks[n:], odd[n:], strict=True))
    shared = tuple(
        dataclasses.replace(segment, chunks=tuple(i if i < n else i + len(heads) for i in segment.chunks))
        for segment in plan.shared
    )
    return dataclasses.replace(plan, chunks=(*plan.chunks[:n], *heads, *rests), shared=shared)


def ends(plan: StepPlan) -> list[int]:
    """The last chunk of each request, in order: all but those that were cut off."""
    last = {chunk.row: i for i, chunk in enumerate(plan.chunks)}
    return [i for i, chunk in enumerate(plan.chunks) if last[chunk.row] == i]


def in_front(plan: StepPlan) -> int:
    """How many chunks stand in front that are single tokens, or were cut off."""
    last = {chunk.row: i for i, chunk in enumerate(plan.chunks)}
    return next(
        (i for i, chunk in enumerate(plan.chunks) if len(chunk.token_ids) > 1 and last[chunk.row] == i),
        len(plan.chunks),
    )


def _head(chunk: Chunk, n: int) -> Chunk:
    left = len(chunk.token_ids) - n
    return dataclasses.replace(
        chunk,
        token_ids=chunk.token_ids[:n],
        slots=chunk.slots[: len(chunk.slots) - left],
        sample=False,
        history=None,
        forbidden_ids=(),
        allowed=None,
        top_logprobs=0,
        next_id=int(chunk.token_ids[n]),
    )


def _rest(chunk: Chunk, n: int) -> Chunk:
    left = len(chunk.token_ids) - n
    start = chunk.start + n
    return dataclasses.replace(
        chunk, start=start, token_ids=chunk.token_ids[n:], slots=chunk.slots[-left:], slots_from=start
    )
