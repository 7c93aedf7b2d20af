"""A prompt state as a program sees it (paper section 2): text that grows, variables, roles, forks.

Thin: everything is submitted to the state's `StreamExecutor`. Knows no engine.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from sgbench.errors import ContractError, UsageError
from sgbench.lang import streams
from sgbench.lang.executor import StreamExecutor
from sgbench.lang.ir import (
    SglCommitLazy,
    SglConcateAndAppend,
    SglConstantText,
    SglExpr,
    SglExprList,
    SglRoleBegin,
    SglRoleEnd,
    SglVarScopeBegin,
    SglVarScopeEnd,
)
from sgbench.lang.ledger import total
from sgbench.lang.run import family
from sgbench.lang.spans import Span, Usage
from sgbench.lang.variables import MISSING, Meta
from sgbench.trace.events import BranchForked, BranchJoined

JoinMode = Literal["gather_variable", "concate_and_append"]


class ProgramState:
    """The prompt state ``s`` of a program, and its result when it has run.

    ``s += expr`` appends without waiting; ``s["x"]`` waits for variable ``x``. See `sgbench.lang.primitives` for what can be
    appended.

    Attributes
    ----------
    stream_executor
        What executes it.
    ret_value
        What the program's function returned; None until then.
    """

    def __init__(self, stream_executor: StreamExecutor) -> None:
        self.stream_executor = stream_executor
        self.ret_value: Any = None

    # --- appending ----------------------------------------------------------------------------------------------

    def __iadd__(self, other: SglExpr | str) -> ProgramState:
        if other is None:
            raise UsageError("None was appended to a prompt state: does the right-hand side return a value?")
        self.stream_executor.submit(SglConstantText(other) if isinstance(other, str) else other)
        return self

    def system(self, expr: SglExpr | str | None = None) -> Any:
        """A system turn: append it with ``expr`` in it, or without one use it as ``with s.system(): ...``."""
        return self._role("system", expr)

    def user(self, expr: SglExpr | str | None = None) -> Any:
        """A user turn: append it with ``expr`` in it, or without one use it as ``with s.user(): ...``."""
        return self._role("user", expr)

    def assistant(self, expr: SglExpr | str | None = None) -> Any:
        """An assistant turn: append it with ``expr`` in it, or without one use it as ``with s.assistant(): ...``."""
        return self._role("assistant", expr)

    def _role(self, role: str, expr: SglExpr | str | None) -> Any:
        if expr is None:
            return self._bracket(SglRoleBegin(role), SglRoleEnd(role))
        self.stream_executor.submit(SglExprList([SglRoleBegin(role), expr, SglRoleEnd(role)]))
        return None

    def var_scope(self, name: str) -> Any:
        """``with s.var_scope("x"): ...`` makes variable ``x`` of exactly the text appended inside."""
        return self._bracket(SglVarScopeBegin(name), SglVarScopeEnd(name))

    @contextmanager
    def _bracket(self, begin: SglExpr, end: SglExpr) -> Iterator[None]:
        self.stream_executor.submit(begin)
        try:
            yield
        finally:
            self.stream_executor.submit(end)

    # --- forks --------------------------------------------------------------------------------------------------

    def fork(self, size: int = 1, position_ids_offset: list[int] | None = None) -> ProgramStateGroup:
        """``size`` copies of the state, which go on independently and at once. Waits for the state's own queue.

        Above one, the backend first reads the text that the copies share (the frontend hint, paper section 3).

        Raises
        ------
        UsageError
            ``size`` is below 1.
        """
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise UsageError(f"fork({size!r}): a whole number of at least 1 is needed")
        source = self.stream_executor
        source.sync()
        if size > 1 and source.text_ and not source.is_finished:
            with source.interruptible():
                source.submit(SglCommitLazy(), here=True)
            source.sync()
        children = [self._child(position_ids_offset) for _ in range(size)]
        if source.backend.listening:
            branches = tuple(child.stream_executor.branch for child in children)
            source.backend.emit(BranchForked(program=source.run.program, parent=source.branch, branches=branches))
        return ProgramStateGroup(children, self)

    def _child(self, position_ids_offset: list[int] | None) -> ProgramState:
        source = self.stream_executor
        child = StreamExecutor(
            source.backend,
            source.arguments,
            source.default_sampling_para,
            source.chat_template,
            source.stream,
            run=source.run,
            body=source.body,
            source=source,
        )
        if source.error_ is not None:
            child.fail(source.error_)
        source.forks.append(child)
        source.backend.fork_program(source, child, position_ids_offset)
        return ProgramState(child)

    @contextmanager
    def copy(self, position_ids_offset: list[int] | None = None) -> Iterator[ProgramState]:
        """``with s.copy() as c``: one fork, joined at the end; its variables come back as lists of one."""
        group = self.fork(1, position_ids_offset)
        try:
            yield group[0]
        finally:
            group.join()

    # --- reading ------------------------------------------------------------------------------------------------

    def text(self) -> str:
        """The whole text, after all queued work."""
        return self.stream_executor.text()

    def messages(self) -> list[dict[str, Any]]:
        """The closed turns as ``{"role": ..., "content": ...}``, after all queued work."""
        return self.stream_executor.messages()

    def sync(self) -> None:
        """Wait until all queued work is done."""
        self.stream_executor.sync()

    def error(self) -> BaseException | None:
        """What made the program fail, after all queued work; None: nothing."""
        return self.stream_executor.error()

    def text_iter(self, var_name: str | None = None) -> Iterator[str]:
        """The text as it grows, prompt included, or that of variable ``var_name``; one piece if the state does not stream."""
        state = self.stream_executor
        if not state.stream:
            yield self.text() if var_name is None else state.get_var(var_name)
        elif var_name is None:
            yield from streams.whole_text(state)
        else:
            for text, _ in streams.variable(state, var_name):
                if text or not state.slot(var_name):
                    yield text

    async def text_async_iter(
        self, var_name: str | None = None, return_meta_data: bool = False
    ) -> AsyncIterator[str | tuple[str, Meta]]:
        """`text_iter` for an event loop, which it never blocks.

        With ``return_meta_data`` and a variable the pieces are ``(text, meta information)``, whose logprob lists cover that
        piece.
        """
        state = self.stream_executor
        if not state.stream:
            async for text in streams.settled(state, MISSING if var_name is None else var_name):
                yield text
        elif var_name is None:
            async for text in streams.whole_text(state):
                yield text
        else:
            async for text, meta in streams.variable(state, var_name):
                if return_meta_data:
                    yield text, meta
                elif text or not state.slot(var_name):
                    yield text

    def get_var(self, name: str | None) -> Any:
        """``s[name]``: the value of a variable, waiting for it.

        Raises
        ------
        KeyError
            It will never come; the message says why.
        """
        return self.stream_executor.get_var(name)

    def set_var(self, name: str, value: Any) -> None:
        """``s[name] = value``: set a variable; the text does not change."""
        self.stream_executor.set_var(name, value)

    def get_meta_info(self, name: str, timeout: float | None = None) -> Meta | None:
        """Meta information of the call that made variable ``name``, waiting for it; None where there is none."""
        return self.stream_executor.get_meta_info(name, timeout)

    def __getitem__(self, name: str | None) -> Any:
        return self.get_var(name)

    def __setitem__(self, name: str, value: Any) -> None:
        self.set_var(name, value)

    def __contains__(self, name: object) -> bool:
        return name in self.stream_executor.variables

    def __repr__(self) -> str:
        return f"ProgramState({self.text()})"

    # --- what views show; none of it waits ----------------------------------------------------------------------

    @property
    def fork_start(self) -> int:
        """Characters of the text that were there when the state was forked; 0 if it was not."""
        return self.stream_executor.fork_start_text_pos

    def spans(self) -> list[Span]:
        """The text so far, cut by where each piece came from. Never waits; grows while the state streams."""
        return self.stream_executor.transcript.since(0)

    def children(self) -> list[ProgramState]:
        """The states forked from this one so far, live or finished. Never waits."""
        return [ProgramState(fork) for fork in tuple(self.stream_executor.forks)]

    def usage(self) -> Usage:
        """What the calls so far cost, those of forks and of programs called from this one included. Never waits."""
        return total(executor.usage for executor in family(self.stream_executor))


class ProgramStateGroup:
    """The forks of one state.

    ``forks += expr`` appends to all: a node or text to each, a list element-wise, or ``f(i)`` for each i.
    """

    def __init__(self, states: Sequence[ProgramState], src_state: ProgramState | None = None) -> None:
        self.states = list(states)
        self.src_state = src_state

    def join(self, mode: JoinMode = "gather_variable") -> None:
        """Give back to the parent, and end the forks; they stay readable.

        ``gather_variable``: every new variable becomes a list on the parent, ordered by fork, of those that have it. A
        variable that the parent had before is left alone. ``concate_and_append``: the forks' text is appended in order.

        Raises
        ------
        UsageError
            Another mode.
        """
        if self.src_state is None:
            raise UsageError("a group without a parent cannot be joined")
        if mode == "gather_variable":
            self._gather(self.src_state)
        elif mode == "concate_and_append":
            parent_executor = self.src_state.stream_executor
            with parent_executor.interruptible():
                parent_executor.submit(SglConcateAndAppend(self.states), here=True)
            self.src_state.sync()
        else:
            raise UsageError(f"join(mode={mode!r}): the modes are gather_variable and concate_and_append")
        parent = self.src_state.stream_executor
        for state in self.states:
            state.stream_executor.end()
        if parent.backend.listening:
            branches = tuple(state.stream_executor.branch for state in self.states)
            program = parent.run.program
            parent.backend.emit(BranchJoined(program=program, parent=parent.branch, branches=branches, mode=mode))

    def _gather(self, parent: ProgramState) -> None:
        target = parent.stream_executor
        before = set(target.variables)
        for state in self.states:
            child = state.stream_executor
            child.sync()
            target.last_rids = (*target.last_rids, *child.last_rids)
            for name, value in list(child.variables.items()):
                if name not in before:
                    target.variables.setdefault(name, []).append(value)

    def __getitem__(self, i: int) -> ProgramState:
        return self.states[i]

    def __setitem__(self, i: int, value: ProgramState) -> None:
        if self.states[i] is not value:
            raise ContractError("a fork cannot be replaced; use forks[i] += ...")

    def __len__(self) -> int:
        return len(self.states)

    def __iter__(self) -> Iterator[ProgramState]:
        return iter(self.states)

    def __iadd__(
        self, other: SglExpr | str | Sequence[SglExpr | str] | Callable[[int], SglExpr | str]
    ) -> ProgramStateGroup:
        for i, part in enumerate(self._shares(other)):
            self.states[i] += part
        return self

    def _shares(self, other: Any) -> list[SglExpr | str]:
        if isinstance(other, SglExpr | str):
            return [other] * len(self.states)
        if callable(other):
            return [other(i) for i in range(len(self.states))]
        if isinstance(other, list | tuple):
            if len(other) != len(self.states):
                raise UsageError(f"{len(other)} expressions were appended to {len(self.states)} forks")
            return list(other)
        raise UsageError(
            f"forks take text, nodes, a list of them or a function of the index, not {type(other).__name__}"
        )
