"""Cache-aware scheduling: in which order the queue is looked at (paper, section 3, Algorithm 1 and Theorem 3.1).

``lpm``, longest shared prefix first, visits the radix tree of a batch depth first, so that with a cache of at least the longest
request every edge is computed once. ``dfs`` walks the tree by the number of waiting requests below each node. ``fcfs`` and ``random``
are the paper's ablations. ``hrrn``, highest response ratio next, ages: under ``lpm`` a request with a cold prompt may starve while hot
ones keep coming, which the paper leaves open (section 3). Knows requests and matches; admission, waiting for running prefills and the
bound on waiting are the scheduler's.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeAlias

from sgbench.engine.prefix_cache import Match
from sgbench.engine.sequence import Sequence
from sgbench.errors import UnknownOptionError

Matcher: TypeAlias = Callable[[Sequence], Match]
"""The present match of a waiting request (cached by the scheduler)."""

Policy: TypeAlias = Callable[[list[Sequence], Matcher], list[Sequence]]
"""Orders the queue; given in order of arrival, returned as a new list."""


def fcfs(waiting: list[Sequence], match: Matcher) -> list[Sequence]:
    """First come, first served."""
    return list(waiting)


def lpm(waiting: list[Sequence], match: Matcher) -> list[Sequence]:
    """Longest prefix match first; of equals the earliest."""
    return sorted(waiting, key=lambda seq: -match(seq).length)


def dfs(waiting: list[Sequence], match: Matcher) -> list[Sequence]:
    """Depth first, the subtree with most waiting requests first; those that end higher up come after those below."""
    below = Counter[int]()  # waiting requests in the subtree of a node, by id
    paths: dict[int, list[Any]] = {}
    for seq in waiting:
        path = _path(match(seq))
        below.update(node.id for node in path)
        paths[seq.rid] = path
    # Subtrees with most waiting first, of equals the one used last; the sentinel sorts a node's own requests behind its subtrees.
    sentinel = (1, 0, 0)

    def place(seq: Sequence) -> list[tuple[int, int, int]]:
        return [*((-below[node.id], -node.last_access, node.id) for node in paths[seq.rid]), sentinel]

    return sorted(waiting, key=place)


def _path(match: Match) -> list[Any]:
    """The nodes from below the root to the deepest that the match enters."""
    node: Any = match.part if match.part is not None else match.node
    path = []
    while node is not None and node.parent is not None:
        path.append(node)
        node = node.parent
    return path[::-1]


def shuffled(seed: int) -> Policy:
    """A fresh random order each time, from ``seed``."""
    source = random.Random(seed)

    def order(waiting: list[Sequence], match: Matcher) -> list[Sequence]:
        return source.sample(waiting, len(waiting))

    return order


def response_ratio(work: Callable[[], int]) -> Policy:
    """Highest response ratio next: ``waited / cost``, of equals the cheapest, then the earliest.

    Both are counted in tokens, so that the order is the same in every run and needs no clock: ``waited``, those that the engine has
    computed since the request came (``work`` counts them), and ``cost``, those of its prompt that are not cached. A hot prefix makes a
    request cheap, and so early, as under ``lpm``; waiting makes every request early in the end.
    """

    def order(waiting: list[Sequence], match: Matcher) -> list[Sequence]:
        now = work()

        def place(seq: Sequence) -> tuple[float, int]:
            cost = seq.length - match(seq).length  # at least one: the last token is always computed
            return (seq.came_at - now) / cost, cost

        return sorted(waiting, key=place)

    return order


def policy(name: str, seed: int, work: Callable[[], int] = lambda: 0) -> Policy:
    """The policy called ``name``; ``work`` tells the tokens computed so far.

    Raises
    ------
    UnknownOptionError
        There is none; the message names the nearest.
    """
    policies: dict[str, Policy] = {"lpm": lpm, "dfs": dfs, "fcfs": fcfs, "random": shuffled(seed)}
    policies["hrrn"] = response_ratio(work)
    if name not in policies:
        raise UnknownOptionError(name, policies, "Engine(schedule=...)")
    return policies[name]
