"""Which nodes of a class trie the tokens of one state pass through, and in which state.

Level by level: only the children of live nodes while these are few, the whole level at once when they are many, node by node at the end
where there are few at each of many depths.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sgbench.engine.constrained.class_trie import ClassLevel, ClassTrie
from sgbench.engine.constrained.machine import Machine
from sgbench.engine.request import IntArray

Indices: TypeAlias = npt.NDArray[Any]
Reached: TypeAlias = tuple[ClassLevel, int, Indices | None, IntArray]
"""A level, where its nodes begin among all, its live nodes (None: all are listed), and the state at each of them."""

_MANY = 64
"""Fewer tokens than one in so many are collected from the live nodes; where there are more, every token looks at its node."""
_SINGLY = 16


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
        self._machine = machine
        self._dead = machine.dead
        self._reached: list[Reached] = []
        self._walk(state)
        self.many = self._n_tokens() * _MANY > len(trie.node_of_token)

    def ids(self) -> IntArray:
        """The tokens that end in live nodes, in no order: when they are few."""
        ids: list[IntArray] = [np.zeros(0, dtype=np.int32)]
        for level, _, nodes, states in self._reached:
            some = np.flatnonzero(states != self._dead) if nodes is None else nodes
            if len(some) <= _SINGLY:
                first = level.first_token
                ids.extend(level.token_ids[first[node] : first[node + 1]] for node in some)
            else:
                ids.append(level.token_ids.take(spread(level.first_token, some)[0]))
        return np.concatenate(ids)

    def marks(self) -> npt.NDArray[np.bool_]:
        """bool ``[vocab]``: does the token end in a live node?"""
        live = np.zeros(self._trie.starts[-1] + 1, dtype=np.bool_)
        for _, start, nodes, states in self._reached:
            if nodes is None:
                live[start : start + len(states)] = states != self._dead
            else:
                live[start + nodes] = True
        marked: npt.NDArray[np.bool_] = live.take(self._trie.node_of_token)
        return marked

    def moves(self) -> tuple[IntArray, IntArray]:
        """The tokens, and the state after each."""
        if self.many:
            state_at = np.full(self._trie.starts[-1] + 1, self._dead, dtype=np.int32)
            for _, start, nodes, states in self._reached:
                state_at[slice(start, start + len(states)) if nodes is None else start + nodes] = states
            ends = state_at.take(self._trie.node_of_token)
            alive = np.flatnonzero(ends != self._dead)
            return alive.astype(np.int32), ends.take(alive)
        ids: list[IntArray] = [np.zeros(0, dtype=np.int32)]
        after: list[IntArray] = [np.zeros(0, dtype=np.int32)]
        for level, _, nodes, states in self._reached:
            some = np.flatnonzero(states != self._dead) if nodes is None else nodes
            tokens, owner = spread(level.first_token, some)
            ids.append(level.token_ids.take(tokens))
            after.append((states.take(some) if nodes is None else states).take(owner))
        return np.concatenate(ids), np.concatenate(after)

    def _n_tokens(self) -> int:
        """At most so many tokens end in live nodes."""
        count = 0
        for level, _, nodes, _ in self._reached:
            if nodes is None:
                count += len(level.token_ids)
            else:
                count += int((level.first_token.take(nodes + 1) - level.first_token.take(nodes)).sum())
        return count

    def _walk(self, state: int) -> None:
        nodes: Indices | None = np.zeros(1, dtype=np.int32)
        states = np.array([state], dtype=np.int32)
        for level, start in zip(self._trie.levels, self._trie.starts, strict=False):
            if nodes is None or len(nodes) * 4 >= len(level.first_child) - 1:
                nodes, states = self._whole_level(level, nodes, states)
            elif len(nodes) == 1:
                nodes, states = self._children_of_one(level, int(nodes[0]), int(states[0]))
            else:
                nodes, states = self._children(level, nodes, states)
            if nodes is not None and not len(nodes):
                return
            self._reached.append((level, start, nodes, states))
        if self._trie.tail is not None:
            self._walk_tail(self._trie.tail, nodes, states)

    def _children_of_one(self, level: ClassLevel, node: int, state: int) -> tuple[Indices, IntArray]:
        low, high = level.first_child[node], level.first_child[node + 1]
        after = self._machine.dfa.table[state].take(level.byte_class[low:high])
        alive = np.flatnonzero(after != self._dead)
        return alive + low, after.take(alive)

    def _children(self, level: ClassLevel, nodes: Indices, states: IntArray) -> tuple[Indices, IntArray]:
        children, owner = spread(level.first_child, nodes)
        rows = states.take(owner) * self._machine.dfa.n_classes
        after = self._machine.dfa.table.take(rows + level.byte_class.take(children))
        alive = np.flatnonzero(after != self._dead)
        return children.take(alive), after.take(alive)

    def _whole_level(
        self, level: ClassLevel, nodes: Indices | None, states: IntArray
    ) -> tuple[Indices | None, IntArray]:
        if nodes is not None:
            states = self._opened(len(level.first_child) - 1, nodes, states)
        rows = (states * self._machine.dfa.n_classes).take(level.parent)
        rows += level.byte_class
        after = self._machine.dfa.table.take(rows)
        live = after != self._dead
        if np.count_nonzero(live) * 4 >= len(after):
            return None, after
        alive = np.flatnonzero(live)
        return alive, after.take(alive)

    def _walk_tail(self, tail: ClassLevel, nodes: Indices | None, states: IntArray) -> None:
        above = states if nodes is None else self._opened(self._trie.n_above, nodes, states)
        step, dead = self._machine.step_class, self._dead
        at: list[int] = above.tolist()
        for parent, byte_class in self._trie.tail_steps:
            before = at[parent]
            at.append(dead if before == dead else step(before, byte_class))
        after = np.array(at[len(above) :], dtype=np.int32)
        alive = np.flatnonzero(after != dead)
        if len(alive):
            self._reached.append((tail, self._trie.starts[-2], alive, after.take(alive)))

    def _opened(self, n_nodes: int, nodes: Indices, states: IntArray) -> IntArray:
        """The states of all nodes of a level, from those of its live ones."""
        full = np.full(n_nodes, self._dead, dtype=np.int32)
        full[nodes] = states
        return full


def spread(first: IntArray, nodes: npt.NDArray[Any]) -> tuple[IntArray, IntArray]:
    """The members ``first[node] .. first[node + 1]`` of all nodes, and for each which entry of ``nodes`` owns it."""
    counts = first[nodes + 1] - first[nodes]
    owner = np.repeat(np.arange(len(nodes), dtype=np.int32), counts)
    ends = np.cumsum(counts)
    within = np.arange(len(owner), dtype=np.int32) - np.repeat(ends - counts, counts).astype(np.int32)
    return first[nodes][owner] + within, owner
