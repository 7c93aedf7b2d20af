"""``radix_cache="off"``: the interface of a prefix cache that keeps nothing; the no-cache baseline (paper, section 6)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from sgbench.engine.prefix_cache import Attached, Inserted, Match
from sgbench.engine.request import IntArray, SharedPrefix
from sgbench.errors import IntegrityError
from sgbench.trace.events import TreeSnapshot

_NOTHING: IntArray = np.empty(0, dtype=np.int32)


class NoCache:
    """Every match is empty; a finished request's slots go back at once."""

    version = 0
    evictable_tokens = 0
    shares_chunks = False
    root: Any = None

    def match(self, tokens: IntArray, limit: int, since: Match | None = None) -> Match:
        """Nothing is ever cached."""
        return Match(0, None, None, 0, 0)

    def renew(self, match: Match) -> bool:
        """Nothing changes."""
        return True

    def unlocked_tokens(self, match: Match) -> int:
        """Zero."""
        return 0

    def attach(self, rid: int, match: Match) -> Attached:
        """The empty prefix."""
        return Attached(None, _NOTHING)

    def insert(self, rid: int, tokens: IntArray, slots: IntArray, held: Any, cached: int, *, final: bool) -> Inserted:
        """Keep nothing: at the end all slots are the caller's to free."""
        return Inserted(None, 0, _NOTHING, slots if final else _NOTHING)

    def release(self, rid: int, held: Any) -> None:
        """Nothing is locked."""

    def evict(self, n_tokens: int, for_rid: int) -> IntArray:
        """Nothing to evict."""
        return _NOTHING

    def flush(self) -> IntArray:
        """Nothing to drop."""
        return _NOTHING

    def shared(self, held: list[tuple[int, Any]]) -> tuple[SharedPrefix, ...]:
        """Nothing is shared."""
        return ()

    def snapshot(self) -> TreeSnapshot:
        """The root alone."""
        return {"nodes": [{"id": 0, "parent": None, "token_ids": [], "ref_count": 0, "last_access": 0}]}

    def held_slots(self, held: Any) -> IntArray:
        """No slot."""
        return _NOTHING

    def owned_slots(self) -> IntArray:
        """No slot."""
        return _NOTHING

    def check(self, handles: Iterable[Any]) -> None:
        """A handle that is not the root cannot have come from here."""
        if any(handle is not None for handle in handles):
            raise IntegrityError("a request holds a prefix although the cache is off")
