"""What the constraint forces: the machines of constrained requests, where each request stands, and what jumping saved.

Knows events, texts, and whoever compiles a constraint again; no engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeAlias

from sgbench.trace import events as ev
from sgbench.trace.events import Event
from sgbench.trace.vocab import Vocab
from sgbench.views.cells import Cell, in_turn
from sgbench.views.machine_layout import Placed, place
from sgbench.views.outputs import Output

MAX_WAY = 400
"""Most states of a request's way that travel."""
MAX_TEXT = 120


class MachineLike(Protocol):
    """What the view needs of `sgbench.constrained.Machine`."""

    @property
    def start(self) -> int: ...
    @property
    def dead(self) -> int: ...
    @property
    def n_states(self) -> int: ...
    @property
    def fsm(self) -> dict[str, Any]: ...
    @property
    def compressed(self) -> dict[str, Any]: ...
    def step(self, state: int, data: bytes) -> int:
        """The state after ``data``."""
        ...


Compile: TypeAlias = Callable[[str, str], MachineLike | None]
"""From a form (``regex`` or ``json_schema``) and its source to the machine; None: it cannot be had."""


@dataclass(slots=True)
class Constraint:
    """A constraint and its machines; without `machine`, nobody could compile it again."""

    form: str
    source: str
    states: int
    machine: MachineLike | None
    normal: Placed
    compressed: Placed


@dataclass(slots=True)
class Walk:
    """A request on its way through a machine.

    Attributes
    ----------
    constraint
        Index of the machine.
    way
        ``(state, forced)`` after each byte so far.
    retokenized, dropped_kv_tokens
        How often a jump changed tokens that were there, and tokens computed anew for it.
    """

    constraint: int
    output: Output
    way: list[tuple[int, bool]] = field(default_factory=list)
    read: list[int] = field(default_factory=list)
    jumps: int = 0
    retokenized: int = 0
    dropped_kv_tokens: int = 0
    end: str = ""

    @property
    def sampled_tokens(self) -> int:
        """Tokens that took a decode step."""
        return len(self.output.token_ids) - self.output.jumped_tokens

    @property
    def saved(self) -> float:
        """Share of the output's tokens that took no decode step."""
        return self.output.jumped_tokens / max(len(self.output.token_ids), 1)


class MachineFold:
    """The state behind the `FSM` widget.

    Parameters
    ----------
    vocab
        Text of tokens.
    compile_
        Compiles a constraint again.

    Attributes
    ----------
    constraints
        In the order in which they came, each once.
    walks
        By request.
    """

    concerns: ClassVar[frozenset[type[Event]]] = frozenset(
        {
            ev.RequestConstrained,
            ev.Retokenized,
            ev.JumpForward,
            ev.StepFinished,
            ev.RequestFinished,
            ev.RequestAborted,
        }
    )

    def __init__(self, vocab: Vocab, compile_: Compile) -> None:
        self.constraints: list[Constraint] = []
        self.walks: dict[int, Walk] = {}
        self._vocab = vocab
        self._compile = compile_
        self._known: dict[tuple[str, str], int] = {}

    def apply(self, event: Event) -> Iterator[Cell]:
        """Fold the next event in."""
        match event:
            case ev.RequestConstrained():
                yield from self._constrained(event)
            case ev.Retokenized() if event.rid in self.walks:
                walk = self.walks[event.rid]
                walk.output.retokenized(event)
                walk.retokenized += 1
                walk.dropped_kv_tokens += event.dropped_kv_tokens
            case ev.JumpForward() if event.rid in self.walks:
                walk = self.walks[event.rid]
                walk.jumps += 1
                self._move(walk, walk.output.jumped(event))
                yield self._cell(event.rid)
            case ev.StepFinished() if self.walks:
                for rid, token in zip(event.rids, event.token_ids, strict=True):
                    if token >= 0 and rid in self.walks and not self.walks[rid].end:
                        self._move(self.walks[rid], self.walks[rid].output.sampled(token))
                        if in_turn(rid, event):
                            yield self._cell(rid)
            case ev.RequestFinished() | ev.RequestAborted() if event.rid in self.walks:
                walk = self.walks[event.rid]
                walk.end = event.reason
                self._move(walk, walk.output.finished(event.output_ids))
                yield self._cell(event.rid)

    def _constrained(self, event: ev.RequestConstrained) -> Iterator[Cell]:
        known = (event.form, event.source)
        if known not in self._known:
            self._known[known] = len(self.constraints)
            constraint = self._built(event)
            self.constraints.append(constraint)
            value = [constraint.form, constraint.source, constraint.states, constraint.machine is not None]
            yield Cell("machine", self._known[known], [*value, constraint.normal.data(), constraint.compressed.data()])
        if event.rid >= 0:
            self.walks[event.rid] = Walk(self._known[known], Output(self._vocab))
            yield self._cell(event.rid)

    def _built(self, event: ev.RequestConstrained) -> Constraint:
        machine = self._compile(event.form, event.source)
        if machine is None or machine.n_states != event.states:  # compiled otherwise than the engine did
            none = Placed([], [], 0, 0)
            return Constraint(event.form, event.source, event.states, None, none, none)
        return Constraint(event.form, event.source, event.states, machine, *place(machine.fsm, machine.compressed))

    def _move(self, walk: Walk, same: int) -> None:
        """Walk on over the tokens behind the first ``same``."""
        machine = self.constraints[walk.constraint].machine
        if machine is None:
            return
        kept = walk.read[same - 1] if same and same <= len(walk.read) else 0
        del walk.way[kept:], walk.read[same:]
        state = walk.way[-1][0] if walk.way else machine.start
        read, output = len(walk.read), walk.output
        for token, forced in zip(output.token_ids[read:], output.forced[read:], strict=True):
            for byte in walk.output.spelled(token):
                after = machine.step(state, bytes((byte,)))
                if after == machine.dead:  # a token that ends the text is no text
                    break
                state = after
                walk.way.append((state, forced))
            walk.read.append(len(walk.way))

    def state(self, walk: Walk) -> int:
        """Where a request stands; -1: not known."""
        machine = self.constraints[walk.constraint].machine
        if machine is None:
            return -1
        return walk.way[-1][0] if walk.way else machine.start

    def text(self, walk: Walk) -> str:
        """The last of what a request has written."""
        return self._vocab.text(walk.output.token_ids)[-MAX_TEXT:]

    def _cell(self, rid: int) -> Cell:
        walk = self.walks[rid]
        way = [[state, int(forced)] for state, forced in walk.way] if len(walk.way) <= MAX_WAY else []
        counts = [walk.sampled_tokens, walk.output.jumped_tokens, walk.jumps, walk.retokenized, walk.dropped_kv_tokens]
        return Cell("walk", rid, [walk.constraint, self.state(walk), self.text(walk), *counts, walk.end, way])

    def summary(self) -> str:
        """One line."""
        sampled = sum(walk.sampled_tokens for walk in self.walks.values())
        jumped = sum(walk.output.jumped_tokens for walk in self.walks.values())
        again = sum(walk.retokenized for walk in self.walks.values())
        saved = jumped / max(sampled + jumped, 1)
        return (
            f"FSM: {len(self.constraints)} machine{'' if len(self.constraints) == 1 else 's'}, {len(self.walks):,} requests; "
            f"{jumped:,} of {sampled + jumped:,} tokens were forced, so {saved:.0%} of the decode steps were saved; "
            f"{again:,} retokenizations"
        )
