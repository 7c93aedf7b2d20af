"""Many items at once, with the results in order: on as many threads as there may be items at once, or on fewer where what an item waits
for needs no thread. Knows neither programs nor backends."""

from __future__ import annotations

import contextlib
import contextvars
import threading
from collections.abc import Callable, Iterator

from sgbench.lang.turns import Turns, in_turn, start
from sgbench.lang.waiting import Gate, Latch, Pulse, live

_NONE_OF_THEM = -1


class Batch:
    """Items that a number of threads run, each taking the next item when it has finished one, or has left it to itself.

    All threads count as live from the start, so that a deterministic engine sees the whole first wave at once. Where there are turns, a
    thread is only begun for an item that the threads before it have not taken meanwhile.

    Parameters
    ----------
    size
        Number of items.
    run
        Runs one item; what it raises is kept for `results`. Where the rest of it goes on by itself, it returns what opens at its end.
    gate
        Where live threads are counted; None: nowhere.
    turns
        In which threads compute; None: as they like.
    """

    def __init__(
        self, size: int, run: Callable[[int], Latch | None], gate: Gate | None, turns: Turns | None = None
    ) -> None:
        self._run = run
        self._gate, self._turns = gate, turns
        self._next, self._places = 0, 0  # how many more may run at once
        self._asked: set[Callable[[bool], None]] = set()  # threads that are to begin in their turn
        self._context = contextvars.copy_context()
        self._take = threading.Lock()
        self._done = [False] * size
        self._finished = Pulse()
        self._awaited: int | None = None  # the item that the reader waits for; None: any
        self._alone = True
        self._cancelled = False
        self.failures: dict[int, BaseException] = {}

    @property
    def complete(self) -> bool:
        """Have all items been run?"""
        return all(self._done)

    def start(self, threads: int) -> None:
        """Run the items, ``threads`` at once; with 1 each runs on the thread that asks for its result."""
        self._alone = threads == 1
        if self._alone:
            return
        self._places = threads
        if self._gate is not None:
            for _ in range(threads):  # before any begins: the first could wait for the engine before the last is live
                self._gate.enter()
        for _ in range(threads):
            if self._gate is None and self._next == len(self._done):
                return  # those that have begun took all items meanwhile
            self._begin_another()

    def _begin_another(self) -> None:
        context = self._context.copy()
        begin = start(self._turns, lambda has_turn: context.run(self._work, has_turn))
        if self._turns is not None:
            self._asked.add(begin)

    def _work(self, has_turn: bool | None) -> None:
        # An item's interrupt is kept as its failure; here it only ends this thread's work.
        with contextlib.suppress(KeyboardInterrupt), live(self._gate), in_turn(self._turns, has_turn):
            while (i := self._taken()) is not None:
                self._item(i)
                if self._turns is not None:
                    self._turns.renew()

    def _taken(self) -> int | None:
        """The next item, if there is one, and a place for it. Where either is missing, or will be, no other thread need begin."""
        with self._take:
            i, left = self._next, len(self._done) - self._next
            if min(left, self._places) <= 1 and self._turns is not None:
                self._turns.withdraw(self._asked)
                self._asked.clear()
            if not (left and self._places):
                return None
            self._next += 1
            self._places -= 1
            return i

    def _item(self, i: int) -> None:
        rest: Latch | None = None
        try:
            if not self._cancelled:
                rest = self._run(i)
            if rest is not None and self._alone:
                rest.wait()
        except BaseException as error:
            self.failures[i] = error
            if isinstance(error, KeyboardInterrupt):
                raise
        finally:
            if rest is None or self._alone:
                self._ended(i, here=True)
            else:
                rest.then(lambda: self._ended(i, here=False))

    def _ended(self, i: int, here: bool) -> None:
        """Item ``i`` is done; ``here``, on a thread that takes the next one itself."""
        with self._take:
            self._places += 1
            another = not here and self._next < len(self._done)
        if another:
            self._begin_another()
        self._done[i] = True
        if self._awaited in (i, None) or self.complete:
            self._finished.beat()

    def results(self, keep: bool, tick: Callable[[int], object] | None = None, whole: bool = False) -> Iterator[int]:
        """The items in order, each when it has been run; closing the iterator early drops those that have not begun.

        Parameters
        ----------
        keep
            Give failed items too. Otherwise the first failure ends the iteration, and is raised when all items are done
            (with one thread at once).
        tick
            Told, on the reading thread, how many more items are done; None: the reader only wakes up for the next item.
        whole
            The reader wants all of them: without ``tick`` it sleeps until all are done.

        Raises
        ------
        Exception
            The first item's that failed, with a note that names the item.
        """
        told = 0

        def wait(ready: Callable[[], bool]) -> None:
            nonlocal told
            while True:
                seen = self._finished.beats
                if tick is not None:
                    done = sum(self._done)
                    tick(done - told)
                    told = done
                if ready():
                    return
                self._finished.wait(seen)

        try:
            if whole and tick is None and not self._alone:
                self._awaited = _NONE_OF_THEM
                wait(lambda: self.complete)
            for i in range(len(self._done)):
                if self._alone:
                    self._item(i)
                self._awaited = i if tick is None else None
                wait(lambda i=i: self._done[i])  # type: ignore[misc]
                if keep or i not in self.failures:
                    yield i
                elif self._alone:
                    raise self._first_failure()
                else:
                    break
            wait(lambda: self._alone or self.complete)
        except BaseException:
            self._cancelled = True
            raise
        if self.failures and not keep:
            raise self._first_failure()

    def _first_failure(self) -> BaseException:
        first = min(self.failures)
        error = self.failures[first]
        error.add_note(f"raised by item {first} of a batch of {len(self._done)}")
        return error
