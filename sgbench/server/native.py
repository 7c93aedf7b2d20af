"""SGLang's own routes: ``/generate`` and what tells about the engine. Replies are those of ``Engine.generate``."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from sgbench.engine.generate import GenerateCall, result_dict
from sgbench.engine.handle import Handle
from sgbench.server.served import ServedEngine
from sgbench.server.sse import event_stream
from sgbench.server.waiting import results, updates
from sgbench.server.wire import GenerateBody


def native(served: ServedEngine) -> APIRouter:
    """The routes over ``served``."""
    router = APIRouter()

    def submit(body: GenerateBody) -> tuple[GenerateCall, list[Handle]]:
        call = GenerateCall.from_arguments(
            body.text,
            body.input_ids,
            body.sampling_params,
            body.return_logprob or False,
            body.logprob_start_len,
            body.top_logprobs_num or 0,
            body.return_text_in_logprobs,
        )
        return call, served.submit(call)

    @router.post("/generate")
    async def generate(body: GenerateBody, request: Request) -> Response:
        call, handles = await asyncio.to_thread(submit, body)
        single = call.single and len(handles) == 1
        if body.stream:
            return event_stream(_cumulative(handles, single))
        outputs = [result_dict(output) for output in await results(handles, request)]
        return JSONResponse(outputs[0] if single else outputs)

    _about(router, served)
    return router


async def _cumulative(handles: list[Handle], single: bool) -> AsyncGenerator[dict[str, Any], None]:
    """Results so far, each with the whole text, as SGLang streams them."""
    async with contextlib.aclosing(updates(handles)) as outputs:
        async for place, output in outputs:
            yield result_dict(output) if single else {**result_dict(output), "index": place}


def _about(router: APIRouter, served: ServedEngine) -> None:
    """Routes that tell of the engine, or empty its cache."""

    @router.get("/model_info")
    @router.get("/get_model_info")
    async def model_info() -> Response:
        return JSONResponse(served.info())

    @router.get("/get_server_info")
    @router.get("/server_info")
    async def server_info() -> Response:
        return JSONResponse(await asyncio.to_thread(served.engine.get_server_info))

    @router.post("/flush_cache")
    async def flush_cache() -> Response:
        await asyncio.to_thread(served.engine.flush_cache)
        return PlainTextResponse("Cache flushed.\n")

    @router.get("/health")
    async def health() -> Response:
        await asyncio.to_thread(served.engine.stats)
        return PlainTextResponse("")

    @router.get("/v1/models")
    async def models() -> Response:
        model = {"id": served.name, "object": "model", "created": served.created, "owned_by": "sgbench"}
        model["max_model_len"] = served.engine.config.context_length
        return JSONResponse({"object": "list", "data": [model]})

    @router.get("/v1/models/{name:path}")
    async def model(name: str) -> Response:
        served.check_model(name)
        return JSONResponse({"id": served.name, "object": "model", "created": served.created, "owned_by": "sgbench"})
