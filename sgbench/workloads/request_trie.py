"""The best hit rate there can be: the trie of a run's requests, in which each edge is computed once (paper section 3, Theorem 3.1).

Knows token sequences only, no engine and no pool.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence

Tokens = tuple[int, ...]


def shared(one: Sequence[object], other: Sequence[object]) -> int:
    """How many first tokens, or characters of texts, two sequences have in common."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


class RequestTrie:
    """Sequences seen so far, as the trie they span.

    Kept as a sorted list: a sequence shares its longest prefix with one of its two neighbours there, so no node is ever made.
    """

    def __init__(self) -> None:
        self._sorted: list[Tokens] = []

    def longest(self, tokens: Tokens) -> int:
        """How many first tokens of ``tokens`` some sequence begins with."""
        at = bisect.bisect_left(self._sorted, tokens)
        return max((shared(tokens, near) for near in self._sorted[max(0, at - 1) : at + 1]), default=0)

    def add(self, tokens: Tokens) -> int:
        """Add a sequence; returns how many of its tokens were new, which is the length of the edges it adds."""
        found = self.longest(tokens)
        if found < len(tokens) or not self._sorted:
            bisect.insort(self._sorted, tokens)
        return len(tokens) - found
