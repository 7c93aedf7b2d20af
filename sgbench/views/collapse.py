"""What to show of a tree that is larger than the room for it.

The rule, kept here and in its twin ``widgets/js/collapse.js`` (a test holds the two together): nodes come in the order of
the tokens in their subtree, most first, so that a parent always precedes its children; each is shown if its parent is and
the rows allow it; the hidden children of a shown node become one counted row. Nothing is hidden while all leaves have a row.
"""

from __future__ import annotations

from typing import NamedTuple

from sgbench.trace.tree import ROOT, TreeState
from sgbench.views.tree import depth_first

MAX_SHOWN = 2000
"""Most nodes shown, however many rows there are."""


class Counted(NamedTuple):
    """The hidden part below a shown node."""

    children: int
    nodes: int
    tokens: int


class Collapsed(NamedTuple):
    """``shown`` node ids, and what is hidden below them by id."""

    shown: set[int]
    hidden: dict[int, Counted]


def collapse(tree: TreeState, rows: int) -> Collapsed:
    """Choose the nodes of ``tree`` to show in ``rows`` rows (at least one).

    A row is a shown leaf, or the counted rest of a shown node's children.
    """
    rows = max(rows, 1)
    order = depth_first(tree)
    tokens, count = _subtrees(tree, order)
    ranked = sorted((n for n in order if n != ROOT), key=lambda n: (-tokens[n], tree.nodes[n].born, n))
    shown, left, used = {ROOT}, {ROOT: len(tree.nodes[ROOT].children)}, 1
    for node in ranked:
        parent = tree.nodes[node].parent
        assert parent is not None, "the root is not ranked"
        after = used + (left[parent] > 1) if parent in shown else rows + 1
        if after > rows or len(shown) >= MAX_SHOWN:
            continue
        used = after
        shown.add(node)
        left[parent] -= 1
        left[node] = len(tree.nodes[node].children)
    hidden = {}
    for node in shown:
        if left[node]:
            below = [child for child in tree.nodes[node].children if child not in shown]
            hidden[node] = Counted(len(below), sum(count[c] for c in below), sum(tokens[c] for c in below))
    return Collapsed(shown, hidden)


def _subtrees(tree: TreeState, order: list[int]) -> tuple[dict[int, int], dict[int, int]]:
    tokens = {node: len(tree.nodes[node].token_ids) for node in order}
    count = dict.fromkeys(order, 1)
    for node in reversed(order):
        parent = tree.nodes[node].parent
        if parent is not None:
            tokens[parent] += tokens[node]
            count[parent] += count[node]
    return tokens, count
