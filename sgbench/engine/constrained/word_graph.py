"""The smallest acyclic machine of finitely many words: beginnings and ends that words share are there once.

Built word by word in sorted order (Daciuk et al., "Incremental construction of minimal acyclic finite-state automata",
2000), so that neither a trie of all words nor a minimisation is needed. Knows bytes only.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import NamedTuple


class WordNode(NamedTuple):
    """Does a word end here, and which byte leads to which node?"""

    ends: bool
    edges: tuple[tuple[int, int], ...]


def word_graph(words: Iterable[bytes]) -> list[WordNode]:
    """Nodes, each behind those that its edges lead to: the first is where words end that nothing follows, the last the root.

    Parameters
    ----------
    words
        At least one that is not empty; doubles count once.
    """
    last = WordNode(True, ())
    numbers = {last: 0}
    open_nodes: list[tuple[bool, list[tuple[int, int]]]] = [(False, [])]
    before = b""

    def close(length: int) -> None:
        """Number the nodes of ``before`` that lie deeper than ``length`` bytes; no later word comes by them."""
        for depth in range(len(before), length, -1):
            ends, edges = open_nodes.pop()
            number = numbers.setdefault(WordNode(ends, tuple(edges)), len(numbers))
            open_nodes[-1][1].append((before[depth - 1], number))

    for word in sorted(set(words)):
        shared = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(before, word, strict=False)))
        close(shared)
        open_nodes += [(False, []) for _ in word[shared:]]
        open_nodes[-1] = (True, open_nodes[-1][1])
        before = word
    close(0)
    ends, edges = open_nodes[0]
    return [*numbers, WordNode(ends, tuple(edges))]
