"""Programs' threads compute one at a time where that is faster: on a backend in this process.

Python runs one thread at a time anyway. If sixty want to, each waits for the interpreter's lock, wakes up at every switch interval only
to wait again, and whoever gives the lock up for a moment, as the engine's thread does for every kernel that it launches, queues behind
all of them. Threads that wait for a turn instead sleep, also those whose answers have come, and the engine has one rival. A turn is a
courtesy: where it stays with a thread, because a body sleeps or asks a server, others go on without.

What such a thread wants done beside itself is an errand (`sgbench.lang.errands`): others get it when the thread waits for anything else.

Knows threads only.
"""

from __future__ import annotations

import functools
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from sgbench.lang.errands import OVERDUE_S, Errand
from sgbench.lang.overdue import OVERDUE
from sgbench.lang.workers import WORKERS

PATIENCE_S = 0.005
"""How long the turn may stay with one thread while others wait for it."""

_this_thread = threading.local()


class _Sleeper:
    """A thread that sleeps until it is woken, with the turn or without."""

    __slots__ = ("_alarm", "has_turn")

    def __init__(self) -> None:
        self.has_turn = False
        self._alarm = threading.Lock()
        self._alarm.acquire()

    def sleep(self) -> bool:
        """Until `wake`; has it the turn?"""
        self._alarm.acquire()
        return self.has_turn

    def wake(self, has_turn: bool) -> None:
        self.has_turn = has_turn
        self._alarm.release()


class Turns:
    """Turns, passed around in the order in which they are asked for.

    Parameters
    ----------
    patience_s
        How long they may stay where they are while others ask for one.
    at_once
        How many there are. With two, the next thread is awake when the one before it ends.
    """

    def __init__(self, patience_s: float = PATIENCE_S, at_once: int = 1) -> None:
        self._at_once = at_once
        self._patience_s = patience_s
        self._reset()
        _ALL.add(self)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._taken, self._watched = 0, False
        self._passed = self._hurried = 0
        self._asking: deque[Callable[[bool], None]] = deque()

    @property
    def asked_for(self) -> bool:
        """Does anybody wait for the turn?"""
        return bool(self._asking)

    def withdraw(self, asked: Collection[Callable[[bool], None]]) -> None:
        """Those that have `asked` and were not begun yet do not want the turn any more."""
        with self._lock:
            self._asking = deque(begin for begin in self._asking if begin not in asked)

    def take(self) -> bool:
        """Wait for the turn; False: it stays with somebody, go on without."""
        sleeper = _Sleeper()
        self.ask(sleeper.wake)
        return sleeper.sleep()

    def ask(self, begin: Callable[[bool], None]) -> None:
        """Call ``begin(True)``, which must be quick, when the turn is free, on any thread; ``begin(False)`` if it stays with somebody.

        Whoever begins then passes it on by `give`. Never blocks.
        """
        with self._lock:
            now = self._taken < self._at_once
            if now:
                self._taken += 1
            else:
                self._asking.append(begin)
            watch, self._watched = not (now or self._watched), self._watched or not now
        if now:
            begin(True)
        elif watch:
            OVERDUE.watch(_Look(self, self._passed), self._patience_s)

    def soon(self, task: Callable[[], None]) -> None:
        """Have ``task``, which must neither wait nor raise, done in turn: by the thread that is about to pass the turn on, or by one of the
        executors'. Never blocks."""
        self.ask(_Task(self, task))

    def renew(self) -> None:
        """The thread that has the turn begins something new: patience with it does too."""
        self._passed += 1

    def give(self) -> None:
        """Pass the turn on, after the tasks that come before whoever gets it."""
        while (task := self.passed_on()) is not None:
            task()

    def passed_on(self) -> Callable[[], None] | None:
        """Pass the turn on, but for a task that is next: the caller keeps the turn, does it and asks again."""
        with self._lock:
            self._passed += 1
            following = self._asking.popleft() if self._asking else None
            self._taken -= following is None
        if isinstance(following, _Task):
            return following.task
        if following is not None:
            following(True)
        return None

    def look(self, passed: int) -> None:
        """If the turn has not moved since it had been passed so many times, some who ask for it go on without: one, then two, then four."""
        with self._lock:
            self._hurried = max(1, 2 * self._hurried) if self._passed == passed else 0
            hurried = [self._asking.popleft() for _ in range(min(self._hurried, len(self._asking)))]
            again = self._watched = bool(self._asking)
            passed = self._passed
        for begin in hurried:
            begin(False)
        if again:
            OVERDUE.watch(_Look(self, passed), self._patience_s)


class _Task:
    """A task that waits for the turn, and needs a thread only where nobody has it: see `Turns.soon`."""

    __slots__ = ("_turns", "task")

    def __init__(self, turns: Turns, task: Callable[[], None]) -> None:
        self._turns, self.task = turns, task

    def __call__(self, has_turn: bool) -> None:
        try:
            WORKERS.run(functools.partial(self._run, has_turn))
        except RuntimeError:  # no thread can be started any more: it is quick
            self._run(has_turn)

    def _run(self, has_turn: bool) -> None:
        with in_turn(self._turns, has_turn):
            self.task()


class _Look:
    """A look at `Turns` later on."""

    settled = False

    def __init__(self, turns: Turns, passed: int) -> None:
        self._turns, self._passed = turns, passed

    def late(self) -> None:
        self._turns.look(self._passed)


_ALL: weakref.WeakSet[Turns] = weakref.WeakSet()

if hasattr(os, "register_at_fork"):

    def _forget() -> None:
        for turns in _ALL:  # a forked child has none of the threads
            turns._reset()

    os.register_at_fork(after_in_child=_forget)


class _Part:
    """A thread's part in the language: what it wants done beside itself, and its turn, where there are turns."""

    __slots__ = ("errands", "has_turn", "turns")

    def __init__(self, turns: Turns | None, has_turn: bool) -> None:
        self.turns = turns
        self.errands: list[Errand] = []
        self.has_turn = has_turn

    def leave(self) -> None:
        """Before it waits the thread does what it can of others' work, and of its errands what would not wait either."""
        while True:
            while self.errands:
                self.errands.pop(0).last_call()
            task = self.turns.passed_on() if self.has_turn and self.turns is not None else None
            if task is None:
                break
            task()
        self.has_turn = False

    def come_back(self) -> None:
        if self.turns is not None:
            self.has_turn = self.turns.take()

    def begin(self, work: Callable[[bool | None], None]) -> None:
        """Call ``work`` on another thread, where there are turns when it has one; see `start`."""
        start(self.turns, work)

    def pass_on(self, has_turn: bool | None) -> None:
        if has_turn and self.turns is not None:
            self.turns.give()


def start(turns: Turns | None, work: Callable[[bool | None], None]) -> Callable[[bool], None]:
    """Call ``work`` on a thread of the executors'; where there are turns, when that has one: a hundred need not wake up at once only to
    wait for theirs. ``work`` is told whether it has (`Turns.ask`); None: there are none. Returns what `Turns.withdraw` knows it by."""

    def begin(has_turn: bool | None) -> None:
        WORKERS.run(functools.partial(work, has_turn))

    if turns is None:
        begin(None)
    else:
        turns.ask(begin)
    return begin


def _part() -> _Part | None:
    return getattr(_this_thread, "part", None)


@contextmanager
def in_turn(turns: Turns | None, has_turn: bool | None = None) -> Iterator[None]:
    """The calling thread takes part inside: it may have errands, and where there are turns computes in its turn. In a thread that takes
    part already nothing changes.

    ``has_turn`` is what `start` said, for a thread that was begun by it.
    """
    if _part() is not None:
        yield
        return
    if turns is not None and has_turn is None:
        has_turn = turns.take()
    part = _this_thread.part = _Part(turns, bool(has_turn))
    try:
        yield
    finally:
        try:
            part.leave()
        finally:
            _this_thread.part = None


@contextmanager
def aside() -> Iterator[None]:
    """The calling thread waits inside: it leaves the turn to others. Nothing changes for threads that take no part."""
    part = _part()
    if part is None:
        yield
        return
    part.leave()
    try:
        yield
    finally:
        part.come_back()


def sleep_until(arrange: Callable[[Callable[[], None]], None]) -> bool:
    """Step aside until the function that ``arrange`` is given has been called, on any thread, once; wake up in turn.

    Unlike a wait inside `aside`, the thread does not wake up before it is its turn. False, at once, in threads that have no turns.
    """
    part = _part()
    if part is None or part.turns is None:
        return False
    turns = part.turns
    part.leave()
    sleeper = _Sleeper()
    arrange(lambda: turns.ask(sleeper.wake))
    part.has_turn = sleeper.sleep()
    return True


def more_follows(turns: Turns | None) -> bool:
    """Is anybody about to do what the calling thread does now: others in their turn, or this thread as its next errand?"""
    part = _part()
    return turns is not None and (turns.asked_for or (part is not None and any(not e.settled for e in part.errands)))


def beside(
    turns: Turns | None, task: Callable[[bool | None], None], in_passing: Callable[[], None] | None = None
) -> Errand | None:
    """Have ``task``, which must not raise, done beside the calling thread, as `start` does. If that takes part it is an errand, which the
    thread may claim as long as nobody has begun. ``in_passing`` is the same work where it would not wait: the thread does it itself
    before it waits for anything."""
    part = _part()
    if part is None:
        start(turns, task)
        return None
    errand = Errand(task, part, part.begin, part.pass_on, in_passing)
    part.errands.append(errand)
    OVERDUE.watch(errand, OVERDUE_S)
    return errand


def claimed(errand: Errand) -> bool:
    """Does the calling thread do ``errand`` itself? If it gave it, and nobody else has begun."""
    return errand.giver is _part() and errand.claim()
