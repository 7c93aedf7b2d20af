"""A run on a live engine, compared again and again while it goes on. Knows recordings and a clock; not what is compared.

Comparing reads the whole recording, so it is paced by its own cost: it takes a thirtieth of the time at most, and the last state
is always compared.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from sgbench.trace import Trace
from sgbench.trace.events import EngineStopped, Event

PACE_S = 0.5
"""Least time between two comparisons."""

COSTS = 30
"""A comparison is followed by a pause of this many times its own time."""


@runtime_checkable
class Recordable(Protocol):
    """What an engine offers to those who keep what it does."""

    def record(self) -> AbstractContextManager[Trace]:
        """A recording that fills while it runs."""
        ...

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call back with every event from now on; returns a function that ends it."""
        ...


class LiveRun:
    """Records an engine from now on and hands the trace so far to ``show``, on a thread of its own.

    Parameters
    ----------
    engine
        What runs.
    show
        Takes the trace; called on the run's thread, and by `stop` on the caller's.
    on_stopped
        Told why when the engine ends, after the last `show`.
    """

    def __init__(self, engine: Recordable, show: Callable[[Trace], None], on_stopped: Callable[[str], None]) -> None:
        self._exit = contextlib.ExitStack()
        self._trace = self._exit.enter_context(engine.record())
        self._show, self._on_stopped = show, on_stopped
        self._news, self._stopping = threading.Event(), threading.Event()
        self._why = ""
        self._exit.callback(engine.subscribe(self._take))
        self._news.clear()  # a keyframe is no news
        self._thread = threading.Thread(target=self._run, name="sgbench-compare", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the recording; the last state is shown (idempotent)."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._news.set()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout=30)
        self._exit.close()

    def _take(self, event: Event) -> None:
        if isinstance(event, EngineStopped):
            self._why = event.reason
        self._news.set()

    def _run(self) -> None:
        while True:
            self._news.wait()
            self._news.clear()
            began = time.monotonic()
            self._show(self._trace)
            if self._stopping.is_set():
                return
            if self._why:
                self._on_stopped(self._why)
                return
            self._stopping.wait(max(PACE_S, COSTS * (time.monotonic() - began)))
