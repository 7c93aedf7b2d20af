"""A trace in the Chrome trace event format, which Perfetto (ui.perfetto.dev) and chrome://tracing open.

Requests are tracks of the process "requests", forward passes one of the process "engine", the pool and the batch are
counters. Times are microseconds since the first event. Knows the folds of the timeline and the figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sgbench.trace.events import Event
from sgbench.views.stats import StatsFold
from sgbench.views.timeline import RequestLine, Span, Stretch, TimelineFold

REQUESTS, ENGINE = 1, 2
"""Process ids of the two groups of tracks."""


def perfetto(events: Iterable[Event]) -> dict[str, Any]:
    """The trace as JSON-able data."""
    timeline, stats = TimelineFold(), StatsFold()
    for event in events:
        for fold in (timeline, stats):
            for _ in fold.apply(event):
                pass  # a fold moves on as its rows are taken
    found = [_name(REQUESTS, "requests"), _name(ENGINE, "engine")]
    for line in timeline.requests.values():
        found += _request(line, timeline.end_ms)
    found += [*_steps(timeline), *_counters(stats)]
    return {"traceEvents": found, "displayTimeUnit": "ms"}


def _name(process: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "name": "process_name", "pid": process, "tid": 0, "args": {"name": name}}


def _request(line: RequestLine, end_ms: float) -> Iterator[dict[str, Any]]:
    for span in line.spans:
        yield _slice(REQUESTS, line.lane + 1, *_words(line, span), span.start_ms, span.end_ms, end_ms)
    for ms, tokens in line.jumps:
        yield {
            "ph": "i",
            "s": "t",
            "name": "jump-forward",
            "pid": REQUESTS,
            "tid": line.lane + 1,
            "ts": ms * 1000,
            "args": {"request": line.rid, "tokens": tokens},
        }


def _words(line: RequestLine, span: Span) -> tuple[str, dict[str, Any]]:
    args: dict[str, Any] = {"request": line.rid, "program": line.program, "branch": line.branch}
    if span.kind is Stretch.PREFILL:
        args |= {"tokens": span.tokens, "cached_tokens": span.cached}
    elif span.kind is Stretch.DECODE:
        args |= {"output_tokens": line.output_tokens, "end": line.end}
    return f"{span.kind.name.lower()} #{line.rid}", args


def _steps(fold: TimelineFold) -> Iterator[dict[str, Any]]:
    for number, step in fold.steps.items():
        args = {"prefill_tokens": step.prefill_tokens, "decode_requests": step.decode_requests}
        yield _slice(ENGINE, 1, f"step {number}", args, step.planned_ms, step.finished_ms, fold.end_ms)
        batch = {"prefill": step.prefill_requests, "decode": step.decode_requests, "waiting": step.waiting}
        yield _counter("requests in the batch", step.planned_ms, batch)


def _counters(fold: StatsFold) -> Iterator[dict[str, Any]]:
    for reading in fold.readings.values():
        pool = {"used": reading.used_tokens, "cached": reading.cached_tokens, "free": reading.free_tokens}
        yield _counter("KV tokens", reading.ms, pool)
        yield _counter("evicted tokens", reading.ms, {"evicted": reading.evicted_tokens})


def _slice(
    process: int, track: int, name: str, args: dict[str, Any], start_ms: float, end_ms: float, now_ms: float
) -> dict[str, Any]:
    until = end_ms if end_ms >= 0 else now_ms
    times = {"ts": start_ms * 1000, "dur": max(until - start_ms, 0.0) * 1000}
    return {"ph": "X", "name": name, "pid": process, "tid": track, **times, "args": args}


def _counter(name: str, ms: float, values: dict[str, int]) -> dict[str, Any]:
    return {"ph": "C", "name": name, "pid": ENGINE, "tid": 0, "ts": ms * 1000, "args": values}
