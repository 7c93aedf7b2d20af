"""Programs on any server that speaks OpenAI's API, through the official client.

Knows the client; what is sent is in `sgbench.backends.openai_request`, what comes back in `sgbench.backends.openai_reply`.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sgbench.backends import openai_reply
from sgbench.backends.base import BaseBackend, Capabilities, Completion
from sgbench.backends.calls import CallLoop
from sgbench.backends.http import hidden
from sgbench.backends.openai_request import Dialect, fields, lacks
from sgbench.backends.token_usage import TokenUsage
from sgbench.errors import BackendError, MissingDependencyError, UsageError
from sgbench.lang.chat_template import ChatTemplate, Message, get_chat_template, get_chat_template_by_model_path
from sgbench.lang.sampling import SglSamplingParams
from sgbench.lang.variables import Meta

if TYPE_CHECKING:
    from sgbench.lang.executor import StreamExecutor

_COMPLETION_MODELS = ("gpt-3.5-turbo-instruct",)
_DIALECTS = ("openai", "sglang")


class OpenAI(BaseBackend):
    """A backend for programs on a server with OpenAI's API: OpenAI's own, vLLM, SGLang, ``sgbench serve``.

    A chat model completes whole turns of the assistant: a `gen` must stand first in one, unless the program is made with
    ``num_api_spec_tokens`` (see `sgbench.lang.api_speculation`). A completion model takes any program. Neither can score choices,
    so `select` is refused.

    Parameters
    ----------
    model_name
        As the server knows it.
    is_chat_model
        None: every model but ``gpt-3.5-turbo-instruct`` is one.
    chat_template
        The turns' text for a completion model: a template or its name. None: the one that the model's name means.
    is_azure
        Use the client of Azure's service.
    dialect
        ``openai``: only what OpenAI's own API takes. ``sglang``: ``regex``, ``top_k``, ``min_p`` and what else SGLang and
        ``sgbench serve`` take beyond it.
    client_options
        Those of ``openai.AsyncOpenAI``: ``base_url``, ``api_key``, ``timeout``, ``max_retries``, ... With a ``base_url`` no key
        is needed if the server has none.

    Attributes
    ----------
    token_usage
        What the calls cost so far.

    Raises
    ------
    MissingDependencyError
        The package ``openai`` is not installed.
    UsageError
        There is no key, no such template, or the client refuses an option.
    """

    def __init__(
        self,
        model_name: str,
        is_chat_model: bool | None = None,
        chat_template: ChatTemplate | str | None = None,
        is_azure: bool = False,
        *,
        dialect: Dialect = "openai",
        **client_options: Any,
    ) -> None:
        if dialect not in _DIALECTS:
            raise UsageError(f"OpenAI(dialect={dialect!r}): choose one of {', '.join(_DIALECTS)}")
        self.model_name = model_name
        self.is_chat_model = model_name not in _COMPLETION_MODELS if is_chat_model is None else is_chat_model
        self.dialect: Dialect = dialect
        self.capabilities = Capabilities(select=False, lacks=lacks(dialect, self.is_chat_model))
        if isinstance(chat_template, str):
            chat_template = get_chat_template(chat_template)
        self.chat_template = chat_template or get_chat_template_by_model_path(model_name)
        self.token_usage = TokenUsage()
        self._calls = CallLoop()
        self._client = _client(is_azure, client_options)

    def get_model_name(self) -> str:
        """As the server knows it."""
        return self.model_name

    def generate(self, s: StreamExecutor, sampling_params: SglSamplingParams) -> tuple[Completion, Meta]:
        """See `BaseBackend.generate`."""
        request = self._request(s, sampling_params)
        began = time.perf_counter()
        reply = self._calls.call(self._guarded(self._create(request)), s)
        choices = getattr(reply, "choices", None)
        if not choices:
            raise BackendError(f"the server's answer has no choices: {str(reply)[:200]}")
        texts = [self._text(choice) for choice in choices]
        meta = openai_reply.cost(reply.usage) | openai_reply.reason(choices[0]) | openai_reply.logprobs(choices[0])
        meta |= {"id": reply.id, "e2e_latency": time.perf_counter() - began}
        self.token_usage.add(meta)
        return (texts if len(texts) > 1 else texts[0]), meta

    def generate_stream(self, s: StreamExecutor, sampling_params: SglSamplingParams) -> Iterator[tuple[str, Meta]]:
        """See `BaseBackend.generate_stream`."""
        request = self._request(s, sampling_params) | {"stream": True, "stream_options": {"include_usage": True}}
        began = time.perf_counter()
        meta: Meta = {}
        with contextlib.closing(self._calls.iterate(self._pieces(request), s)) as pieces:
            for piece, news in pieces:
                if not meta:
                    news["first_token_latency"] = time.perf_counter() - began
                meta |= news
                yield piece, news
        if "finish_reason" not in meta:
            raise BackendError("the server ended its stream before it was finished")
        self.token_usage.add(meta)

    def shutdown(self) -> None:
        """Close the connections."""
        self._calls.call(self._client.close())
        self._calls.close()

    def __repr__(self) -> str:
        return f"<sgbench.OpenAI {self.model_name} at {self._client.base_url}>"

    # --- requests -----------------------------------------------------------------------------------------------

    def _request(self, s: StreamExecutor, sampling: SglSamplingParams) -> dict[str, Any]:
        seed = sampling.sampling_seed
        if seed is not None:
            from sgbench.engine.intake import mixed_seed

            seed = mixed_seed(seed, s.run.item, s.call.branch, s.call.op)
        request = fields(self.model_name, sampling, self.is_chat_model, self.dialect, seed)
        if self.is_chat_model:
            return request | {"messages": self._messages(s)}
        if not s.text_:
            raise UsageError("gen needs some text before it: the prompt is empty")
        return request | {"prompt": s.text_}

    def _messages(self, s: StreamExecutor) -> Sequence[Message]:
        """The turns before the open one, which must be the assistant's and still empty.

        Raises
        ------
        BackendError
            The text is more than that: a chat model would not see it.
        """
        if s.cur_role != "assistant" or len(s.text_) != s.cur_role_begin_pos:
            raise BackendError(
                f"{self.model_name} is a chat model and completes whole turns: gen must stand first in an assistant's turn. For "
                "text before it, or several in one turn, make the program with num_api_spec_tokens"
            )
        if not all(isinstance(message["content"], str) for message in s.messages_):
            return s.messages_  # images stand in them, which the text shows otherwise
        prefix, _ = self.chat_template.get_prefix_and_suffix("assistant", s.messages_)
        told = self.chat_template.get_prompt(s.messages_) + prefix
        if told.split() != s.text_.split():
            raise BackendError(f"{self.model_name} is a chat model: text outside of turns would not reach it")
        return s.messages_

    async def _create(self, request: dict[str, Any]) -> Any:
        routes = self._client.chat.completions if self.is_chat_model else self._client.completions
        return await routes.create(**request)

    async def _pieces(self, request: dict[str, Any]) -> AsyncGenerator[tuple[str, Meta], None]:
        """Text and news of each chunk of a stream."""
        stream = await self._guarded(self._create(request))
        async with contextlib.aclosing(self._chunks(stream)) as chunks:
            async for chunk in chunks:
                news = openai_reply.cost(chunk.usage)
                text = ""
                for choice in chunk.choices:
                    text += self._text(choice)
                    news |= openai_reply.reason(choice) | openai_reply.logprobs(choice)
                yield text, news

    async def _chunks(self, stream: Any) -> AsyncGenerator[Any, None]:
        try:
            async for chunk in stream:
                yield chunk
        except Exception as failure:
            raise self._failed(failure) from None
        finally:
            await stream.close()

    @staticmethod
    def _text(choice: Any) -> str:
        """The text of a choice, whole or a piece, of a chat or a completion."""
        part = getattr(choice, "message", None) or getattr(choice, "delta", None)
        return (choice.text if part is None else part.content) or ""

    # --- what goes wrong ----------------------------------------------------------------------------------------

    async def _guarded(self, call: Any) -> Any:
        """What ``call`` gives; whatever the client raises becomes one kind of error, without the key."""
        try:
            return await call
        except Exception as failure:
            raise self._failed(failure) from None

    def _failed(self, failure: Exception) -> BackendError:
        where = f"{self.model_name} at {self._client.base_url}"
        words = {
            "APIConnectionError": "no server answers",
            "APITimeoutError": "no answer in time",
            "AuthenticationError": "the key is not accepted",
            "RateLimitError": "too many requests",
        }.get(type(failure).__name__, "the call failed")
        cause = f": {failure.__cause__}" if failure.__cause__ is not None else ""
        return BackendError(
            hidden(f"{where}: {words} ({type(failure).__name__}: {failure}{cause})", self._client.api_key)
        )


def _client(is_azure: bool, options: dict[str, Any]) -> Any:
    try:
        import openai
    except ImportError as missing:
        raise MissingDependencyError("openai", "remote", "the OpenAI backend") from missing
    if options.get("base_url") and not is_azure and "api_key" not in options and not os.environ.get("OPENAI_API_KEY"):
        options = {**options, "api_key": "none"}
    try:
        return (openai.AsyncAzureOpenAI if is_azure else openai.AsyncOpenAI)(**options)
    except (openai.OpenAIError, TypeError, ValueError) as refusal:
        raise UsageError(f"the OpenAI client cannot be made: {refusal}") from None
