"""When may a deterministic engine step? When every live branch waits.

A *live branch* is a thread of a program that may still submit work. It calls `Gate.enter` when it begins and `Gate.leave` when it ends,
and around every wait: ``leave`` before it blocks, and **whoever ends the wait calls ``enter`` on its behalf before waking it**, so that
the engine cannot step between the end of the wait and the branch going on. `Handle` does so by itself for waits with ``live=True``; a
wait for another branch (a variable, a join) is the language's to report in the same way.

With ``deterministic=False`` nobody asks the gate and calling it is harmless. A plain ``generate`` needs no gate: with no live branch
the gate is quiet. Knows nothing of requests.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from sgbench.errors import IntegrityError


class Gate:
    """Counts live branches that do not wait.

    Parameters
    ----------
    when_quiet
        Called, outside any lock, when the count comes to 0.
    """

    def __init__(self, when_quiet: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._live = 0
        self._when_quiet = when_quiet

    @property
    def quiet(self) -> bool:
        """Does every live branch wait?"""
        return self._live == 0

    def enter(self) -> None:
        """A live branch begins or goes on."""
        with self._lock:
            self._live += 1

    def leave(self) -> None:
        """A live branch ends or begins to wait.

        Raises
        ------
        IntegrityError
            More left than entered.
        """
        with self._lock:
            if self._live == 0:
                raise IntegrityError("more branches left the gate than entered it")
            self._live -= 1
            quiet = self._live == 0
        if quiet:
            self._when_quiet()
