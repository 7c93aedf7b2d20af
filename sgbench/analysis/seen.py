"""All that was ever asked or answered while somebody recorded, in bounded memory, with what became of it.

Two generations of tries: when the young one is full it becomes the old one, and what only the old one before it knew is forgotten.
Knows tokens and `Gone`; no events.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from sgbench.analysis.token_trie import Block, Tokens, TokenTrie, tokens_of

CAPACITY_TOKENS = 4_000_000
"""Tokens added to a generation before the next one begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """When and why tokens left the cache.

    Attributes
    ----------
    flushed
        The cache was emptied; else evicted.
    at_ns
        When.
    for_rid
        The request that needed the room; -1: none.
    idle_ms
        Time since their last use; None: before the recording.
    ago_ms
        How long before the request that missed them.
    """

    flushed: bool
    at_ns: int
    for_rid: int = -1
    idle_ms: float | None = None
    ago_ms: float = 0.0

    def seen_from(self, now_ns: int) -> Gone:
        """The same, as a request at ``now_ns`` sees it."""
        return dataclasses.replace(self, ago_ms=(now_ns - self.at_ns) / 1e6)


class Seen:
    """The memory.

    Attributes
    ----------
    forgotten
        Was anything forgotten for want of room?
    """

    def __init__(self, capacity_tokens: int = CAPACITY_TOKENS) -> None:
        self._capacity = capacity_tokens
        self._young, self._old = TokenTrie(), TokenTrie()
        self._added = 0
        self.forgotten = False

    def add(self, tokens: Tokens, owner: int) -> None:
        """``tokens`` were asked or answered by request ``owner``; they may be cached from now on."""
        if self._added + len(tokens) > self._capacity and self._added:
            self.forgotten = self.forgotten or bool(self._old.root.children)
            self._old, self._young, self._added = self._young, TokenTrie(), 0
        self._added += len(tokens)
        block: Block | None = self._young.insert(tokens, owner)
        below = block
        while block is not None and block.parent is not None:
            block.mark = None
            below, block = block, block.parent
            block.children[int(below.tokens[0])] = block.children.pop(int(below.tokens[0]))  # used last: at the end

    def gone(self, path: Tokens, start: int, end: int, gone: Gone) -> None:
        """Tokens ``[start, end)`` of ``path`` left the cache."""
        self._young.insert(path[:start], gone.for_rid)
        for block in self._young.insert(path[:end], gone.for_rid).path():
            if block.start >= start:
                block.mark = gone

    def along(self, tokens: Tokens) -> tuple[int, list[tuple[int, int, Gone | None]]]:
        """How much of ``tokens`` was seen, and its stretches ``(start, end, gone)``."""
        young, there = self._young.walk(tokens)
        old, was_there = self._old.walk(tokens)
        stretches = _stretches(young, there)
        if was_there > there:
            stretches += [(max(s, there), e, gone) for s, e, gone in _stretches(old, was_there) if e > there]
        return max(there, was_there), stretches

    def beyond(self, tokens: Tokens, at: int, n: int) -> tuple[Tokens, int]:
        """Up to ``n`` tokens that followed ``tokens[:at]`` when they were last seen, and whose they were."""
        for trie in (self._young, self._old):
            block, there = trie.walk(tokens[:at])
            if there < at:
                continue
            ids = block.tokens[at - block.start :].tolist() if block.parent is not None else []
            owner = block.owner
            while len(ids) < n and block.children:
                block = next(reversed(block.children.values()))
                owner = block.owner
                ids += block.tokens.tolist()
            if ids:
                return tokens_of(ids[:n]), owner
        return tokens_of([]), -1


def _stretches(block: Block, there: int) -> list[tuple[int, int, Gone | None]]:
    """The blocks of a path as stretches, the last one up to ``there``."""
    found: list[tuple[int, int, Gone | None]] = []
    at: Block | None = block
    while at is not None and at.parent is not None:
        found.append((at.start, min(at.end, there), at.mark))
        at = at.parent
    return found[::-1]
