"""``/v1/chat/completions``. Knows requests' and replies' shapes; the turns' text is `ServedEngine`'s."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from sgbench.engine.generate import GenerateCall
from sgbench.engine.handle import Handle
from sgbench.engine.request import RequestOutput
from sgbench.errors import UsageError
from sgbench.lang.sampling import as_list
from sgbench.server.replies import Envelope, Tokens, finish_reason, usage
from sgbench.server.sampling import engine_sampling
from sgbench.server.served import ServedEngine
from sgbench.server.sse import event_stream
from sgbench.server.waiting import results, updates
from sgbench.server.wire import ChatBody


@dataclass(frozen=True, slots=True)
class _Chat:
    """One request: its body and its handles, one for each sample."""

    body: ChatBody
    handles: list[Handle]
    name: str

    def whole(self, outputs: list[RequestOutput]) -> dict[str, Any]:
        choices = [
            {
                "index": place,
                "message": {"role": "assistant", "content": output.text, "refusal": None},
                "logprobs": self._logprobs(output, 0),
                "finish_reason": finish_reason(output),
            }
            for place, output in enumerate(outputs)
        ]
        return Envelope("chat.completion", self.name).around(choices, usage(outputs, len(outputs)))

    def _logprobs(self, output: RequestOutput, start: int) -> dict[str, Any] | None:
        return Tokens.of(output, start).as_chat() if self.body.logprobs else None

    async def stream(self) -> AsyncGenerator[dict[str, Any], None]:
        envelope = Envelope("chat.completion.chunk", self.name)
        for place in range(len(self.handles)):
            yield envelope.around([_delta(place, {"role": "assistant", "content": ""})])
        told: dict[int, RequestOutput] = {}
        async with contextlib.aclosing(updates(self.handles)) as outputs:
            async for place, output in outputs:
                before = told.get(place)
                new = output.text[len(before.text) if before else 0 :]
                if new or output.finish_reason is not None:
                    logprobs = self._logprobs(output, len(before.output_ids) if before else 0)
                    yield envelope.around([_delta(place, {"content": new}, logprobs, finish_reason(output))])
                    told[place] = output
        if self.body.stream_options and self.body.stream_options.include_usage:
            finals = [told[place] for place in range(len(self.handles))]
            yield envelope.around([], usage(finals, len(finals)))


def _delta(
    place: int, delta: dict[str, Any], logprobs: dict[str, Any] | None = None, reason: str | None = None
) -> dict[str, Any]:
    return {"index": place, "delta": delta, "logprobs": logprobs, "finish_reason": reason}


def chat(served: ServedEngine) -> APIRouter:
    """The route over ``served``."""
    router = APIRouter()

    def submit(body: ChatBody) -> _Chat:
        served.check_model(body.model)
        if body.top_logprobs and not body.logprobs:
            raise UsageError("top_logprobs needs logprobs=true")
        messages = [message.model_dump() for message in body.messages]
        prompt = served.prompt_of(messages, bool(body.continue_final_message))
        limit = body.max_tokens if body.max_completion_tokens is None else body.max_completion_tokens
        sampling = engine_sampling(body, limit, served.json_depth)
        sampling["stop"] = [*as_list(sampling.get("stop")), *served.template.stop_str]
        call = GenerateCall.from_arguments(
            prompt, None, sampling, bool(body.logprobs), None, body.top_logprobs or 0, True
        )
        return _Chat(body, served.submit(call), served.name)

    @router.post("/v1/chat/completions")
    async def complete(body: ChatBody, request: Request) -> Response:
        talk = await asyncio.to_thread(submit, body)
        if body.stream:
            return event_stream(talk.stream())
        return JSONResponse(talk.whole(await results(talk.handles, request)))

    return router
