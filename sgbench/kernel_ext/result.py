"""What ``_sgl`` is bound to: a run and everything that was learnt about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sgbench.kernel_ext.failure import CellError
from sgbench.kernel_ext.ledger import Comparison, Ledger, plain_comparison, plain_ledger
from sgbench.kernel_ext.run import Run


@dataclass(slots=True)
class RunResult:
    """The result of a ``%%sgl`` cell.

    Attributes
    ----------
    run
        The execution behind it.
    comparison
        With its baseline, where there was one.
    trace
        Of the run, where it was recorded.
    """

    run: Run
    comparison: Comparison | None = None
    trace: Any = None

    @property
    def states(self) -> list[Any]:
        """The state; one for each item of a batch."""
        return self.run.states

    @property
    def state(self) -> Any:
        """The first state; None for an empty batch."""
        return self.states[0] if self.states else None

    @property
    def texts(self) -> list[str]:
        """The text of each state."""
        return [state.text() for state in self.states]

    @property
    def text(self) -> str:
        """The text of the first state."""
        return self.texts[0] if self.states else ""

    @property
    def ledger(self) -> Ledger:
        """What the run cost: `Ledger.usage`, `Ledger.forward_passes`, `Ledger.total_ms`."""
        return self.run.ledger()

    @property
    def error(self) -> CellError | None:
        """What the cell failed with; None: nothing."""
        return self.run.failure

    @property
    def interrupted(self) -> bool:
        """Was it interrupted?"""
        return self.run.interrupted

    def wait(self) -> RunResult:
        """Wait for a run in the background; returns itself."""
        self.run.wait()
        return self

    def __repr__(self) -> str:
        count = len(self.states)
        lines = [f"RunResult of {count} state{'s' if count != 1 else ''}: {plain_ledger(self.ledger)}"]
        if self.comparison:
            lines.append(plain_comparison(self.comparison))
        return "\n".join(lines)
