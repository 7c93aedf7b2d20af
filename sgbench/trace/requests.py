"""Which requests run and which wait, folded from events. Knows no tokens and no times."""

from __future__ import annotations

from sgbench.trace.events import (
    Event,
    Keyframe,
    RequestAborted,
    RequestAdmitted,
    RequestFinished,
    RequestPreempted,
    RequestQueued,
)

_TOLD = frozenset({Keyframe, RequestQueued, RequestAdmitted, RequestPreempted, RequestFinished, RequestAborted})


class RequestState:
    """Ids of running and waiting requests, each in the order in which they became so."""

    def __init__(self) -> None:
        self.running: dict[int, None] = {}
        self.waiting: dict[int, None] = {}

    def apply(self, event: Event) -> None:
        """Fold one event in; those that concern no request change nothing."""
        if type(event) not in _TOLD:
            return
        if isinstance(event, RequestQueued):
            self.waiting[event.rid] = None
        elif isinstance(event, RequestAdmitted):
            self.waiting.pop(event.rid, None)
            self.running[event.rid] = None
        elif isinstance(event, RequestPreempted):
            self.running.pop(event.rid, None)
            self.waiting[event.rid] = None
        elif isinstance(event, RequestFinished | RequestAborted):
            self.running.pop(event.rid, None)
            self.waiting.pop(event.rid, None)
        elif isinstance(event, Keyframe):
            self.running = dict.fromkeys(event.running)
            self.waiting = dict.fromkeys(event.waiting)
