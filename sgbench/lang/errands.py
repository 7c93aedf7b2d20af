"""Work that a thread wants done beside itself, and may yet do itself.

Mostly such a thread has nothing else to do before it waits for just that; then it claims its errand and does it, which spares a thread.
What is not claimed soon is handed over to another one. Knows threads only.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Protocol

from sgbench.lang.workers import WORKERS

OVERDUE_S = 0.002
"""Longest time for which a thread that computes may keep an errand to itself."""


_IDLE_LOOKS = 10


class Watched(Protocol):
    """What is looked after."""

    @property
    def settled(self) -> bool:
        """Need nobody look any more?"""
        ...

    def late(self) -> None:
        """Its time has come."""
        ...


class Overdue:
    """Looks after things: each that is not settled ``delay_s`` later is told so, on a thread of the executors'."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._reset()
        _ALL.add(self)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._watched: deque[tuple[float, Watched]] = deque()
        self._running = False

    def watch(self, thing: Watched) -> None:
        """Look after ``thing``."""
        with self._lock:
            self._watched.append((time.monotonic() + self._delay_s, thing))
            begins, self._running = not self._running, True
        if begins:
            WORKERS.run(self._run)

    def _run(self) -> None:
        """Until there has been nothing to look after for a while: beginning anew for each thing would wake a thread for each."""
        idle = 0
        while self._goes_on(idle):
            due = self._next_due()
            idle = 0 if due is not None else idle + 1
            time.sleep(self._delay_s if due is None else max(0.0, due - time.monotonic()))
            for thing in self._late():
                thing.late()

    def _goes_on(self, idle: int) -> bool:
        with self._lock:
            self._running = bool(self._watched) or idle < _IDLE_LOOKS
            return self._running

    def _next_due(self) -> float | None:
        with self._lock:
            while self._watched and self._watched[0][1].settled:
                self._watched.popleft()
            return self._watched[0][0] if self._watched else None

    def _late(self) -> list[Watched]:
        now, found = time.monotonic(), []
        with self._lock:
            while self._watched and self._watched[0][0] <= now:
                found.append(self._watched.popleft()[1])
        return found


_ALL: weakref.WeakSet[Overdue] = weakref.WeakSet()

if hasattr(os, "register_at_fork"):

    def _forget() -> None:
        for overdue in _ALL:  # a forked child has none of the threads
            overdue._reset()

    os.register_at_fork(after_in_child=_forget)


class Errand:
    """Work that its giver or another thread does: whoever claims it. The task must not raise."""

    __slots__ = ("_claim", "_task", "giver")

    def __init__(self, task: Callable[[], None], giver: object) -> None:
        self._task, self.giver = task, giver
        self._claim = threading.Lock()

    @property
    def settled(self) -> bool:
        """Is it done, or being done?"""
        return self._claim.locked()

    def claim(self) -> bool:
        """The calling thread does it, in its own way, if this is true: nobody else has begun."""
        return self._claim.acquire(blocking=False)

    def late(self) -> None:
        """Another thread does it, unless somebody does already."""
        if self.claim():
            WORKERS.run(self._task)
