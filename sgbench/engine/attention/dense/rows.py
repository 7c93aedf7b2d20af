"""Buffers of dense KV rows, kept from step to step within a budget; CPU only.

A row is ``width`` positions of one request's keys and values. Knows shapes, bytes and places; whether what stands in a row is still
true is for the owner to know.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import numpy as np
import torch

if TYPE_CHECKING:
    import numpy.typing as npt

    from sgbench.engine.request import IntArray
    from sgbench.engine.runner.kv_cache import KVCache

    Int64Array = npt.NDArray[np.int64]

_NARROWEST = 128

Key = TypeVar("Key", bound=tuple[int, ...])
"""What tells an owner's buffers apart; the first number is the width of the rows."""


class DenseRows(Generic[Key]):
    """The buffers of one owner.

    Parameters
    ----------
    cache
        Gives shape and type.
    budget_bytes
        Most memory of all buffers.
    """

    def __init__(self, cache: KVCache, budget_bytes: int) -> None:
        self._cache = cache
        layers, heads, _, head_dim = cache.data.shape
        self._budget_tokens = budget_bytes // (layers * heads * head_dim * cache.data.itemsize)
        self._buffers: dict[Key, torch.Tensor] = {}

    def keep_only(self, keys: Collection[Key]) -> None:
        """Free all others."""
        self._buffers = {key: buffer for key, buffer in self._buffers.items() if key in keys}

    def take(self, key: Key, n_rows: int, in_use: Collection[Key]) -> torch.Tensor | None:
        """A buffer of at least ``n_rows`` rows, the one that stands under ``key`` if it is large enough.

        Returns
        -------
        ``[layers, rows, 2 * kv_heads, width, head_dim]``, or None if the budget is spent on buffers ``in_use``.
        """
        buffer = self._buffers.pop(key, None)
        if buffer is None or buffer.shape[1] < n_rows:
            buffer = self._new(1 << (n_rows - 1).bit_length(), key[0], in_use)
        if buffer is not None:
            self._buffers[key] = buffer
        return buffer

    def _new(self, rows: int, width: int, in_use: Collection[Key]) -> torch.Tensor | None:
        for other in [key for key in self._buffers if key not in in_use]:
            if self._tokens() + rows * width > self._budget_tokens:
                del self._buffers[other]
        if self._tokens() + rows * width > self._budget_tokens:
            return None
        return new_rows(self._cache, rows, width)

    def _tokens(self) -> int:
        return sum(buffer.shape[1] * key[0] for key, buffer in self._buffers.items())


def new_rows(cache: KVCache, rows: int, width: int) -> torch.Tensor:
    """``[layers, rows, 2 * kv_heads, width, head_dim]``.

    Zeros, not garbage: what lies behind a row's end is masked, but a NaN would pass any mask.
    """
    layers, heads, _, head_dim = cache.data.shape
    return torch.zeros(layers, rows, heads, width, head_dim, dtype=cache.data.dtype)


class Place(NamedTuple):
    """A row of a buffer. A tuple, since a step makes many."""

    buffer: torch.Tensor
    row: int

    def among(self, buffer: torch.Tensor, n_rows: int) -> bool:
        """Is it one of the first ``n_rows`` of ``buffer``?"""
        return self.buffer is buffer and self.row < n_rows


def seated(stands: Sequence[int]) -> tuple[Int64Array, list[int], list[int]]:
    """A row for each of as many members as there are rows.

    Parameters
    ----------
    stands
        The row of each member where it stands already; -1: nowhere. Of several in one row, the first keeps it.

    Returns
    -------
    Row of each member, which members keep theirs, and which come to another.
    """
    taken: set[int] = set()
    kept: list[int] = []
    fresh: list[int] = []
    for i, at in enumerate(stands):
        if at < 0 or at in taken:
            fresh.append(i)
        else:
            taken.add(at)
            kept.append(i)
    rows = np.array(stands, np.int64)
    if fresh:
        rows[fresh] = [at for at in range(len(stands)) if at not in taken]
    return rows, kept, fresh


@dataclass(frozen=True, slots=True)
class Refill:
    """What brings rows up to date from the pool.

    Attributes
    ----------
    source
        What `KVCache.gather` takes.
    rows
        Rows of the buffer, flat, int64.
    """

    source: torch.Tensor
    rows: torch.Tensor

    def copy(self, cache: KVCache, layer: int, buffer: torch.Tensor) -> None:
        """Into one layer of the buffer, ``[rows, 2 * kv_heads, width, head_dim]``."""
        flat = buffer.view(-1, buffer.shape[3])
        flat.index_copy_(0, self.rows, cache.gather(layer, self.source).view(-1, flat.shape[1]))


def refill(cache: KVCache, slots: Sequence[IntArray], index: Int64Array, width: int, first: int = 0) -> Refill:
    """What brings ``slots`` into the rows ``index`` of a buffer, from their position ``first`` on."""
    lengths = [len(own) for own in slots]
    position = np.concatenate([np.arange(first, first + n) for n in lengths])
    heads = np.arange(cache.data.shape[1])
    rows = (np.repeat(index, lengths)[None] * len(heads) + heads[:, None]) * width + position[None]
    flat = torch.from_numpy(np.concatenate(slots).astype(np.int64))
    return Refill(cache.gather_index(flat), torch.from_numpy(rows.ravel()))


def row_width(length: int) -> int:
    """Rows are a power of two wide, or one and a half: at most a third of what is read is padding."""
    power = max(_NARROWEST, 1 << (length - 1).bit_length())
    return power * 3 // 4 if power > _NARROWEST and length <= power * 3 // 4 else power


def length_mask(lengths: Int64Array, n_keys: int, dtype: torch.dtype) -> torch.Tensor | None:
    """``[rows, 1, 1, n_keys]`` to be added to scores of rows of these ``lengths``; None: all are full."""
    hidden = np.arange(n_keys) >= lengths[:, None]
    if not hidden.any():
        return None
    bias = torch.from_numpy(np.where(hidden, np.float32(-np.inf), np.float32(0))).to(dtype)
    return bias.view(len(lengths), 1, 1, n_keys)
