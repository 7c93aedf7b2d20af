"""SGLang's own routes: ``/generate`` and what tells about the engine. Replies are those of ``Engine.generate``."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from sgbench.engine.generate import GenerateCall, result_dict
from sgbench.engine.handle import Handle
from sgbench.engine.request import RequestOutput
from sgbench.server.served import ServedEngine
from sgbench.server.sse import event_stream
from sgbench.server.waiting import results, updates
from sgbench.server.wire import GenerateBody

if TYPE_CHECKING:
    from sgbench.engine.tokenizer import ReadText


@dataclass(frozen=True, slots=True)
class _Generation:
    """One request: its handles, whether it is of one result, and each handle's prompt as it was read (None: token ids)."""

    handles: list[Handle]
    single: bool
    readings: list[ReadText | None]

    def result(self, place: int, output: RequestOutput) -> dict[str, Any]:
        """SGLang's dict; ``cached_text_len`` says what the cached tokens are in characters, for clients without tokenizer."""
        result = result_dict(output)
        reading = self.readings[place]
        if reading is not None:
            cached = reading.chars(output.meta_info["cached_tokens"])
            result["meta_info"] = {**output.meta_info, "cached_text_len": cached}
        return result

    async def cumulative(self) -> AsyncGenerator[dict[str, Any], None]:
        """Results so far, each with the whole text, as SGLang streams them."""
        async with contextlib.aclosing(updates(self.handles)) as outputs:
            async for place, output in outputs:
                result = self.result(place, output)
                yield result if self.single else {**result, "index": place}


def _readings(served: ServedEngine, call: GenerateCall) -> list[ReadText | None]:
    tokenizer: Any = served.engine.tokenizer
    readings: list[ReadText | None] = []
    for item in call.items:
        reading = tokenizer.read(item.prompt) if isinstance(item.prompt, str) else None
        readings += [reading] * item.params.n
    return readings


def native(served: ServedEngine) -> APIRouter:
    """The routes over ``served``."""
    router = APIRouter()

    def submit(body: GenerateBody) -> _Generation:
        call = GenerateCall.from_arguments(
            body.text,
            body.input_ids,
            body.sampling_params,
            body.return_logprob or False,
            body.logprob_start_len,
            body.top_logprobs_num or 0,
            body.return_text_in_logprobs,
        )
        handles = served.submit(call)
        return _Generation(handles, call.single and len(handles) == 1, _readings(served, call))

    @router.post("/generate")
    async def generate(body: GenerateBody, request: Request) -> Response:
        generation = await asyncio.to_thread(submit, body)
        if body.stream:
            return event_stream(generation.cumulative())
        outputs = await results(generation.handles, request)
        answers = [generation.result(place, output) for place, output in enumerate(outputs)]
        return JSONResponse(answers[0] if generation.single else answers)

    _about(router, served)
    return router


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
