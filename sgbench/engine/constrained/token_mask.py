"""Which tokens a machine allows in a state: the class trie, and masks cached by state.

Knows one machine and one vocabulary. A machine tells few classes of bytes apart, so for it most tokens look alike: the
class trie merges, level by level, the nodes of the token trie that differ only within a class. A mask is one walk over
it: level by level, only the children of live nodes while these are few, the whole level at once when they are many.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sgbench.engine.constrained.dfa import UNREACHABLE
from sgbench.engine.constrained.limits import shorten
from sgbench.engine.constrained.machine import Machine
from sgbench.engine.constrained.mask_cache import MaskCache
from sgbench.engine.constrained.vocabulary import Vocabulary
from sgbench.engine.request import IntArray
from sgbench.errors import ConstraintError

LongArray: TypeAlias = npt.NDArray[np.int64]

DEFAULT_CACHE_BYTES = 64 << 20
_MANY = 8
"""Fewer tokens than one in so many are collected from the live nodes; where there are more, every token looks at its node."""
_DENSE_KEYS = 1 << 23
"""Largest table of (parent, class) pairs that is marked densely rather than sorted."""


@dataclass(frozen=True, slots=True)
class ClassLevel:
    """One depth of the class trie; siblings stand together.

    Attributes
    ----------
    parent
        int32 ``[n]``: index of the parent within the level above.
    byte_class
        int32 ``[n]``: the class from there.
    first_child
        int32 ``[m + 1]``, for the m nodes of the level above: where their children begin in this level.
    token_ids
        int32 ``[t]``: tokens that end here, sorted by node.
    first_token
        int32 ``[n + 1]``: where each node's tokens begin.
    """

    parent: IntArray
    byte_class: IntArray
    first_child: IntArray
    token_ids: IntArray
    first_token: IntArray


Reached: TypeAlias = tuple[ClassLevel, IntArray | None, IntArray]
"""A level, its live nodes (None: all are listed), and the state at each of them."""


class TokenMasks:
    """Allowed tokens of one machine over one vocabulary; safe to share between threads.

    Parameters
    ----------
    machine, vocabulary
        Their product.
    cache_bytes
        Masks are kept, least recently used dropped first, within this many bytes.

    Raises
    ------
    ConstraintError
        The vocabulary cannot spell any accepted text; the message names the missing bytes.
    """

    def __init__(self, machine: Machine, vocabulary: Vocabulary, cache_bytes: int = DEFAULT_CACHE_BYTES) -> None:
        self.machine = machine
        self.vocabulary = vocabulary
        self._kept = MaskCache(len(vocabulary), cache_bytes)
        self._numbers: dict[tuple[str, int], int] = {}
        self._dead_ends: IntArray | None = None
        if not self._spells_every_byte():
            self._trim()

    def allowed(self, state: int) -> IntArray:
        """int32, sorted: the tokens after which the text can still be completed. Not to be written to."""
        mask = self._kept.find(state)
        if mask is None:
            mask = self.moves(state)[0]
            if len(mask) > 1 and (mask[1:] < mask[:-1]).any():
                mask = np.sort(mask)
            self._kept.keep(state, mask)
        return mask

    @property
    def cached_bytes(self) -> int:
        """Bytes of the masks that are kept."""
        return self._kept.nbytes

    def least_tokens(self, state: int) -> int:
        """A lower bound for the tokens from a state to an accepting one."""
        return -(-self.machine.min_bytes(state) // max(1, self.vocabulary.max_token_bytes))

    @cached_property
    def tokens_to_accept(self) -> IntArray:
        """int32 ``[n_states + 1]``: fewest tokens from each state to an accepting one; `UNREACHABLE` where there is no way.

        Costs one walk for every state: asked for only by requests that must close within a budget.
        """
        dfa = self.machine.dfa
        before: list[list[int]] = [[] for _ in range(dfa.n_states)]
        for state in range(dfa.n_states):
            for target in np.unique(self.moves(state)[1]).tolist():
                before[target].append(state)
        fewest = np.full(dfa.n_states + 1, UNREACHABLE, dtype=np.int32)
        queue = deque(np.flatnonzero(dfa.accepts).tolist())
        fewest[list(queue)] = 0
        while queue:
            state = queue.popleft()
            for source in before[state]:
                if fewest[source] == UNREACHABLE:
                    fewest[source] = fewest[state] + 1
                    queue.append(source)
        return fewest

    def remembered(self, key: tuple[str, int], compute: Callable[[], int]) -> int:
        """A number that depends on this machine and vocabulary only, computed once."""
        if key not in self._numbers:
            self._numbers[key] = compute()
        return self._numbers[key]

    def moves(self, state: int) -> tuple[IntArray, IntArray]:
        """Allowed tokens, and the state after each; not cached, in no order."""
        reached = self._walk(state)
        n_tokens = sum(
            len(level.token_ids)
            if nodes is None
            else int((level.first_token[nodes + 1] - level.first_token[nodes]).sum())
            for level, nodes, _ in reached
        )
        many = n_tokens * _MANY > len(self._places[0])
        ids, ends = self._gather(reached) if many else self._collect(reached)
        return self._without_dead_ends(ids, ends)

    def _walk(self, state: int) -> list[Reached]:
        """The states that tokens pass through, level by level."""
        sink, n_classes = self.machine.dead, self.machine.dfa.n_classes
        flat = self.machine.dfa.table.ravel()
        nodes: IntArray | None = np.zeros(1, dtype=np.int32)
        states = np.array([state], dtype=np.int32)
        reached: list[Reached] = []
        for level in self.levels:
            if nodes is not None and len(nodes) * 4 < len(level.first_child) - 1:
                children, owner = _spread(level.first_child, nodes)
                after = flat.take(states.take(owner) * n_classes + level.byte_class.take(children))
                alive = np.flatnonzero(after != sink)
                nodes, states = children.take(alive), after.take(alive)
            else:
                if nodes is not None:
                    full = np.full(len(level.first_child) - 1, sink, dtype=np.int32)
                    full[nodes] = states
                    states = full
                after = flat.take(states.take(level.parent) * n_classes + level.byte_class)
                alive = np.flatnonzero(after != sink)
                few = len(alive) * 4 < len(after)
                nodes, states = (alive.astype(np.int32), after.take(alive)) if few else (None, after)
            if not len(alive):
                break
            reached.append((level, nodes, states))
        return reached

    def _collect(self, reached: list[Reached]) -> tuple[IntArray, IntArray]:
        """Few tokens: node by node."""
        ids: list[IntArray] = [np.zeros(0, dtype=np.int32)]
        ends: list[IntArray] = [np.zeros(0, dtype=np.int32)]
        for level, nodes, states in reached:
            some = np.arange(len(states), dtype=np.int32) if nodes is None else nodes
            tokens, owner = _spread(level.first_token, some)
            ends_here = states.take(owner)
            alive = np.flatnonzero(ends_here != self.machine.dead)
            ids.append(level.token_ids.take(tokens.take(alive)))
            ends.append(ends_here.take(alive))
        return np.concatenate(ids), np.concatenate(ends)

    def _gather(self, reached: list[Reached]) -> tuple[IntArray, IntArray]:
        """Many tokens: every one looks at its own node."""
        token_ids, token_node, starts = self._places
        state_at = np.full(starts[-1], self.machine.dead, dtype=np.int32)
        for index, (_, nodes, states) in enumerate(reached):
            if nodes is None:
                state_at[starts[index] : starts[index + 1]] = states
            else:
                state_at[starts[index] + nodes] = states
        ends = state_at.take(token_node)
        alive = np.flatnonzero(ends != self.machine.dead)
        return token_ids.take(alive), ends.take(alive)

    @cached_property
    def _places(self) -> tuple[IntArray, IntArray, list[int]]:
        """Tokens in order of their ids, the node where each ends, counted over all levels, and where levels begin."""
        starts = [0]
        nodes = []
        for level in self.levels:
            owner = np.repeat(np.arange(len(level.parent)), np.diff(level.first_token))
            nodes.append(owner + starts[-1])
            starts.append(starts[-1] + len(level.parent))
        if not nodes:
            return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32), starts
        ids = np.concatenate([level.token_ids for level in self.levels])
        order = np.argsort(ids)
        return ids[order], np.concatenate(nodes)[order].astype(np.int32), starts

    @cached_property
    def levels(self) -> tuple[ClassLevel, ...]:
        """The class trie."""
        dfa = self.machine.dfa
        class_of = dfa.class_of.astype(np.int64)
        live = (dfa.table != dfa.sink).any(axis=0)
        merged = np.zeros(1, dtype=np.int64)
        n_parents = 1
        levels: list[ClassLevel] = []
        for level in self.vocabulary.levels:
            classes = class_of[level.byte]
            parents = merged[level.parent]
            kept = (parents >= 0) & live[classes]
            keys = parents[kept] * dfa.n_classes + classes[kept]
            unique, position = _number(keys, n_parents * dfa.n_classes)
            if not len(unique):
                break
            merged = np.full(len(kept), -1, dtype=np.int64)
            merged[kept] = position
            levels.append(_level(unique, n_parents, dfa.n_classes, merged[level.token_node], level.token_ids))
            n_parents = len(unique)
        return tuple(levels)

    @property
    def nbytes(self) -> int:
        """Bytes of the class trie and the cached masks."""
        arrays = [getattr(level, name) for level in self.levels for name in ClassLevel.__slots__]
        return sum(int(array.nbytes) for array in arrays) + self.cached_bytes

    # -- vocabularies that lack some bytes

    def _spells_every_byte(self) -> bool:
        """Is every byte that the machine reads a token of its own? Then every live state stays live over tokens."""
        dfa = self.machine.dfa
        read = np.flatnonzero((dfa.table != dfa.sink).any(axis=0)[dfa.class_of])
        return self.vocabulary.single_bytes.issuperset(read.tolist())

    def _trim(self) -> None:
        """Find the states from which no sequence of tokens reaches an accepting one."""
        machine = self.machine
        before: dict[int, set[int]] = {machine.start: set()}
        queue = deque([machine.start])
        while queue:
            state = queue.popleft()
            for target in np.unique(self.moves(state)[1]).tolist():
                if target not in before:
                    before[target] = set()
                    queue.append(target)
                before[target].add(state)
        alive = {state for state in before if machine.is_accepting(state)}
        queue.extend(alive)
        while queue:
            for source in before[queue.popleft()] - alive:
                alive.add(source)
                queue.append(source)
        if machine.start not in alive:
            raise ConstraintError(self._missing())
        self._dead_ends = np.array(sorted(before.keys() - alive), dtype=np.int32)

    def _without_dead_ends(self, ids: IntArray, ends: IntArray) -> tuple[IntArray, IntArray]:
        if self._dead_ends is None or not len(self._dead_ends):
            return ids, ends
        alive = ~np.isin(ends, self._dead_ends)
        return ids[alive], ends[alive]

    def _missing(self) -> str:
        dfa = self.machine.dfa
        read = set(np.flatnonzero((dfa.table != dfa.sink).any(axis=0)[dfa.class_of]).tolist())
        missing = bytes(sorted(read - self.vocabulary.used_bytes))
        what = f"it has no token with the bytes {missing[:16]!r}" if missing else "its tokens do not join to any match"
        return f"the vocabulary cannot spell any text of {shorten(self.machine.source)!r}: {what}"


def _number(keys: LongArray, bound: int) -> tuple[LongArray, LongArray]:
    """Sorted distinct keys, all below ``bound``, and the place of each key among them."""
    if bound > _DENSE_KEYS:
        unique, position = np.unique(keys, return_inverse=True)
        return unique, position.ravel()
    marked = np.zeros(bound, dtype=bool)
    marked[keys] = True
    unique = np.flatnonzero(marked)
    place = np.empty(bound, dtype=np.int64)
    place[unique] = np.arange(len(unique))
    return unique, place[keys]


def _level(
    keys: LongArray,
    n_parents: int,
    n_classes: int,
    token_node: LongArray,
    token_ids: IntArray,
) -> ClassLevel:
    parent = keys // n_classes
    kept = token_node >= 0
    order = np.argsort(token_node[kept], kind="stable")
    return ClassLevel(
        parent=parent.astype(np.int32),
        byte_class=(keys % n_classes).astype(np.int32),
        first_child=np.searchsorted(parent, np.arange(n_parents + 1)).astype(np.int32),
        token_ids=token_ids[kept][order],
        first_token=np.searchsorted(token_node[kept][order], np.arange(len(keys) + 1)).astype(np.int32),
    )


def _spread(first: IntArray, nodes: IntArray) -> tuple[IntArray, IntArray]:
    """The members ``first[node] .. first[node + 1]`` of all nodes, and for each which entry of ``nodes`` owns it."""
    counts = first[nodes + 1] - first[nodes]
    owner = np.repeat(np.arange(len(nodes), dtype=np.int32), counts)
    ends = np.cumsum(counts)
    within = np.arange(len(owner), dtype=np.int32) - np.repeat(ends - counts, counts).astype(np.int32)
    return first[nodes][owner] + within, owner
