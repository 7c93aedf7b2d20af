"""Where the states of a machine stand, for drawing: from left to right by the longest way from the start.

Both machines of a constraint share the columns, so that a chain of single transitions stands above the one edge that
replaces it. Pure; plain data in (see `sgbench.constrained.Machine.fsm`) and plain data out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

MAX_NODES = 400
"""Largest machine that is laid out."""
CHAR, PAD = 6.6, 14.0
MIN_STEP = 22.0
LABEL_CHARS = 10


class Placed(NamedTuple):
    """A machine with places.

    Attributes
    ----------
    nodes
        ``[id, x, row, accept]``; ``x`` in pixels from the first column.
    edges
        ``[source, target, label, forced]``; forced: the edge stands for exactly one text.
    rows
        Number of rows.
    states
        Number of states, also of a machine that is too large to be laid out.
    """

    nodes: list[list[Any]]
    edges: list[list[Any]]
    rows: int
    states: int

    def data(self) -> list[Any]:
        """As JSON-able data."""
        return [self.nodes, self.edges, self.rows, self.states]


def place(fsm: dict[str, Any], compressed: dict[str, Any]) -> tuple[Placed, Placed]:
    """Both machines of a constraint, in the same columns."""
    large = len(fsm["nodes"]) > MAX_NODES
    columns = _columns(compressed if large else fsm)
    first = Placed([], [], 0, len(fsm["nodes"])) if large else _placed(fsm, columns)
    return first, _placed(compressed, columns)


def _placed(graph: dict[str, Any], columns: dict[int, int]) -> Placed:
    if len(graph["nodes"]) > MAX_NODES:
        return Placed([], [], 0, len(graph["nodes"]))
    at = _widths(graph, columns)
    rows = _rows(graph, columns)
    nodes = [[node["id"], at[columns[node["id"]]], rows[node["id"]], node["accept"]] for node in graph["nodes"]]
    edges = [[e["source"], e["target"], e["label"], e["text"] is not None] for e in _joined(graph)]
    return Placed(nodes, edges, 1 + max(rows.values()), len(nodes))


def _joined(graph: dict[str, Any]) -> list[dict[str, Any]]:
    """The edges; those between the same two states are one, as far as people need to read them."""
    found: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for edge in graph["edges"]:
        found.setdefault((edge["source"], edge["target"]), []).append(edge)
    joined = []
    for edges in found.values():
        label = "  |  ".join(edge["label"] for edge in edges)
        joined.append({**edges[0], "label": label, "text": edges[0]["text"] if len(edges) == 1 else None})
    return joined


def _columns(graph: dict[str, Any]) -> dict[int, int]:
    """Longest way from the start to each state, without the edges that lead back."""
    out: dict[int, list[int]] = {node["id"]: [] for node in graph["nodes"]}
    for edge in graph["edges"]:
        out[edge["source"]].append(edge["target"])
    order: list[int] = []
    forward: dict[int, list[int]] = {node: [] for node in out}
    state = dict.fromkeys(out, 0)  # 1: on the way, 2: done
    stack = [(graph["start"], iter(out[graph["start"]]))]
    state[graph["start"]] = 1
    while stack:
        node, targets = stack[-1]
        target = next(targets, None)
        if target is None:
            state[node] = 2
            order.append(node)
            stack.pop()
        elif state[target] != 1:
            forward[node].append(target)
            if not state[target]:
                state[target] = 1
                stack.append((target, iter(out[target])))
    columns = dict.fromkeys(out, 0)
    for node in reversed(order):
        for target in forward[node]:
            columns[target] = max(columns[target], columns[node] + 1)
    return columns


def _widths(graph: dict[str, Any], columns: dict[int, int]) -> list[float]:
    """Left edge of each column: wide enough for the labels between neighbours."""
    steps = [MIN_STEP] * (max(columns.values()) + 1)
    for edge in graph["edges"]:
        source = columns[edge["source"]]
        if columns[edge["target"]] == source + 1 and len(edge["label"]) > 1:
            steps[source] = max(steps[source], 2 * PAD + CHAR * min(len(edge["label"]), LABEL_CHARS))
    places = [0.0]
    for step in steps[:-1]:
        places.append(places[-1] + step)
    return places


def _rows(graph: dict[str, Any], columns: dict[int, int]) -> dict[int, int]:
    """A row for each state: its parent's where it is free, else the next one down."""
    parents: dict[int, list[int]] = {node["id"]: [] for node in graph["nodes"]}
    for edge in graph["edges"]:
        if columns[edge["source"]] < columns[edge["target"]]:
            parents[edge["target"]].append(edge["source"])
    rows: dict[int, int] = {}
    taken: dict[int, set[int]] = {}
    for node in sorted(parents, key=lambda n: (columns[n], n)):
        wish = min((rows[parent] for parent in parents[node]), default=0)
        used = taken.setdefault(columns[node], set())
        while wish in used:
            wish += 1
        used.add(wish)
        rows[node] = wish
    return rows
