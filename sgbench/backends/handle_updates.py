"""Waiting for requests of the engine on an event loop: no thread is held, and who stops waiting ends them. Knows handles."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncGenerator, Sequence

from sgbench.engine.handle import Handle
from sgbench.engine.request import RequestOutput
from sgbench.errors import AbortedError


async def updates(handles: Sequence[Handle], streaming: bool = True) -> AsyncGenerator[tuple[int, RequestOutput], None]:
    """``(place in handles, output so far)`` whenever there is something new, until all are finished.

    However it ends, what is not finished is aborted. A slow reader skips outputs, never a last one.

    Raises
    ------
    AbortedError
        Somebody else aborted a request.
    EngineStoppedError
        The engine stopped.
    """
    loop = asyncio.get_running_loop()
    ready: asyncio.Queue[int] = asyncio.Queue()

    def tell(place: int) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            loop.call_soon_threadsafe(ready.put_nowait, place)

    left = set(range(len(handles)))
    shown: dict[int, RequestOutput] = {}
    try:
        for place, handle in enumerate(handles):
            handle.stream_to(functools.partial(tell, place), streaming=streaming)
        while left:
            place = await ready.get()
            output = handles[place].latest()
            if output is None or place not in left or shown.get(place) is output:
                continue  # a newer one was shown already
            shown[place] = output
            reason = output.finish_reason
            if reason is not None:
                left.discard(place)
                if reason["type"] == "abort":
                    raise AbortedError(f"request {handles[place].rid} was aborted: {reason['message']}")
            yield place, output
    finally:
        for handle in handles:
            handle.abort("its client left")
