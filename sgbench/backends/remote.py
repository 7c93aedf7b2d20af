"""What all backends behind a network have in common: a loop for their calls, the cost so far, and events of what they do.

Knows the backend protocol, calls and events; knows no server's language.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgbench.backends.base import BaseBackend
from sgbench.backends.calls import CallLoop
from sgbench.backends.http import hidden
from sgbench.backends.token_usage import TokenUsage
from sgbench.lang.variables import Meta
from sgbench.trace.events import Event, Keyframe, RemoteCallFinished
from sgbench.trace.journal import Journal

if TYPE_CHECKING:
    from sgbench.lang.executor import StreamExecutor
    from sgbench.trace.trace import Trace


class Call:
    """One call that runs: what is known of it so far.

    Attributes
    ----------
    began
        When, by `time.perf_counter`.
    meta
        Meta information of all that was answered.
    requests
        How many requests were answered.
    """

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self._first: float | None = None
        self.meta: Meta = {}
        self.requests = 0

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.perf_counter() - self.began

    def piece(self) -> Meta:
        """A piece came: meta information of the first, and nothing of later ones."""
        if self._first is not None:
            return {}
        self._first = self.seconds
        return {"first_token_latency": self._first}

    @property
    def first_token_ms(self) -> float:
        """Until the first piece; -1: none came."""
        return -1.0 if self._first is None else self._first * 1e3


class RemoteBackend(BaseBackend):
    """A backend whose calls go over a network.

    Attributes
    ----------
    token_usage
        What the calls cost so far.
    """

    def __init__(self) -> None:
        self.token_usage = TokenUsage()
        self._calls = CallLoop()
        self._journal = Journal()

    @property
    def _secret(self) -> str | None:
        """What must not stand in an error or an event."""
        return None

    @contextmanager
    def _called(self, s: StreamExecutor | None, what: str) -> Iterator[Call]:
        """A call runs inside: its cost is counted when it ends well, and who listens is told however it ends."""
        call = Call()
        error = ""
        try:
            yield call
            self.token_usage.add(call.meta, call.requests or 1)
        except GeneratorExit:
            error = "the reader stopped"
            raise
        except BaseException as failure:
            error = hidden(f"{type(failure).__name__}: {failure}", self._secret)
            raise
        finally:
            if s is not None and self.listening:
                self.emit(_finished(s, what, call, error))

    # --- events -------------------------------------------------------------------------------------------------

    @property
    def listening(self) -> bool:
        """Does anybody want the events?"""
        return self._journal.active

    def emit(self, event: Event) -> None:
        """Tell everybody who listens."""
        self._journal.emit(event)

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call ``callback`` with every later event of programs that run here; returns a function that ends it.

        The first event is a `Keyframe` of an empty tree: what a server caches is not seen from here.
        """
        end = self._journal.subscribe(callback)
        self._journal.emit(_nothing())
        return end

    @contextmanager
    def record(self, *, max_events: int | None = None, spill: str | Path | None = None) -> Iterator[Trace]:
        """Record what programs do here in a ``with`` block; yields a `Trace` that fills while it runs.

        Parameters
        ----------
        max_events, spill
            As in `sgbench.Engine.record`.
        """
        from sgbench.trace.header import TraceHeader
        from sgbench.trace.recording import MAX_EVENTS, Recording

        header = TraceHeader(model={"description": repr(self)})
        most = MAX_EVENTS if max_events is None else max_events
        with Recording(self._journal, header, max_events=most, spill=spill) as recording:
            recording.start(_nothing())
            yield recording.trace


def _nothing() -> Keyframe:
    root: dict[str, Any] = {"id": 0, "parent": None, "token_ids": [], "ref_count": 0, "last_access": 0}
    return Keyframe(tree={"nodes": [root]}, capacity_tokens=0)


def _finished(s: StreamExecutor, what: str, call: Call, error: str) -> RemoteCallFinished:
    return RemoteCallFinished(
        program=s.run.program,
        branch=s.branch,
        op=s.call.op,
        what=what,
        duration_ms=call.seconds * 1e3,
        first_token_ms=call.first_token_ms,
        prompt_tokens=call.meta.get("prompt_tokens") or 0,
        cached_tokens=call.meta.get("cached_tokens") or 0,
        completion_tokens=call.meta.get("completion_tokens") or 0,
        error=error,
    )
