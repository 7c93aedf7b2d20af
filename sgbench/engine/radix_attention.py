"""RadixAttention's tree (paper, section 3): which KV slots hold which prefix.

Invariants: no two children of a node begin with the same token; a node's reference count is the number of running requests whose
locked path goes through it, hence never above its parent's; of the nodes with count 0 every leaf has one valid heap entry.

Ours differs from the paper's description in that matching never changes anything: splitting, stamping and locking happen in `attach`
and `insert`, one event for each change, so that a look at the tree cannot disturb it. A request that goes on (the next chunk, the
output) extends the node it wrote while nobody else uses it. Eviction takes whole leaves.
Knows no scheduler, no device and no text.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Any

import numpy as np

from sgbench.engine.eviction import EvictionKey, lru
from sgbench.engine.prefix_cache import Attached, Inserted, Match
from sgbench.engine.radix_check import check_tree
from sgbench.engine.radix_node import TOKEN_BYTES, RadixNode, common_prefix_tokens
from sgbench.engine.request import IntArray, SharedPrefix
from sgbench.engine.shared_prefix import shared_prefixes
from sgbench.trace.events import (
    CacheReset,
    NodeEvicted,
    NodeExtended,
    NodeInserted,
    NodeSplit,
    PathAccessed,
    PathLocked,
    PathUnlocked,
    TreeSnapshot,
)
from sgbench.trace.journal import Journal

_NO_TOKENS: IntArray = np.empty(0, dtype=np.int32)


class RadixCache:
    """Radix tree over token ids; leaves nobody uses are evicted by a policy.

    Parameters
    ----------
    journal
        Takes an event for every change.
    eviction
        Key function, smallest first (`sgbench.engine.eviction`).

    Attributes
    ----------
    visits
        Nodes looked at so far by match, attach, insert and evict: what the tree costs, counted.
    """

    shares_chunks = True

    def __init__(self, journal: Journal, eviction: EvictionKey = lru) -> None:
        self._journal = journal
        self._eviction = eviction
        self._evicted = getattr(eviction, "evicted", None)
        self._tick = 0
        self._next_id = 1
        self.root = RadixNode(0, None, _NO_TOKENS, _NO_TOKENS, 0, -1)
        self.nodes: dict[int, RadixNode] = {0: self.root}
        self.heap: list[tuple[Any, int, RadixNode]] = []
        self.version = 0
        self.evictable_tokens = 0
        self.cached_tokens = 0
        self.visits = 0

    # --- asking -----------------------------------------------------------------------------------------------------

    def match(self, tokens: IntArray, limit: int, since: Match | None = None) -> Match:
        """Longest cached prefix of ``tokens[:limit]``; see `PrefixCache.match`."""
        if since is not None and since.version == self.version:
            return since
        start: RadixNode = self.root
        if since is not None:
            start, depth = since.node, since.depth
            while not (start.alive and start.end == depth):  # evicted or extended since: go on from where it begins
                assert start.parent is not None
                start, depth = start.parent, start.end - start.length
        node, part, length = self._walk(start, tokens, limit)
        following = tokens[length : min(length + 1, limit)].tobytes() if part is None else b""
        return Match(length, node, part, node.end, self.version, following)

    def renew(self, match: Match) -> bool:
        """Did nothing happen where ``match`` ends? Most changes are elsewhere, or beside it, and a queue need not be searched for again."""
        node, part, version = match.node, match.part, match.version
        if not node.alive or node.end != match.depth:
            return False
        if part is None:
            if node.changed > version and match.following in node.children:
                return False
        elif node.changed > version or not part.alive or part.changed > version:
            return False
        match.version = self.version
        return True

    def _walk(self, node: RadixNode, tokens: IntArray, limit: int) -> tuple[RadixNode, RadixNode | None, int]:
        """Follow ``tokens[:limit]`` down from ``node``: deepest whole node, child entered in part, tokens matched."""
        at = node.end
        data = tokens[:limit].tobytes() if node.children else b""
        while at < limit:
            child = node.children.get(data[at * TOKEN_BYTES : (at + 1) * TOKEN_BYTES])
            if child is None:
                break
            self.visits += 1
            if not data.startswith(child.key, at * TOKEN_BYTES):
                return node, child, at + common_prefix_tokens(child.token_ids, tokens[at:limit])
            node, at = child, child.end
        return node, None, at

    def unlocked_tokens(self, match: Match) -> int:
        """By how much `evictable_tokens` would fall if ``match`` were attached."""
        total = 0
        node: RadixNode = match.node
        if match.part is not None and match.part.ref_count == 0:
            total += match.length - node.end
        while node.parent is not None and node.ref_count == 0:
            total += node.length
            node = node.parent
        return total

    def held_slots(self, held: RadixNode) -> IntArray:
        """KV slots of the path from the root to ``held``."""
        return self._path_slots(held, self.root)

    def _path_slots(self, node: RadixNode, above: RadixNode) -> IntArray:
        """KV slots of the path below ``above`` down to ``node``."""
        pieces = []
        while node is not above:
            pieces.append(node.slots)
            assert node.parent is not None
            node = node.parent
        return np.concatenate(pieces[::-1]) if pieces else _NO_TOKENS

    def shared(self, held: list[tuple[int, Any]]) -> tuple[SharedPrefix, ...]:
        """Segments of the tree that several handles use; see `sgbench.engine.shared_prefix`."""
        return shared_prefixes(held)

    def snapshot(self) -> TreeSnapshot:
        """Plain data; see `sgbench.trace.events`."""
        return {
            "nodes": [
                {
                    "id": node.id,
                    "parent": None if node.parent is None else node.parent.id,
                    "token_ids": node.token_ids.tolist(),
                    "ref_count": node.ref_count,
                    "last_access": node.last_access,
                }
                for _, node in sorted(self.nodes.items())
            ]
        }

    def owned_slots(self) -> IntArray:
        """All slots in the tree."""
        return np.concatenate([node.slots for node in self.nodes.values()])

    def check(self, handles: Iterable[Any]) -> None:
        """Check every invariant; see `sgbench.engine.radix_check`."""
        check_tree(self, handles)

    # --- changing ---------------------------------------------------------------------------------------------------

    def attach(self, rid: int, match: Match) -> Attached:
        """Split where the match ends inside an edge, stamp and lock the path; see `PrefixCache.attach`."""
        assert match.version == self.version, "a stale match was attached"
        node: RadixNode = match.node
        if match.part is not None:
            node = self._split(match.part, match.length - node.end)
        self._lock(rid, node)  # first, so that a leaf that is about to be in use is not offered for eviction
        self._access(rid, node, hit=True)
        return Attached(node, self._path_slots(node, self.root))

    def insert(
        self, rid: int, tokens: IntArray, slots: IntArray, held: RadixNode, cached: int, *, final: bool
    ) -> Inserted:
        """Add what is missing of ``tokens`` below ``held`` and move the lock there; see `PrefixCache.insert`."""
        assert cached == held.end
        n = len(tokens)
        node, part, present = self._walk(held, tokens, n)
        if part is not None:
            # A finished request that ends inside an edge leaves that edge whole: nobody needs a node that ends there.
            node = part if final and present == n else self._split(part, present - node.end)
        taken, duplicates = slots[cached:n], _NO_TOKENS
        if present > cached:
            duplicates = slots[cached:present]
            taken = np.concatenate([self._path_slots(node, held)[: present - cached], slots[present:n]])
        if present < n:
            node = self._add_tail(rid, node, held, tokens[present:n].copy(), slots[present:n].copy())
        if not final and node is not held:
            self._lock(rid, node)
        self._access(rid, node, hit=False)
        if final or node is not held:
            self.release(rid, held)
        return Inserted(
            node=self.root if final else node,
            cached_tokens=0 if final else n,
            slots=taken,
            duplicates=duplicates,
        )

    def release(self, rid: int, held: RadixNode) -> None:
        """Unlock the path to ``held``."""
        if held is self.root:
            return
        node = held
        while node.parent is not None:
            node.ref_count -= 1
            if node.ref_count == 0:
                self.evictable_tokens += node.length
            node = node.parent
        self._offer(held)
        if self._journal.active:
            self._journal.later(PathUnlocked, held.id, rid)

    def evict(self, n_tokens: int, for_rid: int) -> IntArray:
        """Evict whole leaves, smallest key first, until ``n_tokens`` slots came free or no leaf is left to evict."""
        pieces: list[IntArray] = []
        freed = 0
        while freed < n_tokens and self.heap:
            key, _, node = heapq.heappop(self.heap)
            self.visits += 1
            if node.heap_key != key:
                continue  # a newer entry stands elsewhere in the heap
            node.heap_key = None
            if not node.evictable:
                continue  # in use or a parent by now; offered again when that ends
            freed += node.length
            pieces.append(node.slots)
            if self._evicted is not None:
                self._evicted(node)
            self._drop(node, for_rid)
        return np.concatenate(pieces) if pieces else _NO_TOKENS

    def flush(self) -> IntArray:
        """Drop everything that no running request uses; see `PrefixCache.flush`."""
        if any(node.ref_count for node in self.root.children.values()):
            return self.evict(self.evictable_tokens, -1)
        slots = self.owned_slots()
        for node in self.nodes.values():
            node.alive = node is self.root
        self.root.children = {}
        self.nodes = {0: self.root}
        self.heap = []
        self.version += 1
        self.evictable_tokens = self.cached_tokens = 0
        if self._journal.active:
            self._journal.emit(CacheReset(reason="flush"))
        return slots

    # --- one change, one event --------------------------------------------------------------------------------------

    def _add_tail(self, rid: int, node: RadixNode, held: RadixNode, token_ids: IntArray, slots: IntArray) -> RadixNode:
        """Put what a request computed below ``node``, or into it if it is the request's own: one node for one request, as in Fig. 3."""
        own = node is held and node.writer == rid and node.ref_count == 1 and not node.children
        if not own:
            return self._add_leaf(rid, node, token_ids, slots)
        node.extend(token_ids, slots)
        self.version += 1
        node.changed = self.version
        self.cached_tokens += len(token_ids)
        if self._journal.active:
            self._journal.later(NodeExtended, node.id, token_ids, rid)
        return node

    def _add_leaf(self, rid: int, parent: RadixNode, token_ids: IntArray, slots: IntArray) -> RadixNode:
        node = RadixNode(self._take_id(), parent, token_ids, slots, self._tick + 1, rid)
        parent.children[node.first] = node
        self.nodes[node.id] = node
        self.version += 1
        parent.changed = self.version
        self.evictable_tokens += node.length
        self.cached_tokens += node.length
        if self._journal.active:
            self._journal.later(NodeInserted, node.id, parent.id, token_ids, rid, node.last_access)
        return node  # whoever inserts accesses it next, which offers it for eviction

    def _split(self, node: RadixNode, length: int) -> RadixNode:
        """Put a new node that takes the first ``length`` tokens above ``node``; returns it."""
        parent = node.parent
        assert parent is not None and 0 < length < node.length
        front, slots = node.token_ids[:length].copy(), node.slots[:length].copy()
        upper = RadixNode(self._take_id(), parent, front, slots, 0, node.writer)
        upper.ref_count, upper.hits = node.ref_count, node.hits
        upper.last_access, upper.created = node.last_access, node.created
        parent.children[upper.first] = upper
        node.take_front(upper, length)
        upper.children[node.first] = node
        self.nodes[upper.id] = upper
        self.version += 1
        parent.changed = node.changed = self.version
        self._offer(node)
        if self._journal.active:
            self._journal.later(NodeSplit, node.id, upper.id, length)
        return upper

    def _access(self, rid: int, node: RadixNode, *, hit: bool) -> None:
        if node is self.root:
            return
        self._tick += 1
        leaf = node
        while node.parent is not None:
            self.visits += 1
            node.last_access = self._tick
            node.hits += hit
            node = node.parent
        self._offer(leaf)
        if self._journal.active:
            self._journal.later(PathAccessed, leaf.id, rid, self._tick)

    def _lock(self, rid: int, held: RadixNode) -> None:
        if held is self.root:
            return
        node = held
        while node.parent is not None:
            if node.ref_count == 0:
                self.evictable_tokens -= node.length
            node.ref_count += 1
            node = node.parent
        if self._journal.active:
            self._journal.later(PathLocked, held.id, rid)

    def _drop(self, node: RadixNode, for_rid: int) -> None:
        parent = node.parent
        assert parent is not None
        del parent.children[node.first]
        del self.nodes[node.id]
        node.alive = False
        self.version += 1
        self.evictable_tokens -= node.length
        self.cached_tokens -= node.length
        if self._journal.active:
            self._journal.later(NodeEvicted, node.id, node.length, for_rid)
        self._offer(parent)

    def _offer(self, node: RadixNode) -> None:
        """Make sure that a leaf nobody uses has an entry with its present key in the heap."""
        if not node.evictable:
            return
        key = self._eviction(node)
        if key == node.heap_key:
            return
        node.heap_key = key
        heapq.heappush(self.heap, (key, node.id, node))
        if len(self.heap) > 64 + 2 * len(self.nodes):  # mostly stale: amortised over the pushes that made it so
            self.heap = [entry for entry in self.heap if entry[2].heap_key == entry[0] and entry[2].alive]
            heapq.heapify(self.heap)

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1


class ForceMissCache(RadixCache):
    """``radix_cache="force-miss"``: the tree is kept, at its full cost, and every match is refused (paper, section 6)."""

    shares_chunks = False

    def renew(self, match: Match) -> bool:
        """Nothing stays nothing."""
        match.version = self.version
        return True

    def match(self, tokens: IntArray, limit: int, since: Match | None = None) -> Match:
        """Nothing, whatever the tree holds."""
        return Match(0, self.root, None, 0, self.version)
