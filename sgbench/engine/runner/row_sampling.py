"""How each row of the slot table samples, remembered from the chunk that said so: what a step that runs ahead goes by.

Knows chunks and arrays; no logits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sgbench.engine.request import DecodePlan, MovedSlots
from sgbench.engine.runner.drawing import N_COLUMNS
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
        The top-k that excludes nothing.
    """

    def __init__(self, max_running: int, vocab_size: int) -> None:
        self._vocab_size = vocab_size
        self._before: list[Chunk | None] = [None] * max_running
        self._columns = np.zeros((N_COLUMNS, max_running), np.int32)
        self._floats = self._columns.view(np.float32)
        self._seeds = np.zeros(max_running, np.uint64)
        self._reports = np.zeros(max_running, np.bool_)
        self._filtered = np.zeros(max_running, np.bool_)

    def remember(self, chunks: Sequence[Chunk]) -> None:
        """Chunks that sample."""
        for chunk in chunks:
            row, params = chunk.row, chunk.sampling
            before = self._before[row]
            self._before[row] = chunk
            if before is not None and _like(before) == _like(chunk):
                continue
            self._floats[0, row] = 0.0 if params.greedy else params.temperature
            self._columns[1, row] = params.top_k if params.top_k > 0 else self._vocab_size
            self._floats[2:4, row] = params.top_p, params.min_p
            self._seeds[row] = chunk.seed & 0xFFFFFFFFFFFFFFFF
            self._reports[row] = chunk.logprobs or chunk.top_logprobs > 0
            self._filtered[row] = params.top_k > 0 or params.top_p < 1 or params.min_p > 0

    def before(self, row: int) -> Chunk:
        """The chunk with which ``row`` sampled last."""
        chunk = self._before[row]
        assert chunk is not None, "a row that never sampled"
        return chunk

    def columns(self, rows: IntArray, sample_index: npt.NDArray[np.int64]) -> IntArray:
        """int32 ``[6, n]``: what `sgbench.engine.runner.drawing.draw` goes by, at ``sample_index`` of each row's random numbers."""
        columns: IntArray = self._columns[:, rows]
        columns[4:6] = stream_keys(self._seeds[rows], sample_index).T
        return columns

    def filtered(self, rows: IntArray) -> bool:
        """Does top-k, top-p or min-p keep tokens of any of ``rows`` from being drawn?"""
        return bool(self._filtered[rows].any())

    def reporting(self, rows: IntArray) -> list[int]:
        """Indices into ``rows`` of those whose logprobs are wanted."""
        found: list[int] = np.flatnonzero(self._reports[rows]).tolist()
        return found


def _like(chunk: Chunk) -> tuple[int, int, int, bool, int]:
    """What stays the same while a request runs."""
    return chunk.rid, id(chunk.sampling), chunk.seed, chunk.logprobs, chunk.top_logprobs


def bound(chunk: Chunk) -> bool:
    """Does this one chunk exclude or shift tokens?"""
    return bool(chunk.forbidden_ids) or chunk.allowed is not None or chunk.history is not None


def only_masked(chunk: Chunk) -> bool:
    """Does a constraint bind this chunk, and nothing else?"""
    return chunk.allowed is not None and not (chunk.forbidden_ids or chunk.history is not None)


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
