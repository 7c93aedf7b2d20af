"""The caller's end of a request: wait for it, watch it, give it up.

Any thread may hold one. The engine's thread publishes into it; it never reaches into the engine except by the callables it was given.
Waits are plain condition waits, so Ctrl-C interrupts them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from sgbench.engine.gate import Gate
from sgbench.engine.request import RequestOutput
from sgbench.errors import AbortedError, IntegrityError


class Handle:
    """A request that was submitted.

    Parameters
    ----------
    gate
        Told about waits with ``live=True``.
    abort
        Asks the engine to give the request up, for a reason.
    pump
        Runs one engine step: for an engine without a thread of its own. None: it has one.

    Attributes
    ----------
    rid
        The request's number; -1 until the engine has taken it (a deterministic engine numbers requests when all branches wait).
    output
        The latest published output, None before the first. While running it is up to date only if somebody iterates.
    """

    def __init__(self, gate: Gate, abort: Callable[[str], None], pump: Callable[[], bool] | None) -> None:
        self._gate = gate
        self._abort = abort
        self._pump = pump
        self._lock = threading.Lock()
        self._changed: threading.Condition | None = None  # made when the first comes to wait
        self._live_waiters = 0
        self._updates = 0
        self._failure: BaseException | None = None
        self.rid = -1
        self.streaming = False
        self.output: RequestOutput | None = None
        self._listener: Callable[[], None] | None = None

    @property
    def done(self) -> bool:
        """Is there nothing more to come?"""
        return self._failure is not None or (self.output is not None and self.output.finish_reason is not None)

    @property
    def stepped_by_waiters(self) -> bool:
        """Does the engine only step while somebody waits? It has no thread of its own then."""
        return self._pump is not None

    def abort(self, reason: str = "aborted by the caller") -> None:
        """Give the request up: it stops before the next step and its KV is freed. Without effect on one that is done."""
        if not self.done:
            self._abort(reason)

    def wait(self, timeout: float | None = None, *, live: bool = False) -> RequestOutput:
        """The final output, also of an aborted request.

        Parameters
        ----------
        timeout
            Seconds; None: for ever.
        live
            The caller counts as a live branch of the engine's `Gate`: it stops counting while it waits.

        Raises
        ------
        TimeoutError
            It is not done yet.
        EngineStoppedError
            The engine was shut down, or broke; another exception if that is what broke it.
        """
        self._wait(lambda: self.done, timeout, live)
        if self._failure is not None:
            raise self._failure
        assert self.output is not None
        return self.output

    def result(self, timeout: float | None = None, *, live: bool = False) -> RequestOutput:
        """`wait`, but an aborted request is an error.

        Raises
        ------
        AbortedError
            The request was aborted; `output` has what there was.
        TimeoutError, EngineStoppedError
            As `wait`.
        """
        return self._unless_aborted(self.wait(timeout, live=live))

    def updates(self, *, live: bool = False) -> Iterator[RequestOutput]:
        """Outputs so far, each with the whole text; the last has a finish reason.

        A slow reader skips intermediate outputs, never the last. Raises as `result`.
        """
        self.streaming = True
        seen = 0
        while True:
            self._wait_for_update(seen, live)
            with self._lock:
                seen, output = self._updates, self.output
            if self._failure is not None:
                raise self._failure
            assert output is not None
            yield self._unless_aborted(output)
            if output.finish_reason is not None:
                return

    def __iter__(self) -> Iterator[RequestOutput]:
        """As `updates`."""
        return self.updates()

    def stream_to(self, listener: Callable[[], None], *, streaming: bool = True) -> None:
        """Call ``listener``, on the engine's thread, whenever there is something new; at once if there is already.

        Without ``streaming`` only the final output is new.
        """
        with self._lock:
            self._listener = None if self.done else listener
            self.streaming = self.streaming or streaming
            new = self._updates > 0
        if new:
            listener()

    def latest(self) -> RequestOutput | None:
        """The latest output, without waiting; raises what broke the engine."""
        if self._failure is not None:
            raise self._failure
        return self.output

    def pump(self) -> None:
        """Step an engine without a thread until this request has something new."""
        if self._pump is not None and not self.done:
            self._wait_for_update(self._updates, False)

    def _unless_aborted(self, output: RequestOutput) -> RequestOutput:
        reason = output.finish_reason
        if reason is not None and reason["type"] == "abort":
            raise AbortedError(f"request {self.rid} was aborted: {reason['message']}")
        return output

    def _wait_for_update(self, seen: int, live: bool) -> None:
        self._wait(lambda: self._updates > seen or self.done, None, live)

    def _wait(self, ready: Callable[[], bool], timeout: float | None, live: bool) -> None:
        if self._pump is not None:
            while not ready():
                if not self._pump() and not ready():
                    raise IntegrityError(f"the engine is idle and request {self.rid} is not done")
            return
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._lock:
            while not ready():
                if live:
                    self._live_waiters += 1
                    self._gate.leave()
                before = self._updates
                try:
                    left = None if deadline is None else deadline - time.monotonic()
                    if left is not None and left <= 0:
                        raise TimeoutError(f"request {self.rid} is not done")
                    self._sleep(before, deadline)
                finally:
                    if live and before == self._updates:  # nobody entered on our behalf: time is up, or an interrupt
                        self._live_waiters -= 1
                        self._gate.enter()

    def _sleep(self, before: int, deadline: float | None) -> None:
        """Wait for anything newer than update ``before``, at most until ``deadline``.

        A signal that arrives just before a blocking wait begins is not seen until the wait ends, so the main thread, the only one that
        handles signals, looks up ten times a second.
        """
        if self._changed is None:
            self._changed = threading.Condition(self._lock)
        slice_s = 0.1 if threading.current_thread() is threading.main_thread() else None
        while before == self._updates:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return
            self._changed.wait(slice_s if left is None else left if slice_s is None else min(left, slice_s))

    # --- the engine's side ------------------------------------------------------------------------------------------

    def publish(self, output: RequestOutput) -> None:
        """A newer output; the last one has a finish reason."""
        with self._lock:
            if self.done:
                return
            self.output = output
            listener = self._wake()
        if listener is not None:
            listener()

    def fail(self, failure: BaseException) -> None:
        """No output will come; whoever waits gets ``failure``."""
        with self._lock:
            if self.done:
                return
            self._failure = failure
            listener = self._wake()
        if listener is not None:
            listener()

    def _wake(self) -> Callable[[], None] | None:
        """Who is to be told as well; one that comes from now on sees for itself that there is something new."""
        self._updates += 1
        for _ in range(self._live_waiters):
            self._gate.enter()
        self._live_waiters = 0
        if self._changed is not None:
            self._changed.notify_all()
        listener = self._listener
        if self.done:
            self._listener = None  # it may hold, by way of a program, this handle
        return listener
