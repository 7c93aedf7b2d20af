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
Indices: TypeAlias = npt.NDArray[np.intp]
"""As NumPy's look-ups take them: any other kind is converted at every look-up, which costs as much as the look-up."""

_DENSE_KEYS = 1 << 23
"""Largest table of (parent, class) pairs that is marked densely rather than sorted."""
_TAIL_NODES = 256
"""Most nodes that are walked one by one: a few long tokens (runs of blanks, of dashes) make many depths with a node or two each."""
_TAIL_PARENTS = 512


@dataclass(frozen=True, slots=True)
class ClassLevel:
    """One depth of the class trie; siblings stand together.

    Attributes
    ----------
    parent
        intp ``[n]``: index of the parent within the level above.
    byte_class
        intp ``[n]``: the class from there.
    first_child
        intp ``[m + 1]``, for the m nodes of the level above: where their children begin in this level.
    token_ids
        int32 ``[t]``: tokens that end here, sorted by node.
    first_token
        intp ``[n + 1]``: where each node's tokens begin.
    """

    parent: Indices
    byte_class: Indices
    first_child: Indices
    token_ids: IntArray
    first_token: Indices


@dataclass(frozen=True, slots=True)
class ClassTrie:
    """The trie; the root, which is no level, is parent 0 of the first level.

    Attributes
    ----------
    levels
        Depth by depth, as long as there are many nodes at each.
    tail
        All nodes below, few at each of many depths, as one level: a ``parent`` below `n_above` is a node of the last of `levels`, others
        are nodes of the tail itself, counted from there. No ``first_child``.
    tail_steps
        ``(parent, class)`` of each node of the tail, as plain numbers.
    n_above
        Nodes of the last of `levels`; 1, the root, if there are none.
    starts
        Where the nodes of each level, and of the tail, begin when all are counted; the last entry is their number.
    node_of_token
        intp ``[vocab]``: where each token ends, counted over all; one beyond the last node for tokens that the machine never allows.
    """

    levels: tuple[ClassLevel, ...]
    tail: ClassLevel | None
    tail_steps: tuple[tuple[int, int], ...]
    n_above: int
    starts: tuple[int, ...]
    node_of_token: Indices

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        levels = (*self.levels, *([] if self.tail is None else [self.tail]))
        arrays = [getattr(level, name) for level in levels for name in ClassLevel.__slots__]
        return sum(int(array.nbytes) for array in arrays) + int(self.node_of_token.nbytes)


def class_trie(dfa: Dfa, vocabulary: Vocabulary) -> ClassTrie:
    """The token trie with the nodes merged that ``dfa`` does not tell apart."""
    depths = _depths(dfa, vocabulary)
    sizes = [len(level.parent) for level in depths]
    cut = len(depths)
    while cut and sum(sizes[cut - 1 :]) <= _TAIL_NODES:
        cut -= 1
    n_above = sizes[cut - 1] if cut else 1
    tail = None
    if cut < len(depths) and n_above <= _TAIL_PARENTS:
        tail = _joined(depths[cut:], n_above)
    else:
        cut = len(depths)
    levels = (*depths[:cut], *([] if tail is None else [tail]))
    starts = np.cumsum([0, *(len(level.parent) for level in levels)]).tolist()
    node_of_token = np.full(len(vocabulary), starts[-1], dtype=np.intp)
    for start, level in zip(starts, levels, strict=False):
        owner = np.repeat(np.arange(len(level.parent)), np.diff(level.first_token))
        node_of_token[level.token_ids] = owner + start
    steps = () if tail is None else tuple(zip(tail.parent.tolist(), tail.byte_class.tolist(), strict=True))
    return ClassTrie(tuple(depths[:cut]), tail, steps, n_above, tuple(starts), node_of_token)


def _joined(depths: list[ClassLevel], n_above: int) -> ClassLevel:
    """Several depths as one level; see `ClassTrie.tail`."""
    begins = np.cumsum([0, n_above, *(len(level.parent) for level in depths)])[: len(depths)]
    n_tokens = np.cumsum([0, *(len(level.token_ids) for level in depths)])
    firsts = [level.first_token[:-1] + before for level, before in zip(depths, n_tokens, strict=False)]
    return ClassLevel(
        parent=np.concatenate([level.parent + begin for level, begin in zip(depths, begins, strict=True)]),
        byte_class=np.concatenate([level.byte_class for level in depths]),
        first_child=np.zeros(0, dtype=np.intp),
        token_ids=np.concatenate([level.token_ids for level in depths]),
        first_token=np.concatenate([*firsts, n_tokens[-1:]]),
    )


def _depths(dfa: Dfa, vocabulary: Vocabulary) -> list[ClassLevel]:
    class_of = dfa.class_of.astype(np.int64)
    live = (dfa.table != dfa.sink).any(axis=0)
    merged = np.zeros(1, dtype=np.int64)
    n_parents = 1
    depths: list[ClassLevel] = []
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
        depths.append(_level(unique, n_parents, dfa.n_classes, merged[level.token_node], level.token_ids))
        n_parents = len(unique)
    return depths


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
        parent=parent.astype(np.intp),
        byte_class=(keys % n_classes).astype(np.intp),
        first_child=np.searchsorted(parent, np.arange(n_parents + 1)),
        token_ids=token_ids[kept][order],
        first_token=np.searchsorted(token_node[kept][order], np.arange(len(keys) + 1)),
    )
