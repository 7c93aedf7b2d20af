"""Which requests run and which wait, folded from events. Knows no tokens and no times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sgbench.trace.events import (
    Event,
    Keyframe,
    RequestAborted,
    RequestAdmitted,
    RequestFinished,
    RequestPreempted,
    RequestQueued,
)


class RequestState:
    """Ids of running and waiting requests, each in the order in which they became so."""

    def __init__(self) -> None:
        self.running: dict[int, None] = {}
        self.waiting: dict[int, None] = {}

    def apply(self, event: Event) -> None:
        """Fold one event in; those that concern no request change nothing."""
        told = _TOLD.get(type(event))
        if told is not None:
            told(self, event)

    def _queued(self, event: RequestQueued) -> None:
        self.waiting[event.rid] = None

    def _admitted(self, event: RequestAdmitted) -> None:
        self.waiting.pop(event.rid, None)
        self.running[event.rid] = None

    def _preempted(self, event: RequestPreempted) -> None:
        self.running.pop(event.rid, None)
        self.waiting[event.rid] = None

    def _ended(self, event: RequestFinished | RequestAborted) -> None:
        self.running.pop(event.rid, None)
        self.waiting.pop(event.rid, None)

    def _keyframe(self, event: Keyframe) -> None:
        self.running = dict.fromkeys(event.running)
        self.waiting = dict.fromkeys(event.waiting)


_TOLD: dict[type[Event], Callable[[RequestState, Any], None]] = {
    Keyframe: RequestState._keyframe,
    RequestQueued: RequestState._queued,
    RequestAdmitted: RequestState._admitted,
    RequestPreempted: RequestState._preempted,
    RequestFinished: RequestState._ended,
    RequestAborted: RequestState._ended,
}
