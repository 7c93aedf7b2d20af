"""How each row of the slot table samples, remembered from the chunk that said so: what a step that runs ahead goes by.

Knows chunks and arrays; no logits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sgbench.engine.request import DecodePlan, MovedSlots
from sgbench.engine.runner.noise import stream_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from sgbench.engine.request import Chunk, IntArray, SharedPrefix


class RowSampling:
    """Sampling of every row.

    Parameters
    ----------
    max_running
        Rows.
    vocab_size
        To tell a top-k that excludes nothing.
    """

    def __init__(self, max_running: int, vocab_size: int) -> None:
        self._vocab_size = vocab_size
        self._before: list[Chunk | None] = [None] * max_running
        self._temperatures = np.zeros(max_running, np.float32)
        self._seeds = np.zeros(max_running, np.uint64)
        self._special = np.zeros(max_running, np.bool_)
        self._reports = np.zeros(max_running, np.bool_)

    def remember(self, chunks: Sequence[Chunk]) -> None:
        """Chunks that sample."""
        for chunk in chunks:
            row, params = chunk.row, chunk.sampling
            before = self._before[row]
            self._before[row] = chunk
            if before is not None and _like(before) == _like(chunk):
                continue
            self._temperatures[row] = 0.0 if params.greedy else params.temperature
            self._seeds[row] = chunk.seed & 0xFFFFFFFFFFFFFFFF
            self._special[row] = self.filtered(chunk)
            self._reports[row] = chunk.logprobs or chunk.top_logprobs > 0

    def before(self, row: int) -> Chunk:
        """The chunk with which ``row`` sampled last."""
        chunk = self._before[row]
        assert chunk is not None, "a row that never sampled"
        return chunk

    def temperatures(self, rows: IntArray) -> npt.NDArray[np.float32]:
        """float32 ``[n]``; 0: the most likely token."""
        return self._temperatures[rows]

    def keys(self, rows: IntArray, sample_index: npt.NDArray[np.int64]) -> IntArray:
        """int32 ``[n, 2]``: each row's stream of random numbers at ``sample_index``."""
        return stream_keys(self._seeds[rows], sample_index)

    def special(self, rows: IntArray) -> list[int]:
        """Indices into ``rows`` of those that temperature and noise alone do not serve."""
        found: list[int] = np.flatnonzero(self._special[rows]).tolist()
        return found

    def reporting(self, rows: IntArray) -> list[int]:
        """Indices into ``rows`` of those whose logprobs are wanted."""
        found: list[int] = np.flatnonzero(self._reports[rows]).tolist()
        return found

    def filtered(self, chunk: Chunk) -> bool:
        """Do filters exclude tokens?"""
        params = chunk.sampling
        if params.greedy:
            return False
        return 0 < params.top_k < self._vocab_size or params.top_p < 1 or params.min_p > 0


def _like(chunk: Chunk) -> tuple[int, int, int, bool, int]:
    """What stays the same while a request runs."""
    return chunk.rid, id(chunk.sampling), chunk.seed, chunk.logprobs, chunk.top_logprobs


def bound(chunk: Chunk) -> bool:
    """Does this one chunk exclude or shift tokens?"""
    return bool(chunk.forbidden_ids) or chunk.allowed is not None or chunk.history is not None


def only_masked(chunk: Chunk, sampling: RowSampling) -> bool:
    """Does a constraint bind this chunk, and nothing else that temperature and noise do not serve?"""
    return chunk.allowed is not None and not (
        chunk.forbidden_ids or chunk.history is not None or sampling.filtered(chunk)
    )


def decode_plan_of(chunks: Sequence[Chunk], shared: tuple[SharedPrefix, ...]) -> DecodePlan:
    """Chunks of one token each, and what they share, as arrays."""
    return DecodePlan(
        rids=tuple(c.rid for c in chunks),
        rows=np.array([c.row for c in chunks], np.int32),
        positions=np.array([c.start for c in chunks], np.int32),
        slots=np.array([c.slots[-1] for c in chunks], np.int32),
        sample_index=np.array([c.sample_index for c in chunks], np.int64),
        moved=tuple(MovedSlots(i, c.slots_from, c.slots[:-1]) for i, c in enumerate(chunks) if c.slots_from < c.start),
        shared=shared,
    )
