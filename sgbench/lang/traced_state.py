"""Full tracing (paper appendix D): the program's body runs once with placeholders, and what it appends becomes a graph.

A trace follows one path, so a program whose path depends on a value that is not known yet cannot be traced: every such use
of a placeholder raises. Knows nodes and graphs; executes none.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from sgbench.errors import UsageError
from sgbench.lang.graph import Graph, GraphNode, Stream
from sgbench.lang.ir import (
    SglArgument,
    SglCall,
    SglConstantText,
    SglExpr,
    SglExprList,
    SglFork,
    SglGetForkItem,
    SglJoin,
    SglReturn,
    SglRoleBegin,
    SglRoleEnd,
    SglSeparateReasoning,
    SglSetVariable,
    SglVariable,
    SglVarScopeBegin,
    SglVarScopeEnd,
)
from sgbench.lang.state import JoinMode, ProgramStateGroup
from sgbench.lang.tracer import TRACING, CallOptions
from sgbench.lang.walk import made_variables

if TYPE_CHECKING:
    from sgbench.lang.function import SglFunction

JOIN_MODES = ("gather_variable", "concate_and_append")


class TracedVariable(SglVariable):
    """The value that ``source``, a node of the graph, will give variable ``name``; can be appended, indexed and passed on."""

    __slots__ = ("path",)

    def __init__(self, name: str | None, source: GraphNode, path: tuple[Any, ...] = ()) -> None:
        super().__init__(name, source)  # type: ignore[arg-type]
        self.path = path

    def __repr__(self) -> str:
        return f"Variable({self.name!r}, source=%{self.source.node_id})" + "".join(f"[{key!r}]" for key in self.path)

    def __getitem__(self, key: int | slice) -> TracedVariable:
        return TracedVariable(self.name, self.source, (*self.path, key))

    def __getattr__(self, attribute: str) -> NoReturn:
        raise AttributeError(
            f"variable {self.name!r} has no value while the program is traced, so no {attribute!r} either"
        )

    def _refuse(self, *_: object) -> Any:
        raise TypeError(f"the value of variable {self.name!r} is not known while the program is traced")

    __len__ = __iter__ = __int__ = __float__ = __bool__ = __format__ = __str__ = __eq__ = __ne__ = _refuse
    __contains__ = _refuse
    __hash__ = None  # type: ignore[assignment]


class Rewriter(Protocol):
    """Changes the order of text while the program's own stream is traced."""

    def holds(self, expr: SglExpr) -> bool:
        """Is ``expr`` kept back until `release`?"""

    def release(self, following: SglExpr | None) -> Sequence[SglExpr]:
        """What was kept back, to be appended before ``following``; None: nothing follows."""


@dataclass(slots=True)
class Scope:
    """Where a program called from the body of ``caller`` is traced."""

    caller: TracedState

    def call(
        self, program: SglFunction, args: Sequence[Any], kwargs: dict[str, Any], options: CallOptions
    ) -> TracedState:
        """Trace the body of ``program`` as a stream of its own."""
        graph = self.caller.graph
        stream = graph.begin("call", _name(program), self.caller.pid)
        state = TracedState(graph, stream, None, {})
        self.caller.child_states.append(state)
        before = self.caller.last_node
        state.append(SglCall(stream.name, options), () if before is None else (before,))
        state.speculates = options.num_api_spec_tokens is not None
        run_body(state, program, args, kwargs)
        state.append(SglReturn())
        state.ended = True
        return state


class TracedState:
    """Stands for the prompt state while a program is traced.

    Attributes
    ----------
    graph, pid
        The graph, and the state's stream in it.
    last_node
        The newest node of the stream; None: it has none yet.
    variables
        What the state's variables are: placeholders, or values that the program set itself.
    child_states
        Its forks and the programs called from its body.
    ret_value
        What the function returned; may hold placeholders and traced states.
    speculates
        Does its program use API speculative execution, where a turn's variables come all at once?
    """

    def __init__(self, graph: Graph, stream: Stream, last: GraphNode | None, variables: dict[str | None, Any]) -> None:
        self.graph = graph
        self.pid = stream.pid
        self.last_node = last
        self.variables = variables
        self.child_states: list[TracedState] = []
        self.ret_value: Any = None
        self.ended = False
        self.rewriter: Rewriter | None = None
        self.speculates = False
        self._open_scopes: set[str] = set()
        self._turn: set[str | None] | None = None  # variables of the open assistant's turn

    @property
    def nodes(self) -> list[GraphNode]:
        """The nodes of the state's stream, in order."""
        return list(self.graph.of(self.pid))

    def append(self, expr: SglExpr, sources: tuple[GraphNode, ...] = ()) -> GraphNode:
        """Append ``expr`` as one node."""
        if self.ended:
            raise UsageError("this prompt state has ended: its program has returned, or its branch was joined")
        if self.rewriter is not None:
            self.release(expr)
        node = self.graph.add(self.pid, expr, self.last_node, sources + tuple(_sources(expr)))
        self.last_node = node
        return node

    def release(self, following: SglExpr | None) -> None:
        """Append what the rewriter kept back."""
        rewriter, self.rewriter = self.rewriter, None
        if rewriter is not None:
            for part in rewriter.release(following):
                self.append(part)
        self.rewriter = rewriter

    def __iadd__(self, other: SglExpr | str) -> TracedState:
        if isinstance(other, str):
            other = SglConstantText(other)
        if isinstance(other, SglExprList):
            for part in other.expr_list:
                self += part
        elif isinstance(other, SglExpr):
            self._append(other)
        else:
            raise UsageError(f"a prompt state takes text and nodes such as gen(...), not {type(other).__name__}")
        return self

    def _append(self, expr: SglExpr) -> None:
        if self.rewriter is not None and self.rewriter.holds(expr):
            return
        node = self.append(expr)
        if isinstance(expr, SglVarScopeBegin):
            self._open_scopes.add(expr.name)
        elif isinstance(expr, SglVarScopeEnd):
            self._open_scopes.discard(expr.name)
            self.variables[expr.name] = TracedVariable(expr.name, node)
        elif isinstance(expr, SglRoleBegin | SglRoleEnd):
            self._turn = set() if isinstance(expr, SglRoleBegin) and expr.role == "assistant" else None
        for name, scope in made_variables(expr):
            if not scope:
                self.variables[name] = TracedVariable(name, node)
            if self._turn is not None:
                self._turn.add(name)

    # --- what a body may do -------------------------------------------------------------------------------------

    def system(self, expr: SglExpr | str | None = None) -> Any:
        """As `ProgramState.system`."""
        return self._role("system", expr)

    def user(self, expr: SglExpr | str | None = None) -> Any:
        """As `ProgramState.user`."""
        return self._role("user", expr)

    def assistant(self, expr: SglExpr | str | None = None) -> Any:
        """As `ProgramState.assistant`."""
        return self._role("assistant", expr)

    def _role(self, role: str, expr: SglExpr | str | None) -> Any:
        if expr is None:
            return self._bracket(SglRoleBegin(role), SglRoleEnd(role))
        self += SglExprList([SglRoleBegin(role), expr, SglRoleEnd(role)])
        return None

    def var_scope(self, name: str) -> Any:
        """As `ProgramState.var_scope`."""
        return self._bracket(SglVarScopeBegin(name), SglVarScopeEnd(name))

    @contextmanager
    def _bracket(self, begin: SglExpr, end: SglExpr) -> Iterator[None]:
        self._append(begin)
        yield
        self._append(end)

    def fork(self, size: int = 1, position_ids_offset: Any = None) -> TracedGroup:
        """As `ProgramState.fork`."""
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise UsageError(f"fork({size!r}): a whole number of at least 1 is needed")
        fork = self.append(SglFork(size, position_ids_offset))
        children = []
        for i in range(size):
            stream = self.graph.begin("fork", f"fork {i}", self.pid)
            child = TracedState(self.graph, stream, fork, dict(self.variables))
            child.append(SglGetForkItem(i))
            children.append(child)
        self.child_states += children
        return TracedGroup(children, self)

    @contextmanager
    def copy(self, position_ids_offset: Any = None) -> Iterator[TracedState]:
        """As `ProgramState.copy`."""
        group = self.fork(1, position_ids_offset)
        yield group[0]
        group.join()

    def sync(self) -> None:
        """As `ProgramState.sync`; a graph has no time, so there is nothing to wait for."""

    def get_var(self, name: str | None) -> Any:
        """As `ProgramState.get_var`: a placeholder, or what the program set itself."""
        if name in self._open_scopes:
            raise UsageError(f"variable {name!r} is the text of a scope that is still open: read it after the block")
        if self.speculates and self._turn is not None and name in self._turn:
            raise UsageError(
                f"variable {name!r} comes with the whole turn (num_api_spec_tokens): read it after the turn"
            )
        return self.variables[name]

    def set_var(self, name: str, value: Any) -> None:
        """As `ProgramState.set_var`."""
        self.append(SglSetVariable(name, value), tuple(_sources(value)))
        self.variables[name] = value

    __getitem__ = get_var
    __setitem__ = set_var

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a program that is traced cannot use s.{name}: it has no text and no result yet")

    def __contains__(self, name: object) -> bool:
        raise TypeError("`in` asks what a prompt state has by now, which is not known while the program is traced")


class TracedGroup(ProgramStateGroup):
    """The forks of a traced state."""

    states: list[TracedState]  # type: ignore[assignment]

    def __getitem__(self, i: int) -> TracedState:  # type: ignore[override]
        return self.states[i]

    def __init__(self, states: Sequence[TracedState], src_state: TracedState) -> None:
        super().__init__(states, src_state)  # type: ignore[arg-type]
        self._parent = src_state

    def join(self, mode: JoinMode = "gather_variable") -> None:
        """As `ProgramStateGroup.join`."""
        if mode not in JOIN_MODES:
            raise UsageError(f"join(mode={mode!r}): the modes are {' and '.join(JOIN_MODES)}")
        ends = tuple(child.last_node for child in self.states if child.last_node is not None)
        self._parent.append(SglJoin(mode), ends)
        before = set(self._parent.variables)
        for child in self.states:
            child.ended = True
            for name, value in child.variables.items() if mode == "gather_variable" else ():
                if name not in before:
                    self._parent.variables.setdefault(name, []).append(value)


def _sources(value: Any) -> Iterator[GraphNode]:
    """The nodes whose results ``value`` holds."""
    if isinstance(value, TracedVariable):
        yield value.source
    elif isinstance(value, SglSeparateReasoning):
        yield from _sources(value.expr)
    elif isinstance(value, SglExprList):
        yield from _sources(value.expr_list)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _sources(part)
    elif isinstance(value, dict):
        yield from _sources(list(value.values()))


def parameters(program: SglFunction) -> list[str]:
    """Names of the program's parameters, those that are given by keyword only included."""
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = [p.name for p in inspect.signature(program.func).parameters.values() if p.kind not in several]
    return named[1:]


def _name(program: SglFunction) -> str:
    return str(getattr(program.func, "__name__", "program"))


def run_body(state: TracedState, program: SglFunction, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
    """Run the body of ``program`` on ``state``; programs that it calls are traced too."""
    token = TRACING.set(Scope(state))
    try:
        state.ret_value = program.func(state, *args, **kwargs)
    finally:
        TRACING.reset(token)


def trace_program(program: SglFunction, arguments: dict[str, Any], rewriter: Rewriter | None = None) -> TracedState:
    """Trace ``program``; parameters that are neither bound nor in ``arguments`` become placeholders.

    ``rewriter`` changes the order of the text of the program's own stream.

    Raises
    ------
    UsageError
        The body does what depends on a value that is not known; the message names the line.
    """
    graph = Graph()
    state = TracedState(graph, graph.begin("program", _name(program)), None, {})
    state.rewriter = rewriter
    state.speculates = program.num_api_spec_tokens is not None
    placeholders = {name: SglArgument(name) for name in parameters(program)}
    try:
        run_body(state, program, (), {**placeholders, **arguments, **program.bind_arguments})
        state.release(None)
    except Exception as error:
        raise UsageError(f"{_name(program)} cannot be traced{_line(program, error)}: {error}") from error
    return state


def _line(program: SglFunction, error: Exception) -> str:
    code = getattr(program.func, "__code__", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if code and f.filename == code.co_filename]
    return f" (line {frames[-1].lineno})" if frames else ""
