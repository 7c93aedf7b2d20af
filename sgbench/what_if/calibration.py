"""What a step costs, learned from the steps of a trace.

Fits `StepCost`, a linear model with coefficients of at least 0, to the wall time of each recorded step (planning and bookkeeping
included, waiting for work left out). Knows events and the cost model; runs nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sgbench.engine.runner.cost import StepCost
from sgbench.trace.events import (
    Event,
    RequestAborted,
    RequestAdmitted,
    RequestFinished,
    RequestPreempted,
    RequestQueued,
    Retokenized,
    StepFinished,
    StepPlanned,
)

Floats: TypeAlias = npt.NDArray[np.float64]

FEWEST_STEPS = 8
"""Fewer steps than this teach nothing."""

NOMINAL = StepCost(step_ms=10.0, prefill_token_ms=0.02, decode_token_ms=0.05, context_token_ms=0.0)
"""Used where there is nothing to learn from: only proportions of times can be read from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A cost model and how well it fits.

    Attributes
    ----------
    cost
        The model.
    steps
        Recorded steps it was fitted to; 0: it was given, or is nominal.
    error
        Median of ``|predicted - measured| / measured`` over those steps.
    source
        ``fitted``, ``given`` or ``nominal``.
    """

    cost: StepCost
    steps: int = 0
    error: float = 0.0
    source: str = "fitted"

    def __str__(self) -> str:
        if self.source == "fitted":
            return f"cost model fitted to {self.steps:,} steps, median error {self.error:.0%} a step"
        if self.source == "given":
            return "cost model given by the caller"
        return "cost model nominal, fitted to nothing: only hit rates and counts can be trusted, not times"

    def as_data(self) -> dict[str, Any]:
        """JSON-able."""
        cost = self.cost
        return {
            "source": self.source,
            "steps": self.steps,
            "error": self.error,
            "step_ms": cost.step_ms,
            "prefill_token_ms": cost.prefill_token_ms,
            "decode_token_ms": cost.decode_token_ms,
            "context_token_ms": cost.context_token_ms,
        }


def calibrate(events: Iterable[Event]) -> Calibration:
    """Learn from the steps in ``events``; nominal where there are too few."""
    rows, times = observed(events)
    if len(times) < FEWEST_STEPS:
        return Calibration(cost=NOMINAL, source="nominal")
    keep = np.ones(len(times), dtype=np.bool_)
    for _ in range(2):  # the second fit leaves out steps that something else held up
        weights = fit(rows[keep], times[keep])
        off = np.abs(rows @ weights - times)
        keep = off <= max(6.0 * float(np.median(off)), 1e-6)
    error = np.abs(rows @ weights - times) / np.maximum(times, 1e-6)
    step, prefill, decode, context = (float(w) for w in weights)
    cost = StepCost(step_ms=step, prefill_token_ms=prefill, decode_token_ms=decode, context_token_ms=context)
    return Calibration(cost=cost, steps=len(times), error=float(np.median(error)))


def fit(rows: Floats, times: Floats) -> Floats:
    """Least squares with coefficients of at least 0: the best of all sets of columns that give such.

    Parameters
    ----------
    rows
        ``[steps, columns]``, few columns.
    times
        ``[steps]``.
    """
    n = rows.shape[1]
    best, least = np.zeros(n), float(times @ times)
    for size in range(1, n + 1):
        for columns in itertools.combinations(range(n), size):
            found = np.linalg.lstsq(rows[:, columns], times, rcond=None)[0]
            if (found < 0).any():
                continue
            miss = times - rows[:, columns] @ found
            if float(miss @ miss) < least * (1 - 1e-9):
                best, least = np.zeros(n), float(miss @ miss)
                best[list(columns)] = found
    return best


def observed(events: Iterable[Event]) -> tuple[Floats, Floats]:
    """Features (1, prefilled, decoded, context tokens) and wall milliseconds of each recorded step, ``[steps, 4]`` and ``[steps]``."""
    computed: dict[int, int] = {}
    rows: list[tuple[int, int, int, int]] = []
    times: list[float] = []
    features: tuple[int, int, int, int] | None = None
    ready_ns = 0
    for event in events:
        match event:
            case RequestQueued():
                ready_ns = event.t_ns
            case RequestAdmitted():
                computed[event.rid] = event.cached_tokens + event.cached_output_tokens
            case Retokenized() if event.rid in computed:
                computed[event.rid] -= event.dropped_kv_tokens
            case RequestFinished() | RequestAborted() | RequestPreempted():
                computed.pop(event.rid, None)
            case StepPlanned():
                features = _features(event, computed)
            case StepFinished():
                if features is not None and ready_ns:
                    rows.append(features)
                    times.append((event.t_ns - ready_ns) / 1e6)
                features, ready_ns = None, event.t_ns
    return np.array(rows, dtype=np.float64).reshape(-1, 4), np.array(times, dtype=np.float64)


def _features(plan: StepPlanned, computed: dict[int, int]) -> tuple[int, int, int, int] | None:
    prefill = context = 0
    spans = [*plan.prefill, *((rid, 1) for rid in plan.decode)]
    for rid, n in spans:
        if rid not in computed:
            return None  # it ran before the recording began
        computed[rid] += n
        context += computed[rid]
    prefill = sum(n for _, n in plan.prefill)
    return 1, prefill, len(plan.decode), context
