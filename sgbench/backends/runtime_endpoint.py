"""Programs on an SGLang server: its native routes over HTTP. Speaks to `sgbench serve` and to SGLang's own server.

Knows the routes' shapes; knows no engine and has no tokenizer.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sgbench.backends import remote_scoring
from sgbench.backends.base import Completion
from sgbench.backends.capabilities import Capabilities
from sgbench.backends.http import HttpServer
from sgbench.backends.meta import news, summed
from sgbench.backends.remote import Call, RemoteBackend
from sgbench.errors import BackendError, UsageError
from sgbench.lang.chat_template import (
    ChatTemplate,
    ChatTemplateStyle,
    get_chat_template,
    get_chat_template_by_model_path,
)
from sgbench.lang.choices import ChoicesDecision, ChoicesSamplingMethod, token_length_normalized
from sgbench.lang.sampling import SglSamplingParams, dtype_as_regex
from sgbench.lang.variables import Meta

if TYPE_CHECKING:
    from sgbench.lang.executor import StreamExecutor

_PREFILL = {"max_new_tokens": 0, "temperature": 0.0}
_WINDOW_TOKENS = 4
_LOGPROB_FIELDS = ("return_logprob", "logprob_start_len", "top_logprobs_num", "return_text_in_logprobs")
_UNLESS_EMPTY = ("stop_regex", "stop_token_ids", "stop")  # older servers do not know all of them


class RuntimeEndpoint(RemoteBackend):
    """A backend for programs on an SGLang server.

    Parameters
    ----------
    base_url
        Where the server is: ``http://127.0.0.1:30000``.
    api_key
        The server's key; None: it has none.
    verify
        Checks of the server's certificate: True (the default), False, or the path of a file of authorities.
    chat_template_name
        A registered template's name; None: the one that the server tells, else the one that its model's path means.
    timeout_s
        Longest silence of the server before a call fails.
    max_retries
        How often a request is sent again that the server did not accept (no connection, 429, 502, 503, 504).

    Attributes
    ----------
    model_info
        What the server told of its model.
    token_usage
        What the calls cost so far.

    Raises
    ------
    BackendError
        No server answers there, or it refuses: the message says why.
    UsageError
        ``base_url`` is no address, or there is no such template.
    """

    capabilities = Capabilities(spellings=False)

    def __init__(
        self,
        base_url: str,
        api_key: str | None = None,
        verify: bool | str | None = None,
        chat_template_name: str | None = None,
        *,
        timeout_s: float = 600.0,
        max_retries: int = 2,
    ) -> None:
        super().__init__()
        self._server = HttpServer(base_url, api_key, verify, timeout_s, max_retries)
        self._key = api_key
        self.base_url = self._server.url
        try:
            self.model_info = self._ask_model()
            self.chat_template = _template(self.model_info, chat_template_name)
        except BaseException:
            self.shutdown()
            raise

    # --- the protocol -------------------------------------------------------------------------------------------

    def get_model_name(self) -> str:
        """The server's model path."""
        return str(self.model_info["model_path"])

    def generate(self, s: StreamExecutor, sampling_params: SglSamplingParams) -> tuple[Completion, Meta]:
        """See `BaseBackend.generate`."""
        with self._called(s, "gen") as call:
            replies = self._generate(self._body(s, sampling_params), s, call)
        meta = summed([reply["meta_info"] for reply in replies])
        texts = [str(reply["text"]) for reply in replies]
        return (texts if len(texts) > 1 else texts[0]), meta

    def generate_stream(self, s: StreamExecutor, sampling_params: SglSamplingParams) -> Iterator[tuple[str, Meta]]:
        """See `BaseBackend.generate_stream`."""
        body = self._body(s, sampling_params) | {"stream": True}
        told = 0
        before: Meta = {}
        source = self._server.events("/generate", body)
        with self._called(s, "gen") as call, contextlib.closing(self._calls.iterate(source, s)) as events:
            for event in events:
                text, meta = _reply(event)
                call.piece()
                call.meta = meta
                yield text[told:], news(meta, before)
                told, before = len(text), meta

    def select(
        self,
        s: StreamExecutor,
        choices: Sequence[str],
        temperature: float,
        choices_method: ChoicesSamplingMethod = token_length_normalized,
    ) -> ChoicesDecision:
        """Score every choice after the text and let ``choices_method`` decide; the same tokens as the in-kernel engine scores.

        Raises
        ------
        UsageError
            ``temperature`` is not 0, or the text is empty.
        """
        if temperature > 1e-5:
            raise UsageError(f"select(temperature={temperature}): choices are scored, not drawn; use temperature=0")
        if not s.text_:
            raise UsageError("select on a server needs some text before it")
        with self._called(s, "select") as call:
            return self._select(s, choices, choices_method, call)

    def _select(
        self, s: StreamExecutor, choices: Sequence[str], choices_method: ChoicesSamplingMethod, call: Call
    ) -> ChoicesDecision:
        first: Meta = self._generate({"text": s.text_, "sampling_params": _PREFILL}, s, call)[0]["meta_info"]
        metas = [first]
        scored, starts = self._windows(s, choices, first["prompt_tokens"], metas, call)
        own = [meta["input_token_logprobs"][start:] for meta, start in zip(scored, starts, strict=True)]
        alone = self._alone(s, own, metas, call) if choices_method.requires_unconditional_logprobs else None
        outputs = [meta.get("output_token_logprobs", []) for meta in scored]
        decision = remote_scoring.decide(choices, choices_method, own, outputs, alone)
        costs = {
            key: sum(m.get(key) or 0 for m in metas) for key in ("prompt_tokens", "cached_tokens", "completion_tokens")
        }
        costs["cached_text_len"] = first.get("cached_text_len", 0)
        call.meta = costs
        return ChoicesDecision(decision.decision, costs | (decision.meta_info or {}))

    def commit_lazy_operations(self, s: StreamExecutor) -> Meta | None:
        """The frontend hint: have the server read the text that forks are about to share."""
        with self._called(s, "hint") as call:
            meta: Meta = self._generate({"text": s.text_, "sampling_params": _PREFILL}, s, call)[0]["meta_info"]
        return meta

    def cache_prefix(self, prefix_str: str) -> None:
        """Have the server read the text that the items of a batch are about to share."""
        with self._called(None, "prefix") as call:
            self._generate({"text": prefix_str, "sampling_params": _PREFILL}, None, call)

    def flush_cache(self) -> bool:
        """Have the server forget its cached prefixes."""
        self._calls.call(self._server.text("POST", "/flush_cache"))
        return True

    def get_server_info(self) -> dict[str, Any]:
        """The server's options and figures."""
        try:
            info = self._calls.call(self._server.json("GET", "/server_info"))
        except BackendError as failure:
            if " answered 404" not in str(failure):
                raise
            info = self._calls.call(self._server.json("GET", "/get_server_info"))
        return dict(info)

    def start_profile(self) -> None:
        """Have an SGLang server's profiler begin. (``sgbench serve`` has none, and says so.)"""
        self._calls.call(self._server.text("POST", "/start_profile"))

    def stop_profile(self) -> None:
        """Have an SGLang server's profiler end."""
        self._calls.call(self._server.text("POST", "/stop_profile"))

    def ask(self, path: str, body: dict[str, Any]) -> Any:
        """What a route answers to ``body``, as it answers it."""
        return self._calls.call(self._server.json("POST", path, body))

    async def stream(self, path: str, body: dict[str, Any]) -> AsyncGenerator[Any, None]:
        """The events that a route streams in answer to ``body``, without blocking the running event loop."""
        pieces = self._calls.iterate(self._server.events(path, body))
        loop = asyncio.get_running_loop()
        with contextlib.closing(pieces):
            while (piece := await loop.run_in_executor(None, next, pieces, None)) is not None:
                yield piece

    def shutdown(self) -> None:
        """Close the connections; the server runs on."""
        self._calls.call(self._server.close())
        self._calls.close()

    def __repr__(self) -> str:
        return f"<sgbench.RuntimeEndpoint {self.base_url}: {self.get_model_name()}>"

    # --- requests -----------------------------------------------------------------------------------------------

    def _ask_model(self) -> dict[str, Any]:
        info = self._calls.call(self._server.json("GET", "/get_model_info"))
        if not isinstance(info, dict) or "model_path" not in info:
            raise BackendError(f"{self.base_url}/get_model_info does not tell a model: is it an SGLang server?")
        return info

    def _generate(self, body: dict[str, Any], s: StreamExecutor | None, call: Call) -> list[dict[str, Any]]:
        """The results of one request; they are what ``call`` cost."""
        answer = self._calls.call(self._server.json("POST", "/generate", body), s)
        replies = answer if isinstance(answer, list) else [answer]
        if not replies:
            raise BackendError(f"{self.base_url}/generate answered nothing")
        call.meta = summed([_reply(reply)[1] for reply in replies])
        call.requests += 1
        return replies

    @property
    def _secret(self) -> str | None:
        return self._key

    def _body(self, s: StreamExecutor, sampling: SglSamplingParams) -> dict[str, Any]:
        if not s.text_:
            raise UsageError("gen needs some text before it: the prompt is empty")
        values = dtype_as_regex(sampling).given()
        body = {"text": s.text_} | {name: values.pop(name) for name in _LOGPROB_FIELDS if name in values}
        if s.images_:
            body["image_data"] = [data for _, data in s.images_]
        for name in _UNLESS_EMPTY:
            if not values.get(name):
                values.pop(name, None)
        if "json_schema" in values:
            from sgbench.engine.constrained.schema_source import schema_text

            schema = values["json_schema"]
            values["json_schema"] = schema if isinstance(schema, str) else schema_text(schema)
        if "sampling_seed" in values:
            from sgbench.engine.intake import mixed_seed

            values["sampling_seed"] = mixed_seed(values["sampling_seed"], s.run.item, s.call.branch, s.call.op)
        return body | {"sampling_params": values}

    def _windows(
        self, s: StreamExecutor, choices: Sequence[str], prompt_tokens: int, metas: list[Meta], call: Call
    ) -> tuple[list[Meta], list[int]]:
        """Of each choice its meta information, and where in its logprobs it begins; adds what was asked to ``metas``."""
        texts = [s.text_, *(s.text_ + choice for choice in choices)]
        width = _WINDOW_TOKENS
        while True:
            start = max(prompt_tokens - width, 0)
            answers = self._scored({"text": texts}, start, s, call)
            metas += answers
            prompt, *scored = answers
            entries = [meta["input_token_logprobs"] for meta in scored]
            starts = remote_scoring.starts(prompt["input_token_logprobs"], entries, start)
            if starts is not None:
                return scored, starts
            width *= 4

    def _alone(self, s: StreamExecutor, own: Sequence[Any], metas: list[Meta], call: Call) -> list[Any]:
        """The choices' tokens scored without the prompt."""
        answers = self._scored({"input_ids": [[token[1] for token in row] for row in own]}, 0, s, call)
        metas += answers
        return [meta["input_token_logprobs"] for meta in answers]

    def _scored(self, prompts: dict[str, Any], start: int, s: StreamExecutor, call: Call) -> list[Meta]:
        body = prompts | {
            "sampling_params": _PREFILL,
            "return_logprob": True,
            "return_text_in_logprobs": True,
            "logprob_start_len": start,
        }
        return [reply["meta_info"] for reply in self._generate(body, s, call)]


def _reply(reply: Any) -> tuple[str, Meta]:
    """Text and meta information of one result.

    Raises
    ------
    BackendError
        It has another shape.
    """
    if (
        not isinstance(reply, dict)
        or not isinstance(reply.get("text"), str)
        or not isinstance(reply.get("meta_info"), dict)
    ):
        raise BackendError(f"the server's answer is no result of /generate: {str(reply)[:200]}")
    return reply["text"], reply["meta_info"]


def _template(info: dict[str, Any], name: str | None) -> ChatTemplate:
    if name is not None:
        return get_chat_template(name)
    table = info.get("chat_turns")
    if not isinstance(table, dict):
        return get_chat_template_by_model_path(str(info["model_path"]))
    turns = {role: (str(prefix), str(suffix)) for role, (prefix, suffix) in table["role_prefix_and_suffix"].items()}
    style = ChatTemplateStyle[table["style"]]
    return ChatTemplate(
        **{**table, "role_prefix_and_suffix": turns, "style": style, "stop_str": tuple(table["stop_str"])}
    )
