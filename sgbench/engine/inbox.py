"""The one way into the engine's thread: new requests and calls, from any thread.

Knows no engine. Requests and calls wait apart, because a deterministic engine takes requests only when its gate is quiet and calls at
any time; a call sees every request that was put before it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from sgbench.engine.sequence import Sequence


class Inbox:
    """Two queues under one condition."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._arrivals: deque[Sequence] = deque()
        self._calls: deque[Callable[[], None]] = deque()
        self._more = self._lingers = False
        self.closed = False

    def submit(self, sequences: list[Sequence], more: bool = False) -> bool:
        """Put requests, all at once; False when the engine takes no more. ``more``: others are about to put some too."""
        with self._changed:
            if not self.closed:
                self._arrivals.extend(sequences)
                self._more = more
                if not (more and self._lingers):
                    self._changed.notify()
            return not self.closed

    def call(self, function: Callable[[], None]) -> bool:
        """Put a call; False when the engine takes no more."""
        with self._changed:
            if not self.closed:
                self._calls.append(function)
                self._changed.notify()
            return not self.closed

    def close(self) -> None:
        """Take nothing more, and wake the engine. Idempotent."""
        with self._changed:
            self.closed = True
            self._changed.notify()

    def wake(self) -> None:
        """Something outside changed: the engine should look again."""
        with self._changed:
            self._changed.notify()

    def wait(self, ready: Callable[[bool], bool]) -> None:
        """Block until there is a call, the inbox is closed, or ``ready(requests have arrived)``."""
        with self._changed:
            while not (self._calls or self.closed or ready(bool(self._arrivals))):
                self._changed.wait()

    def linger(self, gap_s: float, most_s: float) -> None:
        """While whoever put the last request says that more are coming, wait: up to ``gap_s`` for the next, ``most_s`` in all."""
        until = time.monotonic() + most_s
        with self._changed:
            self._lingers, seen = True, -1
            while self._more and not (self._calls or self.closed) and len(self._arrivals) > seen:
                seen = len(self._arrivals)
                left = until - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(min(gap_s, left))
            self._lingers = self._more = False

    def take_arrivals(self) -> list[Sequence]:
        """All requests put so far, in order."""
        with self._changed:
            taken = list(self._arrivals)
            self._arrivals.clear()
            return taken

    def take_calls(self) -> list[Callable[[], None]]:
        """All calls put so far, in order."""
        with self._changed:
            taken = list(self._calls)
            self._calls.clear()
            return taken
