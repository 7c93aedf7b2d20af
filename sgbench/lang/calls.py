"""Calls that wait without a thread: generators that yield what they wait for. Whoever drives one either blocks there, or leaves it and
has it taken up again, on any thread, once what it waits for has come. Knows no program, backend or thread.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Protocol, TypeAlias, TypeVar

T = TypeVar("T")


class Awaited(Protocol):
    """What a call waits for."""

    def then(self, tell: Callable[[], None]) -> None:
        """Call ``tell``, which must be quick, once it has come, on any thread; at once if it has."""

    def wait(self) -> object:
        """Block until it has come. What this raises is raised in the call."""


Call: TypeAlias = Generator[Awaited, None, T]
"""A call that returns a ``T``."""


def waited(call: Call[T]) -> T:
    """What ``call`` returns, blocking where it waits."""
    try:
        awaited = next(call)
        while True:
            try:
                awaited.wait()
            except BaseException as error:
                awaited = call.throw(error)
            else:
                awaited = next(call)
    except StopIteration as end:
        returned: T = end.value
        return returned


def left_waiting(call: Call[None], tell: Callable[[], None]) -> bool:
    """Go on with ``call`` up to its next wait, at whose end ``tell`` is called; False: it is through.

    After True the call belongs to whoever was told, which may have been before this returned.
    """
    awaited = next(call, None)
    if awaited is None:
        return False
    awaited.then(tell)
    return True
