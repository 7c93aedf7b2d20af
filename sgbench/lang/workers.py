"""Threads for the executors: started when needed, used again, gone when idle.

An executor needs a thread only while it has work, and handing work to a waiting thread is several times cheaper than
starting one. There is no upper bound on purpose: executors wait for each other (a fork for its parent, a variable for
its source), so a bounded pool could lock up. Their number is bounded by the programs that run at once
(`SglFunction.run_batch(num_threads=...)`) times their live branches.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

Task: TypeAlias = Callable[[], None]

IDLE_SECONDS = 2.0


class WorkerThreads:
    """Daemon threads that run tasks; a task must not raise."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._reset()

    def _reset(self) -> None:
        self._wanted = threading.Condition(threading.Lock())
        self._tasks: deque[Task] = deque()
        self._idle = 0  # waiting threads that no task in `_tasks` has been counted on
        self.threads = 0

    def run(self, task: Task) -> None:
        """Run ``task`` on a waiting thread, or on a new one; returns at once."""
        with self._wanted:
            if self._idle:
                self._idle -= 1
                self._tasks.append(task)
                self._wanted.notify()
                return
            self.threads += 1
        threading.Thread(target=self._work, args=([task],), name="sgbench-executor", daemon=True).start()

    def _work(self, first: list[Task]) -> None:
        task: Task | None = first.pop()  # a thread keeps what it was started with for as long as it lives
        while task is not None:
            task()
            task = None  # what it holds may go while this thread waits for another
            task = self._next()

    def _next(self) -> Task | None:
        with self._wanted:
            self._idle += 1
            self._wanted.wait_for(lambda: bool(self._tasks), self._idle_seconds)
            if self._tasks:
                return self._tasks.popleft()
            self._idle -= 1
            self.threads -= 1
            return None


WORKERS = WorkerThreads()
"""The process's executor threads."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=WORKERS._reset)  # a forked child has none of these threads
