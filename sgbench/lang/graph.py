"""A program as a graph (paper appendix D): nodes in streams, and what each waits for.

A stream is one prompt state. Edges within a stream give the order of its text; edges between streams are a fork, a join or a
variable that another stream makes. Knows nodes; executes none.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from sgbench.lang.ir import SglCall, SglExpr, SglFork, SglGetForkItem, SglJoin, SglReturn

Kind = Literal["program", "fork", "call"]


@dataclass(frozen=True, slots=True, eq=False)
class GraphNode:
    """One node.

    Attributes
    ----------
    node_id
        Its place in the order in which the program made the nodes, from 0.
    pid
        Its stream.
    expr
        What it does.
    prev_node
        The node before it in its stream; for the first of a fork, the fork; None for the first of a program.
    sources
        Nodes of any stream whose result it waits for.
    """

    node_id: int
    pid: int
    expr: SglExpr
    prev_node: GraphNode | None
    sources: tuple[GraphNode, ...] = ()

    @property
    def waits_for(self) -> tuple[GraphNode, ...]:
        """All nodes that must come before it."""
        return self.sources if self.prev_node is None else (self.prev_node, *self.sources)

    def __str__(self) -> str:
        before = f"%{self.prev_node.node_id}" if self.prev_node else ""
        if isinstance(self.expr, SglFork | SglGetForkItem | SglJoin):
            inner = repr(self.expr).replace("(", f"({before}, ", 1)
            waits = "".join(f", %{source.node_id}" for source in self.sources)
            return f"%{self.node_id} = {inner[:-1]}{waits})"
        return f"%{self.node_id} = {before + ' + ' if before else ''}{self.expr!r}"

    def print_graph_dfs(self) -> None:
        """Print this node and all that it depends on, one line each, each after what it waits for."""
        print("\n".join(map(str, self.ancestry())))  # noqa: T201 - it is what the name says

    def ancestry(self) -> list[GraphNode]:
        """This node and all that it depends on, each after what it waits for."""
        found: dict[int, GraphNode] = {}
        stack = [self]
        while stack:
            node = stack.pop()
            if node.node_id not in found:
                found[node.node_id] = node
                stack.extend(node.waits_for)
        return sorted(found.values(), key=lambda node: node.node_id)


@dataclass(frozen=True, slots=True)
class Stream:
    """A prompt state of the graph: the program's own, a fork's, or that of a program called from it."""

    pid: int
    kind: Kind
    name: str
    parent: int | None = None


@dataclass(slots=True)
class Graph:
    """The nodes and streams of one program.

    Attributes
    ----------
    nodes
        In the order in which the program made them, which is one topological order.
    streams
        By ``pid``; the first is the program's own.
    """

    nodes: list[GraphNode] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)

    def add(self, pid: int, expr: SglExpr, prev: GraphNode | None, sources: tuple[GraphNode, ...] = ()) -> GraphNode:
        """Append a node."""
        node = GraphNode(len(self.nodes), pid, expr, prev, sources)
        self.nodes.append(node)
        return node

    def begin(self, kind: Kind, name: str, parent: int | None = None) -> Stream:
        """Append a stream."""
        stream = Stream(len(self.streams), kind, name, parent)
        self.streams.append(stream)
        return stream

    def of(self, pid: int) -> Iterator[GraphNode]:
        """The nodes of one stream, in order."""
        return (node for node in self.nodes if node.pid == pid)

    def schedule(self) -> list[GraphNode]:
        """The order to submit the nodes in: topological, and whatever makes the submitter wait as late as possible.

        Appending never waits. Beginning a stream may (a fork waits for its parent), so it comes when nothing can be appended;
        streams begin in the program's own order, which keeps their numbers, and with them seeded draws, the interpreter's.
        A join waits for all its forks, so it comes last.
        """
        waiting: dict[int, int] = {}
        unlocks: dict[int, list[GraphNode]] = {node.node_id: [] for node in self.nodes}
        beginner: GraphNode | None = None
        for node in self.nodes:
            needed = {before.node_id for before in node.waits_for}
            if isinstance(node.expr, SglFork | SglCall):
                if beginner is not None:
                    needed.add(beginner.node_id)
                beginner = node
            waiting[node.node_id] = len(needed)
            for before in needed:
                unlocks[before].append(node)
        ready = [(_patience(node), node.node_id) for node in self.nodes if not waiting[node.node_id]]
        heapq.heapify(ready)
        order = []
        while ready:
            node = self.nodes[heapq.heappop(ready)[1]]
            order.append(node)
            for later in unlocks[node.node_id]:
                waiting[later.node_id] -= 1
                if not waiting[later.node_id]:
                    heapq.heappush(ready, (_patience(later), later.node_id))
        assert len(order) == len(self.nodes), "a graph made by tracing has no cycle"
        return order

    def __str__(self) -> str:
        return "\n".join(f"stream {node.pid:2d}: {node}" for node in self.nodes)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """A picture, and the nodes as text: a notebook that is not trusted shows no markup, but it does show that."""
        from sgbench.lang.graph_drawing import draw

        del include, exclude  # IPython chooses itself
        return {"image/svg+xml": draw(self), "text/plain": str(self)}


def _patience(node: GraphNode) -> int:
    if isinstance(node.expr, SglJoin):
        return 3
    if isinstance(node.expr, SglReturn):
        return 2
    return 1 if isinstance(node.expr, SglFork | SglCall) else 0
