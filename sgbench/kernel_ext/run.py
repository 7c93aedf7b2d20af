"""One execution of a cell's body: for one state, or for each item of a batch at once.

Knows namespaces, threads and what was measured. Does not know displays, options or baselines; the language is reached
through `sgbench.kernel_ext.program` alone.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sgbench.errors import UsageError
from sgbench.kernel_ext import program
from sgbench.kernel_ext.cell import Cell
from sgbench.kernel_ext.failure import CellError
from sgbench.kernel_ext.ledger import Ledger
from sgbench.kernel_ext.namespace import Scope, injected, shadowing_hint
from sgbench.kernel_ext.outline import elided, outline
from sgbench.kernel_ext.page import Item
from sgbench.kernel_ext.session import ask, is_engine
from sgbench.lang.ledger import total

BATCH_THREADS = 128
"""Bodies of a batch that run at once; the others wait for a thread."""


SHOWN_CHARS = 12_000
"""Text of a state that is shown; of a longer one the middle is left out."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run; the same plan runs again for a baseline.

    Attributes
    ----------
    items
        Variables of each item of a batch; None: one run of the body.
    """

    cell: Cell
    backend: Any
    defaults: program.Defaults
    user_ns: dict[str, Any]
    items: tuple[Mapping[str, Any], ...] | None = None


class Run:
    """An execution of a plan.

    Attributes
    ----------
    states
        One for each item of a batch, else one.
    failure
        What the cell fails with; None: nothing failed (so far).
    value
        Of the body's last expression.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        count = 1 if plan.items is None else len(plan.items)
        filename = plan.cell.filename
        self.states = [program.begin(plan.backend, plan.defaults, number, filename) for number in range(count)]
        self.failure: CellError | None = None
        self.interrupted = False
        self.value: Any = None
        self._began_s = 0.0
        self._ended_s: float | None = None
        self._passes = 0
        self._threads: list[threading.Thread] = []

    def here(self) -> None:
        """Run in the user's namespace on this thread, as an ordinary cell does; a batch on threads beside it.

        Raises
        ------
        KeyboardInterrupt
            After everything that ran was cancelled.
        """
        self._measured(self._single if self.plan.items is None else self._batch)

    def aside(self, *, shared: bool = False) -> None:
        """Run in a namespace of its own; with ``shared`` the names that the body assigns reach the user's."""

        def single() -> None:
            state = self.states[0]
            self._body(state, Scope(self.plan.user_ns, {"s": state}, shared=shared))

        self._measured(single if self.plan.items is None else self._batch)

    def start(self, work: Callable[[], None]) -> None:
        """Do ``work``, which runs this, on a thread of its own, in the context of the caller: its prints reach this cell."""
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(work,), name="sgbench-cell", daemon=True)
        self._threads.append(thread)
        thread.start()

    def wait(self) -> None:
        """Wait for a run that was started in the background."""
        for thread in self._threads:
            thread.join()

    def cancel(self) -> None:
        """Abort every request; the texts so far stay in the states."""
        program.cancel(self.states, "interrupted")

    def items(self) -> list[Item]:
        """What to show now; waits for nothing."""
        labels = [_label(item) for item in self.plan.items] if self.plan.items is not None else [""]
        return [
            Item(elided(outline(state), SHOWN_CHARS), label) for state, label in zip(self.states, labels, strict=True)
        ]

    def ledger(self) -> Ledger:
        """What it cost, so far."""
        ended_s = self._ended_s if self._ended_s is not None else time.perf_counter()
        passes = self._passes if is_engine(self.plan.backend) else None
        return Ledger(total(state.usage() for state in self.states), passes, (ended_s - self._began_s) * 1e3)

    def _measured(self, body: Callable[[], None]) -> None:
        before = _forward_passes(self.plan.backend)
        self._began_s = time.perf_counter()
        try:
            body()
        except KeyboardInterrupt:
            self.interrupted = True
            self.cancel()
            raise
        finally:
            self._ended_s = time.perf_counter()
            self._passes = _forward_passes(self.plan.backend) - before

    def _single(self) -> None:
        with injected(self.plan.user_ns, self.states[0]):
            self._body(self.states[0], self.plan.user_ns)

    def _body(self, state: Any, namespace: dict[str, Any]) -> None:
        cell = self.plan.cell
        try:
            with program.running(state):
                self.value = cell.run(namespace)
        except Exception as cause:
            self._fail(self._explained(state, cause))
            program.cancel([state], "the cell failed")
        error = program.settle(state)
        if error is not None and not self.interrupted:
            self._fail(CellError.of(error, cell.filename, cell.lines, program.line_of(state)))

    def _explained(self, state: Any, cause: Exception) -> CellError:
        """The error of a body that raised ``cause``: if that only tells of a call that failed, the call's."""
        cell, failed = self.plan.cell, program.failure(state)
        if failed is not None and cause.__cause__ is failed:
            return CellError.of(failed, cell.filename, cell.lines, program.line_of(state))
        hint = shadowing_hint(self.plan.user_ns) if isinstance(cause, TypeError) else ""
        return CellError.of(cause, cell.filename, cell.lines, hint=hint)

    def _fail(self, failure: CellError) -> None:
        if self.failure is None:
            self.failure = failure

    def _batch(self) -> None:
        items = self.plan.items or ()
        waiting = list(enumerate(items))[::-1]
        lock = threading.Lock()

        gate = program.gate(self.plan.backend)

        def work() -> None:
            with program.live(gate):
                while True:
                    with lock:
                        if not waiting or self.interrupted:
                            return
                        number, item = waiting.pop()
                    self._body(self.states[number], Scope(self.plan.user_ns, {**item, "s": self.states[number]}))

        threads = [
            threading.Thread(target=contextvars.copy_context().run, args=(work,), name="sgbench-item", daemon=True)
            for _ in range(min(len(items), BATCH_THREADS))
        ]
        if gate is not None:  # all of them, before the first begins: a deterministic engine waits for every live thread
            for _ in threads:
                gate.enter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def batch_items(value: Any) -> tuple[Mapping[str, Any], ...]:
    """The items of ``--batch``, checked.

    Raises
    ------
    UsageError
        It is no iterable of dicts whose keys can be variables.
    """
    if isinstance(value, Mapping | str | bytes) or not isinstance(value, Iterable):
        raise UsageError(f"--batch: an iterable of dicts is needed, not {type(value).__name__}")
    items = tuple(value)
    for number, item in enumerate(items):
        if not isinstance(item, Mapping):
            raise UsageError(f"--batch: item {number} is {type(item).__name__}, not a dict: {item!r}")
        for key in item:
            if not isinstance(key, str) or not key.isidentifier() or key == "s":
                raise UsageError(f"--batch: item {number}: {key!r} cannot be a variable's name here")
    return items


def _label(item: Mapping[str, Any]) -> str:
    shown = ", ".join(f"{key}={value!r}" for key, value in item.items())
    return shown if len(shown) <= 100 else f"{shown[:99]}…"


def _forward_passes(backend: Any) -> int:
    stats = ask(backend.stats) if is_engine(backend) else None
    return 0 if stats is None else stats.forward_passes
