"""What must end when a prompt state is given up: the calls that it waits for, and on an interrupt its whole run. Knows threads only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any


class Aborts:
    """How to end what one state waits for now.

    Attributes
    ----------
    given_up
        Was it told to end? What comes later is ended at once.
    """

    __slots__ = ("_calls", "_lock", "given_up")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: tuple[Callable[[], Any], ...] = ()
        self.given_up = False

    def during(self, abort: Callable[[], Any]) -> AbstractContextManager[None]:
        """While inside, giving up calls ``abort``, from another thread; at once if that was before."""
        return _During(self, abort)

    def give_up(self) -> tuple[Callable[[], Any], ...]:
        """From now on; returns what the caller has to call."""
        with self._lock:
            self.given_up = True
            return self._calls

    def _add(self, abort: Callable[[], Any]) -> bool:
        with self._lock:
            self._calls = (*self._calls, abort)
            return self.given_up

    def _remove(self, abort: Callable[[], Any]) -> None:
        with self._lock:
            self._calls = tuple(other for other in self._calls if other is not abort)


class _During:
    """See `Aborts.during`. A class, as the next: entering a generator costs several times as much."""

    __slots__ = ("_abort", "_aborts")

    def __init__(self, aborts: Aborts, abort: Callable[[], Any]) -> None:
        self._aborts, self._abort = aborts, abort

    def __enter__(self) -> None:
        if self._aborts._add(self._abort):
            self._abort()

    def __exit__(self, *_: object) -> None:
        self._aborts._remove(self._abort)


class OnInterrupt:
    """`KeyboardInterrupt` in a ``with`` block calls ``call``, and goes on."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            self._call()
