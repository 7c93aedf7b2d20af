"""Dense copies of what decoding requests attend to, kept from step to step; CPU only.

A request's slots lie scattered over the pool. Gathering them for every token costs a CPU three times the attention itself, so a
decoding request's own KV is gathered once into a row of a dense buffer, and each step appends one token to it. Rows of like length
stand together, so that one call reads a whole buffer without an index.

The window is a copy and never the truth: a request that is not where it was (another row, another start, slots that were exchanged, a
longer buffer) is gathered anew from the pool. Knows chunks and the cache; decides nothing about who runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from sgbench.engine.attention.dense.blocks import dense_attention
from sgbench.engine.attention.dense.joining import rows_unless_all
from sgbench.engine.attention.dense.rows import DenseRows, Place, Refill, length_mask, refill, row_width, seated

if TYPE_CHECKING:
    import numpy.typing as npt

    from sgbench.engine.attention.dense.joining import Partial
    from sgbench.engine.request import Chunk, IntArray
    from sgbench.engine.runner.kv_cache import KVCache

    Int64Array = npt.NDArray[np.int64]

BUDGET_BYTES = 1 << 29


@dataclass(frozen=True, slots=True)
class Member:
    """A decoding chunk: its first token row in the step, and the first position that is its own."""

    chunk: Chunk
    token_row: int
    own_from: int

    @property
    def length(self) -> int:
        """Keys it attends to, its own token included."""
        return self.chunk.start + 1 - self.own_from


class _Held(NamedTuple):
    """Positions ``first`` to ``stop`` of a request, and where they stand."""

    rid: int
    first: int
    stop: int
    place: Place


@dataclass(frozen=True, slots=True)
class WindowGroup:
    """One buffer's part of a step.

    Attributes
    ----------
    buffer
        ``[layers, rows, 2 * kv_heads, width, head_dim]``.
    n_rows, n_keys
        What of it is in use.
    append
        ``(token rows, flat buffer rows)`` of tokens that only have to be added; None: none.
    refill
        Of requests that are copied anew; None: none.
    targets
        Token row of each buffer row, on the host.
    rows
        The same on the device; None: all tokens in order.
    mask
        ``[rows, 1, repeat, keys]``; None: all are equally long.
    """

    buffer: torch.Tensor
    n_rows: int
    n_keys: int
    append: tuple[torch.Tensor, torch.Tensor] | None
    refill: Refill | None
    targets: Int64Array
    rows: torch.Tensor | None
    mask: torch.Tensor | None

    def attend(self, cache: KVCache, layer: int, q: torch.Tensor, kv: torch.Tensor) -> Partial:
        """Bring the buffer up to date and read it: partial result for ``targets``."""
        buffer = self.buffer[layer]
        if self.append is not None:
            flat = buffer.view(-1, buffer.shape[3])
            flat.index_copy_(0, self.append[1], kv.index_select(0, self.append[0]).view(-1, flat.shape[1]))
        if self.refill is not None:
            self.refill.copy(cache, layer, buffer)
        used = buffer[: self.n_rows, :, : self.n_keys]
        n_kv_heads = used.shape[1] // 2
        picked = q if self.rows is None else q.index_select(0, self.rows)
        return dense_attention(picked, used[:, :n_kv_heads], used[:, n_kv_heads:], self.mask)


class DecodeWindow:
    """The buffers of one engine.

    Parameters
    ----------
    cache
        The KV tensors, the truth.
    budget_bytes
        Most memory of the buffers; requests that find no room are left to the caller.
    """

    def __init__(self, cache: KVCache, budget_bytes: int = BUDGET_BYTES) -> None:
        self._cache = cache
        self._rows: DenseRows[tuple[int]] = DenseRows(cache, budget_bytes)
        self._held: dict[int, _Held] = {}

    def plan(
        self, members: list[Member], table: IntArray, n_tokens: int, repeat: int
    ) -> tuple[list[WindowGroup], list[Member]]:
        """Groups for the members that fit, and the members that do not."""
        by_width: dict[tuple[int], list[Member]] = {}
        for member in members:
            by_width.setdefault((row_width(member.length),), []).append(member)
        self._rows.keep_only(by_width)
        held, self._held = self._held, {}
        groups, left = [], []
        for width in sorted(by_width):
            buffer = self._rows.take(width, len(by_width[width]), by_width)
            if buffer is None:
                left.extend(by_width[width])
            else:
                groups.append(self._group(buffer, by_width[width], held, table, n_tokens, repeat))
        return groups, left

    def _group(
        self,
        buffer: torch.Tensor,
        members: list[Member],
        held: dict[int, _Held],
        table: IntArray,
        n_tokens: int,
        repeat: int,
    ) -> WindowGroup:
        width = buffer.shape[3]
        index, kept, fresh = seated([_stands(member, held, buffer, len(members)) for member in members])
        for member, at in zip(members, index.tolist(), strict=True):
            chunk = member.chunk
            self._held[chunk.row] = _Held(chunk.rid, member.own_from, chunk.start + 1, Place(buffer, at))
        lengths = np.array([m.length for m in members])
        token_rows = np.array([m.token_row for m in members])
        in_place = np.argsort(index)
        n_keys = int(lengths.max())
        targets = token_rows[in_place]
        mask = length_mask(lengths[in_place], n_keys, buffer.dtype)
        return WindowGroup(
            buffer=buffer,
            n_rows=len(members),
            n_keys=n_keys,
            append=self._append(index[kept], lengths[kept] - 1, token_rows[kept], width) if kept else None,
            refill=self._refill([members[i] for i in fresh], index[fresh], table, width) if fresh else None,
            targets=targets,
            rows=rows_unless_all(targets, n_tokens),
            mask=None if mask is None else mask.expand(-1, -1, repeat, -1),
        )

    def _append(
        self, index: Int64Array, position: Int64Array, token_rows: Int64Array, width: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        heads = np.arange(self._cache.data.shape[1])
        rows = (index[:, None] * len(heads) + heads) * width + position[:, None]
        return torch.from_numpy(token_rows), torch.from_numpy(rows.ravel())

    def _refill(self, members: list[Member], index: Int64Array, table: IntArray, width: int) -> Refill:
        slots = [table[m.chunk.row, m.own_from : m.chunk.start + 1] for m in members]
        return refill(self._cache, slots, index, width)


def _stands(member: Member, held: dict[int, _Held], buffer: torch.Tensor, n_rows: int) -> int:
    """Where the member stands already with all but its new token, or -1."""
    chunk, there = member.chunk, held.get(member.chunk.row)
    if there is None or there[:3] != (chunk.rid, member.own_from, chunk.start):
        return -1
    stays = there.place.among(buffer, n_rows) and chunk.slots_from == chunk.start
    return there.place.row if stays else -1
