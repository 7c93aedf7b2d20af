"""The journal: takes events, stamps them, hands them on; at once, or as what they will be made of.

Knows events only. It keeps nothing itself: whoever wants events subscribes (a recording, a live widget, a user's
callback), so an unwatched engine pays one attribute test for each event (`active`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeAlias

from sgbench.trace.events import Event

Subscriber: TypeAlias = Callable[[Event], None]


_PLAIN = frozenset({int, float, str, bool, tuple, dict})
"""Fields of these are taken as they are."""


class LateEvent:
    """An event that has happened, and is made when somebody looks: whoever is at work when things happen need not make it.

    Parameters
    ----------
    kind
        Its class.
    fields
        Its fields; arrays and lists, which nobody may change any more, become tuples, and functions are called.
    stamp
        Its ``seq``, ``step`` and ``t_ns``.
    """

    __slots__ = ("_event", "_fields", "_kind", "_stamp")

    def __init__(self, kind: type[Event], fields: dict[str, Any], stamp: tuple[int, int, int]) -> None:
        self._kind, self._fields, self._stamp = kind, fields, stamp
        self._event: Event | None = None

    def event(self) -> Event:
        """It; the same each time, and equal on every thread."""
        found = self._event
        if found is None:
            seq, step, t_ns = self._stamp
            fields = {name: v if type(v) in _PLAIN else _plain(v) for name, v in self._fields.items()}
            found = self._event = self._kind(**fields, seq=seq, step=step, t_ns=t_ns)
        return found


def _plain(value: Any) -> Any:
    if type(value) is list:
        return tuple(value)
    if callable(value):
        return value()
    tolist = getattr(value, "tolist", None)
    return value if tolist is None else tuple(tolist())


LateSubscriber: TypeAlias = Callable[[Event | LateEvent], None]


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
        self._late: tuple[LateSubscriber, ...] = ()
        self._next_seq = 0
        self.step = -1
        self.failures: list[BaseException] = []

    @property
    def active(self) -> bool:
        """Is anybody listening? Ask before building a costly event."""
        return bool(self._subscribers or self._late)

    def emit(self, event: Event) -> None:
        """Stamp ``event`` with ``seq``, ``step`` and time, and hand it to every subscriber."""
        with self._lock:
            object.__setattr__(event, "seq", self._next_seq)
            object.__setattr__(event, "step", self.step)
            object.__setattr__(event, "t_ns", self._clock())
            self._next_seq += 1
            self._hand(self._late, event)
            self._hand(self._subscribers, event)

    def later(self, kind: type[Event], **fields: Any) -> None:
        """`emit` what ``kind(**fields)`` would be, made only when it is looked at (see `LateEvent`)."""
        with self._lock:
            late = LateEvent(kind, fields, (self._next_seq, self.step, self._clock()))
            self._next_seq += 1
            self._hand(self._late, late)
            if self._subscribers:
                self._hand(self._subscribers, late.event())

    def _hand(self, subscribers: tuple[Callable[[Any], None], ...], event: Event | LateEvent) -> None:
        for subscriber in subscribers:
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

    def subscribe_late(self, subscriber: LateSubscriber) -> Callable[[], None]:
        """As `subscribe`, for one that takes `LateEvent` in place of most events, and looks at them elsewhere."""
        with self._lock:
            self._late = (*self._late, subscriber)
        return lambda: self.unsubscribe(subscriber)

    def unsubscribe(self, subscriber: Subscriber | LateSubscriber) -> None:
        """End a subscription; unknown ones are ignored."""
        with self._lock:
            self._subscribers = tuple(s for s in self._subscribers if s != subscriber)
            self._late = tuple(s for s in self._late if s != subscriber)
