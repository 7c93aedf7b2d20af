"""Events for whoever takes them when it likes, on a thread of its own. Knows events; asks a journal to make them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sgbench.trace.events import Event

if TYPE_CHECKING:
    from sgbench.trace.journal import Journal


class Reader:
    """What happened and was not looked at yet. It fills by itself until `end`; events are made when they are taken.

    For one thread at a time, except `end`.

    Parameters
    ----------
    journal
        Where events are made; None: they are `put`.
    """

    def __init__(self, journal: Journal | None = None) -> None:
        self._journal = journal
        self._made: deque[Event] = deque()
        self.put: Callable[[Event], None] = self._made.append
        """Takes the next event."""

    def __len__(self) -> int:
        """No fewer than can be taken; 0: none."""
        journal = self._journal  # whoever ends this may be another thread
        return len(self._made) + (0 if journal is None else journal.pending)

    def take(self, most: int | None = None) -> list[Event]:
        """The ``most`` oldest events, or all; each is given once."""
        ready, journal = self._made, self._journal
        if journal is not None and (most is None or len(ready) < most):
            journal.make(None if most is None else most - len(ready))
        return [ready.popleft() for _ in range(len(ready) if most is None else min(most, len(ready)))]

    def call_at_next(self, function: Callable[[], None]) -> None:
        """Call ``function``, once or twice, as soon as there is something to take; on the thread that knows of it, so it must be quick."""
        if self._journal is not None:
            self._journal.call_at_next(function)
        if self._made:  # after that, for another reader may have them made in between
            function()

    def end(self) -> None:
        """Nothing more comes; what happened so far can still be taken (idempotent)."""
        if self._journal is not None:
            self._journal.stop_reading(self)
            self._journal = None


class SubscribedReader(Reader):
    """A reader of a source that only calls back.

    Parameters
    ----------
    subscribe
        Of the source.
    """

    def __init__(self, subscribe: Callable[[Callable[[Event], None]], Callable[[], None]]) -> None:
        super().__init__()
        self._calls: deque[Callable[[], None]] = deque()
        self._unsubscribe = subscribe(self._take)

    def _take(self, event: Event) -> None:
        self.put(event)
        call_all(self._calls)

    def call_at_next(self, function: Callable[[], None]) -> None:
        """See `Reader.call_at_next`."""
        self._calls.append(function)
        if self._made:
            call_all(self._calls)

    def end(self) -> None:
        """See `Reader.end`."""
        self._unsubscribe()


def reader_of(source: Any) -> Reader:
    """A reader of an engine, by its ``read``, or of whatever else has ``subscribe``."""
    read: Callable[[], Reader] | None = getattr(source, "read", None)
    return SubscribedReader(source.subscribe) if read is None else read()


def call_all(functions: deque[Callable[[], None]]) -> None:
    """Call each once, whichever thread it is that takes it out."""
    while True:
        try:
            function = functions.popleft()
        except IndexError:
            return
        function()
