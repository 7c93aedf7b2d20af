"""Every invariant of the radix tree, checked the slow way. Knows the tree's structure, not how it came about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from sgbench.engine.radix_node import RadixNode
from sgbench.errors import IntegrityError

if TYPE_CHECKING:
    from sgbench.engine.radix_attention import RadixCache


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise IntegrityError(f"radix tree: {message}")


def check_tree(tree: RadixCache, handles: Iterable[RadixNode]) -> None:
    """Compare ``tree`` with its own rules and with the paths that ``handles`` lock.

    Raises
    ------
    IntegrityError
        The message names the node and the rule.
    """
    expected = Counter[int]()
    for handle in handles:
        node = handle
        _require(handle.alive, f"node {handle.id} is locked and not in the tree")
        while node.parent is not None:
            expected[node.id] += 1
            node = node.parent
    reached = 0
    pending = [tree.root]
    valid = {entry[1] for entry in tree.heap if entry[2].heap_key == entry[0]}
    while pending:
        node = pending.pop()
        reached += 1
        pending.extend(node.children.values())
        _check_node(tree, node)
        _require(
            node.ref_count == expected[node.id],
            f"node {node.id} counts {node.ref_count} users, not {expected[node.id]}",
        )
        _require(not node.evictable or node.id in valid, f"leaf {node.id} cannot be found for eviction")
    _require(reached == len(tree.nodes), f"{len(tree.nodes)} nodes are listed and {reached} can be reached")
    lengths = {node.id: node.length for node in tree.nodes.values()}
    _require(tree.cached_tokens == sum(lengths.values()), "the number of cached tokens is wrong")
    free = sum(node.length for node in tree.nodes.values() if node.ref_count == 0)
    _require(tree.evictable_tokens == free, f"{tree.evictable_tokens} tokens count as evictable and {free} are")


def _check_node(tree: RadixCache, node: RadixNode) -> None:
    _require(tree.nodes.get(node.id) is node and node.alive, f"node {node.id} is not listed")
    _require(node.length == len(node.token_ids) == len(node.slots), f"node {node.id} has unequal lengths")
    _require(node.key == node.token_ids.astype(np.int32).tobytes(), f"node {node.id} has a wrong key")
    if node.parent is not None:
        _require(node.length > 0, f"node {node.id} is empty")
        _require(node.end == node.parent.end + node.length, f"node {node.id} ends at a wrong depth")
        _require(
            node.parent.last_access >= node.last_access or node.parent.parent is None,
            f"node {node.id} is newer than its parent",
        )
        _require(
            node.parent.ref_count >= node.ref_count or node.parent.parent is None, f"node {node.id} outlives its parent"
        )
    for first, child in node.children.items():
        _require(child.parent is node and child.first == first, f"node {child.id} hangs in a wrong place")
