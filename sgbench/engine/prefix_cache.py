"""What the scheduler asks of a prefix cache, whatever its structure.

Four stand behind it: the radix tree (`sgbench.engine.radix_attention`), the same tree with every match refused, a flat table of whole
sequences (`sgbench.engine.flat_cache`), and nothing (`sgbench.engine.no_cache`).

Who owns a KV slot: a slot is free (the pool's), *cached* (the cache's) or *own* (a running request's). A running request's table is

    position   0 ............ cached ............ computed
    owner      the cache's,   |  its own          |
               locked by its  |                   |
               handle         |                   |

``attach`` locks a prefix, ``insert`` hands own slots over to the cache, ``release`` unlocks. Only ``evict`` and ``flush`` make a
cached slot free, and only where no handle locks it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from sgbench.engine.request import IntArray, SharedPrefix
from sgbench.trace.events import TreeSnapshot


@dataclass(slots=True)
class Match:
    """How much of a prompt is cached. Pure data: making one changed nothing.

    Attributes
    ----------
    length
        Cached tokens, counted from the first.
    node
        Deepest node that matched whole.
    part
        Its child that matched in part, if the match ends inside an edge.
    depth
        Tokens that matched down to the end of ``node``.
    version
        The cache's version when this was found, or found to hold still (`PrefixCache.renew`): while that has not changed, this holds.
    following
        Bytes of the token behind a match that ends with ``node``: a child that begins otherwise does not lengthen it. Empty: none.
    """

    length: int
    node: Any
    part: Any
    depth: int
    version: int
    following: bytes = b""


@dataclass(slots=True)
class Attached:
    """A locked prefix: ``node`` is the handle, ``slots`` int32 are the KV slots of its tokens from position 0."""

    node: Any
    slots: IntArray


@dataclass(slots=True)
class Inserted:
    """What became of a request's tokens.

    Attributes
    ----------
    node
        The request's new handle.
    cached_tokens
        Leading tokens that now belong to the cache and are locked by ``node``.
    slots
        int32: the cache's slots for positions ``[cached, cached_tokens)``, where ``cached`` tokens were the cache's before. They replace
        the request's own; where the cache had none of them (no ``duplicates``) they are those, seen and not copied.
    duplicates
        int32: slots the caller must free, because the cache holds these tokens elsewhere or will not keep them.
    """

    node: Any
    cached_tokens: int
    slots: IntArray
    duplicates: IntArray


class PrefixCache(Protocol):
    """Host structure that says which KV slots hold which prefixes. Touched by the engine's thread only.

    Attributes
    ----------
    version
        Changes whenever the result of any match may have changed.
    evictable_tokens
        Slots that `evict` could free now.
    shares_chunks
        Can another request hit a prompt of which only some chunks are computed? Then the scheduler inserts after every chunk and lets
        requests wait for a prefill that is running.
    """

    @property
    def version(self) -> int: ...
    @property
    def evictable_tokens(self) -> int: ...
    @property
    def shares_chunks(self) -> bool: ...
    @property
    def root(self) -> Any:
        """The handle that locks nothing."""
        ...

    def match(self, tokens: IntArray, limit: int, since: Match | None = None) -> Match:
        """Longest cached prefix of ``tokens[:limit]``. Never splits, stamps or emits.

        ``since`` is an earlier match of the same tokens, from which the search goes on.
        """
        ...

    def renew(self, match: Match) -> bool:
        """Does ``match``, of an earlier version, still hold? Then it is of this version from now on.

        May say no where a search would say yes.
        """
        ...

    def unlocked_tokens(self, match: Match) -> int:
        """By how much `evictable_tokens` would fall if ``match`` were attached."""
        ...

    def attach(self, rid: int, match: Match) -> Attached:
        """Lock the matched prefix for ``rid``; splits a node where the match ends inside an edge. ``match`` must be of this version."""
        ...

    def insert(self, rid: int, tokens: IntArray, slots: IntArray, held: Any, cached: int, *, final: bool) -> Inserted:
        """Take over the KV of ``tokens`` (all of them computed, at ``slots``), whose first ``cached`` came from the cache with ``held``.

        With ``final`` the lock is released too and `Inserted.node` is the root.
        """
        ...

    def release(self, rid: int, held: Any) -> None:
        """Unlock ``held``."""
        ...

    def evict(self, n_tokens: int, for_rid: int) -> IntArray:
        """Evict until ``n_tokens`` slots are free or nothing is evictable; returns the slots, which are the caller's to free."""
        ...

    def flush(self) -> IntArray:
        """Drop everything that no handle locks; returns the slots, which are the caller's to free."""
        ...

    def shared(self, held: list[tuple[int, Any]]) -> tuple[SharedPrefix, ...]:
        """Segments that several of ``held`` (pairs of chunk index and handle) use, for `StepPlan.shared`."""
        ...

    def snapshot(self) -> TreeSnapshot:
        """Plain data; see `sgbench.trace.events`."""
        ...

    def held_slots(self, held: Any) -> IntArray:
        """KV slots of the prefix that ``held`` locks."""
        ...

    def owned_slots(self) -> IntArray:
        """All slots the cache owns, each once."""
        ...

    def check(self, handles: Iterable[Any]) -> None:
        """Check every invariant against the running requests' ``handles``.

        Raises
        ------
        IntegrityError
            One is broken.
        """
        ...
