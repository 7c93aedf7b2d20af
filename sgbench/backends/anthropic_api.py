"""Programs on Anthropic's API, through the official client (extra ``anthropic``). Knows the client's requests and events."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Iterator
from typing import TYPE_CHECKING, Any

from sgbench.backends import chat_turns
from sgbench.backends.base import Completion
from sgbench.backends.blank_stops import BlankStops, sendable
from sgbench.backends.capabilities import Capabilities
from sgbench.backends.client_errors import failed
from sgbench.backends.remote import RemoteBackend
from sgbench.errors import BackendError, MissingDependencyError, UsageError
from sgbench.lang.chat_template import ChatTemplate, Message, get_chat_template
from sgbench.lang.sampling import SglSamplingParams, as_list
from sgbench.lang.variables import Meta

if TYPE_CHECKING:
    from sgbench.lang.executor import StreamExecutor

_BEYOND = {"temperature": 1.0, "top_p": 1.0, "top_k": -1}
"""Sent in the body only where they differ from these: newer models, and the client, do not know them all."""

_REASONS = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length"}
_KINDS = {"/9j/": "image/jpeg", "iVBOR": "image/png", "R0lG": "image/gif", "UklG": "image/webp"}


class Anthropic(RemoteBackend):
    """A backend for programs on Anthropic's models.

    Whole turns of the assistant are completed, as with every chat model; a program without turns is one turn of the user. The
    system's turn is sent as the API wants it, apart, and stays in the state. There is no seed, no constraint, no log-probability and
    so no `select`.

    Parameters
    ----------
    model_name
        As the API knows it.
    chat_template
        The turns' text; None: SGLang's ``claude``.
    client_options
        Those of ``anthropic.AsyncAnthropic``: ``api_key`` (else the variable ``ANTHROPIC_API_KEY``), ``base_url``, ``timeout``,
        ``max_retries`` (with growing pauses), ...

    Attributes
    ----------
    token_usage
        What the calls cost so far.

    Raises
    ------
    MissingDependencyError
        The package ``anthropic`` is not installed.
    UsageError
        The client refuses an option.
    """

    is_chat_model = True
    capabilities = Capabilities(
        select="no",
        several_samples=False,
        constraints=False,
        dtypes=frozenset(),
        logprobs=False,
        spellings=False,
        open_turns=False,
        lone_text=True,
        lacks=frozenset(
            {
                "min_new_tokens",
                "stop_token_ids",
                "stop_regex",
                "min_p",
                "frequency_penalty",
                "presence_penalty",
                "ignore_eos",
                "logprob_start_len",
                "sampling_seed",
                "close_within_budget",
                "canonical",
            }
        ),
    )

    def __init__(
        self, model_name: str, *, chat_template: ChatTemplate | str | None = None, **client_options: Any
    ) -> None:
        super().__init__()
        self.model_name = model_name
        template = "claude" if chat_template is None else chat_template
        self.chat_template = get_chat_template(template) if isinstance(template, str) else template
        self._client = _client(client_options)

    def get_model_name(self) -> str:
        """As the API knows it."""
        return self.model_name

    def generate(self, s: StreamExecutor, sampling_params: SglSamplingParams) -> tuple[Completion, Meta]:
        """See `BaseBackend.generate`."""
        request, stops = self._request(s, sampling_params)
        with self._called(s, "gen") as call:
            reply = self._calls.call(self._guarded(self._client.messages.create(**request)), s)
            if getattr(reply, "usage", None) is None or not isinstance(getattr(reply, "content", None), list):
                raise BackendError(f"the server's answer is no message: {str(reply)[:200]}")
            said = "".join(part.text for part in reply.content if getattr(part, "type", "") == "text")
            call.meta = _cost(reply.usage) | _reason(reply.stop_reason)
            call.meta |= {"id": reply.id, "e2e_latency": call.seconds}
            text = stops.cut(said) + stops.rest()
            return text, call.meta | stops.reason()

    def generate_stream(self, s: StreamExecutor, sampling_params: SglSamplingParams) -> Iterator[tuple[str, Meta]]:
        """See `BaseBackend.generate_stream`."""
        request, stops = self._request(s, sampling_params)
        source = self._pieces(request | {"stream": True})
        with self._called(s, "gen") as call, contextlib.closing(self._calls.iterate(source, s)) as pieces:
            for piece, told in pieces:
                news = told | (call.piece() if piece else {})
                call.meta |= news
                yield stops.cut(piece), news
            if "finish_reason" not in call.meta:
                raise BackendError("the server ended its stream before it was finished")
            yield stops.rest(), stops.reason()

    def shutdown(self) -> None:
        """Close the connections."""
        self._calls.call(self._client.close())
        self._calls.close()

    def __repr__(self) -> str:
        return f"<sgbench.Anthropic {self.model_name} at {self._client.base_url}>"

    # --- requests -----------------------------------------------------------------------------------------------

    def _request(self, s: StreamExecutor, sampling: SglSamplingParams) -> tuple[dict[str, Any], BlankStops]:
        if not sampling.max_new_tokens:
            raise UsageError(
                "Anthropic's API generates at least one token: max_tokens=0 reads a prompt only on other backends"
            )
        turns = list(chat_turns.messages(s, self.model_name, lone_text=True))
        system = turns.pop(0)["content"] if turns and turns[0]["role"] == "system" else None
        request: dict[str, Any] = {
            "model": self.model_name,
            "max_tokens": sampling.max_new_tokens,
            "messages": [{**turn, "content": _content(turn)} for turn in turns],
        }
        if system:
            request["system"] = system
        sent, blank = sendable(as_list(sampling.stop))
        if sent:
            request["stop_sequences"] = sent
        beyond = {name: getattr(sampling, name) for name, usual in _BEYOND.items() if getattr(sampling, name) != usual}
        if beyond:
            request["extra_body"] = beyond
        return request, BlankStops(blank)

    async def _pieces(self, request: dict[str, Any]) -> AsyncGenerator[tuple[str, Meta], None]:
        """Text and news of each event of a stream."""
        stream = await self._guarded(self._client.messages.create(**request))
        usage: Meta = {}
        ended: Meta = {}
        try:
            async for event in stream:
                if event.type == "message_start":
                    usage = _cost(event.message.usage)
                elif event.type == "content_block_delta" and event.delta.type == "text_delta":
                    yield event.delta.text, dict(usage)
                elif event.type == "message_delta":
                    usage["completion_tokens"] = event.usage.output_tokens or 0
                    ended = _reason(event.delta.stop_reason)
                elif event.type == "message_stop":
                    yield "", usage | ended
        except BackendError:
            raise
        except Exception as failure:
            raise self._failed(failure) from None
        finally:
            await stream.close()

    # --- what goes wrong ----------------------------------------------------------------------------------------

    async def _guarded(self, call: Any) -> Any:
        try:
            return await call
        except Exception as failure:
            raise self._failed(failure) from None

    def _failed(self, failure: Exception) -> BackendError:
        return failed(failure, f"{self.model_name} at {self._client.base_url}", self._secret)

    @property
    def _secret(self) -> str | None:
        return self._client.api_key or None


def _cost(usage: Any) -> Meta:
    cached = getattr(usage, "cache_read_input_tokens", None) or 0
    written = getattr(usage, "cache_creation_input_tokens", None) or 0
    return {
        "prompt_tokens": (usage.input_tokens or 0) + cached + written,
        "completion_tokens": usage.output_tokens or 0,
        "cached_tokens": cached,
    }


def _reason(told: str | None) -> Meta:
    return {} if told is None else {"finish_reason": {"type": _REASONS.get(told, told)}}


def _content(turn: Message) -> Any:
    """A turn's content in the API's form: its text, or its text and pictures."""
    content = turn["content"]
    return content if isinstance(content, str) else [_part(part) for part in content]


def _part(part: dict[str, Any]) -> dict[str, Any]:
    if part["type"] == "text":
        return part
    data = part["image_url"]["url"].partition(",")[2]
    kind = next((kind for mark, kind in _KINDS.items() if data.startswith(mark)), None)
    if kind is None:
        raise BackendError("Anthropic's API takes pictures as JPEG, PNG, GIF or WebP, and no videos")
    return {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}


def _client(options: dict[str, Any]) -> Any:
    try:
        import anthropic
    except ImportError as missing:
        raise MissingDependencyError("anthropic", "anthropic", "the Anthropic backend") from missing
    try:
        return anthropic.AsyncAnthropic(**options)
    except (anthropic.AnthropicError, TypeError, ValueError) as refusal:
        raise UsageError(f"the Anthropic client cannot be made: {refusal}") from None
