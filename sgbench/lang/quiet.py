"""Dropping what one thread prints. Knows nothing of programs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Quiet:
    """A stream that drops what the thread that made it writes, while ``drops``, and passes on what others write."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.drops = True
        self._thread = threading.get_ident()

    def write(self, text: str) -> int:
        if self.drops and threading.get_ident() == self._thread:
            return len(text)
        return int(self.stream.write(text) or 0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def quiet() -> Iterator[None]:
    """What the calling thread prints inside is dropped; other threads print on. Several may be open at once, on any threads."""
    mine = _Quiet(sys.stdout)
    sys.stdout = mine
    try:
        yield
    finally:
        mine.drops = False
        while isinstance(sys.stdout, _Quiet) and not sys.stdout.drops:
            sys.stdout = sys.stdout.stream
