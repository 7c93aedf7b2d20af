"""How much a compilation may cost, and the error that names the part of the source that cost it.

Limits count states and work, so that the same source fails the same way on every machine; the clock is the last resort.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from sgbench.errors import ConstraintError


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
        Most state visits of one determinisation.
    seconds
        Longest time for one source.
    """

    states: int = 20_000
    parts: int = 200_000
    work: int = 3_000_000
    seconds: float = 20.0


@dataclass(slots=True)
class Budget:
    """What is left for one source."""

    limits: Limits = field(default_factory=Limits)
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self.deadline = time.monotonic() + self.limits.seconds

    def check_time(self, origins: Iterable[str] = ()) -> None:
        """Raise when the time is up."""
        if time.monotonic() > self.deadline:
            raise too_large(f"it took more than {self.limits.seconds:g} s to compile", origins)


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
