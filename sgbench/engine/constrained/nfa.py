"""Terms to a nondeterministic byte machine (Thompson's construction, UTF-8 spelled with shared suffixes).

Knows terms and UTF-8. `Both` and `Minus` arrive as finished deterministic machines and are laid in as they are; so do the
texts among several alternatives, which share their beginnings and their ends. Every state remembers the repeat it came
from, so that a machine that grew too large can say why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from sgbench.engine.constrained.char_set import ByteRange, CharSet, utf8_sequences
from sgbench.engine.constrained.dfa import Dfa
from sgbench.engine.constrained.limits import Budget, too_large
from sgbench.engine.constrained.terms import Alt, Anchor, Both, Chars, Joined, Minus, Multiple, Repeat, Seq, Term, Text
from sgbench.engine.constrained.word_graph import word_graph

Edge: TypeAlias = tuple[ByteRange, int]
"""First and last byte, target state."""

_CHECKED_PARTS = 1024
_PART_STEPS = 12
"""What a part costs, in steps of `Limits.work`."""


@dataclass(slots=True)
class Nfa:
    """Nondeterministic machine; state 0 starts, state 1 accepts.

    Attributes
    ----------
    silent
        For each state, where it goes without a byte.
    edges
        For each state, where it goes with one.
    origins
        For each state, the source of the repeat that made it, or ``""``.
    """

    silent: list[list[int]] = field(default_factory=lambda: [[], []])
    edges: list[list[Edge]] = field(default_factory=lambda: [[], []])
    origins: list[str] = field(default_factory=lambda: ["", ""])


def build_nfa(term: Term, solve: Callable[[Both | Minus], Dfa], budget: Budget) -> Nfa:
    """The machine of ``term``; ``solve`` gives the deterministic machine of a product inside it."""
    builder = _Builder(solve, budget)
    builder.lay(term, 0, 1)
    return builder.nfa


class _Builder:
    def __init__(self, solve: Callable[[Both | Minus], Dfa], budget: Budget) -> None:
        self.nfa = Nfa()
        self.solve = solve
        self.budget = budget
        self.origin = ""
        self.counted = False
        self.spellings: dict[CharSet, list[tuple[ByteRange, ...]]] = {}

    def state(self) -> int:
        nfa = self.nfa
        index = len(nfa.silent)
        if index >= self.budget.limits.parts:
            raise too_large(f"more than {self.budget.limits.parts:,} parts", [self.origin])
        if index % _CHECKED_PARTS == 0:
            self.budget.spend(_CHECKED_PARTS * _PART_STEPS, lambda: [self.origin])
        nfa.silent.append([])
        nfa.edges.append([])
        nfa.origins.append(self.origin)
        return index

    def lay(self, term: Term, start: int, end: int) -> None:
        """Make every text of ``term`` lead from ``start`` to ``end``."""
        match term:
            case Text(text):
                if is_text(text):
                    self.lay_bytes(text.encode(), start, end)
            case Chars(chars):
                self.lay_chars(chars, start, end)
            case Seq(parts):
                self.lay_seq(parts, start, end)
            case Alt(parts):
                self.lay_alternatives(parts, start, end)
            case Repeat():
                self.lay_repeat(term, start, end)
            case Joined(part, between):
                first, last = self.state(), self.state()
                self.nfa.silent[start].append(first)
                self.lay(part, first, last)
                self.lay(between, last, first)
                self.nfa.silent[last].append(end)
            case Multiple(divisor):
                self.lay_multiple(divisor, start, end)
            case Both() | Minus():
                self.lay_dfa(self.solve(term), start, end)
            case Anchor():
                raise AssertionError("anchors are resolved by the parser")

    def lay_bytes(self, data: bytes, start: int, end: int) -> None:
        if not data:
            self.nfa.silent[start].append(end)
            return
        for byte in data[:-1]:
            after = self.state()
            self.nfa.edges[start].append(((byte, byte), after))
            start = after
        self.nfa.edges[start].append(((data[-1], data[-1]), end))

    def lay_alternatives(self, parts: tuple[Term, ...], start: int, end: int) -> None:
        """The texts among them as one machine, the others as they come."""
        words = [part.text.encode() for part in parts if isinstance(part, Text) and is_text(part.text)]
        if len(words) > 1:
            self.lay_words(words, start, end)
        for part in parts:
            if len(words) < 2 or not isinstance(part, Text):
                self.lay(part, start, end)

    def lay_words(self, words: list[bytes], start: int, end: int) -> None:
        nodes = word_graph(words)
        states = [end, *(self.state() for _ in nodes[1:-1]), start]
        for node, state in zip(nodes[1:], states[1:], strict=True):
            self.nfa.edges[state] += [((byte, byte), states[target]) for byte, target in node.edges]
            if node.ends:
                self.nfa.silent[state].append(end)

    def lay_chars(self, chars: CharSet, start: int, end: int) -> None:
        sequences = self.spellings.get(chars)
        if sequences is None:
            sequences = self.spellings[chars] = utf8_sequences(chars)
        behind: dict[tuple[ByteRange, ...], int] = {(): end}
        for sequence in sequences:
            for cut in range(len(sequence) - 1, 0, -1):
                suffix = sequence[cut:]
                if suffix not in behind:
                    behind[suffix] = state = self.state()
                    self.nfa.edges[state].append((suffix[0], behind[suffix[1:]]))
            self.nfa.edges[start].append((sequence[0], behind[sequence[1:]]))

    def lay_seq(self, parts: tuple[Term, ...], start: int, end: int) -> None:
        if not parts:
            self.nfa.silent[start].append(end)
            return
        for part in parts[:-1]:
            after = self.state()
            self.lay(part, start, after)
            start = after
        self.lay(parts[-1], start, end)

    def lay_repeat(self, term: Repeat, start: int, end: int) -> None:
        counted = term.least > 1 or (term.most or 0) > 1
        before = self.origin, self.counted
        if counted or not self.counted:
            self.origin, self.counted = term.origin, counted or self.counted
        for _ in range(term.least):
            after = self.state()
            self.lay(term.part, start, after)
            start = after
        if term.most is None:
            hub = self.state()
            self.nfa.silent[start].append(hub)
            self.lay_loop(term.part, hub)
            self.nfa.silent[hub].append(end)
        else:
            for _ in range(term.most - term.least):
                self.nfa.silent[start].append(end)
                after = self.state()
                self.lay(term.part, start, after)
                start = after
            self.nfa.silent[start].append(end)
        self.origin, self.counted = before

    def lay_loop(self, part: Term, hub: int) -> None:
        entry, back = self.state(), self.state()
        self.nfa.silent[hub].append(entry)
        self.lay(part, entry, back)
        self.nfa.silent[back].append(hub)

    def lay_multiple(self, divisor: int, start: int, end: int) -> None:
        """One state for each remainder of the digits so far."""
        remainder = [self.state() for _ in range(divisor)]
        for digit in range(10):
            byte = ord("0") + digit
            self.nfa.edges[start].append(((byte, byte), remainder[digit % divisor] if digit else end))
            for value, state in enumerate(remainder):
                self.nfa.edges[state].append(((byte, byte), remainder[(value * 10 + digit) % divisor]))
        self.nfa.silent[remainder[0]].append(end)

    def lay_dfa(self, dfa: Dfa, start: int, end: int) -> None:
        states = [self.state() for _ in range(dfa.n_states)]
        self.nfa.silent[start].append(states[dfa.start] if states else start)
        for index, state in enumerate(states):
            for low, high, target in dfa.byte_edges(index):
                self.nfa.edges[state].append(((low, high), states[target]))
            if dfa.accepts[index]:
                self.nfa.silent[state].append(end)


def is_text(text: str) -> bool:
    """Can UTF-8 spell it? Half of a surrogate pair cannot be."""
    return text.isprintable() or not any("\ud800" <= c <= "\udfff" for c in text)
