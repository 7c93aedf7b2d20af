"""The largest steps an engine can be asked for, as plans: to measure what they take, and to have every kernel loaded.

Knows plans; not what runs them.
"""

from __future__ import annotations

import numpy as np

from sgbench.engine.request import Chunk, SamplingParams, StepPlan

_SAMPLING = SamplingParams(top_p=0.9, top_k=40)


def rehearsal_tokens(max_running: int, max_prefill_tokens: int) -> int:
    """Slots that `rehearsal` needs."""
    return max(max_running, max_prefill_tokens)


def rehearsal(max_running: int, max_prefill_tokens: int, context_tokens: int, slots: int) -> tuple[StepPlan, StepPlan]:
    """The largest prefill, in sequences as long as may be, and one token of every request that can run.

    Parameters
    ----------
    max_running, max_prefill_tokens, context_tokens
        Limits of the engine.
    slots
        Size of the pool; both plans stay inside it.
    """
    return _prefill(min(max_prefill_tokens, slots), context_tokens, max_running), _decode(min(max_running, slots))


def _prefill(tokens: int, context: int, rows: int) -> StepPlan:
    chunks = []
    for row, first in enumerate(range(0, tokens, context)):
        if row == rows:
            break
        chunks.append(_chunk(row, first, min(context, tokens - first)))
    return StepPlan(-1, tuple(chunks))


def _decode(rows: int) -> StepPlan:
    return StepPlan(-1, tuple(_chunk(row, row, 1) for row in range(rows)))


def _chunk(row: int, first: int, n: int) -> Chunk:
    return Chunk(-1, row, 0, np.zeros(n, np.int32), np.arange(first, first + n, dtype=np.int32), 0, True, _SAMPLING)
