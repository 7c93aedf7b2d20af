"""Programs on the engine in this process: the one bridge between the language and the engine.

`Engine` is what users make; `LocalBackend`, its ``endpoint``, speaks the backend protocol for it. Knows both sides' nouns;
decides nothing that either side could.
"""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import warnings
import weakref
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from sgbench.backends import exact_scoring, scoring
from sgbench.backends.answers import gathered
from sgbench.backends.base import BaseBackend, Capabilities, Completion
from sgbench.backends.meta import news, summed
from sgbench.backends.offline import OfflineMethods
from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import EngineCore
from sgbench.engine.handle import Handle
from sgbench.engine.intake import mixed_seed
from sgbench.engine.request import RequestOutput, SamplingParams
from sgbench.engine.sampling_params import sampling_params as checked_params
from sgbench.errors import UsageError
from sgbench.lang.calls import Call, waited
from sgbench.lang.chat_template import ChatTemplate, get_chat_template_by_model_path
from sgbench.lang.choices import ChoicesDecision, ChoicesSamplingMethod, token_length_normalized
from sgbench.lang.jinja_template import template_from_jinja
from sgbench.lang.same_objects import SameObjects
from sgbench.lang.sampling import SglSamplingParams, dtype_as_regex
from sgbench.lang.turns import Turns, aside, more_follows
from sgbench.lang.variables import Meta
from sgbench.lang.waiting import current_gate

if TYPE_CHECKING:
    from sgbench.engine.tokenizer import ReadText, Tokenizer
    from sgbench.lang.executor import StreamExecutor
    from sgbench.lang.waiting import Gate
    from sgbench.trace.events import Event

TURNS = Turns()
"""Of all programs on engines in this process: they share one interpreter."""

_PREFILL = SamplingParams(max_new_tokens=0)
_LANGUAGE_ONLY = frozenset(
    ("return_logprob", "logprob_start_len", "top_logprobs_num", "return_text_in_logprobs", "sampling_seed")
)


class LocalBackend(BaseBackend):
    """The backend protocol over an `EngineCore`.

    Parameters
    ----------
    engine
        Needs a tokenizer.
    chat_template
        None: the tokenizer's own, else the one that the model's path means.

    Raises
    ------
    UsageError
        The engine has no tokenizer.
    """

    capabilities = Capabilities(images=False)  # the engine's models read text

    def __init__(self, engine: EngineCore, chat_template: ChatTemplate | None = None) -> None:
        if engine.tokenizer is None:
            raise UsageError("programs need text: start the engine without skip_tokenizer_init")
        self.engine = engine
        self._tokenizer = cast("Tokenizer", engine.tokenizer)  # the engine asks less of it than programs do
        self.chat_template = chat_template or own_template(self._tokenizer, engine.config.model_path)
        self.gate: Gate | None = engine.gate if engine.config.deterministic else None
        self.turns: Turns | None = TURNS
        blocks = type(self).generate is not LocalBackend.generate or type(self).select is not LocalBackend.select
        self._pauses = engine.steps_itself and self.gate is None and not blocks  # what a subclass overrides is called
        self._kept_params: SameObjects[SamplingParams] = SameObjects()
        self._programs = getattr(engine, "program_numbers", itertools.count())

    # --- the protocol -------------------------------------------------------------------------------------------

    def get_model_name(self) -> str:
        """The path or id that the engine was given."""
        return self.engine.config.model_path

    def generate(self, s: StreamExecutor, sampling_params: SglSamplingParams) -> tuple[Completion, Meta]:
        """See `BaseBackend.generate`; ``n`` samples are requests of their own, which share the prompt in the tree.

        Raises
        ------
        UsageError, CapacityError, ConstraintError
            The engine refuses the request.
        AbortedError
            Somebody else aborted it; if ``s`` was given up, what there was is returned.
        """
        return waited(self.generation(s, sampling_params))

    def generation(self, s: StreamExecutor, sampling_params: SglSamplingParams) -> Call[tuple[Completion, Meta]]:
        """`generate`, to be left where it waits."""
        prompt, handles = self._submit(s, sampling_params)
        outputs = yield from gathered(s, handles)
        meta = summed([output.meta_info for output in outputs])
        meta["cached_text_len"] = prompt.chars(outputs[0].meta_info["cached_tokens"])
        texts = [output.text for output in outputs]
        return (texts if len(texts) > 1 else texts[0]), meta

    def generate_stream(self, s: StreamExecutor, sampling_params: SglSamplingParams) -> Iterator[tuple[str, Meta]]:
        """See `BaseBackend.generate_stream`."""
        prompt, (handle,) = self._submit(s, sampling_params)
        told = 0
        before: Meta = {}
        try:
            with s.abortable(handle.abort):
                updates = handle.updates(live=current_gate() is not None)
                while (output := _next(updates)) is not None:
                    meta = news(output.meta_info, before)
                    meta["cached_text_len"] = prompt.chars(meta["cached_tokens"])
                    yield output.text[told:], meta
                    told, before = len(output.text), output.meta_info
        finally:
            handle.abort("the reader stopped")
            s.note_request(handle.rid)

    def select(
        self,
        s: StreamExecutor,
        choices: Sequence[str],
        temperature: float,
        choices_method: ChoicesSamplingMethod = token_length_normalized,
    ) -> ChoicesDecision:
        """Score every choice after the text and let ``choices_method`` decide.

        The text is read first, alone; then all choices at once, so that they share it in the tree. A choice's tokens are those
        of text + choice that differ from the text's own: where the tokenizer joins both across the border, the joined token
        belongs to the choice.

        Raises
        ------
        UsageError
            ``temperature`` is not 0.
        ConstraintError
            A choice has more tokenisations than ``choices_method`` scores.
        """
        return waited(self.selection(s, choices, temperature, choices_method))

    def selection(
        self,
        s: StreamExecutor,
        choices: Sequence[str],
        temperature: float,
        choices_method: ChoicesSamplingMethod = token_length_normalized,
    ) -> Call[ChoicesDecision]:
        """`select`, to be left where it waits."""
        if temperature > 1e-5:
            raise UsageError(f"select(temperature={temperature}): choices are scored, not drawn; use temperature=0")
        prompt = self._read(s.text_)
        ahead = prompt.ids and self.engine.reuses_prefixes
        first = (yield from gathered(s, [self._request(s, prompt.ids, _PREFILL)])) if ahead else []
        whole = [self._read(s.text_ + choice).ids for choice in choices]
        starts = [scoring.common_prefix(prompt.ids, ids) for ids in whole]
        scored = yield from self._scored(s, whole, starts)
        alone: list[RequestOutput] | None = None
        if choices_method.requires_unconditional_logprobs:
            own = [ids[start:] for ids, start in zip(whole, starts, strict=True)]
            alone = yield from self._scored(s, own, [0] * len(whole))
        texts, spelled = yield from self._exact(s, prompt.ids, choices, starts, choices_method.max_tokenizations)
        decision = scoring.decide(choices, choices_method, scored, alone, texts)
        meta = summed([output.meta_info for output in (*first, *scored, *(alone or ()), *spelled)])
        cached = first[0].meta_info["cached_tokens"] if first else 0
        kept = {key: meta[key] for key in ("prompt_tokens", "cached_tokens", "completion_tokens")}
        return ChoicesDecision(
            decision.decision, kept | {"cached_text_len": prompt.chars(cached)} | (decision.meta_info or {})
        )

    def commit_lazy_operations(self, s: StreamExecutor) -> Meta | None:
        """The frontend hint (paper section 3): prefill the text that forks are about to share."""
        if not self._hints:
            return None
        prompt = self._read(s.text_)
        (output,) = waited(gathered(s, [self._request(s, prompt.ids, _PREFILL)]))
        return {**output.meta_info, "cached_text_len": prompt.chars(output.meta_info["cached_tokens"])}

    def cache_prefix(self, prefix_str: str) -> None:
        """Prefill the text that the items of a batch are about to share.

        Where requests wait for a prefix that another one is computing, nobody else need wait: it is computed while the programs begin,
        which meet themselves what it failed by. A deterministic engine must not step between it and the programs' first requests as it
        happens.
        """
        if not self._hints:
            return
        handle = self.engine.submit(self._read(prefix_str).ids, _PREFILL)
        if self.pauses and self.engine.config.radix_cache == "radix":
            return
        try:
            handle.result()
        except BaseException:
            handle.abort("the caller was interrupted")
            raise

    def tokenize(self, text: str) -> list[int]:
        """See `BaseBackend.tokenize`."""
        return list(self._read(text).ids)

    def flush_cache(self) -> bool:
        """See `EngineCore.flush_cache`."""
        return self.engine.flush_cache()

    def get_server_info(self) -> dict[str, Any]:
        """The engine's options and figures."""
        return {**dataclasses.asdict(self.engine.config), **dataclasses.asdict(self.engine.stats())}

    def shutdown(self) -> None:
        """See `EngineCore.shutdown`."""
        self.engine.shutdown()

    @property
    def pauses(self) -> bool:
        """Where programs compute in turns, on an engine that has a thread of its own."""
        return self._pauses and self.turns is not None

    @property
    def listening(self) -> bool:
        """Has the engine's journal a subscriber?"""
        return self.engine.journal.active

    def emit(self, event: Event) -> None:
        """Into the engine's journal."""
        self.engine.journal.emit(event)

    def next_program(self) -> int:
        """Numbered by the engine."""
        return next(self._programs)

    # --- requests -----------------------------------------------------------------------------------------------

    @property
    def _hints(self) -> bool:
        """Is reading ahead wanted, and worth it? A run without the cache must not pay for it."""
        return self.engine.config.frontend_hint and self.engine.reuses_prefixes

    def _read(self, text: str) -> ReadText:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as failure:
            raise UsageError(f"the prompt is no valid Unicode text: {failure}") from failure
        return self._tokenizer.read(text)

    def _submit(self, s: StreamExecutor, sampling: SglSamplingParams) -> tuple[ReadText, list[Handle]]:
        prompt = self._read(s.text_)
        if not prompt.ids:
            raise UsageError("gen needs some text before it: the prompt is empty")
        params = self._params(sampling)
        if sampling.sampling_seed is not None:
            params = dataclasses.replace(params, sampling_seed=self._call_seed(s, sampling.sampling_seed))
        wish: dict[str, Any] = {}
        if sampling.return_logprob or sampling.logprob_start_len is not None or sampling.top_logprobs_num:
            wish = {
                "return_logprob": bool(sampling.return_logprob),
                "logprob_start_len": sampling.logprob_start_len,
                "top_logprobs_num": sampling.top_logprobs_num or 0,
                "return_text_in_logprobs": bool(sampling.return_text_in_logprobs),
            }
        handles = self.engine.submit_samples(prompt.ids, params, **wish, **self._origin(s))
        return prompt, handles

    def _params(self, sampling: SglSamplingParams) -> SamplingParams:
        """The engine's parameters, but for the seed; found again for the same object, which calls of equal values share."""
        kept = self._kept_params.get(sampling)
        if kept is not None:
            return kept
        values = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in dtype_as_regex(sampling).given().items()
            if name not in _LANGUAGE_ONLY
        }
        params = checked_params(values)
        warned = sampling.dtype is not None and sampling.regex is not None
        changing = sampling.json_schema is not None and not isinstance(sampling.json_schema, str)
        return params if warned or changing else self._kept_params.keep(params, sampling)

    def _call_seed(self, s: StreamExecutor, seed: int) -> int:
        """A run's seed as one call's own."""
        return mixed_seed(seed, s.run.item, s.call.branch, s.call.op)

    def _request(self, s: StreamExecutor, ids: list[int], params: SamplingParams, **wish: Any) -> Handle:
        return self.engine.submit(ids, params, **wish, **self._origin(s))

    def _origin(self, s: StreamExecutor) -> dict[str, Any]:
        """Which call this is, and whether other programs are about to make theirs."""
        call = s.call
        return {
            "program": call.program,
            "branch": call.branch,
            "op": call.op,
            "after": call.after,
            "think_ms": call.think_ms,
            "more": more_follows(self.turns),
        }

    def _scored(
        self, s: StreamExecutor, texts: Sequence[list[int]], starts: Sequence[int]
    ) -> Call[list[RequestOutput]]:
        """Log-probabilities of each text's tokens from its start on, all texts at once."""
        handles = [
            self._request(s, ids, _PREFILL, return_logprob=True, logprob_start_len=start, return_text_in_logprobs=True)
            for ids, start in zip(texts, starts, strict=True)
        ]
        return (yield from gathered(s, handles))

    def _exact(
        self, s: StreamExecutor, prompt: list[int], choices: Sequence[str], starts: Sequence[int], limit: int | None
    ) -> Call[tuple[list[float] | None, list[RequestOutput]]]:
        """Log-probability of each choice's text over all its tokenisations, and the outputs that it took; None without a limit."""
        if limit is None:
            return None, []
        lead = exact_scoring.lead_tokens(prompt, starts, self._tokenizer.token_bytes)
        ways = exact_scoring.all_spellings(prompt, lead, choices, self.engine.compiler.vocabulary, limit)
        texts = [[*prompt[:lead], *way] for spelled in ways for way in spelled]
        outputs = yield from self._scored(s, texts, [lead] * len(texts))
        return exact_scoring.summed(ways, outputs), outputs


def _next(updates: Iterator[RequestOutput]) -> RequestOutput | None:
    """The next one, waiting; None after the last."""
    with aside():
        return next(updates, None)


def own_template(tokenizer: Tokenizer, model_path: str) -> ChatTemplate:
    """The tokenizer's own template; where it has none, the one that the model's path means."""
    if tokenizer.chat_template is None:
        return get_chat_template_by_model_path(model_path)
    template = template_from_jinja(tokenizer.chat_template, tokenizer.special_tokens)
    if template is None:
        template = get_chat_template_by_model_path(model_path)
        warnings.warn(
            f"the chat template of {model_path} is more than text around turns; {template.name!r} is used instead",
            stacklevel=2,
        )
    return template


class Engine(EngineCore, OfflineMethods):
    """An engine in this process, for `generate` and as the backend of programs.

    Parameters
    ----------
    model_path
        ``"bundled"``, a local folder in Hugging Face layout, or a hub id.
    options
        Those of `sgbench.engine.config.EngineConfig`, by name: ``device``, ``dtype``, ``kv_tokens``, ``radix_cache``,
        ``schedule``, ``eviction``, ``frontend_hint``, ``deterministic``, ``seed`` and more.

    Attributes
    ----------
    config
        The resolved options, frozen.
    endpoint
        The backend that programs use; `sgbench.set_default_backend` takes the engine itself.

    Raises
    ------
    UnknownOptionError
        An option does not exist; the message names the nearest one.
    UsageError
        A value is out of range.
    ModelError
        The model cannot be found, loaded or computed rightly.

    Examples
    --------
    ::

        with sgl.Engine() as engine:
            engine.generate("The capital of France is", {"max_new_tokens": 8, "temperature": 0})["text"]
    """

    __signature__: ClassVar[inspect.Signature]

    def __init__(self, model_path: str = "bundled", **options: Any) -> None:
        from sgbench.backends.server_args import ServerArgs
        from sgbench.engine.hub import find_model
        from sgbench.engine.runner import make_runner
        from sgbench.engine.tokenizer import Tokenizer

        given = options.pop("server_args", None)
        if given is not None:
            if not isinstance(given, ServerArgs):
                raise UsageError(f"Engine(server_args=...) takes a ServerArgs, not {type(given).__name__}")
            model_path, options = given.model_path, {**given.options, **options}
        config = EngineConfig.from_options(model_path, options)
        tokenizer = None
        if not config.skip_tokenizer_init:
            tokenizer = Tokenizer(find_model(config.tokenizer_path or model_path, weights=False))
        runner = make_runner(config)
        try:
            super().__init__(getattr(runner, "config", config), runner, tokenizer)
        except BaseException:
            runner.close()
            raise
        self.program_numbers = itertools.count()
        self._chat_template: ChatTemplate | None = None
        self._backend: weakref.ref[LocalBackend] | None = None

    @property
    def endpoint(self) -> LocalBackend:
        """The backend that programs use."""
        # Held weakly: it holds the engine, and a cycle would keep the model in memory after its last use.
        backend = self._backend() if self._backend else None
        if backend is None:
            backend = LocalBackend(self, self._chat_template)
            self._backend = weakref.ref(backend)
        return backend

    @property
    def chat_template(self) -> ChatTemplate:
        """Template of the programs' roles: the tokenizer's own. Set it to use another."""
        return self.endpoint.chat_template

    @chat_template.setter
    def chat_template(self, template: ChatTemplate) -> None:
        self._chat_template = template
        self.endpoint.chat_template = template

    def get_server_info(self) -> dict[str, Any]:
        """Options and figures as a dict."""
        return self.endpoint.get_server_info()

    def __repr__(self) -> str:
        return f"<sgbench.Engine {self.config.model_path}: {self.runner.description}>"


def _signature() -> inspect.Signature:
    """For help and completion: the options with their defaults."""
    fields = [field for field in dataclasses.fields(EngineConfig) if field.name != "model_path"]
    kinds = inspect.Parameter
    first = kinds("model_path", kinds.POSITIONAL_OR_KEYWORD, default="bundled")
    return inspect.Signature([first, *(kinds(f.name, kinds.KEYWORD_ONLY, default=f.default) for f in fields)])


Engine.__signature__ = _signature()
