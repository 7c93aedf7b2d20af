"""Waiting for a client's requests: one that leaves ends them. Knows handles, and of HTTP that a client can disconnect."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from starlette.requests import Request

from sgbench.backends.handle_updates import updates
from sgbench.engine.handle import Handle
from sgbench.engine.request import RequestOutput
from sgbench.errors import AbortedError

__all__ = ["results", "updates"]


async def results(handles: Sequence[Handle], request: Request) -> list[RequestOutput]:
    """The final outputs, in order.

    Raises
    ------
    AbortedError
        The client disconnected: its requests are aborted.
    AbortedError, EngineStoppedError
        As `updates`.
    """
    waiting = asyncio.ensure_future(_gather(handles))
    leaving = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait((waiting, leaving), return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            return waiting.result()
        raise AbortedError("the client disconnected")
    finally:
        for task in (waiting, leaving):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task


async def _gather(handles: Sequence[Handle]) -> list[RequestOutput]:
    async with contextlib.aclosing(updates(handles, streaming=False)) as outputs:
        found = {place: output async for place, output in outputs}
    return [found[place] for place in range(len(handles))]


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
