"""The tree in words: the twin of the picture for consoles, saved notebooks and screen readers. Knows no pixels."""

from __future__ import annotations

from typing import Any

from sgbench.trace.tree import ROOT
from sgbench.trace.vocab import Vocab
from sgbench.views.collapse import collapse
from sgbench.views.frames import preview
from sgbench.views.tree import Gauge, Mark, TreeView, children_in_order, depth_first

_SIGNS = {Mark.NONE: " ", Mark.NEW: "+", Mark.ACCESSED: "*"}


def summary(view: TreeView) -> str:
    """One line: nodes, tokens, use of the pool."""
    nodes = len(view.tree.nodes) - 1
    tokens = sum(len(node.token_ids) for node in view.tree.nodes.values())
    line = f"Radix tree: {nodes:,} node{'' if nodes == 1 else 's'}, {tokens:,} tokens"
    capacity = view.gauges[Gauge.CAPACITY]
    if capacity > 0:
        free = max(view.gauges[Gauge.FREE], 0)
        line += f"; pool of {capacity:,} tokens {1 - free / capacity:.0%} full"
    return line


def draw(view: TreeView, vocab: Vocab, since: int = 0, rows: int = 40, width: int = 100) -> str:
    """The tree as lines of text, at most about ``rows`` leaves and ``width`` columns.

    ``+`` stands before nodes that came at ``since`` (a seq) or later, ``*`` before accessed ones; ``(n)`` is a reference
    count.
    """
    shown, hidden = collapse(view.tree, rows)
    lines = [summary(view)]

    def walk(node: int, indent: str) -> None:
        children = [c for c in children_in_order(view.tree, node) if c in shown]
        rest = hidden.get(node)
        for i, child in enumerate(children):
            last = i == len(children) - 1 and rest is None
            row = view.tree.nodes[child]
            lock = f" ({row.ref_count})" if row.ref_count else ""
            head = f"{indent}{'└' if last else '├'}{_SIGNS[view.mark(child, since)]} {len(row.token_ids):>4}{lock} "
            lines.append(head + _clip(preview(vocab, row.token_ids), max(width - len(head), 12)))
            walk(child, indent + ("  " if last else "│ "))
        if rest is not None:
            lines.append(f"{indent}└  … {rest.nodes:,} more node{'s' * (rest.nodes != 1)}, {rest.tokens:,} tokens")

    walk(ROOT, "")
    return "\n".join(lines)


def rows(view: TreeView, vocab: Vocab, since: int = 0) -> list[dict[str, Any]]:
    """The tree as one record for each node but the root, each after its parent."""
    depth = {ROOT: 0}
    records = []
    for id_ in depth_first(view.tree)[1:]:
        node = view.tree.nodes[id_]
        assert node.parent is not None, "the root is left out"
        depth[id_] = depth[node.parent] + 1
        records.append(
            {
                "node": id_,
                "parent": node.parent,
                "depth": depth[id_],
                "tokens": len(node.token_ids),
                "ref_count": node.ref_count,
                "last_access": node.last_access,
                "mark": view.mark(id_, since).name.lower(),
                "text": vocab.text(node.token_ids),
            }
        )
    return records


def _clip(text: str, width: int) -> str:
    shown = repr(text)[1:-1]  # control characters and line ends as escapes, so that a row is a row
    return repr(text) if len(shown) + 2 <= width else f"'{shown[: width - 3]}…'"
