"""Masks kept by state, in the form the sampler takes: a look-up unpacks nothing.

A mask of half a large vocabulary is 260 KB as ids and 16 KB as bits; `sgbench.engine.token_set.TokenSet` is whichever is smaller. Safe to
share between threads.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from typing import TypeAlias

from sgbench.engine.token_set import TokenSet

Key: TypeAlias = tuple[int, int, tuple[int, ...]]
"""Whose it is (`MaskCache.owner`), a state, and the stop ids that are allowed there."""


class MaskCache:
    """Token sets by machine and state, least recently used dropped first: one budget for all machines that share it.

    Parameters
    ----------
    max_bytes
        Of all that is kept; the set that was kept last stays whatever its size.

    Attributes
    ----------
    nbytes
        What is kept now.
    """

    def __init__(self, max_bytes: int) -> None:
        self.nbytes = 0
        self._owners = itertools.count()
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Key, TokenSet] = OrderedDict()
        self._lock = threading.Lock()

    def owner(self) -> int:
        """A number for a machine, for its keys."""
        return next(self._owners)

    def find(self, key: Key) -> TokenSet | None:
        """The set of a state; None if it is not kept."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def keep(self, key: Key, made: TokenSet) -> TokenSet:
        """Keep a set; returns the one that is kept, which another thread may have made before."""
        with self._lock:
            kept = self._kept.setdefault(key, made)
            if kept is made:
                self.nbytes += made.nbytes
            self._kept.move_to_end(key)
            while self.nbytes > self._max_bytes and len(self._kept) > 1:
                self.nbytes -= self._kept.popitem(last=False)[1].nbytes
            return kept
