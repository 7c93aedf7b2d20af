"""Steps on a CPU: each runs when it is launched."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import torch

from sgbench.engine.request import Chunk, DecodePlan, StepPlan, StepResult
from sgbench.engine.runner.base import Done
from sgbench.engine.runner.logprobs import logit_rows, results
from sgbench.engine.runner.numerics import reported
from sgbench.engine.runner.sampler import sample

if TYPE_CHECKING:
    import numpy.typing as npt

    from sgbench.engine.attention.base import AttentionBackend
    from sgbench.engine.models.loading import AnyDecoder
    from sgbench.engine.runner.slot_table import SlotTable

    IntArray64 = npt.NDArray[np.int64]


class HostSteps:
    """Runs steps.

    Parameters
    ----------
    decoder, attention, table
        The model, its attention and the slots.
    """

    def __init__(self, decoder: AnyDecoder, attention: AttentionBackend, table: SlotTable) -> None:
        self._decoder, self._attention, self._table = decoder, attention, table
        self._last: dict[int, tuple[Chunk, int]] = {}  # the chunk that each row ran last, and the token it sampled

    def launch(self, plan: StepPlan | DecodePlan) -> Done:
        """Run a step."""
        if isinstance(plan, DecodePlan):
            plan = StepPlan(-1, plan.chunks([self._last[row] for row in plan.rows.tolist()]), plan.shared)
        plan = plan.known(self._last)
        began = time.perf_counter()
        rows = logit_rows(plan)
        logits = self._logits(plan, rows.tokens)
        last = rows.last
        sampling = [chunk for chunk in plan.chunks if chunk.sample]
        tokens: list[int] = []
        if last:
            ends = logits if len(last) == len(rows.tokens) else logits[torch.tensor(last)]
            tokens = reported(sample(ends, sampling), ends).tolist()
        done = results(plan, rows, logits, dict(zip(last, tokens, strict=True)))
        self._last.update((c.row, (c, max(0, token))) for c, token in zip(sampling, tokens, strict=True))
        return Done(StepResult(done, (time.perf_counter() - began) * 1e3))

    def _logits(self, plan: StepPlan, rows: list[int]) -> torch.Tensor:
        """Logits at the flat token indices ``rows``: float32 ``[rows, vocab]``."""
        self._table.write(plan.chunks)
        token_ids, positions, slots = (torch.from_numpy(values) for values in _flatten(plan))
        step = self._attention.prepare(plan, self._table, slots)
        hidden = self._decoder.forward(token_ids, positions, step)
        if len(rows) != len(token_ids):
            hidden = hidden.index_select(0, torch.tensor(rows, dtype=torch.int64))
        return self._decoder.logits(hidden)


def _flatten(plan: StepPlan) -> tuple[IntArray64, IntArray64, IntArray64]:
    """Token ids, positions and slots of all chunks, one after the other."""
    chunks = plan.chunks
    token_ids = np.concatenate([c.token_ids for c in chunks])
    positions = np.concatenate([np.arange(c.start, c.start + len(c.token_ids)) for c in chunks])
    slots = np.concatenate([c.slots[-len(c.token_ids) :] for c in chunks])
    return token_ids.astype(np.int64), positions.astype(np.int64), slots.astype(np.int64)
