"""Programs' threads compute one at a time where that is faster: on a backend in this process.

Python runs one thread at a time anyway. If sixty want to, each waits for the interpreter's lock, wakes up at every switch interval only
to wait again, and whoever gives the lock up for a moment, as the engine's thread does for every kernel that it launches, queues behind
all of them. Threads that wait for a turn instead sleep, and the engine has one rival. A turn is a courtesy: a thread that does not get
one soon, because a body sleeps or asks a server, goes on without.

Knows threads only.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_S = 0.005
"""Longest wait for a turn."""

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


class _Part:
    """A thread's part in `Turns`."""

    __slots__ = ("has_turn", "turns")

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.has_turn = turns.take()

    def leave(self) -> None:
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
