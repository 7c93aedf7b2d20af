"""The token trie as one machine sees it.

A machine tells few classes of bytes apart, so for it most tokens look alike: the class trie merges, level by level, the nodes of the token
trie that differ only within a class. Knows a machine and a vocabulary; no states, no masks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sgbench.engine.constrained.dfa import Dfa
from sgbench.engine.constrained.vocabulary import Vocabulary
from sgbench.engine.request import IntArray

LongArray: TypeAlias = npt.NDArray[np.int64]

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


def class_trie(dfa: Dfa, vocabulary: Vocabulary) -> tuple[ClassLevel, ...]:
    """The levels of the trie, from the first byte on; the root, which is no level, is parent 0 of the first."""
    class_of = dfa.class_of.astype(np.int64)
    live = (dfa.table != dfa.sink).any(axis=0)
    merged = np.zeros(1, dtype=np.int64)
    n_parents = 1
    levels: list[ClassLevel] = []
    for level in vocabulary.levels:
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


def spread(first: IntArray, nodes: IntArray) -> tuple[IntArray, IntArray]:
    """The members ``first[node] .. first[node + 1]`` of all nodes, and for each which entry of ``nodes`` owns it."""
    counts = first[nodes + 1] - first[nodes]
    owner = np.repeat(np.arange(len(nodes), dtype=np.int32), counts)
    ends = np.cumsum(counts)
    within = np.arange(len(owner), dtype=np.int32) - np.repeat(ends - counts, counts).astype(np.int32)
    return first[nodes][owner] + within, owner
