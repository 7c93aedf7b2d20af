"""Which tokens may be sampled: as ids when they are few, as one bit for each token of the vocabulary when they are many.

Both forms are what a sampler takes as they are: ids to gather logits by, words of bits to lay over a row. A set is never written to, and
is told apart from others by being another object, so that a device may keep what it has uploaded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

WORD_BITS = 32


class TokenSet:
    """A set of token ids.

    Parameters
    ----------
    vocab_size
        Ids are below this.
    size
        How many tokens.
    ids
        int32, sorted; or None.
    words
        uint32 ``[ceil(vocab_size / 32)]``: token ``i`` is bit ``i % 32`` of word ``i // 32``, bits beyond the vocabulary are 0; or None.
        Exactly one of both is given.
    """

    __slots__ = ("ids", "size", "vocab_size", "words")

    def __init__(
        self,
        vocab_size: int,
        size: int,
        *,
        ids: npt.NDArray[np.int32] | None = None,
        words: npt.NDArray[np.uint32] | None = None,
    ) -> None:
        assert (ids is None) != (words is None)
        self.vocab_size = vocab_size
        self.size = size
        self.ids = ids
        self.words = words
        for held in (ids, words):
            if held is not None:
                held.setflags(write=False)

    @classmethod
    def of_ids(cls, ids: npt.ArrayLike, vocab_size: int) -> TokenSet:
        """From ids in any order, each once, in whichever form is smaller."""
        found = np.asarray(ids, dtype=np.int32)
        if len(found) * WORD_BITS > vocab_size:
            return cls.of_marks(_marked(found, vocab_size))
        return cls(vocab_size, len(found), ids=np.sort(found))

    @classmethod
    def of_marks(cls, marked: npt.NDArray[np.bool_]) -> TokenSet:
        """From one truth value for each token."""
        size = int(np.count_nonzero(marked))
        if size * WORD_BITS > len(marked):
            return cls(len(marked), size, words=_packed(marked))
        return cls(len(marked), size, ids=np.flatnonzero(marked).astype(np.int32))

    def resolve(self) -> TokenSet:
        """Itself: a set that is there already needs no making."""
        return self

    def __len__(self) -> int:
        return self.size

    def __contains__(self, token_id: int) -> bool:
        if self.words is not None:
            return bool(0 <= token_id < self.vocab_size and int(self.words[token_id >> 5]) >> (token_id & 31) & 1)
        assert self.ids is not None
        at = int(np.searchsorted(self.ids, token_id))
        return at < len(self.ids) and int(self.ids[at]) == token_id

    @property
    def nbytes(self) -> int:
        """What it takes."""
        return int(self.words.nbytes if self.words is not None else 0 if self.ids is None else self.ids.nbytes)

    def to_ids(self) -> npt.NDArray[np.int32]:
        """int32, sorted. Unpacks a wide set: not for every step."""
        if self.ids is not None:
            return self.ids
        return np.flatnonzero(self.to_marks()).astype(np.int32)

    def to_marks(self) -> npt.NDArray[np.bool_]:
        """bool ``[vocab_size]``."""
        bits = np.unpackbits(self.to_words().view(np.uint8), count=self.vocab_size, bitorder="little")
        return bits.view(np.bool_)

    def to_words(self) -> npt.NDArray[np.uint32]:
        """The set as words of bits."""
        if self.words is not None:
            return self.words
        assert self.ids is not None
        return _packed(_marked(self.ids, self.vocab_size))

    def with_ids(self, ids: npt.NDArray[np.int32]) -> TokenSet:
        """The union with ``ids``, which may be in it already."""
        if self.ids is not None:
            return TokenSet.of_ids(np.union1d(self.ids, ids), self.vocab_size)
        marked = self.to_marks()
        marked[ids] = True
        return TokenSet.of_marks(marked)


class AllowedTokens(Protocol):
    """A set, or what makes one."""

    def resolve(self) -> TokenSet: ...


class LateSet:
    """A set that is made when it is first asked for: a step's masks are made while the device computes that step's logits.

    Parameters
    ----------
    make
        Called once at most, on the engine's thread, before the step's tokens are known.
    """

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], TokenSet]) -> None:
        self._make: Callable[[], TokenSet] | None = make
        self._made: TokenSet | None = None

    def resolve(self) -> TokenSet:
        """The set."""
        if self._made is None:
            assert self._make is not None
            self._made, self._make = self._make(), None
        return self._made


def _marked(ids: npt.NDArray[np.int32], vocab_size: int) -> npt.NDArray[np.bool_]:
    marked = np.zeros(vocab_size, dtype=np.bool_)
    marked[ids] = True
    return marked


def _packed(marked: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint32]:
    size = -(-len(marked) // WORD_BITS)
    packed = np.zeros(size * 4, dtype=np.uint8)
    bits = np.packbits(marked, bitorder="little")
    packed[: len(bits)] = bits
    return packed.view(np.uint32)
