"""API speculative execution (paper section 5): a call runs on past its own end, and later calls are answered from the surplus.

For a *completion* model, here: the first `gen` is sent without its stops and with at least ``num_api_spec_tokens`` tokens. What
the model says beyond the gen's end is kept. As long as the program then appends what the model said, a later gen is answered from
it without a call; otherwise it is dropped. A *chat* model's turn is in `sgbench.lang.api_speculation_turn`.

The invariant: a program's text is one that it could have had without speculation. An answer is taken from the surplus only if the
call it replaces would have ended exactly there: at its own stop, or where the model itself ended, and surely within its own
``max_tokens``. A client cannot count tokens, but a text has at most as many as it has bytes in UTF-8, and at most as many as the
whole call. Where that does not decide, the call is made. (SGLang cuts a gen without stops after ``max_tokens`` *characters*.)

Knows the backend protocol; knows no engine. One of these belongs to one prompt state, so batches and forks do not meet.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sgbench.lang.ir import SglExpr
from sgbench.lang.sampling import SglSamplingParams, as_list
from sgbench.lang.variables import Meta, Slot
from sgbench.trace.events import ApiCallAccepted, ApiCallRejected, ApiCallSpeculated

if TYPE_CHECKING:
    from sgbench.backends.base import Completion
    from sgbench.lang.executor import StreamExecutor

Execute = Callable[["StreamExecutor", SglExpr, Iterator[Slot]], None]


class Speculation:
    """How a prompt state's calls are made; this one makes each when it is due.

    Parameters
    ----------
    tokens
        ``num_api_spec_tokens``: least tokens that a call may generate.
    """

    def __init__(self, tokens: int) -> None:
        self.tokens = tokens

    def generate(self, state: StreamExecutor, params: SglSamplingParams) -> tuple[Completion, Meta]:
        """A completion of the state's text, and its meta information; ``speculated`` is in it where no call was made."""
        return state.backend.generate(state, sampling_params=params)

    def takes(self, state: StreamExecutor, expr: SglExpr, slots: Iterator[Slot], execute: Execute) -> bool:
        """Is ``expr`` kept for later instead of executed now?"""
        return False

    @property
    def kept(self) -> Sequence[Slot]:
        """Slots of the variables that were kept for later."""
        return ()

    def check_closed(self) -> None:
        """The program ends: nothing may be kept."""


@dataclass(frozen=True, slots=True)
class Surplus:
    """What a call said beyond its end.

    Attributes
    ----------
    text
        The words.
    start
        Character of the state's text at which they would stand.
    ended
        Did the model itself end there?
    params
        How they were drawn, but for stops and limit: only a call of the same kind may use them.
    tokens
        Of the whole call, prompt not counted.
    prompt_tokens
        Of its prompt; the prompt of a call that is saved has at least as many.
    rids
        Requests of that call.
    """

    text: str
    start: int
    ended: bool
    params: SglSamplingParams
    tokens: int
    prompt_tokens: int
    rids: tuple[int, ...]


class TextSpeculation(Speculation):
    """Speculation with a completion model."""

    def __init__(self, tokens: int) -> None:
        super().__init__(tokens)
        self._surplus: Surplus | None = None

    def generate(self, state: StreamExecutor, params: SglSamplingParams) -> tuple[Completion, Meta]:
        """See `Speculation.generate`."""
        surplus, self._surplus = self._surplus, None
        stops = own_stops(state, params)
        if surplus is not None:
            taken = self._take(state, surplus, params, stops)
            if taken is not None:
                return taken
        if not stops or not may_speculate(params):
            return super().generate(state, params)
        return self._run_on(state, params, stops)

    def _take(
        self, state: StreamExecutor, surplus: Surplus, params: SglSamplingParams, stops: Sequence[str]
    ) -> tuple[str, Meta] | None:
        """The answer out of the surplus; None: it is not certain that a call would give it."""
        appended = state.text_[surplus.start :]
        if surplus.text == appended or not surplus.text:
            return None  # all of it was used
        rest = surplus.text[len(appended) :]
        value = None
        if surplus.text.startswith(appended) and kind(params) == surplus.params:
            value = answer(rest, stops, _limit(params), surplus.tokens, surplus.ended)
        program = {"program": state.run.program, "branch": state.branch}
        if value is None:
            _emit(state, ApiCallRejected(**program, text=surplus.text, appended=appended))
            return None
        self._surplus = dataclasses.replace(surplus, text=rest[len(value) :], start=len(state.text_) + len(value))
        state.last_rids = surplus.rids
        _emit(state, ApiCallAccepted(**program, text=appended + value, prompt_tokens_saved=surplus.prompt_tokens))
        return value, saved(surplus.prompt_tokens)

    def _run_on(self, state: StreamExecutor, params: SglSamplingParams, stops: Sequence[str]) -> tuple[str, Meta]:
        """Call without the gen's own stops, and keep what is beyond them."""
        limit = _limit(params)
        wide = dataclasses.replace(
            params, stop=as_list(state.chat_template.stop_str), max_new_tokens=max(limit, self.tokens)
        )
        completion, meta = state.backend.generate(state, sampling_params=wide)
        text = completion if isinstance(completion, str) else completion[0]
        tokens = meta.get("completion_tokens") or len(text.encode())
        ended = (meta.get("finish_reason") or {}).get("type") == "stop"
        value = answer(text, stops, limit, tokens, ended or tokens <= limit)
        program = {"program": state.run.program, "branch": state.branch}
        if value is None:  # it went past the gen's own limit, and where that is nobody can tell
            _emit(state, ApiCallRejected(**program, text=text, appended=""))
            text, exact = super().generate(state, params)  # type: ignore[assignment]  # n is 1: a string
            return text, _both(exact, meta)
        surplus = text[len(value) :]
        if surplus:
            prompt_tokens = meta.get("prompt_tokens") or 0
            start = len(state.text_) + len(value)
            self._surplus = Surplus(surplus, start, ended, kind(params), tokens, prompt_tokens, state.last_rids)
            _emit(state, ApiCallSpeculated(**program, text=surplus))
        return value, meta


def own_stops(state: StreamExecutor, params: SglSamplingParams) -> list[str]:
    """The call's stops without those of the chat template, which `sampling.resolve` put behind them."""
    stops = as_list(params.stop)
    return stops[: len(stops) - len(as_list(state.chat_template.stop_str))]


def may_speculate(params: SglSamplingParams) -> bool:
    """Can the end of such a call be found in its text, and its values be had from another call's?"""
    beyond = (params.stop_token_ids, params.stop_regex, params.min_new_tokens, params.return_logprob)
    constrained = (params.regex, params.json_schema, params.dtype)
    return params.n == 1 and _limit(params) > 0 and not any(beyond) and all(value is None for value in constrained)


def kind(params: SglSamplingParams) -> SglSamplingParams:
    """``params`` but for where the text ends: calls of one kind draw alike."""
    return dataclasses.replace(params, stop=(), max_new_tokens=0)


def answer(text: str, stops: Sequence[str], limit: int, tokens: int, ended: bool) -> str | None:
    """What a call would have answered that goes on as ``text`` does; None: it cannot be told.

    Parameters
    ----------
    text
        What the model says.
    stops
        Of the call; the first to be complete ends it.
    limit
        Its most tokens.
    tokens
        Most tokens that ``text`` can have.
    ended
        Does the model itself end after ``text``, or the call's limit?
    """
    found = sorted((at + len(stop), at) for stop in stops if (at := text.find(stop)) >= 0)
    if not found and not ended:
        return None
    end, start = found[0] if found else (len(text), len(text))
    surely = min(tokens, len(text[:end].encode()))
    return text[:start] if surely <= limit else None


def saved(prompt_tokens: int) -> Meta:
    """Meta information of a call that was not made."""
    return {
        "prompt_tokens": 0,
        "cached_tokens": 0,
        "completion_tokens": 0,
        "finish_reason": {"type": "stop"},
        "speculated": True,
        "prompt_tokens_saved": prompt_tokens,
    }


def _both(last: Meta, first: Meta) -> Meta:
    """The meta information of a call that had to be made twice."""
    counts = ("prompt_tokens", "cached_tokens", "completion_tokens")
    return last | {key: (last.get(key) or 0) + (first.get(key) or 0) for key in counts} | {"calls": 2}


def _limit(params: SglSamplingParams) -> int:
    return params.max_new_tokens or 0


def _emit(state: StreamExecutor, event: Any) -> None:
    if state.backend.listening:
        state.backend.emit(event)
