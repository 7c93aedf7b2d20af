"""A vocabulary as byte strings: the token trie, and which tokens begin with given bytes.

Knows token ids and their bytes; no tokenizer, no machine. Built once for each tokenizer and shared by every constraint.
Tokens without bytes (special ones, holes in the ids) never enter: a constraint allows a token by what it spells.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sgbench.engine.request import IntArray


class SpelledTokens(Protocol):
    """What is needed of a tokenizer to build a `Vocabulary`."""

    @property
    def vocab_size(self) -> int: ...

    def token_bytes(self, token_id: int, /, *, skip_special: bool = ...) -> bytes: ...


@dataclass(frozen=True, slots=True)
class TrieLevel:
    """The trie's nodes at one depth, sorted by (parent, byte), so that siblings stand together.

    Attributes
    ----------
    parent
        int32 ``[n]``: index of the parent within the level above.
    byte
        uint8 ``[n]``: the byte from there.
    token_ids
        int32 ``[t]``: tokens that end at this depth.
    token_node
        int32 ``[t]``: where each of them ends.
    """

    parent: IntArray
    byte: npt.NDArray[np.uint8]
    token_ids: IntArray
    token_node: IntArray


class Vocabulary:
    """Every token's bytes.

    Parameters
    ----------
    tokens
        Bytes of token 0, 1, ...; ``b""`` for tokens that spell nothing.
    """

    def __init__(self, tokens: Sequence[bytes]) -> None:
        self.tokens: tuple[bytes, ...] = tuple(tokens)

    @classmethod
    def of(cls, tokenizer: SpelledTokens) -> Vocabulary:
        """The vocabulary of a tokenizer."""
        return cls([tokenizer.token_bytes(i, skip_special=True) for i in range(tokenizer.vocab_size)])

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def max_token_bytes(self) -> int:
        """Length of the longest token."""
        return max(map(len, self.tokens), default=0)

    @cached_property
    def lengths(self) -> IntArray:
        """int32 ``[vocab]``: bytes of each token."""
        return np.array([len(token) for token in self.tokens], dtype=np.int32)

    @cached_property
    def single_bytes(self) -> frozenset[int]:
        """Bytes that are tokens of their own."""
        return frozenset(token[0] for token in self.tokens if len(token) == 1)

    @cached_property
    def used_bytes(self) -> frozenset[int]:
        """Bytes that occur in any token."""
        return frozenset(b"".join(self.tokens))

    @cached_property
    def levels(self) -> tuple[TrieLevel, ...]:
        """The trie, level by level; the root, which is no level, is parent 0 of the first."""
        lengths = self.lengths.astype(np.int64)
        flat = np.frombuffer(b"".join(self.tokens), dtype=np.uint8)
        offsets = np.concatenate(([0], np.cumsum(lengths)[:-1])) if len(lengths) else lengths
        active = np.flatnonzero(lengths)
        node = np.zeros(len(active), dtype=np.int64)
        levels: list[TrieLevel] = []
        while len(active):
            depth = len(levels)
            keys, node = np.unique(node * 256 + flat[offsets[active] + depth], return_inverse=True)
            node = node.ravel()
            ends = lengths[active] == depth + 1
            levels.append(
                TrieLevel(
                    parent=(keys >> 8).astype(np.int32),
                    byte=(keys & 0xFF).astype(np.uint8),
                    token_ids=active[ends].astype(np.int32),
                    token_node=node[ends].astype(np.int32),
                )
            )
            active, node = active[~ends], node[~ends]
        return tuple(levels)

    @cached_property
    def _sorted(self) -> list[tuple[bytes, int]]:
        return sorted((token, i) for i, token in enumerate(self.tokens) if token)

    def prefixes_of(self, data: bytes) -> list[int]:
        """Tokens that ``data`` begins with, shortest first."""
        words, found = self._sorted, []
        for size in range(1, min(len(data), self.max_token_bytes) + 1):
            at = bisect_left(words, (data[:size], -1))
            while at < len(words) and words[at][0] == data[:size]:
                found.append(words[at][1])
                at += 1
        return found
