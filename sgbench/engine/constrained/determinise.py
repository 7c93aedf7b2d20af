"""Nondeterministic to deterministic: the subset construction over byte classes, and products of machines.

Knows bytes and states. Bounded by a `Budget`: the number of subsets, the work, the clock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sgbench.engine.constrained.char_set import ByteRange
from sgbench.engine.constrained.dfa import Dfa, finish
from sgbench.engine.constrained.lengths import check_lengths
from sgbench.engine.constrained.limits import Budget, too_large
from sgbench.engine.constrained.nfa import Edge, Nfa, build_nfa
from sgbench.engine.constrained.terms import Both, Minus, Term

Subset: TypeAlias = tuple[int, ...]
"""States, in order."""

_ACCEPT = 1
_SUBSET_STEPS = 10
_WALK_STEPS = 4
"""What a subset costs beside its members, and a state that is passed without a byte, in steps of `Limits.work`."""
_LONG_WAY = 64


def to_dfa(term: Term, budget: Budget | None = None) -> Dfa:
    """The minimal machine of a term; no states if its language is empty.

    Raises
    ------
    ConstraintError
        A limit of the budget was met.
    """
    spent = Budget() if budget is None else budget
    check_lengths(term, spent.limits)

    def solve(term: Both | Minus) -> Dfa:
        if isinstance(term, Both):
            return product(to_dfa(term.left, spent), to_dfa(term.right, spent), lambda a, b: a and b, spent)
        return product(to_dfa(term.left, spent), to_dfa(term.right, spent), lambda a, b: a and not b, spent)

    return determinise(build_nfa(term, solve, spent), spent)


def determinise(nfa: Nfa, budget: Budget) -> Dfa:
    """Subset construction; a subset holds only states that read a byte or accept, in order.

    Subsets are sorted tuples: a large one takes an eighth of the memory of a set, and filling that is what large ones cost.
    """
    class_of, n_classes, spans = _classes(nfa)
    closure = _Closure(nfa, budget)
    subsets: dict[Subset, int] = {}
    members: list[Subset] = []
    by_targets: dict[Subset, int] = {}

    def origins() -> list[str]:
        return [nfa.origins[state] for subset in members[-64:] for state in subset]

    def number(targets: Subset) -> int:
        known = by_targets.get(targets)
        if known is not None:
            return known
        if len(targets) == 1:
            subset = closure.of(targets[0])
            budget.spend(_SUBSET_STEPS + len(subset), origins)
        else:
            parts = [closure.of(target) for target in targets]
            budget.spend(_SUBSET_STEPS + sum(map(len, parts)), origins)
            subset = tuple(sorted(set().union(*parts)))
        index = subsets.setdefault(subset, len(members))
        if index == len(members):
            members.append(subset)
        by_targets[targets] = index
        return index

    number((0,))
    rows: list[dict[int, int]] = []
    while len(rows) < len(members):
        moves, steps = _moves(members[len(rows)], nfa.edges, spans)
        budget.spend(steps, origins)
        rows.append({c: number(targets) for c, targets in moves})
        if len(members) > budget.limits.states:
            raise too_large(f"more than {budget.limits.states:,} states", origins())
    return finish(rows, [_ACCEPT in subset[:2] for subset in members], class_of, n_classes)


def _classes(nfa: Nfa) -> tuple[npt.NDArray[np.uint8], int, dict[ByteRange, range]]:
    """Byte classes of the machine, how many, and the classes of each range that its edges have."""
    ranges = {span for out in nfa.edges for span, _ in out}
    bounds = sorted({0, 256, *(low for low, _ in ranges), *(high + 1 for _, high in ranges)})
    class_of = np.repeat(np.arange(len(bounds) - 1, dtype=np.uint8), np.diff(bounds))
    at = {bound: index for index, bound in enumerate(bounds)}
    return class_of, len(bounds) - 1, {(low, high): range(at[low], at[high + 1]) for low, high in ranges}


def _moves(
    subset: Subset, edges: list[list[Edge]], spans: dict[ByteRange, range]
) -> tuple[list[tuple[int, Subset]], int]:
    """``(class, sorted targets)`` for every class that leads anywhere, and how many steps that took.

    Classes in the same ranges go to the same targets, which are put together once.
    """
    if (
        len(subset) == 1 and len(edges[subset[0]]) == 1
    ):  # most subsets: inside a text, or before a byte that any text needs
        ((span, target),) = edges[subset[0]]
        classes, only = spans[span], (target,)
        return [(c, only) for c in classes], 1 + len(classes)
    by_range: dict[ByteRange, set[int]] = {}
    steps = len(subset)
    for state in subset:
        out = edges[state]
        steps += len(out)
        for span, target in out:
            if span in by_range:
                by_range[span].add(target)
            else:
                by_range[span] = {target}
    over: dict[int, int] = {}  # class → the ranges over it, a bit for each
    for place, span in enumerate(by_range):
        bit = 1 << place
        for c in spans[span]:
            over[c] = over.get(c, 0) | bit
    reached = list(by_range.values())
    alike: dict[int, Subset] = {}
    moves = []
    for c, ranges in over.items():
        targets = alike.get(ranges)
        if targets is None:
            found = [one for place, one in enumerate(reached) if ranges >> place & 1]
            steps += sum(map(len, found))
            targets = alike[ranges] = tuple(sorted(found[0] if len(found) == 1 else set().union(*found)))
        moves.append((c, targets))
    steps += len(moves)
    return moves, steps


class _Closure:
    """Which reading or accepting states one can be in without a byte, remembered for each state."""

    def __init__(self, nfa: Nfa, budget: Budget) -> None:
        self.nfa = nfa
        self.budget = budget
        self.known: dict[int, Subset] = {}
        self.entered = {target for out in nfa.edges for _, target in out}

    def of(self, state: int) -> Subset:
        found = self.known.get(state)
        if found is None:
            found, way = self.walk(state)
            self.known[state] = found
            if (
                len(way) > _LONG_WAY
            ):  # parts that may all be left out: from the end, each has its successor's states and its own
                for inner in reversed(way):
                    if inner in self.entered and inner not in self.known:
                        self.known[inner] = self.walk(inner)[0]
        return found

    def walk(self, state: int) -> tuple[Subset, list[int]]:
        """The states, and which were passed on the way to what is known."""
        nfa, stack, seen = self.nfa, [state], {state: None}
        reading: set[int] = set()
        known: list[Subset] = []
        while stack:
            at = stack.pop()
            if at == _ACCEPT or nfa.edges[at]:
                reading.add(at)
            for after in nfa.silent[at]:
                if after in self.known:
                    known.append(self.known[after])
                elif after not in seen:
                    seen[after] = None
                    stack.append(after)
        self.budget.spend(_WALK_STEPS * len(seen) + sum(map(len, known)), lambda: [nfa.origins[s] for s in seen])
        return tuple(sorted(reading.union(*known))), list(seen)


def product(left: Dfa, right: Dfa, accept: Callable[[bool, bool], bool], budget: Budget) -> Dfa:
    """The machine that runs both and accepts where ``accept(left accepts, right accepts)``."""
    pairs_of_bytes = left.class_of.astype(np.int32) * right.n_classes + right.class_of
    codes, class_of = np.unique(pairs_of_bytes, return_inverse=True)
    classes = [divmod(int(code), right.n_classes) for code in codes]
    table_a, table_b = left.table.tolist(), right.table.tolist()
    start = (left.start, right.start)
    numbers, pairs = {start: 0}, [start]
    rows: list[dict[int, int]] = []
    while len(rows) < len(pairs):
        a, b = pairs[len(rows)]
        row: dict[int, int] = {}
        for c, (class_a, class_b) in enumerate(classes):
            pair = (table_a[a][class_a], table_b[b][class_b])
            if pair[0] == left.sink and not accept(False, True):
                continue
            if pair not in numbers:
                numbers[pair] = len(pairs)
                pairs.append(pair)
            row[c] = numbers[pair]
        rows.append(row)
        if len(pairs) > budget.limits.states * 4:
            raise too_large(f"the combination of two constraints has more than {budget.limits.states * 4:,} states", ())
        budget.spend(len(classes))
    accepting = [accept(bool(left.accepts[a]), bool(right.accepts[b])) for a, b in pairs]
    return finish(rows, accepting, class_of.ravel().astype(np.uint8), len(classes))
