"""KV slots without numbers: where no token is computed, how many there are is all that counts.

Behind the real cache and the real scheduler, which see arrays of the right lengths. Not for a cache that tells slots apart
(`sgbench.engine.flat_cache`).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sgbench.engine.kv_memory import KvMemory
from sgbench.engine.kv_pool import KvPool
from sgbench.engine.request import IntArray
from sgbench.engine.sequence import Sequence
from sgbench.errors import IntegrityError


class CountedPool(KvPool):
    """A pool that counts.

    Parameters
    ----------
    capacity_tokens
        Number of slots.
    """

    def __init__(self, capacity_tokens: int) -> None:
        self.capacity_tokens = self.free_tokens = capacity_tokens
        self.slots: IntArray = np.zeros(capacity_tokens, dtype=np.int32)
        self.slots.flags.writeable = False

    def alloc(self, n: int) -> IntArray:
        """Take ``n`` slots; see `KvPool.alloc`."""
        if n > self.free_tokens:
            raise IntegrityError(f"{n} KV slots were asked for and {self.free_tokens} are free")
        self.free_tokens -= n
        return self.slots[:n]

    def free(self, slots: IntArray) -> None:
        """Give as many back; see `KvPool.free`."""
        self.free_tokens += len(slots)
        if self.free_tokens > self.capacity_tokens:
            raise IntegrityError("more KV slots were freed than were taken")


class CountedMemory(KvMemory):
    """Memory over a pool that counts."""

    pool: CountedPool

    def check(self, running: Iterable[Sequence]) -> None:
        """As `KvMemory.check`, by number: what is free, cached and own makes up the pool, and the cache agrees with itself."""
        sequences = list(running)
        self.cache.check([seq.node for seq in sequences])
        own = sum(seq.computed + seq.ahead - seq.cached for seq in sequences)
        if self.pool.free_tokens + len(self.cache.owned_slots()) + own != self.pool.capacity_tokens:
            raise IntegrityError("free, cached and own KV slots do not make up the pool")


class CountedSequence(Sequence):
    """A request whose slots nobody writes down; ``slots`` is the pool's array, longer than any request."""

    __slots__ = ()

    def place(self, start: int, slots: IntArray) -> None:
        """Nothing to keep."""

    def place_one(self, position: int, slot: int) -> None:
        """Nothing to keep."""
