"""Who owns which KV slot, moment by moment: the pool and the prefix cache behind one door.

Each method moves slots between the three owners named in `sgbench.engine.prefix_cache` and leaves them balanced. Knows sequences, the
pool and the cache; decides nothing about who runs.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sgbench.engine.kv_pool import KvPool
from sgbench.engine.prefix_cache import Match, PrefixCache
from sgbench.engine.sequence import Sequence
from sgbench.errors import IntegrityError


class KvMemory:
    """Pool and cache of one engine.

    Attributes
    ----------
    evicted_tokens
        Slots that eviction freed so far, to make room.
    ahead_tokens
        Slots given to tokens before their step is planned (`Sequence.ahead`); figures count them as free until then.
    """

    def __init__(self, pool: KvPool, cache: PrefixCache) -> None:
        self.pool = pool
        self.cache = cache
        self.evicted_tokens = self.ahead_tokens = 0

    @property
    def available_tokens(self) -> int:
        """Slots that are free or could be."""
        return self.pool.free_tokens + self.cache.evictable_tokens

    @property
    def used_tokens(self) -> int:
        """Slots that running requests use, each once."""
        return self.pool.capacity_tokens - self.available_tokens - self.ahead_tokens

    @property
    def free_tokens(self) -> int:
        """Slots that hold nothing."""
        return self.pool.free_tokens + self.ahead_tokens

    def match(self, seq: Sequence) -> Match:
        """The present match of a waiting request, kept on it."""
        found = seq.match
        if found is None or not (found.version == self.cache.version or self.cache.renew(found)):
            found = seq.match = self.cache.match(seq.tokens, seq.match_limit, found)
        return found

    def make_room(self, n_tokens: int, for_rid: int) -> bool:
        """Evict until ``n_tokens`` slots are free; False if that cannot be."""
        missing = n_tokens - self.pool.free_tokens
        if missing > 0:
            freed = self.cache.evict(missing, for_rid)
            self.evicted_tokens += len(freed)
            self.pool.free(freed)
        return self.pool.free_tokens >= n_tokens

    def admit(self, seq: Sequence) -> None:
        """Lock the cached prefix of ``seq``: from now on it is in use."""
        match = self.match(seq)
        attached = self.cache.attach(seq.rid, match)
        seq.node = attached.node
        seq.match = None
        seq.place(0, attached.slots)
        seq.cached = seq.computed = match.length

    def extend(self, seq: Sequence, start: int, n_tokens: int) -> None:
        """Give ``seq`` own slots for ``n_tokens`` tokens from position ``start`` on; there must be room."""
        seq.place(start, self.pool.alloc(n_tokens))

    def undo_ahead(self, seq: Sequence) -> None:
        """What was to run ahead did not, and the runner may not have been told of any exchanged slot."""
        self._drop_ahead(seq)
        seq.sent = 0

    def _drop_ahead(self, seq: Sequence) -> None:
        """What runs ahead is not wanted. Whoever gets its slots next writes them in a later step, after this one has."""
        if seq.ahead:
            self.pool.free(seq.slots[seq.computed : seq.computed + seq.ahead])
            self.ahead_tokens -= seq.ahead
            seq.ahead = 0

    def settle(self, seq: Sequence) -> None:
        """Prompt tokens were computed: hand them to the cache, so that others hit them, and take its slots where it had them."""
        if not (self.cache.shares_chunks or seq.computed == seq.length):
            return
        done = seq.computed
        kept = self.cache.insert(seq.rid, seq.tokens[:done], seq.slots[:done], seq.node, seq.cached, final=False)
        self.pool.free(kept.duplicates)  # a view of seq.slots: before they are overwritten
        if len(kept.duplicates):
            seq.place(seq.cached, kept.slots)
        seq.node = kept.node
        seq.cached = max(seq.cached, kept.cached_tokens)

    def finish(self, seq: Sequence) -> None:
        """Hand over all that was computed and unlock it: the request leaves the batch, and what it computed may hit later."""
        self._drop_ahead(seq)
        done = seq.computed
        kept = self.cache.insert(seq.rid, seq.tokens[:done], seq.slots[:done], seq.node, seq.cached, final=True)
        self.pool.free(kept.duplicates)
        seq.leave_batch()

    def rewind(self, seq: Sequence, n_tokens: int) -> None:
        """Forget the KV of a running request behind its first ``n_tokens`` tokens: those tokens are about to change.

        Own slots are freed; a lock that reaches further is exchanged for one on what is cached of the tokens that stay.
        """
        if n_tokens >= seq.computed:
            return
        if n_tokens >= seq.cached:
            self.pool.free(seq.slots[n_tokens : seq.computed])
            seq.computed = n_tokens
            seq.sent = min(seq.sent, n_tokens)
            return
        self.pool.free(seq.slots[seq.cached : seq.computed])
        match = self.cache.match(seq.tokens[:n_tokens], n_tokens)
        attached = self.cache.attach(seq.rid, match)
        self.cache.release(seq.rid, seq.node)
        seq.node = attached.node
        seq.place(0, attached.slots)
        seq.cached = seq.computed = match.length

    def abandon(self, seq: Sequence) -> None:
        """Unlock what is cached and free the rest: nothing more of an aborted request is kept."""
        self._drop_ahead(seq)
        self.pool.free(seq.slots[seq.cached : seq.computed])
        self.cache.release(seq.rid, seq.node)
        seq.leave_batch()

    def flush(self) -> None:
        """Drop everything cached that nobody uses."""
        self.pool.free(self.cache.flush())

    def check(self, running: Iterable[Sequence]) -> None:
        """Every slot is exactly one of free, cached, own; handles, counts and lengths agree.

        Raises
        ------
        IntegrityError
            They do not.
        """
        sequences = list(running)
        self.pool.check()
        self.cache.check([seq.node for seq in sequences])
        owners = [self.pool.free_slots(), self.cache.owned_slots()]
        for seq in sequences:
            if not 0 <= seq.cached <= seq.computed <= seq.computed + seq.ahead <= seq.length <= seq.limit:
                raise IntegrityError(f"request {seq.rid} has impossible lengths")
            held = self.cache.held_slots(seq.node)[: seq.cached]
            if not np.array_equal(seq.slots[: seq.cached], held):
                raise IntegrityError(f"request {seq.rid} does not use the slots of its locked prefix")
            owners.append(seq.slots[seq.cached : seq.computed + seq.ahead])
        counts = np.bincount(np.concatenate(owners), minlength=self.pool.capacity_tokens)
        if len(counts) != self.pool.capacity_tokens or (counts != 1).any():
            slot = int(np.nonzero(counts != 1)[0][0])
            raise IntegrityError(
                f"KV slot {slot} has {counts[slot]} owners: free, cached and in use must be disjoint and complete"
            )
