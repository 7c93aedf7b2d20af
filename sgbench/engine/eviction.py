"""Which leaf goes first when room is needed.

A policy is a key function on nodes: of the leaves that nobody uses, the one with the smallest key is evicted. Knows nothing of trees
or heaps.

A package adds policies of its own by the entry point group ``sgbench.eviction``. An entry's name is the policy's; its object is a key
function, or a class, of which each cache makes one object to be asked for keys, and told, in a method ``evicted`` if it has one, which
node is about to leave. The whole of a package that keeps long prefixes::

    # pyproject.toml
    [project.entry-points."sgbench.eviction"]
    keep-long = "keep_long:keep_long"

    # keep_long.py
    def keep_long(node):
        return node.end, node.last_access

Then ``Engine(eviction="keep-long")`` runs it and ``%sgl what-if eviction=lru,keep-long`` compares it with others over a recorded run,
before it is ever tried on a device.
"""

from __future__ import annotations

from bisect import bisect_right
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
"""Smallest first, with values that compare; a node's key must not change before an attribute of the node does."""


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


class GreedyDual:
    """Cost-aware: least worth first, where worth is the cost of computing a node's tokens anew, for each byte it holds, times its uses.

    GreedyDual-Size with frequencies (Cao and Irani 1997, Cherkasova 1998): a node's key is the worth of what was evicted last when the node
    was last used, plus its own worth. So worth fades as others are evicted, and nothing that was once hot stays for ever. Every token
    holds as many bytes; it costs its share of the layers' products, and attention to all tokens before it.
    """

    def __init__(self) -> None:
        self._ticks = [0]
        self._levels = [0.0]  # worth of what was evicted last, for nodes used at `_ticks` or later
        self._now = 0

    def __call__(self, node: Evictable) -> tuple[float, int, int]:
        self._now = max(self._now, node.last_access)
        level = self._levels[max(bisect_right(self._ticks, node.last_access) - 1, 0)]
        return level + (1 + node.hits) * cost_of_a_token(node), node.last_access, -node.end

    def evicted(self, node: Evictable) -> None:
        """``node`` is about to leave: whatever is used from now on is worth more than it was."""
        worth = self(node)[0]
        if worth <= self._levels[-1]:
            return
        if self._ticks[-1] > self._now:
            self._levels[-1] = worth
        else:
            self._ticks.append(self._now + 1)
            self._levels.append(worth)
        if len(self._ticks) > _LEVELS:  # the oldest nodes take the oldest level that is kept
            del self._ticks[: _LEVELS // 2], self._levels[: _LEVELS // 2]


_LEVELS = 65_536
_CONTEXT_TOKENS = 30_000
"""Attention to so many tokens takes as many operations as a token's share of the layers' products, in a Llama of 8B parameters."""


def cost_of_a_token(node: Evictable) -> float:
    """Operations to compute one of ``node``'s tokens anew, on average; 1: a token that attends to nothing."""
    return 1 + (node.end - node.length / 2) / _CONTEXT_TOKENS


BUILT_IN: dict[str, EvictionKey | type[EvictionKey]] = {
    "lru": lru,
    "mru": mru,
    "lfu": lfu,
    "fifo": fifo,
    "slru": slru,
    "cost": GreedyDual,
}


def eviction_key(name: str) -> EvictionKey:
    """The policy called ``name``, for one cache.

    Raises
    ------
    UnknownOptionError
        There is none; the message names the nearest.
    """
    if name in BUILT_IN:
        found: Any = BUILT_IN[name]
    else:
        entries = {entry.name: entry for entry in entry_points(group=GROUP)}
        if name not in entries:
            raise UnknownOptionError(name, [*BUILT_IN, *entries], "Engine(eviction=...)")
        found = entries[name].load()
    key: EvictionKey = found() if isinstance(found, type) else found
    return key
