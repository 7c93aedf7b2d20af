"""What a program's call waits for on an engine in this process: the ends of its requests. Knows handles and prompt states."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sgbench.engine.handle import Handle
from sgbench.engine.request import RequestOutput
from sgbench.errors import AbortedError
from sgbench.lang.calls import Call
from sgbench.lang.turns import aside, sleep_until
from sgbench.lang.waiting import current_gate

if TYPE_CHECKING:
    from sgbench.lang.executor import StreamExecutor


def gathered(s: StreamExecutor, handles: Sequence[Handle]) -> Call[list[RequestOutput]]:
    """The final outputs of a call's requests, as a call that may be left where it waits. Whatever ends the wait early aborts them.

    Raises
    ------
    AbortedError
        Somebody else aborted one.
    EngineStoppedError
        The engine was shut down, or broke; another exception if that is what failed the request.
    """
    answers = Answers(handles)
    try:
        with s.abortable(answers.abort):
            yield answers
            outputs = [handle.wait() for handle in handles]
    except BaseException:
        answers.abort()
        raise
    for handle, output in zip(handles, outputs, strict=True):
        s.note_request(handle.rid)
        reason = output.finish_reason or {}
        if reason.get("type") == "abort" and not s.given_up:
            raise AbortedError(f"request {handle.rid} was aborted: {reason['message']}")
    return outputs


class Answers:
    """The ends of some requests: an `sgbench.lang.calls.Awaited`."""

    __slots__ = ("_handles", "_left", "_lock")

    def __init__(self, handles: Sequence[Handle]) -> None:
        self._handles = handles
        self._lock = threading.Lock()
        self._left = len(handles)

    def abort(self) -> None:
        """Nobody wants them any more."""
        for handle in self._handles:
            handle.abort("the program was given up")

    def wait(self) -> None:
        """Until all are done, or failed; the calling thread steps aside, and an engine without a thread of its own is stepped by it."""
        live = current_gate() is not None
        sleeps = not (live or self._handles[0].stepped_by_waiters)
        if sleeps and sleep_until(self.then):
            return
        with aside():
            for handle in self._handles:
                handle.wait(live=live)

    def then(self, tell: Callable[[], None]) -> None:
        """Call ``tell`` once all are done, or failed, on the engine's thread; at once if they are."""
        for handle in self._handles:
            handle.stream_to(functools.partial(self._one_done, tell), streaming=False)

    def _one_done(self, tell: Callable[[], None]) -> None:
        with self._lock:
            self._left -= 1
            last = self._left == 0
        if last:
            tell()
