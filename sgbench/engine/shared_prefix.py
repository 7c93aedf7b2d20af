"""Which parts of the tree do several chunks of one step read? Answered for `StepPlan.shared`.

Of nodes only ``parent``, ``end``, ``length`` and ``ref_count`` are known. A segment is a run of nodes that the same chunks use; for each
chunk the segments cover a prefix of its cached tokens, as `SharedPrefix` asks.
"""

from __future__ import annotations

from typing import Any

from sgbench.engine.request import SharedPrefix

MIN_TOKENS = 32
"""A segment this short is not worth a pass of its own, unless a longer one lies below it."""


def shared_prefixes(held: list[tuple[int, Any]], min_tokens: int = MIN_TOKENS) -> tuple[SharedPrefix, ...]:
    """Segments used by two chunks or more.

    Parameters
    ----------
    held
        ``(chunk index, deepest node of its path)``; all of them locked, so that what two use has a reference count of two at least.
    min_tokens
        Segments shorter than this are left out, unless one of at least this length lies below.

    Returns
    -------
    tuple of SharedPrefix
        Ordered by start. Costs one visit for each node on each path, and next to nothing for nodes that one request uses.
    """
    users: dict[int, list[int]] = {}
    nodes: dict[int, Any] = {}
    for index, leaf in held:
        node = leaf
        while node.ref_count == 1:
            node = node.parent
        while node.parent is not None:
            nodes[node.id] = node
            users.setdefault(node.id, []).append(index)
            node = node.parent
    shared = sorted((node for node in nodes.values() if len(users[node.id]) > 1), key=lambda node: -int(node.end))
    found: list[SharedPrefix] = []
    bottom: dict[int, int] = {}  # end of the segment that a node begins or continues, by the node's id
    wanted: set[int] = set()  # nodes above a kept segment
    for node in shared:
        end = bottom.get(node.id, node.end)
        above = node.parent
        if above.parent is not None and len(users[above.id]) == len(users[node.id]):
            bottom[above.id] = end  # the same chunks: one segment
            if node.id in wanted:
                wanted.add(above.id)
            continue
        start = node.end - node.length
        if end - start >= min_tokens or node.id in wanted:
            found.append(SharedPrefix(start, end, tuple(users[node.id])))
            wanted.add(above.id)
    return tuple(sorted(found, key=lambda segment: (segment.start, segment.chunks)))
