"""One node of the radix tree: an edge's tokens, their KV slots, and who uses them.

Knows its own place and nothing of the tree's rules.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sgbench.engine.request import IntArray

TOKEN_BYTES = 4
"""Tokens are int32: `RadixNode.key` holds four bytes for each."""


class RadixNode:
    """A run of tokens below its parent.

    Attributes
    ----------
    id
        Number, unique in the tree's life; the root is 0.
    parent, children
        Children by the four bytes of their first token.
    token_ids, key, slots
        Its tokens (int32), the same as bytes, and their KV slots (int32).
    length, end
        Number of its tokens, and tokens from the root to its end. A split takes tokens from the front and leaves ``end`` alone.
    writer
        The request that computed it.
    ref_count
        Running requests that use it.
    last_access, created, hits
        See `sgbench.engine.eviction.Evictable`.
    changed
        Version of the tree when its own end or its children last became others.
    alive
        Is it in the tree?
    heap_key
        Key of its one valid entry in the heap of evictable leaves; None if it has none.
    """

    __slots__ = (
        "alive",
        "changed",
        "children",
        "created",
        "end",
        "heap_key",
        "hits",
        "id",
        "key",
        "last_access",
        "length",
        "parent",
        "ref_count",
        "slots",
        "token_ids",
        "writer",
    )

    def __init__(
        self, node_id: int, parent: RadixNode | None, token_ids: IntArray, slots: IntArray, tick: int, writer: int
    ) -> None:
        self.id = node_id
        self.writer = writer
        self.parent = parent
        self.children: dict[bytes, RadixNode] = {}
        self.token_ids = token_ids
        self.key = token_ids.tobytes()
        self.slots = slots
        self.length = len(token_ids)
        self.end: int = (parent.end if parent is not None else 0) + self.length
        self.ref_count = 0
        self.last_access = tick
        self.created = tick
        self.hits = self.changed = 0
        self.alive = True
        self.heap_key: Any = None

    @property
    def first(self) -> bytes:
        """The bytes of its first token: its key among its parent's children."""
        return self.key[:TOKEN_BYTES]

    @property
    def evictable(self) -> bool:
        """Is it a leaf that nobody uses?"""
        return self.ref_count == 0 and not self.children and self.parent is not None and self.alive

    def extend(self, token_ids: IntArray, slots: IntArray) -> None:
        """Grow by tokens at the end; only a leaf may."""
        self.token_ids = np.concatenate([self.token_ids, token_ids])
        self.slots = np.concatenate([self.slots, slots])
        self.key += token_ids.tobytes()
        self.length += len(token_ids)
        self.end += len(token_ids)

    def take_front(self, upper: RadixNode, length: int) -> None:
        """Stand below ``upper``, which has the first ``length`` tokens, and keep the rest."""
        self.parent = upper
        self.token_ids = self.token_ids[length:].copy()
        self.slots = self.slots[length:].copy()
        self.key = self.key[length * TOKEN_BYTES :]
        self.length -= length


def common_prefix_tokens(a: IntArray, b: IntArray) -> int:
    """Number of leading tokens that ``a`` and ``b`` share."""
    n = min(len(a), len(b))
    different = np.nonzero(a[:n] != b[:n])[0]
    return int(different[0]) if len(different) else n
