"""What every view is: a fold of events that answers with patches. Knows events only."""

from __future__ import annotations

from typing import Any, Protocol

from sgbench.trace.events import Event
from sgbench.trace.tree import Patch


class Fold(Protocol):
    """Events in, patches out; the state is what the events so far amount to.

    The same events give the same patches, whenever and wherever they are folded: a live widget, a trace's player and a
    test see one thing. Patches are reversible, so whoever keeps them can go back in time.
    """

    def apply(self, event: Event) -> list[Patch]:
        """Fold the next event in; an event that is no concern of the view gives no patches."""
        ...

    def snapshot(self) -> Any:
        """The state as plain data."""
        ...
