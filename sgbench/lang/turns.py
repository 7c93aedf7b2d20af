"""Programs' threads compute one at a time where that is faster: on a backend in this process.

Python runs one thread at a time anyway. If sixty want to, each waits for the interpreter's lock, wakes up at every switch interval only
to wait again, and whoever gives the lock up for a moment, as the engine's thread does for every kernel that it launches, queues behind
all of them. Threads that wait for a turn instead sleep, and the engine has one rival. A turn is a courtesy: a thread that does not get
one soon, because a body sleeps or asks a server, goes on without.

What such a thread wants done beside itself is an `Errand`: mostly it has nothing else to do before it waits for just that, and then
it does it itself, which spares a thread. Others get it as soon as it waits for anything else, and soon in any case.

Knows threads only.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sgbench.lang.workers import WORKERS

PATIENCE_S = 0.005
"""Longest wait for a turn."""

OVERDUE_S = 0.002
"""Longest time for which a thread that computes may keep an errand to itself."""

_this_thread = threading.local()


class Turns:
    """One turn, passed around."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._turn = threading.Lock()

    def take(self) -> bool:
        """Wait for the turn, as long as patience lasts; got it?"""
        return self._turn.acquire(timeout=self._patience_s)

    def give(self) -> None:
        """Let the next one."""
        self._turn.release()


class Errand:
    """Work that its giver or another thread does: whoever claims it."""

    __slots__ = ("_claim", "_giver", "_task")

    def __init__(self, task: Callable[[], None], giver: object) -> None:
        self._task, self._giver = task, giver
        self._claim = threading.Lock()

    @property
    def claimed(self) -> bool:
        """Is it done, or being done?"""
        return self._claim.locked()

    def claim(self) -> bool:
        """The calling thread does it, in its own way, if this is true: it gave it, and nobody else has begun."""
        return self._giver is getattr(_this_thread, "part", None) and self._claim.acquire(blocking=False)

    def hand_over(self) -> None:
        """Another thread does it, unless somebody does already."""
        if self._claim.acquire(blocking=False):
            WORKERS.run(self._task)


class _Overdue:
    """Hands over what its givers keep too long."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._errands: deque[tuple[float, Errand]] = deque()
        self._running = False

    def watch(self, errand: Errand) -> None:
        with self._lock:
            self._errands.append((time.monotonic() + OVERDUE_S, errand))
            begins, self._running = not self._running, True
        if begins:
            WORKERS.run(self._run)

    def _run(self) -> None:
        while (due := self._next_due()) is not None:
            time.sleep(max(0.0, due - time.monotonic()))

    def _next_due(self) -> float | None:
        """When the first errand is due that nobody has claimed; those that are due already are handed over."""
        now = time.monotonic()
        with self._lock:
            while self._errands:
                due, errand = self._errands[0]
                if due > now and not errand.claimed:
                    return due
                self._errands.popleft()
                errand.hand_over()
            self._running = False
            return None


_OVERDUE = _Overdue()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_OVERDUE._reset)  # a forked child has none of the threads


class _Part:
    """A thread's part in `Turns`."""

    __slots__ = ("errands", "has_turn", "turns")

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.errands: list[Errand] = []
        self.has_turn = turns.take()

    def leave(self) -> None:
        for errand in self.errands:
            errand.hand_over()
        self.errands.clear()
        if self.has_turn:
            self.has_turn = False
            self.turns.give()


@contextmanager
def in_turn(turns: Turns | None) -> Iterator[None]:
    """The calling thread computes inside, in its turn. With None, or in a thread that takes part already, nothing changes."""
    if turns is None or getattr(_this_thread, "part", None) is not None:
        yield
        return
    part = _this_thread.part = _Part(turns)
    try:
        yield
    finally:
        _this_thread.part = None
        part.leave()


@contextmanager
def aside() -> Iterator[None]:
    """The calling thread waits inside: it leaves the turn to others. Nothing changes for threads that take no part."""
    part: _Part | None = getattr(_this_thread, "part", None)
    if part is None:
        yield
        return
    part.leave()
    try:
        yield
    finally:
        part.has_turn = part.turns.take()


def beside(task: Callable[[], None]) -> Errand | None:
    """Have ``task``, which must not raise, done beside the calling thread. What is returned it may still `Errand.claim`."""
    part: _Part | None = getattr(_this_thread, "part", None)
    if part is None:
        WORKERS.run(task)
        return None
    errand = Errand(task, part)
    part.errands.append(errand)
    _OVERDUE.watch(errand)
    return errand
