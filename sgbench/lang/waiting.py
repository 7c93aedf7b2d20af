"""How the language's threads wait, so that a deterministic engine can tell when everybody does.

A `Gate` counts live threads: bodies of programs and executors that are not waiting. Such an engine steps only when the
count is 0. The rule that keeps the count from touching 0 too early: a live thread that waits leaves the gate, and *whoever
ends the wait enters on its behalf*, before that thread wakes up. `Latch` and `Pulse` keep the rule; nothing else in the
language may block. Threads that are not live (a user's, reading a result) wait without a gate.

Knows threads and event loops; knows no program, backend or engine.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from sgbench.lang.turns import aside


class Gate(Protocol):
    """Counts live threads; see the module's docstring."""

    def enter(self) -> None:
        """One more."""

    def leave(self) -> None:
        """One fewer."""


_this_thread = threading.local()
_NOWHERE = nullcontext()


def current_gate() -> Gate | None:
    """The gate in which the calling thread counts as live; None if in none."""
    return getattr(_this_thread, "gate", None)


def live(gate: Gate | None) -> AbstractContextManager[None]:
    """The calling thread counts as live in ``gate``, which was entered for it before; leaves at the end.

    A thread that is live already stays so, and the entry is given back at once: it is one thread.
    """
    return _NOWHERE if gate is None else _live(gate)


@contextmanager
def _live(gate: Gate) -> Iterator[None]:
    outer = current_gate()
    if outer is gate:
        gate.leave()
        yield
        return
    _this_thread.gate = gate
    try:
        yield
    finally:
        _this_thread.gate = outer
        gate.leave()


@dataclass(eq=False, frozen=True, slots=True)
class _Ticket:
    gate: Gate


class _Parking:
    """Tickets of waiting threads that left their gate; whoever wakes them enters it again. Guarded by the owner's lock."""

    __slots__ = ("_tickets",)

    def __init__(self) -> None:
        self._tickets: list[_Ticket] = []

    def park(self) -> _Ticket | None:
        gate = current_gate()
        if gate is None:
            return None
        ticket = _Ticket(gate)
        self._tickets.append(ticket)
        gate.leave()
        return ticket

    def unpark(self, ticket: _Ticket | None) -> None:
        """The wait ended by itself (interrupt, time-out): come back, unless the waker did it already."""
        if ticket is not None and ticket in self._tickets:
            self._tickets.remove(ticket)
            ticket.gate.enter()

    def wake_all(self) -> None:
        for ticket in self._tickets:
            ticket.gate.enter()
        self._tickets.clear()


INTERRUPT_SECONDS = 0.1


def _wait_for(condition: threading.Condition, ready: Callable[[], bool], timeout: float | None) -> bool:
    """`threading.Condition.wait_for`, but an interrupt is never missed.

    A signal that arrives between the interpreter's last look for signals and the blocking call is handled only when that
    call returns. So the main thread, which gets the signals, looks again now and then.
    """
    if timeout is None and threading.current_thread() is threading.main_thread():
        while not condition.wait_for(ready, INTERRUPT_SECONDS):
            pass
        return True
    return condition.wait_for(ready, timeout)


class _Waiters:
    """Those who wait on one latch or pulse. Made when the first comes: most latches open before anybody asks."""

    __slots__ = ("condition", "parking")

    def __init__(self, lock: threading.Lock) -> None:
        self.condition = threading.Condition(lock)
        self.parking = _Parking()

    def wake(self) -> None:
        """Wake all; the caller holds the lock."""
        self.parking.wake_all()
        self.condition.notify_all()

    def wait(self, ready: Callable[[], bool], timeout: float | None) -> bool:
        """Wait until ``ready``; the caller holds the lock, and has seen that it is not."""
        ticket = self.parking.park()
        try:
            return _wait_for(self.condition, ready, timeout)
        finally:
            self.parking.unpark(ticket)


class Latch:
    """Closed until `set`, then open for ever. Has the methods of `threading.Event` that programs use."""

    __slots__ = ("_lock", "_open", "_told", "_waiters")

    def __init__(self, is_open: bool = False) -> None:
        self._open = is_open
        self._lock = threading.Lock()
        self._waiters: _Waiters | None = None
        self._told: tuple[Callable[[], None], ...] = ()

    def is_set(self) -> bool:
        """Is it open?"""
        return self._open

    def set(self) -> None:
        """Open it; wakes every waiter."""
        with self._lock:
            if self._open:
                return
            self._open = True
            if self._waiters is not None:
                self._waiters.wake()
            told, self._told = self._told, ()
        for tell in told:
            tell()

    def then(self, tell: Callable[[], None]) -> None:
        """Call ``tell``, which must be quick, when it is opened, on the thread that does; at once if it is open."""
        with self._lock:
            if not self._open:
                self._told = (*self._told, tell)
                return
        tell()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is open, at most ``timeout`` seconds; is it?"""
        if self.is_set():
            return True
        with aside(), self._lock:
            if self.is_set():
                return True
            if self._waiters is None:
                self._waiters = _Waiters(self._lock)
            return self._waiters.wait(self.is_set, timeout)


class Pulse:
    """Says that something changed, to any number of waiters, on threads and on event loops.

    `beats` counts the changes: read it, look at what is there, then wait for a later beat; no change is ever missed.
    """

    __slots__ = ("_listeners", "_lock", "_waiters", "beats")

    def __init__(self) -> None:
        self.beats = 0
        self._lock = threading.Lock()
        self._waiters: _Waiters | None = None
        self._listeners: tuple[Callable[[], None], ...] = ()

    def beat(self) -> None:
        """Something changed."""
        with self._lock:
            self.beats += 1
            if self._waiters is not None:
                self._waiters.wake()
            listeners = self._listeners
        for listener in listeners:
            listener()

    def wait(self, seen: int) -> None:
        """Wait until `beats` exceeds ``seen``."""
        with aside(), self._lock:
            if self.beats > seen:
                return
            if self._waiters is None:
                self._waiters = _Waiters(self._lock)
            self._waiters.wait(lambda: self.beats > seen, None)

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener``, which must be quick, after every beat on the thread that beats; returns a function that ends it."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def stop() -> None:
            with self._lock:
                self._listeners = tuple(other for other in self._listeners if other is not listener)

        return stop

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait, without blocking the running event loop, until ``condition`` holds after some beat."""
        loop = asyncio.get_running_loop()
        beaten = asyncio.Event()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(beaten.set)

        stop = self.listen(wake)
        try:
            while not condition():
                await beaten.wait()
                beaten.clear()
        finally:
            stop()
