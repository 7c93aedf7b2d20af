"""Looks after what may take too long: a thing that is not settled when its time has come is told so. Knows threads only."""

from __future__ import annotations

import heapq
import itertools
import os
import threading
import time
from typing import Protocol

from sgbench.lang.workers import WORKERS

_LOOK_S = 0.001
_IDLE_LOOKS = 20


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
    """Tells things that they are late, on a thread of the executors', which there is while there is something to look after."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._watched: list[tuple[float, int, Watched]] = []
        self._numbers = itertools.count()
        self._running = False

    def watch(self, thing: Watched, delay_s: float) -> None:
        """Tell ``thing`` in so many seconds, if it is not settled before."""
        with self._lock:
            heapq.heappush(self._watched, (time.monotonic() + delay_s, next(self._numbers), thing))
            begins, self._running = not self._running, True
        if begins:
            WORKERS.run(self._run)

    def _run(self) -> None:
        """Until there has been nothing to look after for a while: beginning anew for each thing would wake a thread for each."""
        idle = 0
        while self._goes_on(idle):
            time.sleep(_LOOK_S)
            late = self._late()
            for thing in late:
                thing.late()
            idle = 0 if late else idle + 1

    def _goes_on(self, idle: int) -> bool:
        with self._lock:
            self._running = bool(self._watched) or idle < _IDLE_LOOKS
            return self._running

    def _late(self) -> list[Watched]:
        now, found = time.monotonic(), []
        with self._lock:
            while self._watched and self._watched[0][0] <= now:
                found.append(heapq.heappop(self._watched)[2])
        return [thing for thing in found if not thing.settled]


OVERDUE = Overdue()
"""The process's."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=OVERDUE._reset)  # a forked child has none of the threads
