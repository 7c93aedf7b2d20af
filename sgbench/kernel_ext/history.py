"""What the cells of a session made the engine do: the traces of the last ones, as one.

Knows traces. Between two cells nothing is recorded; the keyframe that each trace begins with tells what the cache held by then.
"""

from __future__ import annotations

import weakref
from collections import deque
from typing import Any

from sgbench.errors import UsageError
from sgbench.trace.events import Event, RequestQueued
from sgbench.trace.trace import Trace

CELLS = 50
"""Cells whose events are kept."""
EVENTS = 200_000
"""Most events kept of one cell, and of all but the last."""


class History:
    """Traces of the last cells on one engine."""

    def __init__(self) -> None:
        self._traces: deque[Trace] = deque(maxlen=CELLS)
        self._engine: weakref.ref[Any] | None = None

    def add(self, engine: Any, trace: Trace) -> None:
        """A cell begins; ``trace`` fills while it runs. Another engine begins another history."""
        if self._engine is None or self._engine() is not engine:
            self._traces.clear()
            self._engine = weakref.ref(engine)
        while self._traces and sum(map(len, self._traces)) > EVENTS:
            self._traces.popleft()
        self._traces.append(trace)

    def whole(self) -> Trace:
        """All that is kept, as one trace.

        Raises
        ------
        UsageError
            No cell ran on an engine of this kernel.
        """
        if not self._traces:
            raise UsageError("no %%sgl cell ran on an engine in this kernel yet: there is nothing to look at")
        events: dict[int, Event] = {}
        for trace in self._traces:
            events.update({event.seq: event for event in trace.events})
        last = self._traces[-1]
        return Trace((events[seq] for seq in sorted(events)), last.header, last.vocab)

    def requests_of_last_cell(self) -> int:
        """How many requests the last cell made."""
        return sum(isinstance(event, RequestQueued) for event in self._traces[-1].events) if self._traces else 0
