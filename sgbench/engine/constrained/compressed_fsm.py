"""The machine over characters, and the compressed machine (paper, section 4 and appendix B), as plain data.

Both are ``{"start": id, "nodes": [...], "edges": [...]}`` with JSON-able values::

    node  {"id": 0, "accept": False}
    edge  {"source": 0, "target": 1, "label": "[0-9]", "text": None}

``text`` is the edge's text where it stands for exactly one, else None; ``label`` is for people: the text, or the class of
characters. Ids are those of the byte machine, so a running request's state can be shown; states inside a character have
no node. A *singular* transition leaves a node that has no other edge and does not accept, and stands for one character;
a compressed edge is any first edge with one text, followed by all singular transitions behind it.
"""

from __future__ import annotations

from typing import Any

from sgbench.engine.constrained.char_set import CharSet, show
from sgbench.engine.constrained.dfa import Dfa

_LEADS = ((0x00, 0x7F, 0), (0xC2, 0xDF, 1), (0xE0, 0xEF, 2), (0xF0, 0xF4, 3))
"""First byte, last byte, continuation bytes that follow."""
_LEAD_BITS = {0: 0x7F, 1: 0x1F, 2: 0x0F, 3: 0x07}


def char_graph(dfa: Dfa) -> dict[str, Any]:
    """The machine over characters; see the module's docstring."""
    tails = _Tails(dfa)
    order, seen = [dfa.start], {dfa.start}
    edges = []
    for state in order:
        for target, chars in tails.chars(state).items():
            only = chars.single
            edges.append({"source": state, "target": target, "label": chars.label(), "text": only})
            if target not in seen:
                seen.add(target)
                order.append(target)
    nodes = [{"id": state, "accept": bool(dfa.accepts[state])} for state in order]
    return {"start": dfa.start, "nodes": nodes, "edges": edges}


class _Tails:
    """Which characters lead from a state where; the continuation bytes are read once for each state."""

    def __init__(self, dfa: Dfa) -> None:
        self.dfa = dfa
        self.known: dict[tuple[int, int], list[tuple[int, int, int]]] = {}

    def chars(self, state: int) -> dict[int, CharSet]:
        ranges: dict[int, list[tuple[int, int]]] = {}
        for low, high, target in self.dfa.byte_edges(state):
            for first, last, n_tail in _LEADS:
                for lead in range(max(low, first), min(high, last) + 1):
                    base = (lead & _LEAD_BITS[n_tail]) << (6 * n_tail)
                    for start, end, after in self.tail(target, n_tail):
                        ranges.setdefault(after, []).append((base + start, base + end))
        return {target: CharSet.of(found) for target, found in ranges.items()}

    def tail(self, state: int, n_bytes: int) -> list[tuple[int, int, int]]:
        """``(first, last, target)`` over the values that ``n_bytes`` continuation bytes can spell."""
        if not n_bytes:
            return [(0, 0, state)]
        key = (state, n_bytes)
        if key not in self.known:
            self.known[key] = self.spell(state, n_bytes)
        return self.known[key]

    def spell(self, state: int, n_bytes: int) -> list[tuple[int, int, int]]:
        width = 1 << (6 * (n_bytes - 1))
        found: list[tuple[int, int, int]] = []
        for low, high, target in self.dfa.byte_edges(state):
            rest = self.tail(target, n_bytes - 1)
            if len(rest) == 1 and rest[0][:2] == (0, width - 1):
                found.append(((low & 0x3F) * width, (high & 0x3F) * width + width - 1, rest[0][2]))
                continue
            for byte in range(low, high + 1):
                base = (byte & 0x3F) * width
                found += [(base + start, base + end, after) for start, end, after in rest]
        return found


def compress(graph: dict[str, Any]) -> dict[str, Any]:
    """Contract every chain of singular transitions of a character machine; see the module's docstring."""
    accepting = {node["id"]: node["accept"] for node in graph["nodes"]}
    out: dict[int, list[dict[str, Any]]] = {node: [] for node in accepting}
    for edge in graph["edges"]:
        out[edge["source"]].append(edge)
    single = {
        node: edges[0]
        for node, edges in out.items()
        if len(edges) == 1 and edges[0]["text"] is not None and not accepting[node]
    }
    order, seen = [graph["start"]], {graph["start"]}
    edges = []
    for node in order:
        for edge in out[node]:
            text, target = edge["text"], edge["target"]
            while text is not None and target in single:
                text += single[target]["text"]
                target = single[target]["target"]
            label = edge["label"] if text is None else "".join(map(show, text))
            edges.append({"source": node, "target": target, "label": label, "text": text})
            if target not in seen:
                seen.add(target)
                order.append(target)
    nodes = [{"id": node, "accept": accepting[node]} for node in order]
    return {"start": graph["start"], "nodes": nodes, "edges": edges}
