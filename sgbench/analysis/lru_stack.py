"""Stack distances of weighted blocks (Mattson et al., 1970): one pass tells what LRU keeps at every capacity.

Knows blocks by identity and weight; no trace, no tree.
"""

from __future__ import annotations

from collections.abc import Hashable


class LruStack:
    """What was used when, most recent on top; weights in tokens.

    Parameters
    ----------
    touches
        Most touches there will be.
    """

    def __init__(self, touches: int) -> None:
        self._sums = [0] * (touches + 1)  # a Fenwick tree over times of last use
        self._last: dict[Hashable, int] = {}
        self._weights: dict[Hashable, int] = {}
        self._now = 0
        self._total = 0

    def distance(self, block: Hashable) -> int | None:
        """Tokens used more recently than ``block``; None if it was never used."""
        last = self._last.get(block)
        return None if last is None else self._total - self._until(last)

    def touch(self, block: Hashable, weight: int) -> None:
        """``block`` is the most recent now."""
        last = self._last.get(block)
        if last is not None:
            self._add(last, -self._weights[block])
        self._now += 1
        self._last[block], self._weights[block] = self._now, weight
        self._add(self._now, weight)

    def clear(self) -> None:
        """Everything is forgotten."""
        for block, last in self._last.items():
            self._add(last, -self._weights[block])
        self._last.clear()
        self._weights.clear()

    def _add(self, place: int, weight: int) -> None:
        self._total += weight
        while place < len(self._sums):
            self._sums[place] += weight
            place += place & -place

    def _until(self, place: int) -> int:
        total = 0
        while place:
            total += self._sums[place]
            place -= place & -place
        return total
