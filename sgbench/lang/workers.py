"""Threads for the executors: started when needed, used again, gone when idle.

An executor needs a thread only while it has work, and handing work to a waiting thread is several times cheaper than
starting one. There is no upper bound on purpose: executors wait for each other (a fork for its parent, a variable for
its source), so a bounded pool could lock up. Their number is bounded by the programs that run at once
(`SglFunction.run_batch(num_threads=...)`) times their live branches.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TypeAlias

Task: TypeAlias = Callable[[], None]

IDLE_SECONDS = 2.0


class _Idler:
    """A thread that waits for a task."""

    __slots__ = ("_alarm", "_task")

    def __init__(self, task: Task) -> None:
        self._task: Task | None = task
        self._alarm = threading.Lock()
        self._alarm.acquire()

    def give(self, task: Task) -> None:
        self._task = task
        self._alarm.release()

    def take(self) -> Task:
        """What it was given; it keeps nothing."""
        task, self._task = self._task, None
        assert task is not None
        return task

    def wait(self, seconds: float) -> bool:
        """Until it is given something; False: nothing came. A negative time is for ever."""
        return self._alarm.acquire(timeout=seconds)


class WorkerThreads:
    """Daemon threads that run tasks; a task must not raise."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Idler] = []  # the one that waits for the shortest time is the last, and is taken first
        self.threads = 0

    def run(self, task: Task) -> None:
        """Run ``task`` on a waiting thread, or on a new one; returns at once."""
        with self._lock:
            idler = self._idle.pop() if self._idle else None
            self.threads += idler is None
        if idler is not None:
            idler.give(task)
        else:
            threading.Thread(target=self._work, args=(_Idler(task),), name="sgbench-executor", daemon=True).start()

    def _work(self, me: _Idler) -> None:
        while True:
            me.take()()
            with self._lock:
                self._idle.append(me)
            if not me.wait(self._idle_seconds):
                with self._lock:
                    leaves = me in self._idle
                    if leaves:
                        self._idle.remove(me)
                        self.threads -= 1
                if leaves:
                    return
                me.wait(-1)  # it was taken just now


WORKERS = WorkerThreads()
"""The process's executor threads."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=WORKERS._reset)  # a forked child has none of these threads
