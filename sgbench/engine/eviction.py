"""Which leaf goes first when room is needed.

A policy is a key function on nodes: of the leaves that nobody uses, the one with the smallest key is evicted. Knows nothing of trees
or heaps. A package may add policies by the entry point group ``sgbench.eviction``: an entry's name is the policy's, its object is the
key function.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any, Protocol, TypeAlias

from sgbench.errors import UnknownOptionError

GROUP = "sgbench.eviction"


class Evictable(Protocol):
    """What a policy may ask of a node.

    Attributes
    ----------
    last_access
        Logical tick of the last request that used it.
    created
        Tick at which its tokens were written; both halves of a split node keep it.
    hits
        Requests that found it in the cache.
    end
        Tokens from the root to its end: its depth.
    length
        Tokens it owns.
    """

    @property
    def last_access(self) -> int: ...
    @property
    def created(self) -> int: ...
    @property
    def hits(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def length(self) -> int: ...


EvictionKey: TypeAlias = Callable[[Evictable], Any]
"""Smallest first; must be a pure function of the attributes of `Evictable`, with values that compare."""


def lru(node: Evictable) -> tuple[int, int]:
    """Least recently used first (the paper, section 3); of equals the deepest."""
    return node.last_access, -node.end


def mru(node: Evictable) -> tuple[int, int]:
    """Most recently used first: best for scans that are longer than the cache."""
    return -node.last_access, -node.end


def lfu(node: Evictable) -> tuple[int, int, int]:
    """Least often hit first; of equals the least recently used."""
    return node.hits, node.last_access, -node.end


def fifo(node: Evictable) -> tuple[int, int]:
    """Oldest first, however often it was used since."""
    return node.created, -node.end


def slru(node: Evictable) -> tuple[bool, int, int]:
    """Segmented: what was never hit goes first, then what was, each least recently used first."""
    return node.hits > 0, node.last_access, -node.end


BUILT_IN: dict[str, EvictionKey] = {"lru": lru, "mru": mru, "lfu": lfu, "fifo": fifo, "slru": slru}


def eviction_key(name: str) -> EvictionKey:
    """The policy called ``name``.

    Raises
    ------
    UnknownOptionError
        There is none; the message names the nearest.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
        raise UnknownOptionError(name, [*BUILT_IN, *found], "Engine(eviction=...)")
    key: EvictionKey = found[name].load()
    return key
