"""The journal: takes events, stamps them, hands them on.

Knows events only. It keeps nothing itself: whoever wants events subscribes (a recording, a live widget, a user's
callback), so an unwatched engine pays one attribute test for each event (`active`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeAlias

from sgbench.trace.events import Event

Subscriber: TypeAlias = Callable[[Event], None]


class Journal:
    """Total order of what happened in one engine.

    `emit` may be called from any thread (the engine's, a program's); subscribers are called in order of ``seq`` under one
    lock, on the emitting thread, and must be quick. A subscriber that raises is dropped and its exception kept in
    `failures`: a broken view must not stop the engine.

    Parameters
    ----------
    clock
        Gives the time of an event, nanoseconds; a simulation has one of its own.
    """

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._subscribers: tuple[Subscriber, ...] = ()
        self._next_seq = 0
        self.step = -1
        self.failures: list[BaseException] = []

    @property
    def active(self) -> bool:
        """Is anybody listening? Ask before building a costly event."""
        return bool(self._subscribers)

    def emit(self, event: Event) -> None:
        """Stamp ``event`` with ``seq``, ``step`` and time, and hand it to every subscriber."""
        with self._lock:
            object.__setattr__(event, "seq", self._next_seq)
            object.__setattr__(event, "step", self.step)
            object.__setattr__(event, "t_ns", self._clock())
            self._next_seq += 1
            for subscriber in self._subscribers:
                try:
                    subscriber(event)
                except Exception as failure:
                    self.failures.append(failure)
                    self.unsubscribe(subscriber)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call ``subscriber`` with every later event; returns a function that ends it (idempotent)."""
        with self._lock:
            self._subscribers = (*self._subscribers, subscriber)
        return lambda: self.unsubscribe(subscriber)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """End a subscription; unknown ones are ignored."""
        with self._lock:
            self._subscribers = tuple(s for s in self._subscribers if s != subscriber)
