"""Views that are tables: a fold answers each event with the rows that changed.

A row is set as a whole, by its key, and stays until it is set again; so whoever keeps the rows can go back in time as with
the patches of the tree. Knows events; no encoding, no pixels.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple, Protocol

from sgbench.trace.events import Event, StepFinished


class Cell(NamedTuple):
    """The row ``key`` of table ``table`` is ``value`` from now on: JSON-able, empty when the row is gone."""

    table: str
    key: int | str
    value: list[Any]


class CellFold(Protocol):
    """Events in, rows out; see `sgbench.views.fold.Fold`, whose promise holds here too.

    Attributes
    ----------
    concerns
        Kinds of events that `apply` looks at. Whoever folds may leave all others out but the first, which the clocks begin at.
    """

    concerns: ClassVar[frozenset[type[Event]]]

    def apply(self, event: Event) -> Iterable[Cell]:
        """Fold the next event in; an event that is no concern of the view changes no row."""
        ...


MOST_IN_A_STEP = 8
"""Most running requests whose text travels with a step."""


def in_turn(rid: int, event: StepFinished) -> bool:
    """Does the text of request ``rid`` travel with this step? Of a large batch some do each time, in turn; at its end each does."""
    return (rid + event.step) % -(-len(event.rids) // MOST_IN_A_STEP) == 0


class Clock:
    """Milliseconds since the first event."""

    def __init__(self) -> None:
        self._t0_ns: int | None = None

    def ms(self, event: Event) -> float:
        """Time of ``event``, to a hundredth."""
        if self._t0_ns is None:
            self._t0_ns = event.t_ns
        return round((event.t_ns - self._t0_ns) / 1e6, 2)
