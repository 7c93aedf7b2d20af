"""API speculative execution with a chat model (paper section 5): an assistant's turn is one call.

A chat model completes whole turns, so inside one it can be asked only once. The turn's texts and gens are kept as a pattern; when
the turn ends, one call is made and its reply matched: texts literally, each gen up to its stop. Then the turn is executed with the
matched values. Knows the backend protocol, and how nodes are executed only by the function it is given.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sgbench.errors import BackendError, ContractError, UsageError
from sgbench.lang.api_speculation import (
    Execute,
    Speculation,
    TextSpeculation,
    answer,
    kind,
    may_speculate,
    own_stops,
    saved,
)
from sgbench.lang.ir import (
    SglConstantText,
    SglExpr,
    SglExprList,
    SglGen,
    SglRoleEnd,
    SglVariable,
    SglVarScopeBegin,
    SglVarScopeEnd,
)
from sgbench.lang.ledger import charged
from sgbench.lang.sampling import SglSamplingParams, as_list, resolve
from sgbench.lang.variables import Meta, Slot

if TYPE_CHECKING:
    from sgbench.backends.base import BaseBackend, Completion
    from sgbench.lang.executor import StreamExecutor

TRIES = 3
"""How often a chat model is asked for a turn; once only at temperature 0, where it would say the same again."""


@dataclass(frozen=True, slots=True)
class GenPart:
    """A gen of the pattern."""

    stops: tuple[str, ...]
    limit: int


Pattern = Sequence[str | GenPart]


def match(pattern: Pattern, reply: str, tokens: int) -> list[str] | str:
    """The value of each gen of ``pattern`` in ``reply``; or, in words, where the reply leaves the pattern.

    A gen ends before its first stop. The last one, if nothing follows it, may also end with the reply. What the reply says beyond
    the pattern is not looked at.

    Parameters
    ----------
    tokens
        Most tokens that the reply can have.
    """
    values: list[str] = []
    at = 0
    for place, part in enumerate(pattern):
        rest = reply[at:]
        if isinstance(part, str):
            if not rest.startswith(part):
                return f"{part!r} is wanted, and the reply goes on with {rest[: max(len(part), 20)]!r}"
            at += len(part)
            continue
        last = place == len(pattern) - 1
        value = answer(rest, part.stops, part.limit, tokens, ended=last)
        if value is None:
            return (
                f"a gen that ends at {list(part.stops)} within {part.limit} tokens is wanted, and the reply is {rest!r}"
            )
        values.append(value)
        at += len(value)
    return values


class TurnSpeculation(Speculation):
    """Speculation with a chat model."""

    def __init__(self, tokens: int) -> None:
        super().__init__(tokens)
        self._parts: list[tuple[SglExpr, Slot | None]] = []
        self._values: Iterator[tuple[str, Meta]] | None = None  # while the turn is executed

    @property
    def kept(self) -> Sequence[Slot]:
        """See `Speculation.kept`."""
        return [slot for _, slot in self._parts if slot is not None]

    def check_closed(self) -> None:
        """See `Speculation.check_closed`.

        Raises
        ------
        ContractError
            The assistant's turn is still open, and so its gens have no values.
        """
        if any(isinstance(expr, SglGen) for expr, _ in self._parts):
            raise ContractError(
                "the program ended inside an assistant's turn; with num_api_spec_tokens a turn must be closed"
            )

    def generate(self, state: StreamExecutor, params: SglSamplingParams) -> tuple[Completion, Meta]:
        """See `Speculation.generate`."""
        return super().generate(state, params) if self._values is None else next(self._values)

    def takes(self, state: StreamExecutor, expr: SglExpr, slots: Iterator[Slot], execute: Execute) -> bool:
        """Keep the nodes of an assistant's turn; at its end make them happen.

        Raises
        ------
        UsageError
            A node cannot stand in a turn that one call generates.
        """
        if self._values is not None or state.cur_role != "assistant" or isinstance(expr, SglExprList):
            return False
        if isinstance(expr, SglRoleEnd):
            self._play(state, execute)
            return False
        if isinstance(expr, SglVariable):
            expr = SglConstantText(expr.source.get_var(expr.name))
        slot = None
        if isinstance(expr, SglGen | SglVarScopeBegin):
            slot = next(slots)
            slot.held = True
        elif not isinstance(expr, SglConstantText | SglVarScopeEnd):
            raise UsageError(
                f"{expr!r} cannot stand in an assistant's turn that one call generates (num_api_spec_tokens)"
            )
        self._parts.append((expr, slot))
        return True

    def _play(self, state: StreamExecutor, execute: Execute) -> None:
        gens = [expr for expr, _ in self._parts if isinstance(expr, SglGen)]
        self._values = iter(self._call(state, gens) if gens else ())
        try:
            for expr, slot in self._parts:
                execute(state, expr, iter(() if slot is None else (slot,)))
                if slot is not None and isinstance(expr, SglGen):
                    slot.held = False
                    slot.done.set()
            self._parts = []
        finally:
            self._values = None

    def _call(self, state: StreamExecutor, gens: Sequence[SglGen]) -> list[tuple[str, Meta]]:
        """Values and meta information of the turn's gens, from one call or a few.

        Raises
        ------
        BackendError
            The model did not follow the pattern.
        """
        template = state.chat_template.stop_str
        each = [resolve(state.default_sampling_para, gen.sampling_params, template) for gen in gens]
        stops = [tuple(own_stops(state, params)) for params in each]
        self._check(each, stops)
        parts = iter([GenPart(own, params.max_new_tokens or 0) for own, params in zip(stops, each, strict=True)])
        pattern: list[str | GenPart] = [
            expr.value if isinstance(expr, SglConstantText) else next(parts)
            for expr, _ in self._parts
            if isinstance(expr, SglConstantText | SglGen)
        ]
        limit = max(self.tokens, *(params.max_new_tokens or 0 for params in each))
        whole = dataclasses.replace(each[0], stop=as_list(template), max_new_tokens=limit)
        found: list[str] | str = ""
        tries = TRIES if (whole.temperature or 0) > 1e-5 else 1
        for _ in range(tries):
            state.begin_call()
            reply, meta = state.backend.generate(state, sampling_params=whole)
            assert isinstance(reply, str), "n is 1"
            found = match(pattern, reply, meta.get("completion_tokens") or len(reply.encode()))
            if isinstance(found, list):
                later: Meta = saved(meta.get("prompt_tokens") or 0)
                return [(value, meta if i == 0 else dict(later)) for i, value in enumerate(found)]
            state.usage = charged(state.usage, meta)
        raise BackendError(f"the model did not follow the turn's pattern in {tries} tries: {found}")

    def _check(self, each: Sequence[SglSamplingParams], stops: Sequence[tuple[str, ...]]) -> None:
        if not all(may_speculate(params) for params in each):
            raise UsageError(
                "a turn that one call generates (num_api_spec_tokens) takes gens of one sample, with text stops only: no "
                "constraint, no logprobs, no min_tokens"
            )
        if any(kind(params) != kind(each[0]) for params in each):
            raise UsageError("the gens of a turn that one call generates must agree on all but stop and max_tokens")
        followed = [expr for expr, _ in self._parts if isinstance(expr, SglGen | SglConstantText)]
        gens = [place for place, expr in enumerate(followed) if isinstance(expr, SglGen)]
        for place, own in zip(gens, stops, strict=True):
            if not own and place != len(followed) - 1:
                raise UsageError("a gen needs a stop where more follows it in a turn that one call generates")


def speculation(backend: BaseBackend, tokens: int | None, source: StreamExecutor | None) -> Speculation | None:
    """How a state speculates on ``backend``, ``tokens`` ahead; None: it does not. ``source``: what it is forked from.

    Raises
    ------
    UsageError
        ``source`` is inside a turn that one call generates.
    """
    if source and source.speculation and source.speculation.kept:
        raise UsageError("an assistant's turn that one call generates (num_api_spec_tokens) cannot be forked inside")
    if tokens is None:
        return None
    return TurnSpeculation(tokens) if backend.is_chat_model else TextSpeculation(tokens)
