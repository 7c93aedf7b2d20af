"""Programs on whatever LiteLLM reaches, through its client (extra ``litellm``). Knows the client's one function.

LiteLLM speaks OpenAI's language for every provider, so requests and replies are those of `sgbench.backends.openai_request` and
`sgbench.backends.openai_reply`; what a provider does not take, LiteLLM refuses.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sgbench.backends import chat_turns, openai_reply
from sgbench.backends.base import Completion
from sgbench.backends.client_errors import failed
from sgbench.backends.openai_request import abilities, fields
from sgbench.backends.remote import RemoteBackend
from sgbench.errors import BackendError, MissingDependencyError
from sgbench.lang.chat_template import ChatTemplate, get_chat_template, get_chat_template_by_model_path
from sgbench.lang.sampling import SglSamplingParams
from sgbench.lang.variables import Meta

if TYPE_CHECKING:
    from sgbench.lang.executor import StreamExecutor

_AGAIN = frozenset({"RateLimitError", "ServiceUnavailableError", "APIConnectionError", "InternalServerError"})
_LONGEST_PAUSE_SECONDS = 8.0


class LiteLLM(RemoteBackend):
    """A backend for programs on any provider that LiteLLM knows.

    Whole turns of the assistant are completed, as with every chat model; a program without turns is one turn of the user. There is
    no `select`.

    Parameters
    ----------
    model_name
        LiteLLM's: ``"vertex_ai/gemini-2.5-flash"``, ``"openai/gpt-4o"``, ``"bedrock/..."``.
    chat_template
        The turns' text: a template or its name. None: the one that the model's name means.
    api_key, organization, base_url
        Where and as whom; None: as LiteLLM finds them in the environment.
    timeout
        Seconds that a call may take.
    max_retries
        How often a call is made again that met a busy or absent server, with growing pauses.
    default_headers
        Sent with every call.
    options
        Further arguments of ``litellm.acompletion``, such as ``safety_settings`` or ``api_version``.
    retry_s
        The first pause.

    Attributes
    ----------
    token_usage
        What the calls cost so far.

    Raises
    ------
    MissingDependencyError
        The package ``litellm`` is not installed.
    """

    is_chat_model = True

    def __init__(
        self,
        model_name: str,
        chat_template: ChatTemplate | str | None = None,
        api_key: str | None = None,
        organization: str | None = None,
        base_url: str | None = None,
        timeout: float | None = 600,
        max_retries: int | None = 2,
        default_headers: Mapping[str, str] | None = None,
        *,
        retry_s: float = 0.5,
        **options: Any,
    ) -> None:
        super().__init__()
        self.model_name = model_name
        self.capabilities = abilities("openai", is_chat_model=True, lone_text=True)
        if isinstance(chat_template, str):
            chat_template = get_chat_template(chat_template)
        self.chat_template = chat_template or get_chat_template_by_model_path(model_name)
        given = {
            "api_key": api_key,
            "organization": organization,
            "base_url": base_url,
            "timeout": timeout,
            "extra_headers": dict(default_headers) if default_headers else None,
        }
        self._key = api_key
        self._options = {name: value for name, value in given.items() if value is not None} | options
        self._max_retries = max_retries or 0
        self._retry_s = retry_s
        self._ask = _client()

    def get_model_name(self) -> str:
        """As LiteLLM knows it."""
        return self.model_name

    def generate(self, s: StreamExecutor, sampling_params: SglSamplingParams) -> tuple[Completion, Meta]:
        """See `BaseBackend.generate`."""
        request = self._request(s, sampling_params)
        with self._called(s, "gen") as call:
            texts, meta = openai_reply.whole(self._calls.call(self._accepted(request), s))
            call.meta = meta | {"e2e_latency": call.seconds}
            return (texts if len(texts) > 1 else texts[0]), call.meta

    def generate_stream(self, s: StreamExecutor, sampling_params: SglSamplingParams) -> Iterator[tuple[str, Meta]]:
        """See `BaseBackend.generate_stream`."""
        request = self._request(s, sampling_params) | {"stream": True, "stream_options": {"include_usage": True}}
        with (
            self._called(s, "gen") as call,
            contextlib.closing(self._calls.iterate(self._pieces(request), s)) as pieces,
        ):
            for piece, told in pieces:
                news = told | (call.piece() if piece else {})
                call.meta |= news
                yield piece, news
            if "finish_reason" not in call.meta:
                raise BackendError("the server ended its stream before it was finished")

    def shutdown(self) -> None:
        """End the thread of the calls; LiteLLM keeps its connections itself."""
        self._calls.close()

    def __repr__(self) -> str:
        return f"<sgbench.LiteLLM {self.model_name}>"

    # --- requests -----------------------------------------------------------------------------------------------

    def _request(self, s: StreamExecutor, sampling: SglSamplingParams) -> dict[str, Any]:
        seed = sampling.sampling_seed
        if seed is not None:
            from sgbench.engine.intake import mixed_seed

            seed = mixed_seed(seed, s.run.item, s.call.branch, s.call.op)
        turns = [dict(turn) for turn in chat_turns.messages(s, self.model_name, lone_text=True)]
        request = fields(self.model_name, sampling, True, seed) | {"messages": turns}
        return request | self._options | {"max_retries": 0, "num_retries": 0}

    async def _accepted(self, request: dict[str, Any]) -> Any:
        """What is answered to ``request``, made again where the server was busy or away.

        Raises
        ------
        BackendError
            It failed for good.
        """
        for attempt in range(self._max_retries + 1):
            try:
                return await self._ask(**request)
            except Exception as failure:
                if attempt == self._max_retries or type(failure).__name__ not in _AGAIN:
                    raise self._failed(failure) from None
            await asyncio.sleep(min(self._retry_s * 2**attempt, _LONGEST_PAUSE_SECONDS))
        raise AssertionError("the last attempt returns or raises")

    async def _pieces(self, request: dict[str, Any]) -> AsyncGenerator[tuple[str, Meta], None]:
        stream = await self._accepted(request)
        try:
            async for chunk in stream:
                yield openai_reply.piece(chunk)
        except Exception as failure:
            raise self._failed(failure) from None
        finally:
            with contextlib.suppress(Exception):  # not every provider's stream can be closed
                await stream.aclose()

    def _failed(self, failure: Exception) -> BackendError:
        return failed(failure, self.model_name, self._secret)

    @property
    def _secret(self) -> str | None:
        return self._key


def _client() -> Any:
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else importing it asks the network for prices
    try:
        import litellm
    except ImportError as missing:
        raise MissingDependencyError("litellm", "litellm", "the LiteLLM backend") from missing
    litellm.suppress_debug_info = True  # it prints advice on every error
    litellm.telemetry = False
    return litellm.acompletion
