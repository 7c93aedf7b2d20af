"""How soon other Python threads let the engine's thread on, once the device is done.

A thread that computes in Python keeps the interpreter's lock until somebody has waited for a whole switch interval: 5 ms by default,
more than a decode step. Sixty programs, or a widget that folds events, then cost a step each time they are at work. The interval is
the interpreter's, one for all, so engines share one setting and the last one to stop puts back what was there. Knows threads only.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator

INTERVAL_S = 0.0005


class _Setting:
    """The interpreter's switch interval, and how many engines want it short."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._engines = 0
        self._before = 0.0

    @contextlib.contextmanager
    def short(self) -> Iterator[None]:
        """At most `INTERVAL_S` inside."""
        with self._lock:
            if self._engines == 0:
                self._before = sys.getswitchinterval()
                sys.setswitchinterval(min(self._before, INTERVAL_S))
            self._engines += 1
        try:
            yield
        finally:
            with self._lock:
                self._engines -= 1
                if self._engines == 0:
                    sys.setswitchinterval(self._before)


quick_handover = _Setting().short
"""A ``with`` block in which waiting threads get the interpreter's lock soon."""
