"""The bodies of requests, as OpenAI and SGLang name their fields. Knows shapes, not meanings: a field too many is refused."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

TextOrTokens = str | list[str] | list[int] | list[list[int]]


class Body(BaseModel):
    """Any request's body."""

    model_config = ConfigDict(extra="forbid", strict=False)


class StreamOptions(Body):
    """How a stream ends: with the tokens it cost, where ``include_usage``."""

    include_usage: bool = False


class Sampling(Body):
    """What completions and chats have in common; None: not given. The second group is SGLang's addition to OpenAI's, the last two
    fields ours."""

    model: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    n: int | None = None
    stop: str | list[str] | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    response_format: dict[str, Any] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: str | None = None

    top_k: int | None = None
    min_p: float | None = None
    min_tokens: int | None = None
    repetition_penalty: float | None = None
    stop_token_ids: list[int] | None = None
    stop_regex: str | list[str] | None = None
    ignore_eos: bool | None = None
    no_stop_trim: bool | None = None
    skip_special_tokens: bool | None = None
    regex: str | None = None
    json_schema: str | dict[str, Any] | None = None
    ebnf: str | None = None
    close_within_budget: bool | None = None
    canonical: bool | None = None


class CompletionBody(Sampling):
    """``POST /v1/completions``."""

    prompt: TextOrTokens
    echo: bool | None = None
    logprobs: int | None = None


class ChatMessage(Body):
    """One turn."""

    role: str
    content: str | list[dict[str, Any]] | None = None
    name: str | None = None


class ChatBody(Sampling):
    """``POST /v1/chat/completions``."""

    messages: list[ChatMessage]
    max_completion_tokens: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    continue_final_message: bool | None = None


class GenerateBody(Body):
    """``POST /generate``: SGLang's own route. ``rid`` is the caller's name for the request; sgbench numbers requests itself."""

    text: str | list[str] | None = None
    input_ids: list[int] | list[list[int]] | None = None
    sampling_params: dict[str, Any] | list[dict[str, Any]] | None = None
    return_logprob: bool | list[bool] | None = None
    logprob_start_len: int | list[int] | None = None
    top_logprobs_num: int | list[int] | None = None
    return_text_in_logprobs: bool = False
    stream: bool = False
    rid: str | list[str] | None = None
