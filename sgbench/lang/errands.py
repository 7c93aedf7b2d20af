"""Work that a thread wants done beside itself, and may yet do itself.

Mostly such a thread has nothing else to do before it waits for just that; then it claims its errand and does it, which spares a thread.
What it has not begun soon, or when it waits for something else, is offered to the executors' threads: whoever is first does it.
Knows threads only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias

OVERDUE_S = 0.001
"""Longest time for which a thread may keep an errand to itself: while it computes, or does another that blocks unseen."""

Offer: TypeAlias = Callable[[Callable[[bool | None], None]], None]
"""Has a function called on another thread: with whether that has the turn, None where there are no turns."""


class Errand:
    """Work that its giver or another thread does: whoever claims it.

    Parameters
    ----------
    task
        What another thread does. Must not raise.
    giver
        Who may claim it.
    offer
        Offers it to another thread.
    refuse
        What a thread that was offered it in vain calls, with what it was told.
    in_passing
        The same work where it would not wait; None: it would.
    """

    __slots__ = ("_claim", "_in_passing", "_offer", "_offered", "_refuse", "_task", "giver")

    def __init__(
        self,
        task: Callable[[bool | None], None],
        giver: object,
        offer: Offer,
        refuse: Callable[[bool | None], None],
        in_passing: Callable[[], None] | None = None,
    ) -> None:
        self._task, self.giver, self._offer, self._refuse = task, giver, offer, refuse
        self._in_passing = in_passing
        self._claim = threading.Lock()
        self._offered = False

    @property
    def settled(self) -> bool:
        """Is it done, or being done, or offered?"""
        return self._offered or self._claim.locked()

    @property
    def waits_for_nobody(self) -> bool:
        """Can it be done in passing?"""
        return self._in_passing is not None

    def claim(self) -> bool:
        """The calling thread does it, in its own way, if this is true: nobody else has begun."""
        return self._claim.acquire(blocking=False)

    def late(self) -> None:
        """Another thread may do it as well."""
        if not self.settled:
            self._offered = True
            self._offer(self._begin)

    def last_call(self) -> None:
        """Its giver is about to wait for something: done by it now if that would not wait, else offered."""
        if self._in_passing is None:
            self.late()
        elif self.claim():
            self._in_passing()

    def _begin(self, has_turn: bool | None) -> None:
        if self.claim():
            self._task(has_turn)
        else:
            self._refuse(has_turn)
