"""Running a program as a graph (paper appendix D): all nodes are submitted in topological order, and nothing waits in between.

The interpreter waits wherever the body reads a variable; here the stream that uses the value waits for it, and all others go
on. Streams, forks, joins and calls are the interpreter's own, so results are the same. Knows graphs and prompt states.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sgbench.errors import UsageError
from sgbench.lang import interpreter
from sgbench.lang.function import SglFunction
from sgbench.lang.graph import Graph, GraphNode
from sgbench.lang.ir import (
    SglArgument,
    SglCall,
    SglExpr,
    SglExprList,
    SglFork,
    SglGetForkItem,
    SglImage,
    SglJoin,
    SglReturn,
    SglSeparateReasoning,
    SglSetVariable,
    SglVariable,
    SglVarScopeEnd,
    SglVideo,
)
from sgbench.lang.program_check import wishes_of
from sgbench.lang.run import CALLER, Caller
from sgbench.lang.state import ProgramState, ProgramStateGroup
from sgbench.lang.traced_state import TracedState, TracedVariable, parameters
from sgbench.lang.walk import made_variables

if TYPE_CHECKING:
    from sgbench.lang.executor import StreamExecutor
    from sgbench.lang.reordering import Reordering
    from sgbench.lang.variables import Slot


class CompiledFunction:
    """A program as a graph. Runs as the program itself does, but that its Python body is not executed again.

    Parameters
    ----------
    program
        What was traced.
    trace
        Its trace.
    backend
        Where runs that name no backend go; None: the default backend.

    Attributes
    ----------
    program, backend
        As given.
    graph
        The nodes and streams; shows itself as a drawing in a notebook.
    """

    def __init__(self, program: SglFunction, trace: TracedState, backend: Any = None) -> None:
        self.program = program
        self.trace = trace
        self.graph: Graph = trace.graph
        self.backend = backend
        self._schedule = self.graph.schedule()
        self._runner = SglFunction(self._body(), program.num_api_spec_tokens, program.bind_arguments)
        self._runner.know(wishes_of(self.graph))

    def _body(self) -> Callable[..., Any]:
        signature = inspect.signature(self.program.func)

        def body(s: Any, *args: Any, **kwargs: Any) -> Any:
            arguments = signature.bind(s, *args, **kwargs)
            arguments.apply_defaults()
            values = dict(arguments.arguments)
            if isinstance(s, ProgramState):
                return _Execution(self.trace, self._schedule, s, values).run()
            return _write_prefix(s, self.graph, values)

        body.__name__ = getattr(self.program.func, "__name__", "program")
        body.__signature__ = signature  # type: ignore[attr-defined]
        return body

    def run(self, *args: Any, **options: Any) -> ProgramState:
        """Run the graph once; see `SglFunction.run`, whose parameters these are."""
        return self._runner.run(*args, **self._placed(options))

    def run_batch(self, batch_kwargs: Sequence[Mapping[str, Any]] | Sequence[Sequence[Any]], **options: Any) -> Any:
        """Run the graph for each item; see `SglFunction.run_batch`, whose parameters these are."""
        return self._runner.run_batch(batch_kwargs, **self._placed(options))

    __call__ = run

    def _placed(self, options: dict[str, Any]) -> dict[str, Any]:
        place = options.get("backend")
        return options if place is not None or self.backend is None else {**options, "backend": self.backend}

    def print_graph(self) -> None:
        """Print the nodes, each with its stream."""
        print(self.graph)  # noqa: T201 - it is what the name says

    def reordering(self) -> Reordering:
        """Which constant text could move in front of varying text, so that runs share more: a proposal, not applied."""
        from sgbench.lang.reordering import Reordering

        return Reordering(self)

    def prompt(self, arguments: Mapping[str, Any], backend: Any = None) -> str:
        """The text that the first call of a run with ``arguments`` would read.

        Raises
        ------
        UsageError
            An argument is missing.
        """
        place = interpreter.resolve_backend(backend or self.backend)
        names, defaults = self.program.arg_names, self.program.arg_defaults
        known = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True)) | dict(arguments)
        missing = [name for name in parameters(self.program) if name not in {**known, **self.program.bind_arguments}]
        if missing:
            raise UsageError(f"{self.program!r} needs {', '.join(missing)}, too")
        return interpreter.extract_prefix_by_tracing(self._runner.bind(**known), place)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.graph._repr_mimebundle_(include, exclude)

    def __repr__(self) -> str:
        nodes, streams = len(self.graph.nodes), len(self.graph.streams)
        return f"CompiledFunction({self.program!r}: {nodes} nodes in {streams} streams)"


class _Produced:
    """A variable that a node makes: what `SglVariable` waits for."""

    def __init__(self, executor: StreamExecutor, slot: Slot, path: tuple[Any, ...] = ()) -> None:
        self._executor = executor
        self._slot = slot
        self._path = path

    def get_var(self, name: str | None) -> Any:
        value = self._executor.result(self._slot)
        for key in self._path:
            value = value[key]
        return value

    def rids(self, name: str | None) -> tuple[int, ...]:
        return self._slot.rids

    def at(self, path: tuple[Any, ...]) -> _Produced:
        return _Produced(self._executor, self._slot, path)


class _Execution:
    """One run of a graph, with what its streams and placeholders stand for."""

    def __init__(
        self, trace: TracedState, schedule: Sequence[GraphNode], state: ProgramState, arguments: dict[str, Any]
    ) -> None:
        self._trace = trace
        self._graph = trace.graph
        self._schedule = schedule
        self._arguments = arguments
        self._states: dict[int, ProgramState] = {trace.pid: state}
        self._groups: dict[int, ProgramStateGroup] = {}
        self._produced: dict[tuple[int, str | None], _Produced] = {}
        self._calls: dict[int, ProgramState] = {}

    def run(self) -> Any:
        """Submit every node; what the program's function returns."""
        try:
            for node in self._schedule:
                self._step(node)
            for child in _descendants(self._trace):
                self._states[child.pid].ret_value = self._value(child.ret_value)
            return self._value(self._trace.ret_value)
        finally:
            for pid in list(self._calls):
                self._return(pid)

    def _step(self, node: GraphNode) -> None:
        expr = node.expr
        if isinstance(expr, SglCall):
            self._call(node.pid, expr)
        elif isinstance(expr, SglReturn):
            self._return(node.pid)
        elif isinstance(expr, SglGetForkItem):
            assert node.prev_node is not None
            self._states[node.pid] = self._groups[node.prev_node.node_id][expr.index]
        elif isinstance(expr, SglFork):
            self._groups[node.node_id] = self._states[node.pid].fork(expr.number, expr.position_ids_offset)
        elif isinstance(expr, SglJoin):
            self._join(node, expr)
        elif isinstance(expr, SglSetVariable):
            self._states[node.pid].set_var(expr.name, self._value(expr.value))
        else:
            self._append(node)

    def _append(self, node: GraphNode) -> None:
        state = self._states[node.pid]
        state += self._bound(node.expr)
        executor = state.stream_executor
        names = [name for name, scope in made_variables(node.expr) if not scope]
        if isinstance(node.expr, SglVarScopeEnd):
            names.append(node.expr.name)
        for name in names:
            slot = executor.slot(name)
            assert slot is not None, "what was submitted has a slot"
            self._produced[node.node_id, name] = _Produced(executor, slot)

    def _call(self, pid: int, expr: SglCall) -> None:
        stream = self._graph.streams[pid]
        assert stream.parent is not None
        caller = self._states[stream.parent].stream_executor
        token = CALLER.set(Caller(caller.run, caller))
        options = expr.options
        try:
            self._states[pid] = self._calls[pid] = interpreter.open_program(
                expr.name,
                options.backend,
                options.sampling,
                stream=options.stream,
                use_thread=options.use_thread,
                num_api_spec_tokens=options.num_api_spec_tokens,
            )
        finally:
            CALLER.reset(token)

    def _return(self, pid: int) -> None:
        state = self._calls.pop(pid)
        with interpreter.running(state):  # an empty body: all of it has been submitted, so it ends here
            pass

    def _join(self, node: GraphNode, expr: SglJoin) -> None:
        parent = self._states[node.pid]
        parent.sync()  # what the parent has by now decides what is gathered
        ProgramStateGroup([self._states[source.pid] for source in node.sources], parent).join(expr.mode)  # type: ignore[arg-type]

    def _bound(self, expr: Any) -> Any:
        """``expr`` with arguments replaced by their values and variables by what will hold them."""
        if isinstance(expr, SglArgument):
            return self._arguments[expr.name]
        if isinstance(expr, TracedVariable):
            return SglVariable(expr.name, self._found(expr))
        if isinstance(expr, SglExprList):
            return SglExprList([self._bound(part) for part in expr.expr_list])
        if isinstance(expr, SglSeparateReasoning):
            return SglSeparateReasoning(self._bound(expr.expr), expr.model_type)
        if isinstance(expr, SglImage):
            return SglImage(self._value(expr.path))
        if isinstance(expr, SglVideo):
            return SglVideo(self._value(expr.path), expr.num_frames)
        return expr

    def _found(self, variable: TracedVariable) -> _Produced:
        return self._produced[variable.source.node_id, variable.name].at(variable.path)

    def _value(self, value: Any) -> Any:
        """``value`` with placeholders replaced by values, waiting for those that calls make, and traced states by real ones."""
        if isinstance(value, SglArgument):
            return self._arguments[value.name]
        if isinstance(value, TracedVariable):
            return self._found(value).get_var(value.name)
        if isinstance(value, TracedState):
            return self._states[value.pid]
        if isinstance(value, list):
            return [self._value(part) for part in value]
        if type(value) is tuple:
            return tuple(self._value(part) for part in value)
        if isinstance(value, dict):
            return {key: self._value(part) for key, part in value.items()}
        return value


def _descendants(state: TracedState) -> list[TracedState]:
    return [found for child in state.child_states for found in (child, *_descendants(child))]


def _write_prefix(s: Any, graph: Graph, arguments: Mapping[str, Any]) -> None:
    """Append the program's own stream to ``s``, which stops at the first thing that is no text."""
    for node in graph.of(0):
        expr: SglExpr = node.expr
        if not isinstance(expr, SglSetVariable):
            s += arguments[expr.name] if isinstance(expr, SglArgument) else expr
