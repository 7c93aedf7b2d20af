"""One prompt state's queue: items executed one at a time, in order, without blocking whoever puts them.

An item that cannot block is executed at once, on the thread that put it, when nothing is before it; the rest beside it, with a
copy of the context variables that the queue was made under. One whose calls wait without a thread needs none meanwhile: it is begun by
whoever is about to wait, and gone on with by whoever is there when its answer has come. Knows no effects and no backend.
"""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sgbench.lang.calls import Call, left_waiting, waited
from sgbench.lang.errands import Errand
from sgbench.lang.ir import SglExpr
from sgbench.lang.run import Run
from sgbench.lang.turns import beside, claimed, in_turn, start
from sgbench.lang.variables import Slot
from sgbench.lang.waiting import Latch, live

_OPEN = Latch(is_open=True)


@dataclass(slots=True, eq=False)
class Item:
    """A node and the slots of the variables that it makes; no node: the state's end.

    ``blocks``: it may block; ``pauses``: not if it is left where it waits (`sgbench.lang.calls`).
    """

    expr: SglExpr | None
    slots: list[Slot] = field(default_factory=list)
    blocks: bool = False
    pauses: bool = False


class NodeQueue:
    """See the module's docstring.

    Parameters
    ----------
    perform
        Executes an item; must not raise.
    run
        Counts busy queues, and has the gate in which working threads are counted.
    rested
        Called whenever nothing is left to do.

    Attributes
    ----------
    current
        The item that is being executed.
    working
        Is any, or will be?
    """

    __slots__ = (
        "_call",
        "_context",
        "_dropping",
        "_errand",
        "_idle",
        "_items",
        "_lock",
        "_perform",
        "_rested",
        "_run",
        "current",
        "working",
    )

    def __init__(self, perform: Callable[[Item], Call[None]], run: Run, rested: Callable[[], None]) -> None:
        self._perform = perform
        self._run = run
        self._rested = rested
        self._lock = threading.Lock()
        self._items: deque[Item] = deque()
        self._dropping = False
        self._context = contextvars.copy_context()
        self.current: Item | None = None
        self.working = False
        self._idle: Latch | None = None  # made when somebody asks while there is work: mostly nobody does
        self._errand: Errand | None = None
        self._call: Call[None] | None = None  # of the item that is left where it waits

    @property
    def idle(self) -> Latch:
        """Opens when there is nothing to do; open already if that is so."""
        with self._lock:
            if not self.working:
                return _OPEN
            if self._idle is None:
                self._idle = Latch()
            return self._idle

    def put(self, item: Item) -> bool:
        """Execute ``item`` after what was put before; False if the queue takes only the end any more. Never blocks."""
        with self._lock:
            if self._dropping and item.expr is not None:
                return False
            if self.working:
                self._items.append(item)
                return True
            self.working = True
            if item.blocks:
                self._items.append(item)
            else:
                self.current = item
        self._run.busy()
        if item.blocks:
            self._work_beside(item)
        else:
            waited(self._perform(item))
            self._work()
        return True

    def drop(self) -> list[Item]:
        """Forget what has not begun, and take nothing more, but the end; returns what was forgotten."""
        with self._lock:
            self._dropping = True
            dropped = [item for item in self._items if item.expr is not None]
            self._items = deque(item for item in self._items if item.expr is None)
        return dropped

    def leave_off(self) -> Latch | None:
        """The calling thread has no more to put, and begins what it can without waiting. If the queue then goes on without a thread: what
        opens when there is nothing to do."""
        errand = self._errand
        if errand is not None and errand.waits_for_nobody and claimed(errand):
            self._work_in_passing()
        return None if self._call is None else self.idle

    def help(self, until: Latch) -> None:
        """The calling thread is about to wait for ``until``: it works itself up to there, if the work is its own errand still."""
        errand = self._errand
        if errand is None or not claimed(errand):
            return
        self._errand = None
        with live(self._run.backend.gate):
            more = self._context.copy().run(self._drain, until)
        if more:
            self._work()

    def _drain(self, until: Latch) -> bool:
        """Work, blocking, until there is nothing left, or ``until`` is open; is there more?"""
        while not until.is_set():
            item = self._next()
            if item is None:
                return False
            waited(self._perform(item))
        return True

    def _work(self, blocks: bool = False, pauses: bool = False) -> None:
        """Execute on the calling thread: what may block, and what may be left where it waits, if these are true. Hand the rest on."""
        while (item := self._next(blocks, pauses)) is not None:
            if not item.blocks or (blocks and not item.pauses):
                waited(self._perform(item))
            elif pauses and item.pauses:
                self._call = self._perform(item)
                if left_waiting(self._call, self._answered):
                    return  # another thread may be at it already
                self._call = None
            else:
                self._work_beside(item)
                return

    def _work_beside(self, first: Item) -> None:
        backend = self._run.backend
        if backend.gate is not None:
            backend.gate.enter()
        self._errand = beside(backend.turns, self._work_there, self._work_in_passing if first.pauses else None)

    def _work_there(self, has_turn: bool | None) -> None:
        with live(self._run.backend.gate), in_turn(self._run.backend.turns, has_turn):
            self._context.copy().run(self._work, True, True)

    def _work_in_passing(self) -> None:
        self._errand = None
        self._context.copy().run(self._work, False, True)

    def _answered(self) -> None:
        """What the item that was left waits for has come."""
        turns = self._run.backend.turns
        if turns is None:  # they were taken away meanwhile
            start(None, lambda _: self._go_on())
        else:
            turns.soon(self._go_on)

    def _go_on(self) -> None:
        self._context.copy().run(self._take_up)

    def _take_up(self) -> None:
        assert self._call is not None
        if not left_waiting(self._call, self._answered):
            self._call = None
            self._work(pauses=True)

    def _next(self, blocks: bool = True, pauses: bool = True) -> Item | None:
        """The item to be executed now, and nothing else meanwhile; None when there is none: the queue rests then. One that the caller
        cannot execute stays in the queue."""
        with self._lock:
            if self._items:
                item = self._items[0]
                if not item.blocks or (pauses and item.pauses) or blocks:
                    self.current = self._items.popleft()
                return item
            self.current, self.working = None, False
            idle, self._idle = self._idle, None
        self._run.idle()
        if idle is not None:
            idle.set()
        self._rested()
        return None
