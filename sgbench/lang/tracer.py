"""The prefix that every item of a batch will share, found by running the program with placeholders (paper section 2).

The trace ends, without harm, at the first thing that has no value yet. Knows nodes; executes none.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sgbench.lang.chat_template import ChatTemplate
from sgbench.lang.ir import (
    SglArgument,
    SglConstantText,
    SglExpr,
    SglExprList,
    SglRoleBegin,
    SglRoleEnd,
    SglVariable,
    SglVarScopeBegin,
    SglVarScopeEnd,
)
from sgbench.lang.quiet import quiet
from sgbench.lang.sampling import SglSamplingParams

if TYPE_CHECKING:
    from sgbench.backends.base import BaseBackend
    from sgbench.lang.function import SglFunction
    from sgbench.lang.traced_state import TracedState

MIN_PREFIX_CHARS = 64
"""A prefix is worth reading ahead when it is longer than this."""


class StopTracing(Exception):  # noqa: N818 - a signal, and SGLang's name for it
    """The shared prefix ends here."""


@dataclass(frozen=True, slots=True)
class CallOptions:
    """How a program is called: the options of `SglFunction.run` that are not the program's own arguments."""

    sampling: SglSamplingParams
    backend: Any = None
    stream: bool = False
    use_thread: bool = True
    num_api_spec_tokens: int | None = None


class TraceScope(Protocol):
    """What happens, while a program is traced, to the programs that its body calls."""

    def call(
        self, program: SglFunction, args: Sequence[Any], kwargs: dict[str, Any], options: CallOptions
    ) -> PrefixTracer | TracedState:
        """Stands for running ``program``."""


TRACING: ContextVar[TraceScope | None] = ContextVar("sgbench_tracing", default=None)
"""The scope, while a program is traced."""


@dataclass(frozen=True, slots=True)
class _PrefixScope:
    """A prefix tells nothing of the programs that a body calls: they do not run."""

    template: ChatTemplate

    def call(
        self, program: SglFunction, args: Sequence[Any], kwargs: dict[str, Any], options: CallOptions
    ) -> PrefixTracer:
        return PrefixTracer(self.template)


class PrefixTracer:
    """Stands for the state while a program's prefix is traced: collects constant text, ends at everything else."""

    def __init__(self, template: ChatTemplate) -> None:
        self._template = template
        self._messages: list[dict[str, Any]] = []
        self._role_start = 0
        self.prefix = ""

    def __iadd__(self, other: SglExpr | str) -> PrefixTracer:
        self._append(other)
        return self

    def _append(self, expr: Any) -> None:
        if isinstance(expr, str):
            self.prefix += expr
        elif isinstance(expr, SglConstantText):
            self.prefix += expr.value
        elif isinstance(expr, SglExprList):
            for part in expr.expr_list:
                self._append(part)
        elif isinstance(expr, SglRoleBegin):
            self._begin(expr.role)
        elif isinstance(expr, SglRoleEnd):
            self._end(expr.role)
        elif not isinstance(expr, SglVarScopeBegin | SglVarScopeEnd):
            raise StopTracing

    def _begin(self, role: str) -> None:
        default = self._template.default_system_prompt
        if not self._messages and role != "system" and default is not None:
            self._begin("system")
            self.prefix += default
            self._end("system")
        self.prefix += self._template.get_prefix_and_suffix(role, self._messages)[0]
        self._role_start = len(self.prefix)

    def _end(self, role: str) -> None:
        content = self.prefix[self._role_start :].lstrip()
        self.prefix += self._template.get_prefix_and_suffix(role, self._messages)[1]
        self._messages.append({"role": role, "content": content})

    def _turn(self, role: str, expr: SglExpr | str | None) -> Any:
        if expr is None:
            return self._bracket(role)
        self._append(SglExprList([SglRoleBegin(role), expr, SglRoleEnd(role)]))
        return None

    @contextmanager
    def _bracket(self, role: str) -> Iterator[None]:
        self._begin(role)
        yield
        self._end(role)

    def system(self, expr: SglExpr | str | None = None) -> Any:
        """As `ProgramState.system`."""
        return self._turn("system", expr)

    def user(self, expr: SglExpr | str | None = None) -> Any:
        """As `ProgramState.user`."""
        return self._turn("user", expr)

    def assistant(self, expr: SglExpr | str | None = None) -> Any:
        """As `ProgramState.assistant`."""
        return self._turn("assistant", expr)

    def var_scope(self, name: str) -> Any:
        """A scope adds no text."""
        return contextlib.nullcontext()

    def __getitem__(self, name: str) -> SglVariable:
        return SglVariable(name, self)

    def __getattr__(self, name: str) -> Any:
        raise StopTracing


def extract_prefix_by_tracing(program: SglFunction, backend: BaseBackend) -> str:
    """The constant text with which ``program`` begins whatever its (unbound) arguments are.

    The body runs once with placeholders; whatever it raises ends the trace. What it prints is dropped; other side effects happen
    (``function(traced=False)`` is for bodies that must not run once more).
    """
    template = backend.get_chat_template()
    tracer = PrefixTracer(template)
    arguments = {name: SglArgument(name) for name in program.arg_names} | program.bind_arguments
    token = TRACING.set(_PrefixScope(template))
    try:
        with contextlib.suppress(Exception), quiet():
            program.func(tracer, **arguments)
    finally:
        TRACING.reset(token)
    return tracer.prefix


def cache_program(program: SglFunction, backend: BaseBackend) -> None:
    """Have ``backend`` read the prefix that all runs of ``program`` share, if it is long enough to pay.

    The trace is made once for a function and its bound arguments.
    """
    prefix = program.prefix(backend)
    if len(prefix) > MIN_PREFIX_CHARS:
        backend.cache_prefix(prefix)
