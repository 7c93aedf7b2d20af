"""What is in the cache: the radix tree, its capacity, and what became of the nodes that left.

Knows events. Knows nothing of pixels, colours or text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from sgbench.trace.events import (
    CacheReset,
    Event,
    Keyframe,
    NodeEvicted,
    RequestAborted,
    RequestAdmitted,
    RequestFinished,
    RequestPreempted,
    RequestQueued,
    StepFinished,
    TreeSnapshot,
)
from sgbench.trace.requests import RequestState
from sgbench.trace.tree import ROOT, Op, Patch, TreeState

_LEAVING = frozenset({NodeEvicted, CacheReset, Keyframe})
_READABLE = frozenset(
    {StepFinished, Keyframe, RequestQueued, RequestAdmitted, RequestPreempted, RequestFinished, RequestAborted}
)

MAX_GHOSTS = 256
"""Most evicted nodes that a view remembers."""


class Gauge(IntEnum):
    """Numbers beside the tree. Tokens of the pool, and requests. Wire format: add, never renumber."""

    CAPACITY = 0
    FREE = 1
    CACHED = 2
    USED = 3
    RUNNING = 4
    WAITING = 5


_RUNNING, _WAITING = int(Gauge.RUNNING), int(Gauge.WAITING)


class Mark(IntEnum):
    """What happened to a node within a span of events (the paper's Figure 3: green, blue, red)."""

    NONE = 0
    NEW = 1
    ACCESSED = 2
    EVICTED = 3


class Ghost(NamedTuple):
    """A node that left the tree at event ``seq``."""

    seq: int
    id: int
    parent: int
    token_ids: tuple[int, ...]
    born: int


class TreeView:
    """The state behind the `RadixTree` widget.

    Attributes
    ----------
    tree
        The folded tree.
    gauges
        The numbers beside it, by `Gauge`; -1: not known yet.
    ghosts
        The last evicted nodes, oldest first.
    seq, step
        Of the last event; -1: none yet.
    step_seq
        The first event of the last engine step.
    request_seq
        The first event of the engine step that admitted the last request: what the marks of a snapshot look back to, as in
        the paper's Figure 3, where each picture shows what one request changed.
    """

    def __init__(self) -> None:
        self.tree = TreeState()
        self.requests = RequestState()
        self.gauges = [-1] * len(Gauge)
        self.ghosts: deque[Ghost] = deque(maxlen=MAX_GHOSTS)
        self.seq = -1
        self.step = -1
        self.request_seq = 0
        self.step_seq = 0

    def apply(self, event: Event) -> list[Patch]:
        """Fold the next event in."""
        patches = self.tree.apply(event)
        if event.step != self.step:
            self.step_seq = event.seq
        kind = type(event)
        if kind is RequestAdmitted:
            self.request_seq = self.step_seq
        if kind in _LEAVING:
            self._remember(event.seq, patches)
        if kind in _READABLE:
            self.requests.apply(event)
            patches += self._gauge_patches(event)
        self.seq, self.step = event.seq, event.step
        return patches

    def snapshot(self) -> TreeSnapshot:
        """The tree as plain data, equal to the engine's own `snapshot()`."""
        return self.tree.snapshot()

    def mark(self, node: int, since: int) -> Mark:
        """What happened to a node in the tree at events ``since`` (a seq) and later."""
        row = self.tree.nodes[node]
        from_ = max(since, 0)
        came = max(row.born, row.grown)
        if row.touched >= from_ and row.touched > came:
            return Mark.ACCESSED
        return Mark.NEW if came >= from_ else Mark.NONE

    def ghosts_since(self, since: int) -> list[Ghost]:
        """Nodes that left at ``since`` or later, whose place in the tree is still known."""
        kept: dict[int, Ghost] = {}
        for ghost in reversed(self.ghosts):  # a parent leaves after its children, so it is met first
            if ghost.seq >= since and (ghost.parent in self.tree.nodes or ghost.parent in kept):
                kept[ghost.id] = ghost
        return list(kept.values())[::-1]

    def _remember(self, seq: int, patches: list[Patch]) -> None:
        born: dict[int, int] = {}
        for patch in patches:
            if patch.op is Op.BORN:
                born[patch.id] = patch.before
            elif patch.op is Op.REMOVE:
                self.ghosts.append(Ghost(seq, patch.id, patch.before, patch.after, born.get(patch.id, -1)))

    def _gauge_patches(self, event: Event) -> list[Patch]:
        patches: list[Patch] = []
        gauges = self.gauges
        for i, new in enumerate(self._pool(event)):
            if gauges[i] != new:
                patches.append(Patch(Op.GAUGE, i, gauges[i], new))
                gauges[i] = new
        for gauge, requests in ((_RUNNING, self.requests.running), (_WAITING, self.requests.waiting)):
            old, count = gauges[gauge], len(requests)
            if old != count:
                patches.append(Patch(Op.GAUGE, gauge, old, count))
                gauges[gauge] = count
        return patches

    def _pool(self, event: Event) -> Sequence[int]:
        """The pool's gauges after ``event``, in the order of `Gauge`; none where it says nothing of them."""
        if isinstance(event, StepFinished):
            free, cached, used = event.free_tokens, event.cached_tokens, event.used_tokens
            return free + cached + used, free, cached, used
        if isinstance(event, Keyframe):
            locked = sum(len(n.token_ids) for n in self.tree.nodes.values() if n.ref_count)
            cached = sum(len(n.token_ids) for n in self.tree.nodes.values() if not n.ref_count)
            return event.capacity_tokens, event.capacity_tokens - locked - cached, cached, locked
        return ()


def children_in_order(tree: TreeState, node: int) -> list[int]:
    """Children as they are drawn: in the order in which their tokens came, which a split does not change."""
    return sorted(tree.nodes[node].children, key=lambda child: (tree.nodes[child].born, child))


def depth_first(tree: TreeState) -> list[int]:
    """All nodes, each before its children."""
    order, stack = [], [ROOT]
    while stack:
        node = stack.pop()
        order.append(node)
        stack += reversed(children_in_order(tree, node))
    return order
