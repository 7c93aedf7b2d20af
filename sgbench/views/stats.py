"""Is the cache working: hit rate over time and per request, what the pool holds, what was evicted.

Knows events. Counts as the engine's own `stats` does: a request's prompt counts once, when it is first admitted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from sgbench.trace import events as ev
from sgbench.trace.events import Event
from sgbench.trace.requests import RequestState
from sgbench.views.cells import Cell, Clock

MAX_KEPT = 100_000
"""Most steps and most requests that a view keeps; older ones leave."""


class PoolReading(NamedTuple):
    """The pool after a step, and what had been counted by then.

    Attributes
    ----------
    ms
        Since the first event.
    free_tokens, cached_tokens, used_tokens
        KV slots: free, in the tree and evictable, in use by running requests.
    running, waiting
        Requests.
    evicted_tokens, prompt_tokens, hit_tokens
        Since the first event: evicted; of prompts; of these found in the cache.
    """

    ms: float
    free_tokens: int
    cached_tokens: int
    used_tokens: int
    running: int
    waiting: int
    evicted_tokens: int
    prompt_tokens: int
    hit_tokens: int


class Hit(NamedTuple):
    """How much of a request's prompt was cached when it was first admitted."""

    ms: float
    prompt_tokens: int
    cached_tokens: int


class StatsFold:
    """The state behind the `CacheStats` widget.

    Attributes
    ----------
    readings
        By step.
    hits
        By request.
    prompt_tokens, cached_tokens, evicted_tokens, forward_passes, finished, aborted, preempted
        Since the first event, counted as `Engine.stats` does.
    """

    concerns: ClassVar[frozenset[type[Event]]] = frozenset(
        {
            ev.Keyframe,
            ev.NodeEvicted,
            ev.RequestQueued,
            ev.RequestAdmitted,
            ev.RequestPreempted,
            ev.RequestFinished,
            ev.RequestAborted,
            ev.StepFinished,
        }
    )

    def __init__(self) -> None:
        self.readings: dict[int, PoolReading] = {}
        self.hits: dict[int, Hit] = {}
        self.prompt_tokens = self.cached_tokens = self.evicted_tokens = 0
        self.forward_passes = self.finished = self.aborted = self.preempted = 0
        self._requests = RequestState()
        self._clock = Clock()

    @property
    def hit_rate(self) -> float:
        """Share of the prompts' tokens that were cached; 0 before the first request."""
        return self.cached_tokens / self.prompt_tokens if self.prompt_tokens else 0.0

    def apply(self, event: Event) -> Iterator[Cell]:
        """Fold the next event in."""
        ms = self._clock.ms(event)
        self._requests.apply(event)
        if isinstance(event, ev.NodeEvicted):
            self.evicted_tokens += event.length_tokens
        elif isinstance(event, ev.RequestPreempted):
            self.preempted += 1
        elif isinstance(event, ev.RequestFinished):
            self.finished += 1
        elif isinstance(event, ev.RequestAborted):
            self.aborted += 1
        elif isinstance(event, ev.RequestAdmitted) and event.rid not in self.hits:
            self.prompt_tokens += event.prompt_tokens
            self.cached_tokens += event.cached_tokens
            hit = self.hits[event.rid] = Hit(ms, event.prompt_tokens, event.cached_tokens)
            yield Cell("hit", event.rid, list(hit))
            if len(self.hits) > MAX_KEPT:
                yield _oldest_leaves("hit", self.hits)
        elif isinstance(event, ev.StepFinished):
            self.forward_passes += 1
            reading = self.readings[event.step] = self._reading(event, ms)
            yield Cell("pool", event.step, list(reading))
            if len(self.readings) > MAX_KEPT:
                yield _oldest_leaves("pool", self.readings)

    def _reading(self, event: ev.StepFinished, ms: float) -> PoolReading:
        return PoolReading(
            ms,
            event.free_tokens,
            event.cached_tokens,
            event.used_tokens,
            len(self._requests.running),
            len(self._requests.waiting),
            self.evicted_tokens,
            self.prompt_tokens,
            self.cached_tokens,
        )

    def summary(self) -> str:
        """One line."""
        return (
            f"Cache: {self.hit_rate:.1%} of {self.prompt_tokens:,} prompt tokens found in the cache, "
            f"{self.evicted_tokens:,} tokens evicted, {self.forward_passes:,} forward passes"
        )


def _oldest_leaves(table: str, rows: dict[int, PoolReading] | dict[int, Hit]) -> Cell:
    oldest = next(iter(rows))
    del rows[oldest]
    return Cell(table, oldest, [])
