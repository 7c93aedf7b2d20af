"""A prefix cache that is not asked, or not fully, for a while: the baselines of a run on the same engine (paper, section 6).

All wrap the engine's own cache, which keeps what it holds and comes back unchanged but for what had to be evicted meanwhile.
Swapped in and out while no request is live, so no handle ever meets another cache than its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sgbench.engine.no_cache import NoCache
from sgbench.engine.prefix_cache import Attached, Inserted, Match, PrefixCache
from sgbench.engine.request import IntArray, SharedPrefix
from sgbench.trace.events import TreeSnapshot


class RefusingCache:
    """``force-miss``: the wrapped cache does all its work, at its full cost, but every match is empty."""

    shares_chunks = False

    def __init__(self, kept: PrefixCache) -> None:
        self.kept = kept

    @property
    def version(self) -> int:
        """That of the wrapped cache."""
        return self.kept.version

    @property
    def evictable_tokens(self) -> int:
        """Those of the wrapped cache."""
        return self.kept.evictable_tokens

    @property
    def root(self) -> Any:
        """The handle that locks nothing."""
        return self.kept.root

    def match(self, tokens: IntArray, limit: int, since: Match | None = None) -> Match:
        """The empty match."""
        return self.kept.match(tokens, 0)

    def renew(self, match: Match) -> bool:
        """Asked anew each time."""
        return match.version == self.version

    def unlocked_tokens(self, match: Match) -> int:
        """As the wrapped cache."""
        return self.kept.unlocked_tokens(match)

    def attach(self, rid: int, match: Match) -> Attached:
        """As the wrapped cache."""
        return self.kept.attach(rid, match)

    def insert(self, rid: int, tokens: IntArray, slots: IntArray, held: Any, cached: int, *, final: bool) -> Inserted:
        """As the wrapped cache; what it holds already comes back as duplicates."""
        return self.kept.insert(rid, tokens, slots, held, cached, final=final)

    def release(self, rid: int, held: Any) -> None:
        """As the wrapped cache."""
        self.kept.release(rid, held)

    def evict(self, n_tokens: int, for_rid: int) -> IntArray:
        """As the wrapped cache."""
        return self.kept.evict(n_tokens, for_rid)

    def flush(self) -> IntArray:
        """As the wrapped cache."""
        return self.kept.flush()

    def shared(self, held: list[tuple[int, Any]]) -> tuple[SharedPrefix, ...]:
        """As the wrapped cache."""
        return self.kept.shared(held)

    def snapshot(self) -> TreeSnapshot:
        """That of the wrapped cache."""
        return self.kept.snapshot()

    def held_slots(self, held: Any) -> IntArray:
        """As the wrapped cache."""
        return self.kept.held_slots(held)

    def owned_slots(self) -> IntArray:
        """Those of the wrapped cache."""
        return self.kept.owned_slots()

    def check(self, handles: Iterable[Any]) -> None:
        """As the wrapped cache."""
        self.kept.check(handles)


class CappedCache(RefusingCache):
    """Only the first ``share`` of every match is used (paper, Figure 8a, b: part of the matched tokens is disabled at run time).

    Parameters
    ----------
    kept
        The wrapped cache, which does all its work.
    share
        Above 0, at most 1.
    """

    def __init__(self, kept: PrefixCache, share: float) -> None:
        super().__init__(kept)
        self._share = share

    @property
    def shares_chunks(self) -> bool:  # type: ignore[override]
        """As the wrapped cache."""
        return self.kept.shares_chunks

    def match(self, tokens: IntArray, limit: int, since: Match | None = None) -> Match:
        """The wrapped cache's match, cut."""
        if since is not None and since.version == self.version:
            return since  # it is cut already
        whole = self.kept.match(tokens, limit)
        return self.kept.match(tokens, int(whole.length * self._share))


class BypassedCache(NoCache):
    """``off``: nothing is matched and nothing kept; what the wrapped cache holds stays until its room is needed."""

    def __init__(self, kept: PrefixCache) -> None:
        self.kept = kept

    @property
    def evictable_tokens(self) -> int:  # type: ignore[override]
        """Those of the wrapped cache."""
        return self.kept.evictable_tokens

    def evict(self, n_tokens: int, for_rid: int) -> IntArray:
        """Take room from the wrapped cache."""
        return self.kept.evict(n_tokens, for_rid)

    def flush(self) -> IntArray:
        """Drop what the wrapped cache holds."""
        return self.kept.flush()

    def snapshot(self) -> TreeSnapshot:
        """That of the wrapped cache."""
        return self.kept.snapshot()

    def owned_slots(self) -> IntArray:
        """Those of the wrapped cache."""
        return self.kept.owned_slots()

    def check(self, handles: Iterable[Any]) -> None:
        """No request holds a prefix, and the wrapped cache is whole."""
        super().check(handles)
        self.kept.check([])


SUSPENDED: dict[str, type[RefusingCache] | type[BypassedCache]] = {"force-miss": RefusingCache, "off": BypassedCache}
"""By the name of the baseline."""
