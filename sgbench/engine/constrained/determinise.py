"""Nondeterministic to deterministic: the subset construction over byte classes, and products of machines.

Knows bytes and states. Bounded by a `Budget`: the number of subsets, the work, the clock.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sgbench.engine.constrained.dfa import Dfa, finish
from sgbench.engine.constrained.limits import Budget, too_large
from sgbench.engine.constrained.nfa import Nfa, build_nfa
from sgbench.engine.constrained.terms import Both, Minus, Term

_ACCEPT = 1


def to_dfa(term: Term, budget: Budget | None = None) -> Dfa:
    """The minimal machine of a term; no states if its language is empty.

    Raises
    ------
    ConstraintError
        A limit of the budget was met.
    """
    spent = Budget() if budget is None else budget

    def solve(term: Both | Minus) -> Dfa:
        if isinstance(term, Both):
            return product(to_dfa(term.left, spent), to_dfa(term.right, spent), lambda a, b: a and b, spent)
        return product(to_dfa(term.left, spent), to_dfa(term.right, spent), lambda a, b: a and not b, spent)

    return determinise(build_nfa(term, solve, spent), spent)


def determinise(nfa: Nfa, budget: Budget) -> Dfa:
    """Subset construction; a subset holds only states that read a byte or accept."""
    class_of, n_classes, edges = _classes(nfa)
    closure = _Closure(nfa, budget)
    subsets: dict[frozenset[int], int] = {}
    members: list[frozenset[int]] = []
    by_targets: dict[tuple[int, ...], int] = {}
    work = 0

    def number(targets: tuple[int, ...]) -> int:
        known = by_targets.get(targets)
        if known is not None:
            return known
        subset = closure.of(targets[0]) if len(targets) == 1 else frozenset().union(*map(closure.of, targets))
        index = subsets.setdefault(subset, len(members))
        if index == len(members):
            members.append(subset)
        by_targets[targets] = index
        return index

    def origins() -> list[str]:
        return [nfa.origins[state] for subset in members[-64:] for state in subset]

    number((0,))
    rows: list[dict[int, int]] = []
    while len(rows) < len(members):
        subset = members[len(rows)]
        rows.append({c: number(targets) for c, targets in _moves(subset, edges)})
        work += len(subset)
        if len(members) > budget.limits.states:
            raise too_large(f"more than {budget.limits.states:,} states", origins())
        if work > budget.limits.work:
            raise too_large("too much work to make it deterministic", origins())
        if len(rows) % 256 == 0:
            budget.check_time(origins())
    return finish(rows, [_ACCEPT in subset for subset in members], class_of, n_classes)


def _classes(nfa: Nfa) -> tuple[npt.NDArray[np.uint8], int, list[list[tuple[range, int]]]]:
    """Byte classes of the machine, how many, and its edges over them."""
    cuts = {0, 256}
    for out in nfa.edges:
        for low, high, _ in out:
            cuts.add(low)
            cuts.add(high + 1)
    bounds = sorted(cuts)
    class_of = np.repeat(np.arange(len(bounds) - 1, dtype=np.uint8), np.diff(bounds))
    at = {bound: index for index, bound in enumerate(bounds)}
    spans: dict[tuple[int, int], range] = {}
    edges: list[list[tuple[range, int]]] = []
    for out in nfa.edges:
        row = []
        for low, high, target in out:
            span = spans.setdefault((low, high), range(at[low], at[high + 1]))
            row.append((span, target))
        edges.append(row)
    return class_of, len(bounds) - 1, edges


def _moves(subset: frozenset[int], edges: list[list[tuple[range, int]]]) -> list[tuple[int, tuple[int, ...]]]:
    """``(class, sorted targets)`` for every class that leads anywhere."""
    targets: dict[int, set[int]] = {}
    for state in subset:
        for span, target in edges[state]:
            for c in span:
                if c in targets:
                    targets[c].add(target)
                else:
                    targets[c] = {target}
    return [(c, tuple(sorted(found))) for c, found in targets.items()]


class _Closure:
    """Which reading or accepting states one can be in without a byte, remembered for each state."""

    def __init__(self, nfa: Nfa, budget: Budget) -> None:
        self.nfa = nfa
        self.budget = budget
        self.known: dict[int, frozenset[int]] = {}
        self.work = 0

    def of(self, state: int) -> frozenset[int]:
        found = self.known.get(state)
        if found is None:
            found = self.known[state] = self.walk(state)
        return found

    def walk(self, state: int) -> frozenset[int]:
        nfa, stack, seen = self.nfa, [state], {state}
        reading: set[int] = set()
        while stack:
            at = stack.pop()
            if at == _ACCEPT or nfa.edges[at]:
                reading.add(at)
            for after in nfa.silent[at]:
                if after in self.known:
                    reading |= self.known[after]
                elif after not in seen:
                    seen.add(after)
                    stack.append(after)
        self.work += len(seen) + len(reading)
        if self.work > self.budget.limits.work:
            raise too_large("too much work to make it deterministic", [nfa.origins[s] for s in seen])
        return frozenset(reading)


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
        if len(rows) % 256 == 0:
            budget.check_time()
    accepting = [accept(bool(left.accepts[a]), bool(right.accepts[b])) for a, b in pairs]
    return finish(rows, accepting, class_of.ravel().astype(np.uint8), len(classes))
