"""Calls over a network, made from threads that may be told to give up.

A backend's coroutines run on an event loop with a thread of its own; the calling thread waits. So a call can be cancelled at
any point, also while bytes are awaited: its connection is closed, from which a server sees that nobody listens any more. Knows
event loops and waiting; knows no protocol.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import weakref
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

from sgbench.errors import AbortedError
from sgbench.lang.waiting import Latch, Pulse

if TYPE_CHECKING:
    from sgbench.lang.executor import StreamExecutor

T = TypeVar("T")


class CallLoop:
    """An event loop on a thread of its own; the thread starts with the first call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def call(self, coroutine: Coroutine[Any, Any, T], s: StreamExecutor | None = None) -> T:
        """What ``coroutine`` returns, waiting for it; giving the state ``s`` up, or an interrupt, cancels it.

        Raises
        ------
        AbortedError
            The state was given up.
        """
        done = Latch()
        future = self._begin(coroutine, done.set)
        with _abortable(s, future):
            try:
                done.wait()
            except BaseException:
                future.cancel()
                raise
        return _result(future)

    def iterate(self, source: AsyncGenerator[T, None], s: StreamExecutor | None = None) -> Generator[T, None, None]:
        """The items of ``source`` as they come. Closing the iterator early cancels it.

        Raises
        ------
        AbortedError
            The state ``s`` was given up.
        """
        pulse = Pulse()
        items: deque[T] = deque()

        async def pump() -> None:
            async with contextlib.aclosing(source):
                async for item in source:
                    items.append(item)
                    pulse.beat()

        future = self._begin(pump(), pulse.beat)
        try:
            with _abortable(s, future):
                while True:
                    seen, ended = pulse.beats, future.done()
                    while items:
                        yield items.popleft()
                    if ended:
                        break
                    pulse.wait(seen)
            _result(future)
        finally:
            future.cancel()

    def close(self) -> None:
        """End the thread; what runs is cancelled. A later call starts another."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is not None and thread is not None:
            _stop(loop)
            thread.join()

    def _begin(self, coroutine: Coroutine[Any, Any, T], told: Callable[[], None]) -> Future[T]:
        future = asyncio.run_coroutine_threadsafe(coroutine, self._running())
        future.add_done_callback(lambda _: told())
        return future

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=_serve, args=(self._loop,), name="sgbench-calls", daemon=True)
                self._thread.start()
                weakref.finalize(self, _stop, self._loop)
            return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
        loop.run_until_complete(_cancel_all())
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _stop(loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(RuntimeError):  # it is closed already
        loop.call_soon_threadsafe(loop.stop)


def _abortable(s: StreamExecutor | None, future: Future[Any]) -> AbstractContextManager[None]:
    return contextlib.nullcontext() if s is None else s.abortable(future.cancel)


def _result(future: Future[T]) -> T:
    if future.cancelled():
        raise AbortedError("the call was given up")
    return future.result()
