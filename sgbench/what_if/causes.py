"""The causes in a trace: what was asked, what was answered, and which request waited for which.

Folded from events. Effects (matches, evictions, batches, times of steps) are left out: they follow from the causes when those run
again. Knows events only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sgbench.errors import UsageError
from sgbench.trace.events import (
    CacheReset,
    Event,
    JumpForward,
    Keyframe,
    NodeEvicted,
    RequestAborted,
    RequestAdmitted,
    RequestConstrained,
    RequestFinished,
    RequestQueued,
    StepFinished,
    TreeSnapshot,
)

IntArray: TypeAlias = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForcedRun:
    """A jump: after ``sampled`` sampled tokens a constraint put ``event.token_ids`` behind ``event.position`` output tokens."""

    sampled: int
    event: JumpForward


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One request as its caller made it, and the answer it got.

    Attributes
    ----------
    asked
        The event with its prompt.
    output_ids
        Final output tokens, forced ones included.
    sampled_ids
        Tokens that were sampled, in order, those that a jump replaced later included.
    jumps
        What a constraint forced, in order.
    end
        ``stop``, ``length``, ``abort``, or ``open``: the recording ended first.
    reason
        Of its end, in the engine's words.
    after
        Requests of the trace whose results it waited for.
    think_ms
        Time between the last of them and this request.
    arrival_ms
        When it came, from the beginning of the recording.
    ended_ms
        When it ended; None: the recording ended first.
    arrival_step, ended_step
        Steps that the recording had seen when it came and when it ended.
    ended_seq
        Place of its end among the events.
    constraint
        Its constraint, None without one.
    prompt
        The prompt as int32, for every run of it.
    """

    asked: RequestQueued
    prompt: IntArray = field(repr=False, compare=False)
    output_ids: tuple[int, ...] = ()
    sampled_ids: tuple[int, ...] = ()
    jumps: tuple[ForcedRun, ...] = ()
    end: str = "open"
    reason: str = ""
    after: tuple[int, ...] = ()
    think_ms: float = 0.0
    arrival_ms: float = 0.0
    ended_ms: float | None = None
    arrival_step: int = 0
    ended_step: int = 0
    ended_seq: int = -1
    constraint: RequestConstrained | None = None

    @property
    def rid(self) -> int:
        """Its number in the recording."""
        return self.asked.rid

    @property
    def reads_ahead(self) -> bool:
        """Is it a prefill of a program's, there only so that others hit it (the frontend hint, a choice's common text)?"""
        return self.asked.max_new_tokens == 0 and self.asked.logprobs_from < 0 and self.asked.program >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Flush:
    """Somebody emptied the cache."""

    seq: int
    arrival_ms: float
    arrival_step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """All causes of a recording.

    Attributes
    ----------
    requests
        In order of arrival.
    flushes
        In order.
    tree
        The cache when the recording began; None: the trace has no keyframe.
    capacity_tokens
        The pool; 0: not known.
    left_out
        Requests that were running or waiting when the recording began: what they asked is not known.
    """

    requests: tuple[Cause, ...]
    flushes: tuple[Flush, ...] = ()
    tree: TreeSnapshot | None = None
    capacity_tokens: int = 0
    left_out: int = 0

    @property
    def vocab_size(self) -> int:
        """One more than the largest token id of a prompt."""
        return 1 + max(int(cause.prompt.max(initial=0)) for cause in self.requests)

    @property
    def longest_tokens(self) -> int:
        """Of the longest prompt with its answer."""
        return max(len(cause.asked.prompt_ids) + len(cause.output_ids) for cause in self.requests)

    @classmethod
    def of(cls, events: Iterable[Event]) -> Causes:
        """Fold ``events``.

        Raises
        ------
        UsageError
            There is no request in them.
        """
        fold = _Fold()
        for event in events:
            fold.apply(event)
        return fold.causes()


@dataclass(slots=True)
class _Draft:
    """A request while its events come in."""

    asked: RequestQueued
    arrival_step: int
    sampled: list[int] = field(default_factory=list)
    jumps: list[ForcedRun] = field(default_factory=list)
    admitted: bool = False
    constraint: RequestConstrained | None = None
    ended: RequestFinished | RequestAborted | None = None
    ended_step: int = 0


class _Fold:
    def __init__(self) -> None:
        self.drafts: dict[int, _Draft] = {}
        self.flushes: list[Flush] = []
        self.keyframe: Keyframe | None = None
        self.began_ns: int | None = None
        self.steps = 0
        self._evicting = False

    def apply(self, event: Event) -> None:
        if self.began_ns is None:
            self.began_ns = event.t_ns
        match event:
            case Keyframe() if self.keyframe is None:
                self.keyframe = event
            case RequestQueued():
                self.drafts[event.rid] = _Draft(event, self.steps)
            case StepFinished():
                self.steps += 1
                for rid, token in zip(event.rids, event.token_ids, strict=True):
                    if token >= 0 and rid in self.drafts:
                        self.drafts[rid].sampled.append(token)
            case CacheReset():
                self._flush(event)
            case NodeEvicted() if event.for_rid < 0 and not self._evicting:
                self._flush(event)  # beside running requests it goes leaf by leaf
            case RequestAdmitted() | RequestConstrained() | JumpForward() | RequestFinished() | RequestAborted():
                if event.rid in self.drafts:
                    self._of_request(self.drafts[event.rid], event)
        self._evicting = isinstance(event, NodeEvicted) and event.for_rid < 0

    def _of_request(self, draft: _Draft, event: Event) -> None:
        match event:
            case RequestAdmitted():
                draft.admitted = True
            case RequestConstrained():
                draft.constraint = event
            case JumpForward():
                # The token that a jump follows is told at the end of its step, after the jump.
                draft.jumps.append(ForcedRun(sampled=len(draft.sampled) + draft.admitted, event=event))
            case RequestFinished() | RequestAborted():
                draft.ended, draft.ended_step = event, self.steps

    def _flush(self, event: Event) -> None:
        self.flushes.append(Flush(seq=event.seq, arrival_ms=self._ms(event), arrival_step=self.steps))

    def _ms(self, event: Event) -> float:
        assert self.began_ns is not None
        return (event.t_ns - self.began_ns) / 1e6

    def causes(self) -> Causes:
        if not self.drafts:
            raise UsageError("the trace holds no request: there is nothing to run again")
        frame = self.keyframe
        return Causes(
            requests=tuple(self._cause(draft) for draft in self.drafts.values()),
            flushes=tuple(self.flushes),
            tree=frame.tree if frame else None,
            capacity_tokens=frame.capacity_tokens if frame else 0,
            left_out=len(frame.running) + len(frame.waiting) if frame else 0,
        )

    def _cause(self, draft: _Draft) -> Cause:
        asked, ended = draft.asked, draft.ended
        end = "open" if ended is None else "abort" if isinstance(ended, RequestAborted) else ended.reason
        after, think_ms = self._waited_for(draft)
        return Cause(
            asked=asked,
            prompt=np.array(asked.prompt_ids, dtype=np.int32),
            output_ids=tuple(draft.sampled) if ended is None else ended.output_ids,
            sampled_ids=tuple(draft.sampled),
            jumps=tuple(draft.jumps),
            end=end,
            reason="" if ended is None else ended.reason,
            after=after,
            think_ms=think_ms,
            arrival_ms=self._ms(asked),
            ended_ms=None if ended is None else self._ms(ended),
            arrival_step=draft.arrival_step,
            ended_step=draft.ended_step,
            ended_seq=-1 if ended is None else ended.seq,
            constraint=draft.constraint,
        )

    def _waited_for(self, draft: _Draft) -> tuple[tuple[int, ...], float]:
        """What the request says it waited for, and earlier requests of the same call that were done when it came."""
        asked = draft.asked
        known = {rid: end for rid in asked.after if rid in self.drafts and (end := self.drafts[rid].ended) is not None}
        told = bool(known)
        if asked.program >= 0:
            known |= {rid: end for rid, end in self._same_call(asked) if rid not in known}
        if not known:
            return (), 0.0
        gap_ms = max(0.0, (asked.t_ns - max(end.t_ns for end in known.values())) / 1e6)
        only_told = told and len(known) == len(asked.after)
        return tuple(known), min(gap_ms, asked.think_ms) if only_told else gap_ms

    def _same_call(self, asked: RequestQueued) -> Iterable[tuple[int, RequestFinished | RequestAborted]]:
        call = (asked.program, asked.branch, asked.op)
        for rid in range(asked.rid - 1, -1, -1):
            other = self.drafts.get(rid)
            if other is None or other.asked.program != asked.program:
                if other is None or asked.rid - rid > _CALL_WINDOW:
                    return
                continue
            if (other.asked.program, other.asked.branch, other.asked.op) != call:
                continue
            if other.ended is not None and other.ended.seq < asked.seq:
                yield rid, other.ended


_CALL_WINDOW = 256
"""Requests of one call are looked for among this many before it."""


def shifted(causes: Causes, drop: set[int]) -> Causes:
    """``causes`` without the requests in ``drop``; who waited for one of these waits for what that one waited for."""
    if not drop:
        return causes
    gone = {cause.rid: cause for cause in causes.requests if cause.rid in drop}
    kept = []
    for cause in causes.requests:
        if cause.rid in gone:
            continue
        after: dict[int, None] = {}
        queue, extra_ms = list(cause.after), 0.0
        while queue:
            rid = queue.pop()
            if rid in gone:
                queue.extend(gone[rid].after)
                extra_ms = max(extra_ms, gone[rid].think_ms)
            else:
                after[rid] = None
        kept.append(dataclasses.replace(cause, after=tuple(after), think_ms=cause.think_ms + extra_ms))
    return dataclasses.replace(causes, requests=tuple(kept))
