"""Programs on any server that speaks OpenAI's API, through the official client.

Knows the client; what is sent is in `sgbench.backends.openai_request`, what comes back in `sgbench.backends.openai_reply`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sgbench.backends import chat_turns, openai_reply, openai_scores, openai_votes
from sgbench.backends.base import Completion
from sgbench.backends.client_errors import failed
from sgbench.backends.openai_request import Dialect, abilities, fields
from sgbench.backends.openai_votes import Encoder
from sgbench.backends.remote import RemoteBackend
from sgbench.errors import BackendError, MissingDependencyError, UsageError
from sgbench.lang.chat_template import ChatTemplate, get_chat_template, get_chat_template_by_model_path
from sgbench.lang.choices import (
    ChoicesDecision,
    ChoicesSamplingMethod,
    greedy_token_selection,
    token_length_normalized,
)
from sgbench.lang.sampling import SglSamplingParams, as_list, dtype_name
from sgbench.lang.variables import Meta

if TYPE_CHECKING:
    from sgbench.lang.executor import StreamExecutor

_COMPLETION_MODELS = ("gpt-3.5-turbo-instruct",)
_DIALECTS = ("openai", "sglang")


class OpenAI(RemoteBackend):
    """A backend for programs on a server with OpenAI's API: OpenAI's own, vLLM, SGLang, ``sgbench serve``.

    A chat model completes whole turns of the assistant: a `gen` must stand first in one, unless the program is made with
    ``num_api_spec_tokens`` (see `sgbench.lang.api_speculation`); it cannot choose. A completion model takes any program. `select` on one
    goes by the prompt's log-probabilities where the server echoes them (``dialect="sglang"``: all methods), and on OpenAI's own API
    token by token, as in SGLang (`sgbench.backends.openai_votes`: the method is not used).

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
    tokenizer
        For `select` and ``dtype=int`` on a completion model of OpenAI's own API: an object with ``encode`` and ``decode``. None:
        tiktoken's, by the model's name.
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
        tokenizer: Encoder | None = None,
        **client_options: Any,
    ) -> None:
        super().__init__()
        if dialect not in _DIALECTS:
            raise UsageError(f"OpenAI(dialect={dialect!r}): choose one of {', '.join(_DIALECTS)}")
        self.model_name = model_name
        self.is_chat_model = model_name not in _COMPLETION_MODELS if is_chat_model is None else is_chat_model
        self.dialect: Dialect = dialect
        self.capabilities = abilities(dialect, self.is_chat_model)
        if isinstance(chat_template, str):
            chat_template = get_chat_template(chat_template)
        self.chat_template = chat_template or get_chat_template_by_model_path(model_name)
        self._tokenizer = tokenizer
        self._client = _client(is_azure, client_options)

    def get_model_name(self) -> str:
        """As the server knows it."""
        return self.model_name

    def generate(self, s: StreamExecutor, sampling_params: SglSamplingParams) -> tuple[Completion, Meta]:
        """See `BaseBackend.generate`."""
        request, quote = self._request(s, sampling_params)
        with self._called(s, "gen") as call:
            reply = self._calls.call(self._guarded(self._create(request)), s)
            texts, meta = openai_reply.whole(reply)
            texts = [quote + text + quote for text in texts]
            call.meta = meta = meta | {"e2e_latency": call.seconds}
        return (texts if len(texts) > 1 else texts[0]), meta

    def generate_stream(self, s: StreamExecutor, sampling_params: SglSamplingParams) -> Iterator[tuple[str, Meta]]:
        """See `BaseBackend.generate_stream`."""
        request, quote = self._request(s, sampling_params)
        request |= {"stream": True, "stream_options": {"include_usage": True}}
        with (
            self._called(s, "gen") as call,
            contextlib.closing(self._calls.iterate(self._pieces(request), s)) as pieces,
        ):
            lead = quote
            for piece, told in pieces:
                news = told | call.piece()
                call.meta |= news
                yield lead + piece, news
                lead = ""
            if "finish_reason" not in call.meta:
                raise BackendError("the server ended its stream before it was finished")
            if quote:
                yield quote, {}

    def select(
        self,
        s: StreamExecutor,
        choices: Sequence[str],
        temperature: float,
        choices_method: ChoicesSamplingMethod = token_length_normalized,
    ) -> ChoicesDecision:
        """Choose the continuation of the text; see the class for how.

        Raises
        ------
        UsageError
            ``temperature`` is not 0, or the text is empty.
        BackendError
            The server cannot: it echoes no log-probabilities, or takes no bias.
        """
        if temperature > 1e-5:
            raise UsageError(f"select(temperature={temperature}): choices are scored, not drawn; use temperature=0")
        if not s.text_:
            raise UsageError("select on a server needs some text before it")
        votes = self.capabilities.select == "votes"
        decide = functools.partial(self._by_votes, self._encoder) if votes else self._by_scores
        with self._called(s, "select") as call:

            async def ask(**request: Any) -> Any:
                reply = await self._guarded(self._client.completions.create(model=self.model_name, **request))
                call.requests += 1
                call.meta = _sum(call.meta, openai_reply.cost(getattr(reply, "usage", None)))
                return reply

            decision = self._calls.call(decide(s.text_, list(choices), choices_method, ask), s)
        return ChoicesDecision(decision.decision, call.meta | (decision.meta_info or {}))

    async def _by_scores(
        self, text: str, choices: list[str], method: ChoicesSamplingMethod, ask: Callable[..., Awaitable[Any]]
    ) -> ChoicesDecision:
        wish = {"max_tokens": 0, "echo": True, "logprobs": 0, "temperature": 0}
        reply = await ask(prompt=[text, *(text + choice for choice in choices)], **wish)
        prompt, *rows = openai_scores.echoed(reply, len(choices) + 1)
        own = openai_scores.own_tokens(prompt, rows)
        alone = None
        if method.requires_unconditional_logprobs:
            bare = await ask(prompt=openai_scores.spelled(own), **wish)
            alone = openai_scores.same_tokens(own, openai_scores.echoed(bare, len(choices)))
        return openai_scores.decide(choices, method, own, alone)

    async def _by_votes(
        self,
        encoder: Encoder,
        text: str,
        choices: list[str],
        method: ChoicesSamplingMethod,
        ask: Callable[..., Awaitable[Any]],
    ) -> ChoicesDecision:
        if method not in (token_length_normalized, greedy_token_selection):
            told = f"OpenAI's own API tells no log-probabilities of choices: {method!r} is not used, the choice is made token by token"
            warnings.warn(told, RuntimeWarning, stacklevel=2)

        async def one(ids: Sequence[int], bias: dict[str, int]) -> str:
            reply = await ask(prompt=list(ids), max_tokens=1, temperature=0, logit_bias=bias)
            return openai_reply.text(reply.choices[0]) if getattr(reply, "choices", None) else ""

        scores = await openai_votes.votes(text, choices, encoder, one)
        best = max(range(len(choices)), key=scores.__getitem__)
        return ChoicesDecision(choices[best], openai_votes.scores_meta(scores))

    def shutdown(self) -> None:
        """Close the connections."""
        self._calls.call(self._client.close())
        self._calls.close()

    def __repr__(self) -> str:
        return f"<sgbench.{type(self).__name__} {self.model_name} at {self._client.base_url}>"

    # --- requests -----------------------------------------------------------------------------------------------

    @functools.cached_property
    def _encoder(self) -> Encoder:
        return self._tokenizer or openai_votes.encoder_of(self.model_name)

    def _request(self, s: StreamExecutor, sampling: SglSamplingParams) -> tuple[dict[str, Any], str]:
        """The request, and the quote that stands around what it gives (a string, on a model that knows no constraint)."""
        seed = sampling.sampling_seed
        if seed is not None:
            from sgbench.engine.intake import mixed_seed

            seed = mixed_seed(seed, s.run.item, s.call.branch, s.call.op)
        dtype = dtype_name(sampling.dtype) if self.capabilities.select == "votes" else None
        if dtype is not None:
            stops = [*as_list(sampling.stop), {"str": '"', "int": " "}[dtype]]
            sampling = dataclasses.replace(sampling, dtype=None, stop=stops)
        request = fields(self.model_name, sampling, self.is_chat_model, seed)
        if self.is_chat_model:
            return request | {"messages": chat_turns.messages(s, self.model_name)}, ""
        if not s.text_:
            raise UsageError("gen needs some text before it: the prompt is empty")
        if dtype == "int":
            request["logit_bias"] = openai_votes.digits(self._encoder)
        quote = '"' if dtype == "str" else ""
        return request | {"prompt": s.text_ + quote}, quote

    async def _create(self, request: dict[str, Any]) -> Any:
        routes = self._client.chat.completions if self.is_chat_model else self._client.completions
        return await routes.create(**request)

    async def _pieces(self, request: dict[str, Any]) -> AsyncGenerator[tuple[str, Meta], None]:
        """Text and news of each chunk of a stream."""
        stream = await self._guarded(self._create(request))
        async with contextlib.aclosing(self._chunks(stream)) as chunks:
            async for chunk in chunks:
                yield openai_reply.piece(chunk)

    async def _chunks(self, stream: Any) -> AsyncGenerator[Any, None]:
        try:
            async for chunk in stream:
                yield chunk
        except Exception as failure:
            raise self._failed(failure) from None
        finally:
            await stream.close()

    # --- what goes wrong ----------------------------------------------------------------------------------------

    async def _guarded(self, call: Any) -> Any:
        """What ``call`` gives; whatever the client raises becomes one kind of error, without the key."""
        try:
            return await call
        except Exception as failure:
            raise self._failed(failure) from None

    def _failed(self, failure: Exception) -> BackendError:
        return failed(failure, f"{self.model_name} at {self._client.base_url}", self._secret)

    @property
    def _secret(self) -> str | None:
        return str(self._client.api_key)


def _sum(one: Meta, other: Meta) -> Meta:
    return {key: (one.get(key) or 0) + (other.get(key) or 0) for key in {**one, **other}}


def _client(is_azure: bool, options: dict[str, Any]) -> Any:
    try:
        import openai
    except ImportError as missing:
        raise MissingDependencyError("openai", "openai", "the OpenAI backend") from missing
    if options.get("base_url") and not is_azure and "api_key" not in options and not os.environ.get("OPENAI_API_KEY"):
        options = {**options, "api_key": "none"}
    try:
        return (openai.AsyncAzureOpenAI if is_azure else openai.AsyncOpenAI)(**options)
    except (openai.OpenAIError, TypeError, ValueError) as refusal:
        raise UsageError(f"the OpenAI client cannot be made: {refusal}") from None
