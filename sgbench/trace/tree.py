"""The radix tree, folded from events.

`TreeState` applies the events of the tree one by one and answers each with the reversible patches that it made, so that
whoever keeps the patches can walk back. Knows events and plain data; no requests, no text, no colours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum
from functools import partial
from typing import Any, NamedTuple

from sgbench.errors import TraceError
from sgbench.trace.events import (
    CacheReset,
    Event,
    Keyframe,
    NodeEvicted,
    NodeExtended,
    NodeInserted,
    NodeSplit,
    PathAccessed,
    PathLocked,
    PathUnlocked,
    TreeSnapshot,
)

ROOT = 0
"""The root's id; it owns no tokens and never leaves."""


class Op(IntEnum):
    """What a patch changes. The numbers are the wire format of `sgbench.views.frames`: add, never renumber."""

    ADD = 0
    REMOVE = 1
    PARENT = 2
    TOKENS = 3
    REF_COUNT = 4
    LAST_ACCESS = 5
    BORN = 6
    TOUCHED = 7
    GAUGE = 8
    GROWN = 9
    ROW = 10


class Patch(NamedTuple):
    """One reversible change.

    ``ADD`` and ``REMOVE`` carry the parent as ``before`` and the token ids as ``after``; such a node has reference count 0,
    last access 0, was never touched, and has no children: other patches set and clear these around them. ``ROW`` is no
    concern of the tree: it sets a cell of `sgbench.views.cells`. Every other patch carries the value before and after.
    """

    op: Op
    id: int
    before: Any
    after: Any


_as_patch = partial(tuple.__new__, Patch)
"""``Patch`` of four values at once, for half the time: there are two or three for each event."""

_LAST_ACCESS, _TOUCHED, _REF_COUNT = Op.LAST_ACCESS, Op.TOUCHED, Op.REF_COUNT
"""Found in the enumeration once, not for each patch: that is a call in Python."""


class Node:
    """A node of the folded tree.

    Attributes
    ----------
    born, grown, touched
        ``seq`` of the event that inserted it, of the last one that extended it, and of the last one that accessed it; -1:
        never, or before the fold began. A split hands all on, so that its two halves stay where the one was. A request that
        accesses what it wrote itself does not count as touching it.
    writer
        The request that wrote it; -1: not known.
    """

    __slots__ = ("born", "children", "grown", "last_access", "parent", "ref_count", "token_ids", "touched", "writer")

    def __init__(self, parent: int | None, token_ids: tuple[int, ...]) -> None:
        self.parent = parent
        self.token_ids = token_ids
        self.children: set[int] = set()
        self.ref_count = 0
        self.last_access = 0
        self.born = -1
        self.grown = -1
        self.touched = -1
        self.writer = -1


_FIELDS = {
    Op.TOKENS: "token_ids",
    Op.REF_COUNT: "ref_count",
    Op.LAST_ACCESS: "last_access",
    Op.BORN: "born",
    Op.GROWN: "grown",
    Op.TOUCHED: "touched",
}


class TreeState:
    """The tree after some events. `apply` moves on, `play` and `undo` replay patches in either direction."""

    def __init__(self) -> None:
        self.nodes: dict[int, Node] = {ROOT: Node(None, ())}

    def apply(self, event: Event) -> list[Patch]:
        """Fold one event in; events that do not concern the tree give no patches.

        Raises
        ------
        TraceError
            The event speaks of a node that is not there: events are missing before it.
        """
        step = _APPLY.get(type(event))
        if step is None:
            return []
        try:
            return step(self, event)
        except KeyError as missing:
            message = f"event {event.seq} ({type(event).__name__}) speaks of node {missing}, which is not in the tree"
            raise TraceError(message + ": events before it are missing") from None

    def play(self, patches: Iterable[Patch]) -> None:
        """Make the changes of ``patches``, in order."""
        for patch in patches:
            self._set(patch, patch.after)

    def undo(self, patches: list[Patch]) -> None:
        """Take the changes of ``patches`` back, last first."""
        for patch in reversed(patches):
            if patch.op is Op.ADD:
                self._remove(patch.id)
            elif patch.op is Op.REMOVE:
                self._add(patch.id, patch.before, patch.after)
            else:
                self._set(patch, patch.before)

    def snapshot(self) -> TreeSnapshot:
        """The tree as plain data, equal to the engine's own `snapshot()` at that moment."""
        rows = [
            {
                "id": id_,
                "parent": node.parent,
                "token_ids": list(node.token_ids),
                "ref_count": node.ref_count,
                "last_access": node.last_access,
            }
            for id_, node in sorted(self.nodes.items())
        ]
        return {"nodes": rows}

    def path(self, node: int) -> list[int]:
        """``node`` and its ancestors, without the root, deepest first."""
        ids = []
        while node != ROOT:
            ids.append(node)
            parent = self.nodes[node].parent
            assert parent is not None, "only the root has no parent"
            node = parent
        return ids

    # --- single changes

    def _add(self, id_: int, parent: int, token_ids: tuple[int, ...]) -> None:
        self.nodes[id_] = Node(parent, token_ids)
        self.nodes[parent].children.add(id_)

    def _remove(self, id_: int) -> None:
        node = self.nodes.pop(id_)
        assert node.parent is not None, "the root never leaves"
        self.nodes[node.parent].children.discard(id_)

    def _move(self, id_: int, parent: int) -> None:
        node = self.nodes[id_]
        if node.parent in self.nodes:
            self.nodes[node.parent].children.discard(id_)
        node.parent = parent
        self.nodes[parent].children.add(id_)

    def _set(self, patch: Patch, value: Any) -> None:
        if patch.op is Op.ADD:
            self._add(patch.id, patch.before, patch.after)
        elif patch.op is Op.REMOVE:
            self._remove(patch.id)
        elif patch.op is Op.PARENT:
            self._move(patch.id, value)
        elif patch.op not in (Op.GAUGE, Op.ROW):
            setattr(self.nodes[patch.id], _FIELDS[patch.op], value)

    # --- one method for each event of the tree

    def _inserted(self, event: NodeInserted) -> list[Patch]:
        if event.node in self.nodes:
            raise TraceError(f"event {event.seq} inserts node {event.node}, which is in the tree already")
        tokens = event.token_ids
        patches = self._grow(event.node, event.parent, tokens, last_access=event.tick, ref_count=0, born=event.seq)
        self.nodes[event.node].writer = event.rid
        return patches

    def _grow(
        self, id_: int, parent: int, token_ids: tuple[int, ...], *, last_access: int, ref_count: int, born: int
    ) -> list[Patch]:
        self._add(id_, parent, token_ids)
        node = self.nodes[id_]
        node.last_access, node.ref_count, node.born = last_access, ref_count, born
        patches = [Patch(Op.ADD, id_, parent, token_ids)]
        _note(patches, Op.LAST_ACCESS, id_, 0, last_access)
        _note(patches, Op.REF_COUNT, id_, 0, ref_count)
        _note(patches, Op.BORN, id_, -1, born)
        return patches

    def _extended(self, event: NodeExtended) -> list[Patch]:
        node = self.nodes[event.node]
        if node.children or node.parent is None:
            raise TraceError(f"event {event.seq} extends node {event.node}, which is no leaf")
        before, grown = node.token_ids, node.grown
        node.token_ids, node.grown = before + event.token_ids, event.seq
        return [Patch(Op.TOKENS, event.node, before, node.token_ids), Patch(Op.GROWN, event.node, grown, event.seq)]

    def _split(self, event: NodeSplit) -> list[Patch]:
        node = self.nodes[event.node]
        parent, tokens, cut = node.parent, node.token_ids, event.length_tokens
        if parent is None or not 0 < cut < len(tokens):
            raise TraceError(f"event {event.seq} cannot split node {event.node} after {cut} of {len(tokens)} tokens")
        patches = self._grow(
            event.upper, parent, tokens[:cut], last_access=node.last_access, ref_count=node.ref_count, born=node.born
        )
        upper = self.nodes[event.upper]
        upper.touched, upper.grown, upper.writer = node.touched, node.grown, node.writer
        _note(patches, Op.TOUCHED, event.upper, -1, node.touched)
        _note(patches, Op.GROWN, event.upper, -1, node.grown)
        self._move(event.node, event.upper)
        node.token_ids = tokens[cut:]
        patches.append(Patch(Op.PARENT, event.node, parent, event.upper))
        patches.append(Patch(Op.TOKENS, event.node, tokens, tokens[cut:]))
        return patches

    def _accessed(self, event: PathAccessed) -> list[Patch]:
        patches: list[Patch] = []
        nodes, tick, rid, seq = self.nodes, event.tick, event.rid, event.seq
        id_: int | None = event.node
        while id_:  # not the root's
            node = nodes[id_]
            if node.last_access != tick:
                patches.append(_as_patch((_LAST_ACCESS, id_, node.last_access, tick)))
                node.last_access = tick
            if node.writer != rid and node.touched != seq:
                patches.append(_as_patch((_TOUCHED, id_, node.touched, seq)))
                node.touched = seq
            id_ = node.parent
        return patches

    def _locked(self, event: PathLocked) -> list[Patch]:
        return self._count(event.node, 1)

    def _unlocked(self, event: PathUnlocked) -> list[Patch]:
        return self._count(event.node, -1)

    def _count(self, leaf: int, change: int) -> list[Patch]:
        patches: list[Patch] = []
        nodes = self.nodes
        id_: int | None = leaf
        while id_:  # not the root's
            node = nodes[id_]
            count = node.ref_count
            node.ref_count = count + change
            patches.append(_as_patch((_REF_COUNT, id_, count, count + change)))
            id_ = node.parent
        return patches

    def _evicted(self, event: NodeEvicted) -> list[Patch]:
        if self.nodes[event.node].children or event.node == ROOT:
            raise TraceError(f"event {event.seq} evicts node {event.node}, which is no leaf")
        return self._drop(event.node)

    def _drop(self, id_: int) -> list[Patch]:
        node = self.nodes[id_]
        patches: list[Patch] = []
        _note(patches, Op.REF_COUNT, id_, node.ref_count, 0)
        _note(patches, Op.LAST_ACCESS, id_, node.last_access, 0)
        _note(patches, Op.BORN, id_, node.born, -1)
        _note(patches, Op.GROWN, id_, node.grown, -1)
        _note(patches, Op.TOUCHED, id_, node.touched, -1)
        patches.append(Patch(Op.REMOVE, id_, node.parent, node.token_ids))
        self._remove(id_)
        return patches

    def _reset(self, _event: CacheReset) -> list[Patch]:
        return [patch for id_ in self._leaves_first() for patch in self._drop(id_)]

    def _keyframe(self, event: Keyframe) -> list[Patch]:
        """Become the keyframe's tree; one that is equal already (a second recording began) costs no patch."""
        rows = event.tree["nodes"]
        if event.tree == self.snapshot():
            return []
        patches = [patch for id_ in self._leaves_first() for patch in self._drop(id_)]
        by_parent: dict[int, list[dict[str, Any]]] = {}
        for row in rows:
            if row["parent"] is not None:
                by_parent.setdefault(row["parent"], []).append(row)
        queue = [ROOT]
        while queue:
            for row in by_parent.get(queue.pop(), ()):
                queue.append(row["id"])
                tokens = tuple(row["token_ids"])
                patches += self._grow(
                    row["id"],
                    row["parent"],
                    tokens,
                    last_access=row["last_access"],
                    ref_count=row["ref_count"],
                    born=-1,
                )
        return patches

    def _leaves_first(self) -> list[int]:
        order: list[int] = []
        queue = [ROOT]
        while queue:
            children = self.nodes[queue.pop()].children
            order += children
            queue += children
        return order[::-1]


def _note(patches: list[Patch], op: Op, id_: int, before: int, after: int) -> None:
    if before != after:
        patches.append(_as_patch((op, id_, before, after)))


_APPLY: dict[type[Event], Callable[[TreeState, Any], list[Patch]]] = {
    Keyframe: TreeState._keyframe,
    CacheReset: TreeState._reset,
    NodeInserted: TreeState._inserted,
    NodeExtended: TreeState._extended,
    NodeSplit: TreeState._split,
    PathAccessed: TreeState._accessed,
    PathLocked: TreeState._locked,
    PathUnlocked: TreeState._unlocked,
    NodeEvicted: TreeState._evicted,
}
