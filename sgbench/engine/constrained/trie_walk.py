"""Which nodes of a class trie the tokens of one state pass through, and in which state.

Level by level: only the children of live nodes where a level has far more, the whole level at once where it has not, node by node at the
end where there are few at each of many depths. A state is known by where its row begins in `Machine.rows`, so that a step is an addition
and a look-up.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sgbench.engine.constrained.class_trie import ClassLevel, ClassTrie, Indices
from sgbench.engine.constrained.machine import Machine
from sgbench.engine.request import IntArray

Reached: TypeAlias = tuple[int, Indices | None, Indices]
"""Where a level's nodes begin among all, its live nodes (None: all are listed), and the row of the state at each of them."""

_MANY = 64
"""Fewer tokens than one in so many are collected from the live nodes; where there are more, every token looks at its node."""
_LACKING = 16
"""Where fewer than one in so many is missing, those are collected."""
_SMALL, _EACH = 3000, 6
"""A whole level of `_SMALL` nodes takes as long as finding the children of a few; each of `_EACH` nodes more as long as one child."""
_SMALL_FOR_ONE = 400


class TrieWalk:
    """One state's walk.

    Parameters
    ----------
    trie, machine
        The trie is the machine's.
    state
        Where the walk begins.
    """

    def __init__(self, trie: ClassTrie, machine: Machine, state: int) -> None:
        self._trie = trie
        self._rows = machine.rows
        self._width = machine.dfa.n_classes
        self._dead = machine.dead * self._width
        self._reached: list[Reached] = []
        self._walk(state * self._width)
        self._live = self._marked_nodes()
        first = trie.first_token
        self._n_tokens = int((first[1:] - first[:-1])[self._live[:-1]].sum())
        self.many = self._n_tokens * _MANY > len(trie.node_of_token)

    def ids(self) -> IntArray:
        """The tokens that end in live nodes, in no order: when they are few."""
        return self._tokens(np.flatnonzero(self._live))[0]

    def marks(self) -> npt.NDArray[np.bool_]:
        """bool ``[vocab]``: does the token end in a live node?"""
        trie = self._trie
        if (len(trie.token_ids) - self._n_tokens) * _LACKING < len(trie.node_of_token):
            marked: npt.NDArray[np.bool_] = trie.ever.copy()
            marked[self._tokens(np.flatnonzero(~self._live[:-1]))[0]] = False
        else:
            marked = self._live.take(trie.node_of_token)
        return marked

    def moves(self) -> tuple[IntArray, IntArray]:
        """The tokens, in no order, and the state after each."""
        live = np.flatnonzero(self._live)
        tokens, owner = self._tokens(live)
        return tokens, self._states_at(live).take(owner)

    def targets(self) -> IntArray:
        """int32, sorted: the states that one token leads to."""
        first = self._trie.first_token
        ends = np.flatnonzero(self._live[:-1] & (first[1:] > first[:-1]))
        return np.unique(self._states_at(ends))

    def _states_at(self, nodes: Indices) -> IntArray:
        """The states at live nodes."""
        state_at = np.full(len(self._live), self._dead, dtype=np.intp)
        for start, some, states in self._reached:
            state_at[slice(start, start + len(states)) if some is None else start + some] = states
        return (state_at.take(nodes) // self._width).astype(np.int32)

    def _marked_nodes(self) -> npt.NDArray[np.bool_]:
        """bool ``[nodes + 1]``: is the node live? The last stands for what never is."""
        live = np.zeros(self._trie.starts[-1] + 1, dtype=np.bool_)
        for start, nodes, states in self._reached:
            if nodes is None:
                np.not_equal(states, self._dead, out=live[start : start + len(states)])
            else:
                live[start + nodes] = True
        return live

    def _tokens(self, nodes: Indices) -> tuple[IntArray, Indices]:
        """The tokens that end in nodes, and which of ``nodes`` each ends in."""
        members, owner = spread(self._trie.first_token, nodes)
        return self._trie.token_ids.take(members), owner

    def _walk(self, row: int) -> None:
        nodes: Indices | None = np.zeros(1, dtype=np.intp)
        states, n_live = np.array([row], dtype=np.intp), 1
        for level, start in zip(self._trie.levels, self._trie.starts, strict=False):
            n_above = len(level.first_child) - 1
            if len(level.parent) <= (_SMALL + _EACH * n_live if n_live > 1 else _SMALL_FOR_ONE):
                if nodes is not None:
                    states = self._opened(n_above, nodes, states)
                nodes, states = None, self._whole_level(level, states)
                n_live = int(np.count_nonzero(states != self._dead))
            else:
                if nodes is None:
                    nodes = np.flatnonzero(states != self._dead)
                    states = states.take(nodes)
                nodes, states = self._children(level, nodes, states)
                n_live = len(nodes)
            if not n_live:
                return
            self._reached.append((start, nodes, states))
        if self._trie.tail:
            self._walk_tail(nodes, states)

    def _children(self, level: ClassLevel, nodes: Indices, states: Indices) -> tuple[Indices, Indices]:
        if len(nodes) == 1:
            low, high = level.first_child[nodes[0]], level.first_child[nodes[0] + 1]
            after = self._rows.take(level.byte_class[low:high] + states[0])
            alive = np.flatnonzero(after != self._dead)
            return alive + low, after.take(alive)
        children, owner = spread(level.first_child, nodes)
        rows = states.take(owner)
        rows += level.byte_class.take(children)
        after = self._rows.take(rows)
        alive = np.flatnonzero(after != self._dead)
        return children.take(alive), after.take(alive)

    def _whole_level(self, level: ClassLevel, states: Indices) -> Indices:
        rows = states.take(level.parent)
        rows += level.byte_class
        return self._rows.take(rows)

    def _walk_tail(self, nodes: Indices | None, states: Indices) -> None:
        above = states if nodes is None else self._opened(self._trie.n_above, nodes, states)
        rows = self._rows.data
        at: list[int] = above.tolist()
        for parent, byte_class in self._trie.tail:
            at.append(rows[at[parent] + byte_class])
        self._reached.append((self._trie.starts[-2], None, np.array(at[len(above) :], dtype=np.intp)))

    def _opened(self, n_nodes: int, nodes: Indices, states: Indices) -> Indices:
        """The states of all nodes of a level, from those of its live ones."""
        full = np.full(n_nodes, self._dead, dtype=np.intp)
        full[nodes] = states
        return full


def spread(first: Indices, nodes: Indices) -> tuple[Indices, Indices]:
    """The members ``first[node] .. first[node + 1]`` of all nodes, and for each which entry of ``nodes`` owns it."""
    low = first.take(nodes)
    counts = first.take(nodes + 1)
    counts -= low
    owner = np.repeat(np.arange(len(nodes)), counts)
    low -= np.cumsum(counts) - counts
    members = low.take(owner)
    members += np.arange(len(owner))
    return members, owner
