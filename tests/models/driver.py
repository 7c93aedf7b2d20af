"""A tiny scheduler for tests: drives a runner with hand-made plans, one request a row, slots scattered on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sgbench.engine.request import Chunk, ChunkResult, SamplingParams, SharedPrefix, StepPlan
from sgbench.engine.runner.base import Runner

GREEDY = SamplingParams(temperature=0.0)


class Driver:
    """Requests of one runner, their tokens and their slots.

    Parameters
    ----------
    runner
        Runs the plans.
    scatter
        Seed of the order in which slots are handed out; None: in order.
    """

    def __init__(self, runner: Runner, scatter: int | None = 0) -> None:
        self.runner = runner
        slots = np.arange(runner.kv_tokens, dtype=np.int32)
        self._free = list(np.random.default_rng(scatter).permutation(slots) if scatter is not None else slots[::-1])
        self.slots: dict[int, list[int]] = {}
        self.tokens: dict[int, list[int]] = {}
        self.done: dict[int, int] = {}
        self._admitted: set[int] = set()
        self._step = 0

    def add(self, row: int, prompt: Sequence[int], *, share: tuple[int, int] | None = None) -> None:
        """A request in ``row``; ``share`` = (row, n): its first n positions use that row's slots and count as computed."""
        self.tokens[row], self.slots[row], self.done[row] = list(prompt), [], 0
        self._admitted.discard(row)
        if share is not None:
            other, n = share
            self.slots[row] = self.slots[other][:n]
            self.done[row] = n

    def chunk(self, row: int, n: int | None = None, **options: Any) -> Chunk:
        """The next ``n`` tokens of a row (None: all)."""
        start = self.done[row]
        stop = len(self.tokens[row]) if n is None else min(start + n, len(self.tokens[row]))
        self.slots[row] += [int(self._free.pop()) for _ in range(stop - start)]
        slots_from = start if row in self._admitted else 0
        self._admitted.add(row)
        ends = stop == len(self.tokens[row])
        options.setdefault("sampling", GREEDY)
        options.setdefault("sample", ends)
        return Chunk(
            rid=row,
            row=row,
            start=start,
            token_ids=np.asarray(self.tokens[row][start:stop], np.int32),
            slots=np.asarray(self.slots[row][slots_from:stop], np.int32),
            slots_from=slots_from,
            next_id=None if ends else self.tokens[row][stop],
            **options,
        )

    def run(self, chunks: Sequence[Chunk], shared: Sequence[SharedPrefix] = ()) -> tuple[ChunkResult, ...]:
        """One step; sampled tokens are appended."""
        self._step += 1
        result = self.runner.run(StepPlan(self._step, tuple(chunks), tuple(shared)))
        for chunk, out in zip(chunks, result.chunks, strict=True):
            self.done[chunk.row] = chunk.start + len(chunk.token_ids)
            if out.token_id is not None:
                self.tokens[chunk.row].append(out.token_id)
        return result.chunks


def generate(
    driver: Driver, rows: Sequence[int], n_new: int, chunk: int | None = None, shared: int = 0, **options: Any
) -> dict[int, list[int]]:
    """Run rows together to ``n_new`` tokens each; chunks of at most ``chunk`` tokens; ``shared`` leading positions are common."""
    target = {row: len(driver.tokens[row]) + n_new for row in rows}
    lengths = {row: len(driver.tokens[row]) for row in rows}
    while live := [row for row in rows if len(driver.tokens[row]) < target[row]]:
        chunks = [driver.chunk(row, chunk, **options) for row in live]
        together = tuple(i for i, c in enumerate(chunks) if c.start >= shared > 0)
        driver.run(chunks, [SharedPrefix(0, shared, together)] if len(together) > 1 else [])
    return {row: driver.tokens[row][lengths[row] :] for row in rows}
