"""A compressed trie of token sequences, nothing evicted: what prompts share, whatever a cache did.

Knows tokens and marks; no time, no capacity, no events.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Tokens: TypeAlias = npt.NDArray[np.int32]


def tokens_of(ids: tuple[int, ...] | list[int]) -> Tokens:
    """Token ids as an array."""
    return np.array(ids, dtype=np.int32)


def shared_tokens(a: Tokens, b: Tokens) -> int:
    """Length of the common prefix."""
    n = min(len(a), len(b))
    different = np.nonzero(a[:n] != b[:n])[0]
    return int(different[0]) if len(different) else n


class Block:
    """A run of tokens that is always used as one.

    Attributes
    ----------
    tokens, start
        Its tokens, and how many come before them.
    owner
        Who put it there first.
    mark
        Whatever the trie's user notes of it; both halves of a split keep it.
    children
        By first token, the one entered last at the end.
    """

    __slots__ = ("children", "mark", "owner", "parent", "start", "tokens")

    def __init__(self, tokens: Tokens, start: int, owner: int, parent: Block | None) -> None:
        self.tokens = tokens
        self.start = start
        self.owner = owner
        self.mark: Any = None
        self.parent = parent
        self.children: dict[int, Block] = {}

    @property
    def end(self) -> int:
        """Tokens from the root to its end."""
        return self.start + len(self.tokens)


class TokenTrie:
    """Blocks below a root without tokens."""

    def __init__(self) -> None:
        self.root = Block(tokens_of([]), 0, -1, None)

    def walk(self, tokens: Tokens) -> tuple[Block, int]:
        """The deepest block that ``tokens`` enter, and how many of them are there."""
        block, at = self.root, 0
        while at < len(tokens):
            child = block.children.get(int(tokens[at]))
            if child is None:
                break
            shared = shared_tokens(child.tokens, tokens[at:])
            at += shared
            block = child
            if shared < len(child.tokens):
                break
        return block, at

    def insert(self, tokens: Tokens, owner: int) -> None:
        """Add a sequence; a block ends where it ends, and where it leaves others."""
        block, at = self.walk(tokens)
        if at < block.end:
            block = self._split(block, at)
        if at < len(tokens):
            block.children[int(tokens[at])] = Block(tokens[at:].copy(), at, owner, block)

    def _split(self, block: Block, at: int) -> Block:
        """Cut ``block`` at depth ``at``; returns the upper half."""
        parent = block.parent
        assert parent is not None
        cut = at - block.start
        upper = Block(block.tokens[:cut], block.start, block.owner, parent)
        upper.mark = block.mark
        parent.children[int(upper.tokens[0])] = upper
        block.tokens, block.start, block.parent = block.tokens[cut:], at, upper
        upper.children[int(block.tokens[0])] = block
        return upper

    def path(self, tokens: Tokens) -> list[Block]:
        """Blocks from the root down to where ``tokens`` end; they were inserted before."""
        block, _ = self.walk(tokens)
        found = []
        while block.parent is not None:
            found.append(block)
            block = block.parent
        return found[::-1]
