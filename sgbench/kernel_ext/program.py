"""The one place where the extension touches the language: how a cell's state begins, is waited for and is given up.

Knows executors and runs (`sgbench.lang`). Everything else in the extension sees a state as a user does.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sgbench.errors import AbortedError
from sgbench.lang.executor import StreamExecutor
from sgbench.lang.interpreter import open_program, running
from sgbench.lang.ir import SglExpr
from sgbench.lang.run import give_up
from sgbench.lang.sampling import SglSamplingParams
from sgbench.lang.state import ProgramState
from sgbench.lang.waiting import Gate, live

__all__ = ["Defaults", "Lines", "begin", "cancel", "failure", "family", "gate", "line_of", "live", "running", "settle"]


@dataclass(frozen=True, slots=True)
class Defaults:
    """Sampling values for every ``gen`` of a cell that does not give its own; None: the language's."""

    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None

    def sampling(self) -> SglSamplingParams:
        """As the language takes them."""
        given = {"temperature": self.temperature, "max_new_tokens": self.max_tokens, "sampling_seed": self.seed}
        return SglSamplingParams(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


class Lines:
    """Which line of a cell submitted which node, for errors that come later and elsewhere.

    Parameters
    ----------
    filename
        Of the cell.
    """

    def __init__(self, filename: str) -> None:
        self._filename = filename
        self._lines: dict[int, tuple[SglExpr, int]] = {}

    def __call__(self, expr: SglExpr) -> None:
        """``expr`` is being submitted by the calling code."""
        frame = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename == self._filename:
                self._lines[id(expr)] = (expr, frame.f_lineno)  # keeps the node alive, so that its id stays its own
                return
            frame = frame.f_back  # type: ignore[assignment]

    def of(self, expr: SglExpr | None) -> int | None:
        """The line that submitted ``expr``; None: no line of the cell."""
        found = self._lines.get(id(expr))
        return found[1] if found else None


def begin(backend: Any, defaults: Defaults, item: int, filename: str) -> ProgramState:
    """A fresh state; ``item`` is its place in a batch, so that equal items draw equal tokens from an equal seed."""
    state = open_program("%%sgl", backend, defaults.sampling(), stream=True, item=item, warns=False)
    state.stream_executor.run.witness = Lines(filename)
    return state


def gate(backend: Any) -> Gate | None:
    """Where live threads of programs on ``backend`` are counted; None: nowhere."""
    found: Gate | None = getattr(backend, "endpoint", backend).gate
    return found


def settle(state: ProgramState) -> BaseException | None:
    """Wait for everything the body submitted, forks too; returns the first thing that failed."""
    executors = list(family(state.stream_executor))
    for executor in executors:
        executor.sync()
    for executor in executors:
        executor.end()
    return failure(state)


def failure(state: ProgramState) -> BaseException | None:
    """What failed so far in the state, its forks and the programs it called; an abort only if nothing else did."""
    errors = [e.error_ for e in family(state.stream_executor) if e.error_ is not None]
    return next((error for error in errors if not isinstance(error, AbortedError)), errors[0] if errors else None)


def line_of(state: ProgramState) -> int | None:
    """The cell's line that submitted the node whose execution failed; None: not known."""
    for executor in family(state.stream_executor):
        lines = executor.run.witness
        if executor.failed_at is not None and isinstance(lines, Lines):
            return lines.of(executor.failed_at)
    return None


def cancel(states: Iterable[ProgramState], reason: str) -> None:
    """Abort every request of ``states`` and of what they called, all at once; the texts so far are kept."""
    give_up([executor for state in states for executor in family(state.stream_executor)], reason)


def family(executor: StreamExecutor) -> Iterator[StreamExecutor]:
    """``executor``, its forks and the programs it called, each after its parent."""
    yield executor
    for part in (*executor.forks, *executor.calls):
        yield from family(part)
