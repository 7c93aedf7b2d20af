"""Deterministic byte machines: a table over byte classes, trimmed and minimal.

Knows bytes and states. A `Dfa` has no dead state among its own: every state can still accept, so "one byte leaves this
state" means that the byte is forced. The table has one row more, the sink, where forbidden bytes lead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sgbench.engine.request import IntArray

UNREACHABLE = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True, eq=False)
class Dfa:
    """A minimal machine; states are numbered breadth first from the start, 0.

    Attributes
    ----------
    table
        int32 ``[n_states + 1, n_classes]``: the next state; the last row and the value ``n_states`` are the sink.
    class_of
        uint8 ``[256]``: class of each byte.
    accepts
        bool ``[n_states + 1]``.
    remaining
        int32 ``[n_states + 1]``: fewest bytes from each state to an accepting one; `UNREACHABLE` for the sink.
    """

    table: IntArray
    class_of: npt.NDArray[np.uint8]
    accepts: npt.NDArray[np.bool_]
    remaining: IntArray
    start: int = 0

    @property
    def n_states(self) -> int:
        """Live states; 0 for the empty language."""
        return len(self.table) - 1

    @property
    def n_classes(self) -> int:
        """Bytes that no state tells apart form one class."""
        return int(self.table.shape[1])

    @property
    def sink(self) -> int:
        """The state of everything forbidden."""
        return self.n_states

    def run(self, data: bytes, state: int | None = None) -> int:
        """The state after ``data``; the sink if it is not allowed."""
        at = self.start if state is None else state
        table, class_of = self.table, self.class_of
        for byte in data:
            at = int(table[at, class_of[byte]])
        return at

    def byte_edges(self, state: int) -> Iterator[tuple[int, int, int]]:
        """``(first byte, last byte, target)`` of every live edge, in order of bytes."""
        row = self.table[state][self.class_of]
        cuts = np.flatnonzero(np.diff(row)) + 1
        for low, high in zip((0, *cuts.tolist()), (*cuts.tolist(), 256), strict=True):
            target = int(row[low])
            if target != self.sink:
                yield low, high - 1, target


def finish(
    rows: Sequence[dict[int, int]], accepting: Sequence[bool], class_of: npt.NDArray[np.uint8], n_classes: int
) -> Dfa:
    """Trim, minimise and number the machine whose state ``i`` goes to ``rows[i][byte class]``; state 0 starts."""
    remaining = _shortest(rows, accepting)
    live = [i for i, distance in enumerate(remaining) if distance >= 0]
    if not rows or remaining[0] < 0:
        return _empty()
    new = {old: index for index, old in enumerate(live)}
    sink = len(live)
    table = np.full((sink + 1, n_classes), sink, dtype=np.int32)
    for index, old in enumerate(live):
        row = rows[old]
        kept = [(c, new[t]) for c, t in row.items() if t in new]
        if kept:
            classes, targets = zip(*kept, strict=True)
            table[index, list(classes)] = targets
    accepts = np.array([*(accepting[i] for i in live), False])
    distance = np.array([*(remaining[i] for i in live), UNREACHABLE], dtype=np.int32)
    block = _equivalent(table, accepts, distance, _longest(table))
    return _numbered(table, accepts, distance, block, class_of)


def _empty() -> Dfa:
    far = np.full(1, UNREACHABLE, dtype=np.int32)
    return Dfa(np.zeros((1, 1), dtype=np.int32), np.zeros(256, dtype=np.uint8), np.zeros(1, dtype=bool), far)


def _shortest(rows: Sequence[dict[int, int]], accepting: Sequence[bool]) -> list[int]:
    """Fewest bytes from each state to an accepting one; -1 where none can be reached."""
    before: list[list[int]] = [[] for _ in rows]
    for state, row in enumerate(rows):
        for target in set(row.values()):
            before[target].append(state)
    distance = [0 if accept else -1 for accept in accepting]
    queue = deque(i for i, accept in enumerate(accepting) if accept)
    while queue:
        state = queue.popleft()
        for source in before[state]:
            if distance[source] < 0:
                distance[source] = distance[state] + 1
                queue.append(source)
    return distance


def _longest(table: IntArray) -> IntArray:
    """Most bytes that can follow each state; -1 where there is no end. Every row is live except the last, the sink."""
    sink = len(table) - 1
    before: list[list[int]] = [[] for _ in range(sink)]
    open_edges = [0] * sink
    for state, row in enumerate(table[:sink].tolist()):
        targets = set(row)
        targets.discard(sink)
        open_edges[state] = len(targets)
        for target in targets:
            before[target].append(state)
    longest = [0] * sink
    queue = deque(i for i, count in enumerate(open_edges) if not count)
    while queue:
        state = queue.popleft()
        for source in before[state]:
            longest[source] = max(longest[source], longest[state] + 1)
            open_edges[source] -= 1
            if not open_edges[source]:
                queue.append(source)
    bounded = [longest[i] if not open_edges[i] else -1 for i in range(sink)]
    return np.array([*bounded, -2], dtype=np.int32)


def _equivalent(table: IntArray, accepts: npt.NDArray[np.bool_], shortest: IntArray, longest: IntArray) -> IntArray:
    """Block number of each state; states of a block have the same language.

    Moore's refinement. It begins not with accepting or not alone but with the lengths of the shortest and the longest
    text that may follow, both properties of the language, so that the long chains of counted repeats fall apart at
    once. Rows are compared by 64-bit hashes; the last partition is checked exactly.
    """
    weights = np.random.default_rng(20240614).integers(1, 2**63, size=table.shape[1] + 1, dtype=np.uint64)
    weights |= np.uint64(1)
    keys = np.stack([accepts.astype(np.int64), shortest.astype(np.int64), longest.astype(np.int64)], axis=1)
    block = np.unique(keys, axis=0, return_inverse=True)[1].ravel()
    count = int(block.max()) + 1
    scrambled = np.random.default_rng(7).integers(1, 2**63, size=len(table), dtype=np.uint64)
    while True:
        names = scrambled[block]
        mixed = names * weights[-1] + (names[table] * weights[:-1]).sum(axis=1, dtype=np.uint64)
        mixed ^= mixed >> np.uint64(29)
        _, refined = np.unique(mixed, return_inverse=True)
        refined = refined.ravel()
        if int(refined.max()) + 1 == count:
            break
        block, count = refined, int(refined.max()) + 1
    first = np.zeros(count, dtype=np.int64)
    first[block[::-1]] = np.arange(len(table))[::-1]
    same = (block[table] == block[table[first[block]]]).all() and (accepts == accepts[first[block]]).all()
    assert same, "two states of one block differ: a hash collision"
    return block.astype(np.int32)


def _numbered(
    table: IntArray,
    accepts: npt.NDArray[np.bool_],
    distance: IntArray,
    block: IntArray,
    class_of: npt.NDArray[np.uint8],
) -> Dfa:
    """One state for each block, breadth first from the start; equal columns become one byte class.

    Classes are in the order of their first bytes and so, because states are found through them, are the states: machines of
    one language are equal, array for array.
    """
    count = int(block.max()) + 1
    first = np.zeros(count, dtype=np.int64)
    first[block[::-1]] = np.arange(len(table))[::-1]
    small = block[table[first]]
    distinct, column_class = np.unique(small, axis=1, return_inverse=True)
    byte_class = column_class.ravel()[class_of]
    first_bytes = np.unique(byte_class, return_index=True)[1]
    in_order = np.argsort(first_bytes)
    used = distinct[:, in_order]
    sink = int(block[-1])
    order, seen = [int(block[0])], {int(block[0]), sink}
    lists = used.tolist()
    for state in order:
        for target in lists[state]:
            if target not in seen:
                seen.add(target)
                order.append(target)
    order.append(sink)
    new = np.empty(count, dtype=np.int32)
    new[order] = np.arange(count, dtype=np.int32)
    return Dfa(
        table=np.ascontiguousarray(new[used[order]]),
        class_of=np.argsort(in_order).astype(np.uint8)[byte_class],
        accepts=accepts[first][order],
        remaining=distance[first][order],
    )
