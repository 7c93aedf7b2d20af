"""The token trie as one machine sees it.

A machine tells few classes of bytes apart, and behind a few bytes of a token still fewer, so for it most tokens look alike: the class trie
merges, level by level, the nodes of the token trie that it does not tell apart from whichever state it begins in. Knows a machine and a
vocabulary; no walk, no masks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sgbench.engine.constrained.dfa import Dfa
from sgbench.engine.constrained.state_sets import StateSets
from sgbench.engine.constrained.vocabulary import TrieLevel, Vocabulary
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
        intp ``[n]``: the class from there, or the first that is like it wherever the machine can be there.
    first_child
        intp ``[m + 1]``, for the m nodes of the level above: where their children begin in this level.
    """

    parent: Indices
    byte_class: Indices
    first_child: Indices


@dataclass(frozen=True, slots=True)
class ClassTrie:
    """The trie; the root, which is no level, is parent 0 of the first level.

    Attributes
    ----------
    levels
        Depth by depth, as long as there are many nodes at each.
    tail
        All nodes below, few at each of many depths, one by one as ``(parent, class)``: a parent below `n_above` is a node of the last of
        `levels`, others are nodes of the tail itself, counted from there.
    n_above
        Nodes of the last of `levels`; 1, the root, if there are none.
    starts
        Where the nodes of each level, and of the tail, begin when all are counted; the last entry is their number.
    node_of_token
        intp ``[vocab]``: where each token ends, counted over all; one beyond the last node for tokens that the machine never allows.
    ever
        bool ``[vocab]``: does the machine allow the token in any state?
    token_ids
        int32 ``[t]``: these, sorted by node.
    first_token
        intp ``[nodes + 1]``: where each node's tokens begin.
    """

    levels: tuple[ClassLevel, ...]
    tail: tuple[tuple[int, int], ...]
    n_above: int
    starts: tuple[int, ...]
    node_of_token: Indices
    ever: npt.NDArray[np.bool_]
    token_ids: IntArray
    first_token: Indices

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        levels = [getattr(level, name) for level in self.levels for name in ClassLevel.__slots__]
        arrays = [*levels, self.node_of_token, self.token_ids, self.first_token, self.ever]
        return sum(int(array.nbytes) for array in arrays)


def class_trie(dfa: Dfa, vocabulary: Vocabulary) -> ClassTrie:
    """The token trie with the nodes merged that ``dfa`` does not tell apart."""
    depths = _Depths(dfa)
    for level in vocabulary.levels:
        if not depths.add(level):
            break
    levels = depths.levels
    sizes = [len(level.parent) for level in levels]
    starts = np.cumsum([0, *sizes]).tolist()
    cut = _cut(sizes)
    n_above = sizes[cut - 1] if cut else 1
    tail = _joined(levels[cut:], n_above)
    node_of_token = np.full(len(vocabulary), starts[-1], dtype=np.intp)
    for start, (token_ids, nodes) in zip(starts, depths.tokens, strict=False):
        node_of_token[token_ids] = nodes + start
    order = np.argsort(node_of_token, kind="stable")
    first_token = np.searchsorted(node_of_token[order], np.arange(starts[-1] + 1))
    return ClassTrie(
        levels=tuple(levels[:cut]),
        tail=tail,
        n_above=n_above,
        starts=(*starts[: cut + 1], *([starts[-1]] if tail else [])),
        node_of_token=node_of_token,
        ever=node_of_token < starts[-1],
        token_ids=order[: first_token[-1]].astype(np.int32),
        first_token=first_token,
    )


def _cut(sizes: list[int]) -> int:
    """How many levels there are before the tail."""
    cut = len(sizes)
    while cut and sum(sizes[cut - 1 :]) <= _TAIL_NODES:
        cut -= 1
    above = sizes[cut - 1] if cut else 1
    return cut if above <= _TAIL_PARENTS else len(sizes)


def _joined(levels: list[ClassLevel], n_above: int) -> tuple[tuple[int, int], ...]:
    """Several levels as one list; see `ClassTrie.tail`."""
    joined: list[tuple[int, int]] = []
    begin = 0
    for level in levels:
        joined.extend(zip((level.parent + begin).tolist(), level.byte_class.tolist(), strict=True))
        begin = n_above + len(joined) - len(level.parent)
    return tuple(joined)


class _Depths:
    """The class trie as it grows.

    Attributes
    ----------
    levels
        Depths so far.
    tokens
        For each of them the tokens that end there, and at which node.
    """

    def __init__(self, dfa: Dfa) -> None:
        self.levels: list[ClassLevel] = []
        self.tokens: list[tuple[IntArray, LongArray]] = []
        self._n_classes = dfa.n_classes
        self._class_of = dfa.class_of.astype(np.int64)
        self._sets = StateSets(dfa)
        self._merged = np.zeros(1, dtype=np.int64)  # node of the class trie for each of the token trie, -1: none
        self._set_of = np.zeros(1, dtype=np.int64)  # set of states at each node of the class trie

    def add(self, level: TrieLevel) -> bool:
        """The next depth; False if nothing of it is left."""
        n_classes, n_parents = self._n_classes, len(self._set_of)
        parents = self._merged.take(level.parent)
        at = np.flatnonzero(parents >= 0)
        parents = parents.take(at)
        classes = self._class_of.take(level.byte.take(at))
        classes = self._sets.alike().reshape(-1).take(self._set_of.take(parents) * n_classes + classes)
        kept = np.flatnonzero(classes >= 0)
        at = at.take(kept)
        keys = parents.take(kept) * n_classes + classes.take(kept)
        keys, position = _number(keys, n_parents * n_classes)
        if not len(keys):
            return False
        self._merged = np.full(len(level.parent), -1, dtype=np.int64)
        self._merged[at] = position
        above, byte_class = np.divmod(keys, n_classes)
        self._set_of = self._sets_after(self._set_of.take(above), byte_class)
        nodes = self._merged.take(level.token_node)
        some = np.flatnonzero(nodes >= 0)
        self.tokens.append((level.token_ids.take(some), nodes.take(some)))
        first_child = np.searchsorted(above, np.arange(n_parents + 1))
        self.levels.append(ClassLevel(above.astype(np.intp), byte_class.astype(np.intp), first_child))
        return True

    def _sets_after(self, before: LongArray, classes: LongArray) -> LongArray:
        pairs, place = np.unique(before * self._n_classes + classes, return_inverse=True)
        after = [self._sets.after(*divmod(pair, self._n_classes)) for pair in pairs.tolist()]
        sets: LongArray = np.array(after, dtype=np.int64)[place.ravel()]
        return sets


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
    return unique, place.take(keys)
