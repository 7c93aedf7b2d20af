"""What ran when: each request's stretches of time, and each step's batch. Knows events; no pixels."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, ClassVar, NamedTuple

from sgbench.trace import events as ev
from sgbench.trace.events import Event
from sgbench.views.cells import Cell, Clock


class Stretch(IntEnum):
    """What a request did for a while. Wire format: add, never renumber."""

    QUEUED = 0
    PREFILL = 1
    DECODE = 2


_QUEUED, _PREFILL, _DECODE = Stretch.QUEUED, Stretch.PREFILL, Stretch.DECODE
"""Found in the enumeration once, not for each request: that is a call in Python."""


class Span(NamedTuple):
    """A stretch of a request's time; ``end_ms`` is -1 while it lasts. ``tokens`` of which ``cached`` need no computing."""

    kind: Stretch
    start_ms: float
    end_ms: float
    tokens: int
    cached: int


@dataclass(slots=True)
class RequestLine:
    """One request.

    Attributes
    ----------
    lane
        Row to draw it in: requests that overlap in time have different ones.
    order
        Its place in the queue when it was last planned for, from 0; -1: never seen there.
    jumps
        ``(ms, tokens)`` of each jump-forward.
    end
        ``""`` while it lives, then the reason.
    """

    rid: int
    lane: int
    program: int
    branch: int
    prompt_tokens: int
    queued_ms: float
    cached_tokens: int = -1
    output_tokens: int = 0
    first_ms: float = -1
    end_ms: float = -1
    end: str = ""
    order: int = -1
    preempted: int = 0
    spans: list[Span] = field(default_factory=list)
    jumps: list[tuple[float, int]] = field(default_factory=list)

    def row(self) -> list[Any]:
        """As a row of table ``request``."""
        return [
            self.lane,
            self.program,
            self.branch,
            self.prompt_tokens,
            self.cached_tokens,
            self.output_tokens,
            self.queued_ms,
            self.first_ms,
            self.end_ms,
            self.end,
            self.order,
            self.preempted,
            list(map(list, self.spans)),
            self.jumps[:],
        ]

    def turn(self, kind: Stretch, ms: float, tokens: int = 0, cached: int = 0) -> None:
        """End the present stretch and begin another."""
        self.close(ms)
        self.spans.append(Span(kind, ms, -1, tokens, cached))

    def close(self, ms: float) -> None:
        """End the present stretch."""
        if self.spans and self.spans[-1].end_ms < 0:
            kind, start_ms, _, tokens, cached = self.spans[-1]
            self.spans[-1] = Span(kind, start_ms, ms, tokens, cached)


class StepLine(NamedTuple):
    """One forward pass; ``finished_ms`` is -1 while it lasts."""

    planned_ms: float
    finished_ms: float
    prefill_tokens: int
    prefill_requests: int
    decode_requests: int
    waiting: int


class TimelineFold:
    """The state behind the `Timeline` widget.

    Attributes
    ----------
    requests
        By id, in the order in which they came.
    steps
        By number.
    end_ms
        Time of the last event that concerns it.
    """

    concerns: ClassVar[frozenset[type[Event]]] = frozenset(
        {
            ev.StepPlanned,
            ev.StepFinished,
            ev.RequestQueued,
            ev.RequestAdmitted,
            ev.RequestPreempted,
            ev.RequestFinished,
            ev.RequestAborted,
            ev.JumpForward,
        }
    )

    def __init__(self) -> None:
        self.requests: dict[int, RequestLine] = {}
        self.steps: dict[int, StepLine] = {}
        self.end_ms = 0.0
        self._clock = Clock()
        self._free_lanes: list[int] = []
        self._lanes = 0
        self._prefilling: set[int] = set()

    @property
    def lanes(self) -> int:
        """Rows needed."""
        return self._lanes

    def apply(self, event: Event) -> Iterator[Cell]:
        """Fold the next event in."""
        ms = self._clock.ms(event)
        if type(event) in self.concerns:
            self.end_ms = ms
        if isinstance(event, ev.StepPlanned):
            yield from self._planned(event, ms)
        elif isinstance(event, ev.StepFinished):
            yield from self._stepped(event, ms)
        elif isinstance(event, ev.RequestQueued):
            line = RequestLine(event.rid, self._lane(), event.program, event.branch, event.prompt_tokens, ms)
            self.requests[event.rid] = line
            line.turn(_QUEUED, ms)
            yield self._cell(line)
        else:
            line_ = self.requests.get(getattr(event, "rid", -1))
            if line_ is not None and self._changed(event, line_, ms):
                yield self._cell(line_)

    def _changed(self, event: Event, line: RequestLine, ms: float) -> bool:
        match event:
            case ev.RequestAdmitted():
                if line.cached_tokens < 0:
                    line.cached_tokens = event.cached_tokens
                again = min(event.cached_output_tokens, line.output_tokens)
                line.turn(_PREFILL, ms, event.prompt_tokens + line.output_tokens, event.cached_tokens + again)
                self._prefilling.add(event.rid)
            case ev.RequestPreempted():
                line.output_tokens = event.output_tokens
                line.preempted += 1
                line.turn(_QUEUED, ms)
                self._prefilling.discard(event.rid)
            case ev.JumpForward():
                line.jumps.append((ms, len(event.token_ids)))
            case ev.RequestFinished() | ev.RequestAborted():
                line.output_tokens, line.end, line.end_ms = len(event.output_ids), event.reason, ms
                if line.first_ms < 0 and event.output_ids:
                    line.first_ms = ms  # the event of the step that sampled its only token is still to come
                line.close(ms)
                self._prefilling.discard(event.rid)
                heapq.heappush(self._free_lanes, line.lane)
            case _:
                return False
        return True

    def _planned(self, event: ev.StepPlanned, ms: float) -> Iterator[Cell]:
        tokens = sum(count for _, count in event.prefill)
        line = StepLine(ms, -1, tokens, len(event.prefill), len(event.decode), event.waiting)
        self.steps[event.step] = line
        yield Cell("step", event.step, list(line))
        for place, rid in enumerate(event.order):
            request = self.requests.get(rid)
            if request is not None:
                request.order = place  # travels with the request's next change, which being in the order brings about

    def _stepped(self, event: ev.StepFinished, ms: float) -> Iterator[Cell]:
        line = self.steps.get(event.step)
        if line is not None:
            self.steps[event.step] = line = line._replace(finished_ms=ms)
            yield Cell("step", event.step, list(line))
        if not self._prefilling:
            return
        for rid, token in zip(event.rids, event.token_ids, strict=True):
            if token >= 0 and rid in self._prefilling and rid in self.requests:
                request = self.requests[rid]
                self._prefilling.discard(rid)
                if request.first_ms < 0:
                    request.first_ms = ms
                request.turn(_DECODE, ms)
                yield self._cell(request)

    def _lane(self) -> int:
        if self._free_lanes:
            return heapq.heappop(self._free_lanes)
        self._lanes += 1
        return self._lanes - 1

    def _cell(self, line: RequestLine) -> Cell:
        return Cell("request", line.rid, line.row())

    def summary(self) -> str:
        """One line."""
        done = sum(bool(line.end) for line in self.requests.values())
        batch = [step.prefill_requests + step.decode_requests for step in self.steps.values()]
        mean = sum(batch) / len(batch) if batch else 0.0
        return (
            f"Timeline: {len(self.requests):,} requests, {done:,} done, {len(self.steps):,} steps in "
            f"{self.end_ms / 1000:.2f} s, {mean:.1f} requests in a batch"
        )
