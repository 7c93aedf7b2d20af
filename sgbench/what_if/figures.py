"""Figures of a run, measured or predicted: the same definitions for both.

`of_events` reads them from a trace; a simulation that keeps no events hands its records to `figures`. Knows events; no engine.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sgbench.trace.events import (
    Event,
    JumpForward,
    NodeEvicted,
    RequestAborted,
    RequestAdmitted,
    RequestFinished,
    RequestPreempted,
    RequestQueued,
    StepFinished,
)


@dataclass(slots=True)
class Record:
    """What one request went through, ms; None: did not happen."""

    queued_ms: float
    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    admitted: bool = False
    first_token_ms: float | None = None
    done_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Figures of a run.

    Attributes
    ----------
    requests
        Requests that ended.
    hit_rate
        Cached prompt tokens / prompt tokens, at each request's first admission.
    first_token_p50_ms, first_token_p99_ms
        From arrival to the first token, over requests that generated one; NaN without any.
    latency_p50_ms, latency_p99_ms
        From arrival to the end.
    fairness
        Jain's index of the times to the first token: 1 when all wait equally long, 1/n when one of n does all the waiting.
    total_ms
        From the first arrival to the last end.
    forward_passes, evicted_tokens, preempted
        As in `EngineStats`.
    """

    requests: int
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    hit_rate: float
    first_token_p50_ms: float
    first_token_p99_ms: float
    latency_p50_ms: float
    latency_p99_ms: float
    fairness: float
    total_ms: float
    forward_passes: int
    evicted_tokens: int
    preempted: int

    def as_data(self) -> dict[str, Any]:
        """JSON-able: NaN as None."""
        data = dataclasses.asdict(self)
        return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in data.items()}


def figures(records: Sequence[Record], *, forward_passes: int, evicted_tokens: int, preempted: int) -> Figures:
    """Sum ``records`` up."""
    done = [record for record in records if record.done_ms is not None]
    ends = [record.done_ms for record in records if record.done_ms is not None]
    firsts = [r.first_token_ms - r.queued_ms for r in records if r.first_token_ms is not None]
    latencies = [end - record.queued_ms for record, end in zip(done, ends, strict=True)]
    prompt = sum(record.prompt_tokens for record in records)
    cached = sum(record.cached_tokens for record in records)
    return Figures(
        requests=len(done),
        prompt_tokens=prompt,
        cached_tokens=cached,
        output_tokens=sum(record.output_tokens for record in records),
        hit_rate=cached / prompt if prompt else 0.0,
        first_token_p50_ms=percentile(firsts, 0.5),
        first_token_p99_ms=percentile(firsts, 0.99),
        latency_p50_ms=percentile(latencies, 0.5),
        latency_p99_ms=percentile(latencies, 0.99),
        fairness=jain(firsts),
        total_ms=max(ends) - min(r.queued_ms for r in records) if ends else 0.0,
        forward_passes=forward_passes,
        evicted_tokens=evicted_tokens,
        preempted=preempted,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of them do not exceed; NaN of none."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def jain(values: Sequence[float]) -> float:
    """Jain's index, ``(sum x)^2 / (n * sum x^2)``; 1 of none or of zeros."""
    squares = sum(value * value for value in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else 1.0


def of_events(events: Iterable[Event]) -> Figures:
    """Figures of what ``events`` tell; requests that were queued before them are left out."""
    records: dict[int, Record] = {}
    passes = evicted = preempted = 0
    for event in events:
        at = event.t_ns / 1e6
        match event:
            case RequestQueued():
                records[event.rid] = Record(at)
            case RequestAdmitted():
                record = records.get(event.rid)
                if record is not None and not record.admitted:
                    record.admitted = True
                    record.prompt_tokens = event.prompt_tokens
                    record.cached_tokens = event.cached_tokens
            case StepFinished():
                passes += 1
                for rid, token in zip(event.rids, event.token_ids, strict=True):
                    if token >= 0:
                        _first_token(records.get(rid), at)
            case JumpForward():
                _first_token(records.get(event.rid), at)
            case RequestFinished() | RequestAborted():
                if event.rid in records:
                    records[event.rid].done_ms = at
                    records[event.rid].output_tokens = len(event.output_ids)
            case RequestPreempted():
                preempted += 1
            case NodeEvicted() if event.for_rid >= 0:
                evicted += event.length_tokens
    return figures(list(records.values()), forward_passes=passes, evicted_tokens=evicted, preempted=preempted)


def _first_token(record: Record | None, at: float) -> None:
    if record is not None and record.first_token_ms is None:
        record.first_token_ms = at
