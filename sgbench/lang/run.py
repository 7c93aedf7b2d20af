"""One run of a program: who belongs to it, how its calls are numbered, how it is given up.

A program may fork its state and call other programs; all their executors belong to the run of the outermost call. Knows
executors only as things that can be stopped.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sgbench.errors import AbortedError
from sgbench.lang.sampling import SglSamplingParams
from sgbench.lang.waiting import Latch
from sgbench.trace.events import ProgramFinished, ProgramStarted

if TYPE_CHECKING:
    from sgbench.backends.base import BaseBackend
    from sgbench.lang.executor import StreamExecutor
    from sgbench.lang.ir import SglExpr

STOP_SECONDS = 0.3
"""How long a cancelled run waits for its calls to end by themselves and hand over the text they had."""


@dataclass(frozen=True, slots=True)
class CallSite:
    """Which call of which program this is.

    Attributes
    ----------
    program, branch, op
        Number of the run's program, of the prompt state within it, of the call within that.
    after
        Requests whose results this call waited for.
    think_ms
        Time between the last of them and this call; 0 without any.
    """

    program: int
    branch: int
    op: int
    after: tuple[int, ...] = ()
    think_ms: float = 0.0


@dataclass(slots=True, eq=False)
class Body:
    """The Python body of one program call. ``thread`` runs it (None: not begun); ``done`` opens when it has returned.

    ``detached``: it runs on a thread of its own, beside whoever reads its state; ``starter`` is the thread that began it so.
    ``executors``: its states, forks included.
    """

    done: Latch = field(default_factory=Latch)
    thread: int | None = None
    detached: bool = False
    starter: int | None = None
    executors: list[StreamExecutor] = field(default_factory=list)


class Run:
    """A run of one program, with the programs that it calls.

    Parameters
    ----------
    backend
        Where it runs; numbers it and takes its events.
    name
        Name of the program.
    sampling
        Its sampling values.
    item
        Its place in a batch: with a seed, equal items of equal batches draw equal tokens.
    parent
        The run it was called from, if on another backend; cancelled together.
    warns
        Is a state's failure shown as a warning? (Whoever shows it otherwise says no.)

    Attributes
    ----------
    witness
        Called with every node, on the thread that submits it: a failure can then be traced to the line that wrote it. None:
        nobody asks.
    """

    def __init__(
        self,
        backend: BaseBackend,
        name: str,
        sampling: SglSamplingParams,
        item: int = 0,
        parent: Run | None = None,
        warns: bool = True,
    ) -> None:
        self.backend = backend
        self.name = name
        self.sampling = sampling
        self.item = item
        self.warns = warns
        self.program = backend.next_program()
        self.reads: list[int] = []  # requests whose results the bodies have read, in order
        self._finished_at: dict[int, float] = {}
        self._lock = threading.Lock()
        self._branches = itertools.count()
        self._executors: list[StreamExecutor] = []
        self._children: list[Run] = []
        self._busy = 0
        self._bodies = 0  # that have not returned
        self._root: Run = parent._root if parent else self
        if parent:
            parent._children.append(self)
        self._started = self._finished = False
        self.witness: Callable[[SglExpr], object] | None = None

    @property
    def root(self) -> Run:
        """The outermost run."""
        return self._root

    def add(self, executor: StreamExecutor) -> int:
        """``executor`` belongs to the run; its branch number."""
        with self._lock:
            self._executors.append(executor)
            body = executor.body
            body.executors.append(executor)
            if len(body.executors) == 1 and not body.done.is_set():
                self._bodies += 1
            return next(self._branches)

    def note_finished(self, rid: int) -> None:
        """Request ``rid`` has given its result just now."""
        self._finished_at[rid] = time.perf_counter()

    def since(self, rids: Iterable[int]) -> float:
        """Milliseconds since the last of ``rids`` finished; 0 if there is none."""
        times = [self._finished_at[rid] for rid in rids if rid in self._finished_at]
        return (time.perf_counter() - max(times)) * 1e3 if times else 0.0

    def busy(self) -> None:
        """A body or an executor has something to do."""
        with self._lock:
            self._busy += 1
            first, self._started = not self._started, True
        if first and self.backend.listening:
            self.backend.emit(ProgramStarted(program=self.program, name=self.name))

    def idle(self) -> None:
        """It has no more; the last one ends the program."""
        with self._lock:
            self._busy -= 1
            ended = not (self._busy or self._finished or self._bodies)
            self._finished = self._finished or ended
        if ended and self.backend.listening:
            error = next((e.error_ for e in self._executors if e.error_ is not None), None)
            self.backend.emit(ProgramFinished(program=self.program, error=repr(error) if error else ""))

    def body_done(self, body: Body) -> None:
        """``body`` has returned: readers of its states need not wait for more."""
        body.thread = None
        with self._lock:
            self._bodies -= not body.done.is_set()
            executors = tuple(body.executors)
        body.done.set()
        for executor in executors:
            executor.pulse.beat()

    def cancel(self, reason: str) -> None:
        """Give up everything of this run that is not finished; see `give_up`."""
        give_up(self._everybody(), reason)

    def _everybody(self) -> list[StreamExecutor]:
        with self._lock:
            mine, children = list(self._executors), list(self._children)
        return mine + [executor for child in children for executor in child._everybody()]


def give_up(executors: Sequence[StreamExecutor], reason: str) -> None:
    """Give up everything that is not finished: requests are aborted, states keep their text so far.

    Takes at most about `STOP_SECONDS`, however many there are. Idempotent.
    """
    for executor in executors:
        executor.stop(AbortedError(reason))
    deadline = time.monotonic() + STOP_SECONDS
    for executor in executors:
        executor.abandon(deadline - time.monotonic())


def family(executor: StreamExecutor) -> Iterator[StreamExecutor]:
    """``executor``, its forks and the programs that its body called, each after its parent. Never waits."""
    yield executor
    for part in (*executor.forks, *executor.calls):
        yield from family(part)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls a program from inside another's body."""

    run: Run
    executor: StreamExecutor


CALLER: ContextVar[Caller | None] = ContextVar("sgbench_caller", default=None)
"""The program in whose body the current code runs."""
