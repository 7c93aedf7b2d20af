"""When the engine's thread only waits for its device: then others may compute, though there is one interpreter. Knows no device."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from sgbench.trace.reader import call_all


class Gap:
    """Opened by the engine's thread before it waits, closed behind it.

    Attributes
    ----------
    is_open
        Does that thread wait?
    """

    def __init__(self) -> None:
        self.is_open = True
        self._since_s = 0.0
        self._calls: deque[Callable[[], None]] = deque()

    def open(self) -> None:
        """The thread begins to wait."""
        self._since_s = time.monotonic()
        self.is_open = True
        if self._calls:
            call_all(self._calls)

    def close(self) -> None:
        """The thread goes on."""
        self.is_open = False

    @property
    def age_s(self) -> float:
        """Since it was opened last."""
        return time.monotonic() - self._since_s

    def call_at_opening(self, function: Callable[[], None]) -> None:
        """Call ``function`` once, on the engine's thread, when this is opened next. It must be quick and must not raise."""
        self._calls.append(function)
