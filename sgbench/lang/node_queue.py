"""One prompt state's queue: items executed one at a time, in order, without blocking whoever puts them.

An item that cannot block is executed at once, on the thread that put it, when nothing is before it; the rest beside it, with a
copy of the context variables that the queue was made under. Knows no effects and no backend.
"""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sgbench.lang.errands import Errand
from sgbench.lang.ir import SglExpr
from sgbench.lang.run import Run
from sgbench.lang.turns import beside, claimed, in_turn
from sgbench.lang.variables import Slot
from sgbench.lang.waiting import Latch, live

_OPEN = Latch(is_open=True)


@dataclass(slots=True, eq=False)
class Item:
    """A node and the slots of the variables that it makes; no node: the state's end."""

    expr: SglExpr | None
    slots: list[Slot] = field(default_factory=list)
    blocks: bool = False


class NodeQueue:
    """See the module's docstring.

    Parameters
    ----------
    execute
        Executes an item; must not raise.
    run
        Counts busy queues, and has the gate in which working threads are counted.
    rested
        Called whenever nothing is left to do.

    Attributes
    ----------
    current
        The item that is being executed.
    """

    __slots__ = (
        "_context",
        "_dropping",
        "_errand",
        "_execute",
        "_idle",
        "_items",
        "_lock",
        "_rested",
        "_run",
        "current",
        "working",
    )

    def __init__(self, execute: Callable[[Item], None], run: Run, rested: Callable[[], None]) -> None:
        self._execute = execute
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
            self._work_beside()
        else:
            self._execute(item)
            self._work_here()
        return True

    def drop(self) -> list[Item]:
        """Forget what has not begun, and take nothing more, but the end; returns what was forgotten."""
        with self._lock:
            self._dropping = True
            dropped = [item for item in self._items if item.expr is not None]
            self._items = deque(item for item in self._items if item.expr is None)
        return dropped

    def _work_here(self) -> None:
        """Execute on the calling thread as long as that cannot block; hand the rest to a worker."""
        while (item := self._next(blocking=False)) is not None:
            if item.blocks:
                self._work_beside()
                return
            self._execute(item)

    def _work_beside(self) -> None:
        gate = self._run.backend.gate
        if gate is not None:
            gate.enter()
        self._errand = beside(self._run.backend.turns, self._work_there)

    def help(self, until: Latch) -> None:
        """The calling thread is about to wait for ``until``: it works itself up to there, if the work is its own errand still."""
        errand = self._errand
        if errand is None or not claimed(errand):
            return
        self._errand = None
        with live(self._run.backend.gate):
            more = self._context.copy().run(self._drain, until)
        if more:
            self._work_here()

    def _work_there(self, has_turn: bool | None) -> None:
        with live(self._run.backend.gate), in_turn(self._run.backend.turns, has_turn):
            self._context.copy().run(self._drain)

    def _drain(self, until: Latch | None = None) -> bool:
        """Work until there is nothing left, or ``until`` is open; is there more?"""
        while not (until is not None and until.is_set()):
            item = self._next()
            if item is None:
                return False
            self._execute(item)
        return True

    def _next(self, blocking: bool = True) -> Item | None:
        """The item to be executed now, and nothing else meanwhile; None when there is none: the queue rests then. One that may block
        stays in the queue unless ``blocking``."""
        with self._lock:
            if self._items:
                if blocking or not self._items[0].blocks:
                    self.current = self._items.popleft()
                    return self.current
                return self._items[0]
            self.current, self.working = None, False
            idle, self._idle = self._idle, None
        self._run.idle()
        if idle is not None:
            idle.set()
        self._rested()
        return None
