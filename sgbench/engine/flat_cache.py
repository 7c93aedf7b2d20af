"""``radix_cache="flat"``: a table of whole sequences, the paper's ablation without a tree structure (section 6, Fig. 8c).

A prompt hits only a sequence that was stored whole and is a prefix of it; of the part that two sequences merely begin with, nothing is
found. Slots are counted by reference, so an entry that extends another one shares its slots. In events and snapshots every entry is a
child of the root that owns all of its tokens.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from sgbench.engine.eviction import EvictionKey, lru
from sgbench.engine.prefix_cache import Attached, Inserted, Match
from sgbench.engine.request import IntArray, SharedPrefix
from sgbench.errors import IntegrityError
from sgbench.trace.events import (
    CacheReset,
    NodeEvicted,
    NodeInserted,
    PathAccessed,
    PathLocked,
    PathUnlocked,
    TreeSnapshot,
)
from sgbench.trace.journal import Journal

_NO_TOKENS: IntArray = np.empty(0, dtype=np.int32)


class FlatEntry:
    """One stored sequence; attributes as in `sgbench.engine.radix_node.RadixNode`."""

    __slots__ = (
        "created",
        "end",
        "heap_key",
        "hits",
        "id",
        "key",
        "last_access",
        "parent",
        "ref_count",
        "slots",
        "token_ids",
    )

    def __init__(
        self, entry_id: int, parent: FlatEntry | None, token_ids: IntArray, slots: IntArray, tick: int
    ) -> None:
        self.id = entry_id
        self.parent = parent
        self.token_ids = token_ids
        self.key = token_ids.tobytes()
        self.slots = slots
        self.end = len(token_ids)
        self.ref_count = 0
        self.last_access = self.created = tick
        self.hits = 0
        self.heap_key: Any = None

    @property
    def length(self) -> int:
        """Tokens it owns: all."""
        return self.end


class FlatCache:
    """Hash map from whole token sequences to KV slots.

    Parameters
    ----------
    journal, eviction
        As for `sgbench.engine.radix_attention.RadixCache`.
    capacity_tokens
        Number of KV slots there are, for the reference counts.
    """

    shares_chunks = False

    def __init__(self, journal: Journal, capacity_tokens: int, eviction: EvictionKey = lru) -> None:
        self._journal = journal
        self._eviction = eviction
        self._evicted = getattr(eviction, "evicted", None)
        self._tick = 0
        self._next_id = 1
        self.root = FlatEntry(0, None, _NO_TOKENS, _NO_TOKENS, 0)
        self._entries: dict[bytes, FlatEntry] = {}
        self._lengths = Counter[int]()
        self._heap: list[tuple[Any, int, FlatEntry]] = []
        self._refs = np.zeros(capacity_tokens, dtype=np.int32)  # entries that use a slot
        self._locks = np.zeros(capacity_tokens, dtype=np.int32)  # running requests that lock a slot
        self.version = 0
        self.evictable_tokens = 0

    def match(self, tokens: IntArray, limit: int, since: Match | None = None) -> Match:
        """The longest stored sequence that ``tokens[:limit]`` begins with, or the one that is ``tokens[:limit + 1]`` less its last."""
        if since is not None and since.version == self.version:
            return since
        data = tokens.tobytes()
        for length in sorted((n for n in self._lengths if n <= limit + 1), reverse=True):
            entry = self._entries.get(data[: length * 4])
            if entry is not None:
                return Match(min(length, limit), entry if limit else self.root, None, 0, self.version)
        return Match(0, self.root, None, 0, self.version)

    def renew(self, match: Match) -> bool:
        """Which longer entry came meanwhile only a search can tell."""
        return match.version == self.version

    def unlocked_tokens(self, match: Match) -> int:
        """Slots of the entry that nobody locks yet."""
        return int((self._locks[match.node.slots] == 0).sum())

    def attach(self, rid: int, match: Match) -> Attached:
        """Stamp and lock the entry."""
        assert match.version == self.version, "a stale match was attached"
        entry: FlatEntry = match.node
        if entry is not self.root:
            self._access(rid, entry)
            entry.hits += 1
            self._lock(rid, entry)
        return Attached(entry, entry.slots[: match.length])

    def insert(
        self, rid: int, tokens: IntArray, slots: IntArray, held: FlatEntry, cached: int, *, final: bool
    ) -> Inserted:
        """Store the whole sequence, or take the slots of the one that is there."""
        entry = self._entries.get(tokens.tobytes())
        if entry is None:
            entry = self._add(rid, tokens.copy(), slots.copy())
        own = slots[cached:]
        duplicates = own[~np.isin(own, entry.slots)]
        self._access(rid, entry)
        if not final:
            self._lock(rid, entry)
        self.release(rid, held)
        taken = entry.slots[cached:]
        return Inserted(self.root, 0, taken, duplicates) if final else Inserted(entry, entry.end, taken, duplicates)

    def release(self, rid: int, held: FlatEntry) -> None:
        """Unlock the entry."""
        if held is self.root:
            return
        held.ref_count -= 1
        self._locks[held.slots] -= 1
        self.evictable_tokens += int((self._locks[held.slots] == 0).sum())
        self._offer(held)
        if self._journal.active:
            self._journal.emit(PathUnlocked(node=held.id, rid=rid))

    def evict(self, n_tokens: int, for_rid: int) -> IntArray:
        """Drop entries nobody locks until ``n_tokens`` slots came free: a slot does when its last entry goes."""
        pieces: list[IntArray] = []
        freed = 0
        while freed < n_tokens and self._heap:
            key, _, entry = heapq.heappop(self._heap)
            if entry.heap_key != key:
                continue
            entry.heap_key = None
            if entry.ref_count:
                continue
            if self._evicted is not None:
                self._evicted(entry)
            pieces.append(self._drop(entry, for_rid))
            freed += len(pieces[-1])
        return np.concatenate(pieces) if pieces else _NO_TOKENS

    def flush(self) -> IntArray:
        """Drop every entry that no running request locks."""
        idle = [entry for entry in self._entries.values() if entry.ref_count == 0]
        reset = len(idle) == len(self._entries)
        pieces = [self._drop(entry, -1, silent=reset) for entry in idle]
        if reset and self._journal.active:
            self._journal.emit(CacheReset(reason="flush"))
        return np.concatenate(pieces) if pieces else _NO_TOKENS

    def shared(self, held: list[tuple[int, Any]]) -> tuple[SharedPrefix, ...]:
        """Nothing: a table does not know what its entries have in common."""
        return ()

    def snapshot(self) -> TreeSnapshot:
        """Plain data; see `sgbench.trace.events`."""
        entries = sorted([self.root, *self._entries.values()], key=lambda entry: entry.id)
        return {
            "nodes": [
                {
                    "id": entry.id,
                    "parent": None if entry.parent is None else 0,
                    "token_ids": entry.token_ids.tolist(),
                    "ref_count": entry.ref_count,
                    "last_access": entry.last_access,
                }
                for entry in entries
            ]
        }

    def held_slots(self, held: FlatEntry) -> IntArray:
        """The entry's slots."""
        return held.slots

    def owned_slots(self) -> IntArray:
        """Slots that some entry uses."""
        return np.nonzero(self._refs)[0].astype(np.int32)

    def check(self, handles: Iterable[Any]) -> None:
        """Recount references and locks."""
        held = [handle for handle in handles if handle is not self.root]
        users = Counter(entry.id for entry in held)
        refs, locks = np.zeros_like(self._refs), np.zeros_like(self._locks)
        valid = {entry[1] for entry in self._heap if entry[2].heap_key == entry[0]}
        for key, entry in self._entries.items():
            refs[entry.slots] += 1
            if entry.key != key or entry.ref_count != users[entry.id] or len(entry.slots) != entry.end:
                raise IntegrityError(f"flat cache: entry {entry.id} has a wrong key, count or length")
            if entry.ref_count == 0 and entry.id not in valid:
                raise IntegrityError(f"flat cache: entry {entry.id} cannot be found for eviction")
        for entry in held:
            locks[entry.slots] += 1
        if not (np.array_equal(refs, self._refs) and np.array_equal(locks, self._locks)):
            raise IntegrityError("flat cache: the slots' reference counts are wrong")
        if self.evictable_tokens != int(((refs > 0) & (locks == 0)).sum()):
            raise IntegrityError("flat cache: the number of evictable tokens is wrong")

    # --- one change, one event --------------------------------------------------------------------------------------

    def _add(self, rid: int, token_ids: IntArray, slots: IntArray) -> FlatEntry:
        entry = FlatEntry(self._next_id, self.root, token_ids, slots, self._tick + 1)
        self._next_id += 1
        self._entries[entry.key] = entry
        self._lengths[entry.end] += 1
        self.version += 1
        self.evictable_tokens += int(((self._refs[slots] == 0) & (self._locks[slots] == 0)).sum())
        self._refs[slots] += 1
        if self._journal.active:
            ids = tuple(token_ids.tolist())
            self._journal.emit(NodeInserted(node=entry.id, parent=0, token_ids=ids, rid=rid, tick=entry.last_access))
        self._offer(entry)
        return entry

    def _access(self, rid: int, entry: FlatEntry) -> None:
        self._tick += 1
        entry.last_access = self._tick
        self._offer(entry)
        if self._journal.active:
            self._journal.emit(PathAccessed(node=entry.id, rid=rid, tick=self._tick))

    def _lock(self, rid: int, entry: FlatEntry) -> None:
        self.evictable_tokens -= int((self._locks[entry.slots] == 0).sum())
        self._locks[entry.slots] += 1
        entry.ref_count += 1
        if self._journal.active:
            self._journal.emit(PathLocked(node=entry.id, rid=rid))

    def _drop(self, entry: FlatEntry, for_rid: int, *, silent: bool = False) -> IntArray:
        del self._entries[entry.key]
        self._lengths[entry.end] -= 1
        if not self._lengths[entry.end]:
            del self._lengths[entry.end]
        entry.heap_key = None
        self.version += 1
        self._refs[entry.slots] -= 1
        freed: IntArray = entry.slots[self._refs[entry.slots] == 0]
        self.evictable_tokens -= len(freed)
        if self._journal.active and not silent:
            self._journal.emit(NodeEvicted(node=entry.id, length_tokens=len(freed), for_rid=for_rid))
        return freed

    def _offer(self, entry: FlatEntry) -> None:
        if entry.ref_count:
            return
        key = self._eviction(entry)
        if key != entry.heap_key:
            entry.heap_key = key
            heapq.heappush(self._heap, (key, entry.id, entry))
        if len(self._heap) > 64 + 4 * len(self._entries):
            self._heap = [item for item in self._heap if item[2].heap_key == item[0]]
            heapq.heapify(self._heap)
