"""What a program will ask of its backend, found before it runs: so that what a backend cannot do is said before the first call.

A body whose code shows that nobody can notice (`sgbench.lang.purity`) is traced with placeholders, once for a function; a trace that
cannot go on tells what it saw up to there. The rest is checked at each node. Only what a second trace, with the run's own arguments,
confirms is refused. Knows nodes and what a backend says of itself; makes no call.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING, Any

from sgbench.lang.graph import Graph, GraphNode
from sgbench.lang.ir import (
    SglArgument,
    SglCall,
    SglConstantText,
    SglExpr,
    SglExprList,
    SglGen,
    SglImage,
    SglRoleBegin,
    SglSelect,
    SglSeparateReasoning,
    SglVarScopeBegin,
    SglVideo,
)
from sgbench.lang.quiet import quiet
from sgbench.lang.sampling import SglSamplingParams, resolve
from sgbench.lang.tracer import CallOptions

if TYPE_CHECKING:
    from sgbench.backends.base import BaseBackend
    from sgbench.backends.capabilities import Capabilities
    from sgbench.lang.function import SglFunction

MAX_NODES = 10_000
"""A trace that is longer is taken as far as that: a loop may wait for what only a run changes."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that a program asks of its backend.

    Attributes
    ----------
    expr
        A gen, select, image or video.
    opens_turn
        Does it stand first in a turn of the assistant?
    in_turns
        Does any turn begin before it?
    called
        How the program was called in whose body it stands; None: it is the program's own.
    """

    expr: SglExpr
    opens_turn: bool
    in_turns: bool
    called: CallOptions | None = None


class _Enough(Exception):  # noqa: N818 - a signal
    """The trace is as long as it may be."""


class _Bounded(Graph):
    def add(self, pid: int, expr: SglExpr, prev: GraphNode | None, sources: tuple[GraphNode, ...] = ()) -> GraphNode:
        if len(self.nodes) >= MAX_NODES:
            raise _Enough
        return super().add(pid, expr, prev, sources)


def wishes(program: SglFunction, arguments: Mapping[str, Any]) -> tuple[Wish, ...]:
    """What ``program`` asks for, as far as a trace goes; parameters that ``arguments`` lacks are placeholders.

    Whatever the body raises ends the trace without harm.
    """
    from sgbench.lang.traced_state import TracedState, parameters, run_body

    graph = _Bounded()
    state = TracedState(graph, graph.begin("program", "program"), None, {})
    given = {name: SglArgument(name) for name in parameters(program)} | dict(arguments)
    with contextlib.suppress(Exception), quiet():
        run_body(state, program, (), given)
    return wishes_of(graph)


def wishes_of(graph: Graph) -> tuple[Wish, ...]:
    """What a program that was traced to ``graph`` asks for."""
    return tuple(_found(graph))


def _found(graph: Graph) -> Iterator[Wish]:
    called: dict[int, CallOptions | None] = {}
    turned: dict[int, bool] = {}
    for node in graph.nodes:
        before_it = node.prev_node
        turned[node.node_id] = before_it is not None and (turned[before_it.node_id] or _begins_turn(before_it.expr))
        stream = graph.streams[node.pid]
        if isinstance(node.expr, SglCall):
            called[node.pid] = node.expr.options
        elif node.pid not in called:
            called[node.pid] = None if stream.parent is None else called.get(stream.parent)
        for expr, before in _flat(node.expr, node.prev_node):
            if isinstance(expr, SglGen | SglSelect | SglImage | SglVideo):
                yield Wish(expr, _opens(before), turned[node.node_id] or _begins_turn(node.expr), called[node.pid])


def _flat(expr: SglExpr, before: Any) -> Iterator[tuple[SglExpr, Any]]:
    """The nodes in ``expr``, each with what stands before it: a node of the graph, or a node in ``expr``."""
    if isinstance(expr, SglSeparateReasoning):
        yield from _flat(expr.expr, before)
    elif isinstance(expr, SglExprList):
        for part in expr.expr_list:
            yield from _flat(part, before)
            before = part
    else:
        yield expr, before


def _begins_turn(expr: SglExpr) -> bool:
    return any(isinstance(part, SglRoleBegin) for part, _ in _flat(expr, None))


def _opens(before: Any) -> bool:
    while isinstance(before, GraphNode) and (
        isinstance(before.expr, SglVarScopeBegin)
        or (isinstance(before.expr, SglConstantText) and not before.expr.value)
    ):
        before = before.prev_node
    expr = before.expr if isinstance(before, GraphNode) else before
    return isinstance(expr, SglRoleBegin) and expr.role == "assistant"


def refusal(
    program: SglFunction, backend: BaseBackend, sampling: SglSamplingParams, arguments: Mapping[str, Any]
) -> str | None:
    """Why ``program`` cannot run on ``backend``, in words; None: nothing is known against it.

    Parameters
    ----------
    sampling
        The run's values.
    arguments
        The run's arguments, by name.
    """
    able = backend.capabilities
    if not program.traced or not _worth_tracing(able, program):
        return None
    told = _lacking(program.wishes(), program, backend, sampling)
    if told is None or program.knows:
        return told
    return _lacking(wishes(program, arguments), program, backend, sampling)


_SELDOM = {"images": {"image", "video"}, "spellings": {"exact_likelihood", "ExactLikelihood"}}
"""What few programs ask for, and the names without which they cannot."""


def _worth_tracing(able: Capabilities, program: SglFunction) -> bool:
    lacking = _lacked(able)
    if not lacking or program.knows or not lacking <= _SELDOM.keys():
        return bool(lacking)
    return program.names is None or any(not _SELDOM[name].isdisjoint(program.names) for name in lacking)


@functools.lru_cache(64)
def _lacked(able: Capabilities) -> frozenset[str]:
    """Fields in which ``able`` is not everything."""
    from sgbench.backends.capabilities import Capabilities

    everything = Capabilities()
    names = (field.name for field in dataclasses.fields(able))
    return frozenset(name for name in names if getattr(able, name) != getattr(everything, name))


def names_in(code: CodeType | None) -> frozenset[str] | None:
    """The names that ``code``, or a function inside it, uses; None: it cannot be told."""
    if code is None:
        return None
    inner = [names_in(const) or frozenset() for const in code.co_consts if isinstance(const, CodeType)]
    return frozenset({*code.co_names, *code.co_freevars}).union(*inner)


def _lacking(
    wanted: tuple[Wish, ...], program: SglFunction, backend: BaseBackend, sampling: SglSamplingParams
) -> str | None:
    for wish in wanted:
        called = wish.called
        if called is not None and called.backend is not None:
            continue  # it runs elsewhere
        values = sampling if called is None else called.sampling
        speculates = (program.num_api_spec_tokens if called is None else called.num_api_spec_tokens) is not None
        lacking = lacks(wish.expr, backend, values)
        able = backend.capabilities
        placed = able.open_turns or wish.opens_turn or (able.lone_text and not wish.in_turns)
        if lacking is None and not (placed or speculates):
            lacking = _turns(wish.expr)
        if lacking is not None:
            return f"{type(backend).__name__} {lacking}. No call was made."
    return None


def _turns(expr: SglExpr) -> str | None:
    if not isinstance(expr, SglGen | SglSelect):
        return None
    kind = "gen" if isinstance(expr, SglGen) else "select"
    return (
        f"runs a chat model, which completes whole turns: {kind}({expr.name!r}) must stand first in an assistant's turn. For text "
        "before it, or several in one turn, make the program with num_api_spec_tokens"
    )


def lacks(expr: SglExpr, backend: BaseBackend, sampling: SglSamplingParams) -> str | None:
    """What ``backend`` lacks that ``expr`` asks for, as the end of a sentence; None: nothing."""
    able = backend.capabilities
    if isinstance(expr, SglGen):
        params = resolve(sampling, expr.sampling_params)
        missing = able.missing(params)
        return None if missing is None else f"has no {missing}, which gen({expr.name!r}) asks for"
    if isinstance(expr, SglSelect) and not able.selects:
        return f"cannot score choices, which select({expr.name!r}) asks for"
    if isinstance(expr, SglSelect) and not able.spellings and getattr(expr.choices_method, "max_tokenizations", None):
        return f"cannot score choices in every tokenisation, as exact_likelihood in select({expr.name!r}) needs"
    if isinstance(expr, SglImage | SglVideo) and not able.images:
        kind = "image" if isinstance(expr, SglImage) else "video"
        return f"runs models that read text only, and cannot take {kind}(...)"
    return None
