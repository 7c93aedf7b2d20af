"""The journal: takes what happened and hands it on; to subscribers at once, to readers when they look.

Knows events only. It keeps nothing that nobody wants: whoever wants events subscribes (a recording, a user's callback) or reads (a live
widget), so an unwatched engine pays one look at an attribute for each event (`Journal.active`), and one that is only read pays for a note
of what the event will be made of.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

from sgbench.trace.events import MAKERS, Event, stamped
from sgbench.trace.reader import Reader, call_all

Subscriber: TypeAlias = Callable[[Event], None]

_LEAST = 5
"""Items of the shortest note: a kind, how many fields follow, step, time, and the fields; or None, 1, step, time and an event."""


class Journal:
    """Total order of what happened in one engine.

    `emit` and `later` may be called from any thread (the engine's, a program's). Subscribers are called in order of ``seq`` under one
    lock, on the emitting thread, and must be quick; one that raises is dropped and its exception kept in `failures`: a broken view must not
    stop the engine.

    Parameters
    ----------
    clock
        Gives the time of an event, nanoseconds; a simulation has one of its own.

    Attributes
    ----------
    active
        Is anybody listening? Ask before building a costly event.
    step
        The engine step that events belong to.
    failures
        What subscribers raised.
    """

    # A note is made without the lock, which would cost more than the note: extending a deque by a tuple is one indivisible step of the
    # interpreter, and the order of the notes is the order of the events. Their numbers are given when they are made, under the lock.
    # Its items lie in the deque one by one: thousands of tuples would have the collector of cycles look at young objects again and again.

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._notes: deque[Any] = deque()
        self._note = self._notes.extend
        self._subscribers: tuple[Subscriber, ...] = ()
        self._readers: tuple[Reader, ...] = ()
        self._calls: deque[Callable[[], None]] = deque()
        self._attends = True  # is there more to do for an event than to note it?
        self._next_seq = 0
        self._last_ns: int | None = None
        self.active = False
        self.step = -1
        self.failures: list[BaseException] = []

    def emit(self, event: Event) -> None:
        """Take ``event``, which gets its ``seq``, ``step`` and time and is nobody else's from now on."""
        self._note((None, 1, self.step, self._clock(), event))
        if self._attends:
            self._attend()

    def later(self, kind: type[Event], *fields: Any) -> None:
        """`emit` what ``kind`` of ``fields``, in the order of their declaration, would be; made by whoever looks at it first.

        Arrays and lists, which nobody may change any more, become tuples (arrays only when they are read), and functions are called.
        """
        head = (kind, len(fields), self.step, self._clock())
        self._note(head + fields)
        if self._attends:
            self._attend()

    @property
    def count(self) -> int:
        """Events so far."""
        with self._lock:
            self.make()
            return self._next_seq

    @property
    def pending(self) -> int:
        """No fewer events than are not made yet; 0: all are."""
        return -(-len(self._notes) // _LEAST)

    def make(self, most: int | None = None) -> None:
        """Make the ``most`` oldest events that are not made yet, or all, and hand them on."""
        with self._lock:
            notes = self._notes
            left = self.pending if most is None else most
            pop = notes.popleft
            while left > 0 and notes:
                left -= 1
                kind, n_fields, step, t_ns = pop(), pop(), pop(), pop()
                given = [pop() for _ in range(n_fields)]
                if self._last_ns is not None and t_ns < self._last_ns:
                    t_ns = self._last_ns  # another thread's note came in between a look at the clock and the note
                self._last_ns = t_ns
                seq = self._next_seq
                self._next_seq = seq + 1
                event = stamped(given[0], seq, step, t_ns) if kind is None else MAKERS[kind](seq, step, t_ns, *given)
                for reader in self._readers:
                    reader.put(event)
                if self._subscribers:
                    self._hand(event)

    def _hand(self, event: Event) -> None:
        for subscriber in self._subscribers:
            try:
                subscriber(event)
            except Exception as failure:
                self.failures.append(failure)
                self.unsubscribe(subscriber)

    def _attend(self) -> None:
        # First, so that a call that is asked for from now on is not forgotten.
        self._attends = bool(self._subscribers) or not self._readers
        call_all(self._calls)
        if self._attends:
            self.make()

    # --- who listens

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call ``subscriber`` with every later event; returns a function that ends it (idempotent)."""
        with self._lock:
            self.make()  # for those who listened so far
            self._tell((*self._subscribers, subscriber), self._readers)
        return lambda: self.unsubscribe(subscriber)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """End a subscription; unknown ones are ignored."""
        with self._lock:
            self._tell(tuple(s for s in self._subscribers if s != subscriber), self._readers)

    def read(self) -> Reader:
        """A reader of every later event."""
        with self._lock:
            self.make()
            reader = Reader(self)
            self._tell(self._subscribers, (*self._readers, reader))
            return reader

    def stop_reading(self, reader: Reader) -> None:
        """End what `read` began; unknown ones are ignored."""
        with self._lock:
            self.make()
            self._tell(self._subscribers, tuple(r for r in self._readers if r is not reader))

    def call_at_next(self, function: Callable[[], None]) -> None:
        """Call ``function`` once, on the emitting thread, when the next event happens, or now if there is one that is not made yet.

        It must be quick and must not raise.
        """
        self._calls.append(function)
        self._attends = True
        if self._notes:
            self._attend()

    def _tell(self, subscribers: tuple[Subscriber, ...], readers: tuple[Reader, ...]) -> None:
        """From now on these listen."""
        self._subscribers, self._readers = subscribers, readers
        self.active = bool(subscribers or readers)
        self._attends = bool(self._calls or subscribers) or not readers
