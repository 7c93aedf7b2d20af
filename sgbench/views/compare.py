"""What did it buy: two runs side by side, figure by figure. Knows folds and plain numbers; estimates nothing.

A run whose trace says that it was predicted stays labelled so.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any, NamedTuple

from sgbench.trace import Trace
from sgbench.views.stats import StatsFold
from sgbench.views.timeline import RequestLine, TimelineFold

NO_GAIN = 1.05
"""Ratios below this are called no gain."""


class Figure(NamedTuple):
    """One figure of both runs.

    Attributes
    ----------
    name, unit
        For people.
    less
        Is less better? None: neither is.
    one, other
        The samples: one for each repetition or each request.
    """

    name: str
    unit: str
    less: bool | None
    one: tuple[float, ...]
    other: tuple[float, ...]

    @property
    def medians(self) -> tuple[float, float]:
        """Of both; nan without samples."""
        first, second = (statistics.median(values) if values else float("nan") for values in (self.one, self.other))
        return first, second

    @property
    def gain(self) -> float:
        """How many times better the first run is than the other: above 1 is better; nan where nothing can be said."""
        one, other = self.medians
        better, worse = (one, other) if self.less else (other, one)
        return worse / better if self.less is not None and better > 0 else float("nan")


class Side(NamedTuple):
    """A run's name, and how it was predicted; empty: it was measured."""

    name: str
    predicted: str


class Comparison(NamedTuple):
    """Two runs; ``note`` says what else is known of the pair."""

    one: Side
    other: Side
    figures: tuple[Figure, ...]
    note: str

    def verdict(self) -> str:
        """One line: what the first run gained in time."""
        how = "predicted" if self.one.predicted or self.other.predicted else "measured"
        for figure in self.figures:
            if figure.name == "time in all" and figure.gain == figure.gain:  # else it is nan
                gain = f"{figure.gain:.2f}x as fast as {self.other.name}"
                return f"{how}: no gain here ({gain})" if figure.gain < NO_GAIN else f"{how}: {self.one.name} is {gain}"
        return f"{how}: nothing to compare"

    def rows(self) -> list[dict[str, Any]]:
        """One row for each figure."""
        found = []
        for figure in self.figures:
            one, other = figure.medians
            found.append({"figure": figure.name, "unit": figure.unit, "one": one, "other": other, "gain": figure.gain})
        return found


def _latencies(lines: Sequence[RequestLine]) -> tuple[float, ...]:
    """From the first request to the end of the last, for each program; of single requests where there are no programs."""
    spans: dict[tuple[int, int], tuple[float, float]] = {}
    for line in lines:
        if line.end:
            key = (line.program, -1 if line.program >= 0 else line.rid)
            begin, end = spans.get(key, (line.queued_ms, line.end_ms))
            spans[key] = (min(begin, line.queued_ms), max(end, line.end_ms))
    return tuple(end - begin for begin, end in spans.values())


class _Measured(NamedTuple):
    first_token_ms: tuple[float, ...]
    latency_ms: tuple[float, ...]
    total_ms: float
    tokens_per_s: float
    forward_passes: int
    prefilled: int
    hit_rate: float


def of_traces(one: Trace, other: Trace, names: Sequence[str]) -> Comparison:
    """Two recordings of the same programs."""
    first, second = _measured(one), _measured(other)
    figures = [
        Figure("time to first token", "ms", True, first.first_token_ms, second.first_token_ms),
        Figure("latency of a program", "ms", True, first.latency_ms, second.latency_ms),
        Figure("time in all", "ms", True, (first.total_ms,), (second.total_ms,)),
        Figure("throughput", "tokens/s", False, (first.tokens_per_s,), (second.tokens_per_s,)),
        Figure("forward passes", "", True, (first.forward_passes,), (second.forward_passes,)),
        Figure("prompt tokens computed", "", True, (first.prefilled,), (second.prefilled,)),
        Figure("hit rate", "%", None, (100 * first.hit_rate,), (100 * second.hit_rate,)),
    ]
    sides = [Side(name, _how(trace)) for name, trace in zip(names, (one, other), strict=True)]
    outputs = [sum(line.output_tokens for line in _timeline(trace).requests.values()) for trace in (one, other)]
    note = "" if outputs[0] == outputs[1] else f"the runs generated {outputs[0]:,} and {outputs[1]:,} tokens"
    return Comparison(sides[0], sides[1], tuple(figures), note)


def _how(trace: Trace) -> str:
    """What was changed, and by how much the predictor errs on the recorded configuration."""
    predicted = trace.header.predicted
    options = predicted.get("options", predicted)
    words = ", ".join(f"{key}={value}" for key, value in options.items())[:200]
    error = predicted.get("error", {}).get("total_ms") if "options" in predicted else None
    return words if error is None else f"{words}; off by {abs(error):.0%} where it can be checked"


def _timeline(trace: Trace) -> TimelineFold:
    fold = TimelineFold()
    for event in trace:
        for _ in fold.apply(event):
            pass  # a fold moves on as its rows are taken
    return fold


def _measured(trace: Trace) -> _Measured:
    timeline, stats = _timeline(trace), StatsFold()
    for event in trace:
        for _ in stats.apply(event):
            pass
    # What only reads ahead for others belongs to no program: a run without the cache has none of it.
    lines = [line for line in timeline.requests.values() if line.program >= 0] or list(timeline.requests.values())
    begin = min((line.queued_ms for line in lines), default=0.0)
    total = max((line.end_ms for line in lines if line.end), default=begin) - begin
    output = sum(line.output_tokens for line in lines)
    return _Measured(
        tuple(line.first_ms - line.queued_ms for line in lines if line.first_ms >= 0),
        _latencies(lines),
        total,
        1000 * output / total if total else 0.0,
        stats.forward_passes,
        stats.prompt_tokens - stats.cached_tokens,
        stats.hit_rate,
    )


def of_pairs(pairs: Sequence[tuple[Any, Any]], mode: str, difference: str) -> Comparison:
    """The pairs of ledgers that ``%%sgl --baseline`` measured (see `sgbench.kernel_ext.ledger.Ledger`)."""

    def both(name: str, unit: str, less: bool | None, value: Any) -> Figure:
        sides = [
            tuple(float(found) for found in map(value, side) if found is not None) for side in zip(*pairs, strict=True)
        ]
        return Figure(name, unit, less, *sides)

    figures = (
        both("time to first token", "ms", True, lambda ledger: ledger.usage.first_token_ms),
        both("time in all", "ms", True, lambda ledger: ledger.total_ms),
        both("throughput", "tokens/s", False, _throughput),
        both("forward passes", "", True, lambda ledger: ledger.forward_passes),
        both(
            "prompt tokens computed", "", True, lambda ledger: ledger.usage.prompt_tokens - ledger.usage.cached_tokens
        ),
        both("hit rate", "%", None, lambda ledger: 100 * ledger.usage.hit_rate),
    )
    note = difference or "the texts of both runs are equal"
    return Comparison(Side("with the cache", ""), Side(f"baseline ({mode})", ""), figures, note)


def _throughput(ledger: Any) -> float | None:
    return 1000 * ledger.usage.completion_tokens / ledger.total_ms if ledger.total_ms else None
