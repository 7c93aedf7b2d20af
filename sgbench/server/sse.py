"""Server-sent events: how a stream looks on the wire. Knows JSON and nothing of what is in it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from starlette.responses import StreamingResponse

from sgbench.errors import SgbenchError
from sgbench.server.refusals import error_body


def event_stream(items: AsyncGenerator[Any, None]) -> StreamingResponse:
    """A response of one ``data:`` line for each item, and ``[DONE]``.

    An error on the way becomes the last item; then nothing follows, so that no client takes the text for whole.
    """
    return StreamingResponse(_lines(items), media_type="text/event-stream", headers={"Cache-Control": "no-cache"})


async def _lines(items: AsyncGenerator[Any, None]) -> AsyncIterator[str]:
    try:
        async with contextlib.aclosing(items):
            async for item in items:
                yield _line(item)
    except SgbenchError as failure:
        yield _line(error_body(failure))
        return
    yield "data: [DONE]\n\n"


def _line(item: Any) -> str:
    return f"data: {json.dumps(item, ensure_ascii=False)}\n\n"
