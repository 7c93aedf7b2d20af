"""How much a compilation may cost, and the error that names the part of the source that cost it.

Limits count states and steps, so that the same source fails the same way on every machine; the clock is the last resort.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sgbench.errors import ConstraintError

_STEPS_A_LOOK = 1000
"""So many steps lie between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one compilation.

    Attributes
    ----------
    states
        Most states of a deterministic machine.
    parts
        Most states of the nondeterministic machine before it.
    work
        Most steps of one source, counted over all that is done before its machine is minimised: parts laid, members of subsets
        looked at and joined, edges followed for each byte class. A step takes a tenth to a fifth of a microsecond.
    seconds
        Longest time for one source.
    """

    states: int = 20_000
    parts: int = 200_000
    work: int = 2_500_000
    seconds: float = 20.0


@dataclass(slots=True)
class Budget:
    """What is left for one source."""

    limits: Limits = field(default_factory=Limits)
    spent: int = 0
    looked: int = field(default=0, init=False)
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self.deadline = time.monotonic() + self.limits.seconds

    def spend(self, steps: int, origins: Callable[[], Iterable[str]] = tuple) -> None:
        """Count steps; ``origins`` gives what they were taken for, and is asked only when they, or the time, are too many.

        Raises
        ------
        ConstraintError
            The source has cost too much.
        """
        self.spent += steps
        if self.spent > self.limits.work:
            raise too_large("too much work to make it deterministic", origins())
        if self.spent - self.looked < _STEPS_A_LOOK:
            return
        self.looked = self.spent
        if time.monotonic() > self.deadline:
            raise too_large(f"it took more than {self.limits.seconds:g} s to compile", origins())


def too_large(what: str, origins: Iterable[str]) -> ConstraintError:
    """An error that names the sub-pattern which most of ``origins`` (one for each state counted) come from."""
    named = Counter(origin for origin in origins if origin).most_common(1)
    culprit = f"; most of them come from {shorten(named[0][0])!r}" if named else ""
    return ConstraintError(
        f"the constraint is too large: {what}{culprit}. Use a smaller count or a simpler class there"
    )


def shorten(source: str, length: int = 60) -> str:
    """The source, its middle left out when it is long."""
    return source if len(source) <= length else f"{source[: length // 2]}...{source[-length // 3 :]}"
