"""``/v1/completions``: OpenAI's oldest route, on text or token ids. Knows requests' and replies' shapes; decides nothing."""

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
from sgbench.server.replies import Envelope, Tokens, finish_reason, usage
from sgbench.server.sampling import engine_sampling
from sgbench.server.served import ServedEngine
from sgbench.server.sse import event_stream
from sgbench.server.waiting import results, updates
from sgbench.server.wire import CompletionBody

_DEFAULT_MAX_TOKENS = 16  # OpenAI's


@dataclass(frozen=True, slots=True)
class _Completion:
    """One request: its body, its prompts' texts (for ``echo``), its handles."""

    body: CompletionBody
    prompts: tuple[str, ...]
    handles: list[Handle]
    envelope: Envelope

    @property
    def samples(self) -> int:
        return self.body.n or 1

    def choice(self, place: int, output: RequestOutput, told: int = 0, tokens_told: int = 0) -> dict[str, Any]:
        """The choice, or what is new of it behind ``told`` characters and ``tokens_told`` tokens."""
        first = told == 0 and tokens_told == 0
        echoed = self.prompts[place // self.samples] if self.body.echo else ""
        logprobs = None
        if self.body.logprobs is not None:
            tokens = Tokens.of(output, tokens_told, prompt=first and bool(self.body.echo))
            logprobs = tokens.as_completion(0 if first else len(echoed) + told)
        text = (echoed if first else "") + output.text[told:]
        return {"index": place, "text": text, "logprobs": logprobs, "finish_reason": finish_reason(output)}

    async def stream(self) -> AsyncGenerator[dict[str, Any], None]:
        told: dict[int, RequestOutput] = {}
        async with contextlib.aclosing(updates(self.handles)) as outputs:
            async for place, output in outputs:
                before = told.get(place)
                told[place] = output
                characters = len(before.text) if before else 0
                tokens = len(before.output_ids) if before else 0
                if len(output.text) > characters or output.finish_reason is not None:
                    yield self.envelope.around([self.choice(place, output, characters, tokens)])
                elif before:
                    told[place] = before  # tokens without text: they go out with the next text
        if self.body.stream_options and self.body.stream_options.include_usage:
            finals = [told[place] for place in range(len(self.handles))]
            yield self.envelope.around([], usage(finals, self.samples))


def completions(served: ServedEngine) -> APIRouter:
    """The route over ``served``."""
    router = APIRouter()

    def submit(body: CompletionBody) -> _Completion:
        served.check_model(body.model)
        texts, ids = _prompts(body)
        limit = _DEFAULT_MAX_TOKENS if body.max_tokens is None else body.max_tokens
        sampling = engine_sampling(body, limit, served.json_depth)
        wanted = body.logprobs is not None
        start = 0 if wanted and body.echo else None
        call = GenerateCall.from_arguments(texts, ids, sampling, wanted, start, body.logprobs or 0, True)
        echoed = _texts(served, texts, ids) if body.echo else ()
        return _Completion(body, echoed, served.submit(call), Envelope("text_completion", served.name))

    @router.post("/v1/completions")
    async def complete(body: CompletionBody, request: Request) -> Response:
        completion = await asyncio.to_thread(submit, body)
        if body.stream:
            return event_stream(completion.stream())
        outputs = await results(completion.handles, request)
        choices = [completion.choice(place, output) for place, output in enumerate(outputs)]
        return JSONResponse(completion.envelope.around(choices, usage(outputs, completion.samples)))

    return router


def _prompts(body: CompletionBody) -> tuple[list[str] | None, list[list[int]] | None]:
    """The prompts as texts or as token ids; the other is None."""
    prompt: Any = body.prompt
    if isinstance(prompt, str):
        return [prompt], None
    if not prompt:
        raise UsageError("prompt is empty: text or token ids are needed")
    if isinstance(prompt[0], str):
        return prompt, None
    return None, prompt if isinstance(prompt[0], list) else [prompt]


def _texts(served: ServedEngine, texts: list[str] | None, ids: list[list[int]] | None) -> tuple[str, ...]:
    if texts is not None:
        return tuple(texts)
    tokenizer = served.engine.tokenizer
    if tokenizer is None:
        raise UsageError("echo needs a tokenizer, and this engine has none")
    return tuple(b"".join(map(tokenizer.token_bytes, row)).decode("utf-8", "replace") for row in ids or ())
