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

    def path(self) -> list[Block]:
        """The blocks from the root, which is left out, down to this one."""
        block, found = self, []
        while block.parent is not None:
            found.append(block)
            block = block.parent
        return found[::-1]


class TokenTrie:
    """Blocks below a root without tokens."""

    def __init__(self) -> None:
        self.root = Block(tokens_of([]), 0, -1, None)

    def walk(self, tokens: Tokens, below: Block | None = None) -> tuple[Block, int]:
        """The deepest block that ``tokens`` enter behind ``below`` (None: the root), and how many of them are there."""
        block, at = below or self.root, 0
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

    def insert(self, tokens: Tokens, owner: int, below: Block | None = None) -> Block:
        """Add a sequence behind ``below`` (None: the root); a block ends where it ends, and where it leaves others.

        Returns
        -------
        The block that ends there, whatever is added later: of a split block the lower half is the block that it was.
        """
        block, at = self.walk(tokens, below)
        depth = at + (below.end if below else 0)
        if depth < block.end:
            block = self._split(block, depth)
        if at < len(tokens):
            parent = block
            block = parent.children[int(tokens[at])] = Block(tokens[at:].copy(), depth, owner, parent)
        return block

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
