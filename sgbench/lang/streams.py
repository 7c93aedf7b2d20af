"""Reading a state's text while it grows: any number of readers, each from the beginning, on threads or event loops.

A reader polls what is there and says whether more may come; the two drivers differ only in how they wait.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sgbench.lang.variables import MISSING, Meta

if TYPE_CHECKING:
    from sgbench.lang.executor import StreamExecutor

T = TypeVar("T")


class Reader(Generic[T]):
    """Gives the pieces of one stream of ``state``.

    Parameters
    ----------
    state
        Whose stream.
    poll
        Returns the pieces since its last call, and whether the stream has ended. Must read the end before the pieces.
    """

    def __init__(self, state: StreamExecutor, poll: Callable[[], tuple[list[T], bool]]) -> None:
        self._state = state
        self._poll = poll

    def __iter__(self) -> Iterator[T]:
        pulse = self._state.pulse
        ended = False
        while not ended:
            seen = pulse.beats
            pieces, ended = self._poll()
            yield from pieces
            if not (pieces or ended):
                with self._state.interruptible():
                    pulse.wait(seen)

    async def __aiter__(self) -> AsyncIterator[T]:
        pulse = self._state.pulse
        ended = False
        while not ended:
            seen = pulse.beats
            pieces, ended = self._poll()
            for piece in pieces:
                yield piece
            if not (pieces or ended):
                await pulse.wait_until(lambda seen=seen: pulse.beats > seen)  # type: ignore[misc]


def whole_text(state: StreamExecutor) -> Reader[str]:
    """The whole text of ``state``, prompt included; constant text comes with the call that follows it."""
    position = seen = 0

    def poll() -> tuple[list[str], bool]:
        nonlocal position, seen
        ended = state.quiet
        ends = state.published[seen:]
        seen += len(ends)
        text = state.text_
        if ended:
            ends.append(len(text))
        pieces = []
        for end in ends:
            if end > position:
                pieces.append(text[position:end])
                position = end
        return pieces, ended

    return Reader(state, poll)


def variable(state: StreamExecutor, name: str | None) -> Reader[tuple[str, Meta]]:
    """Text and meta information of the pieces of variable ``name``; one empty piece if the program never makes it."""
    place = -1  # -1: not submitted yet

    def poll() -> tuple[list[tuple[str, Meta]], bool]:
        nonlocal place
        ended = state.quiet
        slot = state.slot(name)
        if slot is None:
            if name in state.variables:
                return [(str(state.variables[name]), {})], True
            return ([("", {})] if ended else []), ended
        done = slot.done.is_set()
        pieces = slot.chunks[max(place, 0) :]
        place = max(place, 0) + len(pieces)
        return list(pieces), done

    return Reader(state, poll)


def settled(state: StreamExecutor, name: str | None) -> Reader[str]:
    """For a state that does not stream: one piece, the whole text (``name`` is `MISSING`) or the variable."""

    def poll() -> tuple[list[str], bool]:
        ready: Any = state.quiet
        if name is not MISSING:
            slot = state.slot(name)
            ready = ready or (slot.done.is_set() if slot else name in state.variables)
        if not ready:
            return [], False
        return [state.text_ if name is MISSING else state.get_var(name)], True

    return Reader(state, poll)
