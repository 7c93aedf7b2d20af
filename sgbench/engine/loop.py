"""The engine's thread, and how everybody else reaches it.

That thread is the only one that touches scheduler, tree, pool and runner (`sgbench.engine.worker`). Others put requests and calls into
the inbox and wait on handles. Knows when to step, not what a step does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from sgbench.engine.config import EngineConfig
from sgbench.engine.gate import Gate
from sgbench.engine.handover import quick_handover
from sgbench.engine.inbox import Inbox
from sgbench.engine.runner.base import Runner
from sgbench.engine.sequence import Sequence
from sgbench.engine.worker import Worker
from sgbench.errors import EngineStoppedError
from sgbench.trace.journal import Journal

T = TypeVar("T")

_GAP_S, _LINGER_S = 0.003, 0.08
"""How long an idle engine waits for the next of several requests that are said to come, and for all of them."""


class EngineLoop:
    """A worker, its thread and its inbox.

    Parameters
    ----------
    config
        Resolved.
    runner
        Owned: closed when the loop ends.
    journal
        Takes every event.
    start
        Start the thread. Without, `step` is called by hand (tests, simulation), and calls run at once.
    """

    def __init__(self, config: EngineConfig, runner: Runner, journal: Journal, *, start: bool) -> None:
        self.worker = Worker(config, runner, journal)
        self.gate = Gate(self._wake)
        self.failure: BaseException | None = None
        self._inbox = Inbox()
        self._deterministic = config.deterministic
        self._closed = False
        self.thread: threading.Thread | None = None
        if start:
            self.thread = threading.Thread(target=self._run, name="sgbench-engine", daemon=True)
            self.thread.start()

    def _wake(self) -> None:
        self._inbox.wake()

    def step(self) -> bool:
        """Take what arrived and run one step; False if there was nothing to run."""
        self._take_arrivals()
        self._answer_calls()
        return self.worker.step()

    def _run(self) -> None:
        with quick_handover():
            try:
                while not self._inbox.closed:
                    self._inbox.wait(self._ready)
                    if not (self.worker.runs or self._deterministic):
                        self._inbox.linger(_GAP_S, _LINGER_S)
                    if self._may_step:
                        self.step()
                    else:
                        self._answer_calls()
            except BaseException as failure:
                self.failure = failure
            finally:
                self._close()

    @property
    def _may_step(self) -> bool:
        return not self._deterministic or self.gate.quiet

    def _ready(self, arrived: bool) -> bool:
        return (arrived or self.worker.busy) and self._may_step

    def _answer_calls(self) -> None:
        for call in self._inbox.take_calls():
            call()

    def _take_arrivals(self) -> None:
        arrivals = self._inbox.take_arrivals()
        if self._deterministic:
            arrivals.sort(key=lambda seq: (seq.origin.program, seq.origin.branch, seq.origin.op))
        for seq in arrivals:
            self.worker.accept(seq)

    # --- calls from other threads -----------------------------------------------------------------------------------

    def submit(self, sequences: list[Sequence], more: bool = False) -> None:
        """Queue requests, all at once. ``more``: others are about to come, and an idle engine waits a moment for them.

        Raises
        ------
        EngineStoppedError
            The engine was shut down or broke.
        """
        if not self._inbox.submit(sequences, more):
            raise self.stopped()

    def post_abort(self, seq: Sequence, reason: str) -> None:
        """Ask for `Worker.abort` from any thread; without effect on an engine that has stopped."""
        if self.thread is None:
            self._take_arrivals()
            self.worker.abort(seq, reason)
        else:
            self._inbox.call(lambda: self.worker.abort(seq, reason))

    def _take_arrivals_if_quiet(self) -> None:
        if self._may_step:
            self._take_arrivals()

    def call(self, function: Callable[[], T]) -> T:
        """Run ``function`` on the engine's thread, between two steps, and return what it returns.

        Without a thread, after it has ended, or on it, ``function`` runs at once.
        """
        if self.thread is None or self.thread is threading.current_thread():
            return function()
        outcome: list[T] = []
        failures: list[BaseException] = []
        done = threading.Event()

        def run() -> None:
            try:
                self._take_arrivals_if_quiet()
                outcome.append(function())
            except BaseException as failure:
                failures.append(failure)
            done.set()

        if not self._inbox.call(run):
            self.thread.join()
            return function()
        done.wait()
        if failures:
            raise failures[0]
        return outcome[0]

    # --- the end ----------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Shut down: fail whoever waits, close the runner. Idempotent, from any thread."""
        self._inbox.close()
        if self.thread is None:
            self._close()
        elif self.thread is not threading.current_thread():
            self.thread.join()

    @property
    def was_shut_down(self) -> bool:
        """Did somebody stop it? (Not: did it break?)"""
        return self._inbox.closed and self.failure is None

    def stopped(self) -> EngineStoppedError:
        """The error for a call that comes too late."""
        if self.failure is None:
            return EngineStoppedError("the engine was shut down; start another one")
        error = EngineStoppedError(f"the engine broke ({self.failure!r}); start another one")
        error.__cause__ = self.failure
        return error

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._inbox.close()
        reason = "the engine was shut down" if self.failure is None else f"the engine broke: {self.failure!r}"
        try:
            late = self._inbox.take_arrivals()
            self.worker.fail_all(late, reason, self.failure or self.stopped(), broken=self.failure is not None)
        finally:
            self._answer_calls()
            self.worker.close()
