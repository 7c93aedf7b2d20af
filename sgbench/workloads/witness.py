"""Watches a run of programs on an engine and sums it up. Knows events and figures, no workload."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from sgbench.trace.events import (
    Event,
    JumpForward,
    ProgramFinished,
    ProgramStarted,
    RequestAdmitted,
    RequestFinished,
    RequestQueued,
    StepFinished,
)
from sgbench.workloads.report import RequestRow
from sgbench.workloads.request_trie import RequestTrie


@dataclass(slots=True)
class _Seen:
    """A request as its events tell it."""

    program: int
    prompt_ids: tuple[int, ...]
    generates: bool
    queued_ns: int
    new_tokens: int
    cached_tokens: int | None = None
    completion_tokens: int = 0
    first_ns: int | None = None


class Witness:
    """Folds what happens on ``engine`` inside `watching`.

    Only what programs and their backend send is counted; requests that never were admitted are not.
    """

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._events: list[Event] = []
        self._requests: dict[int, _Seen] = {}
        self._begun: dict[int, int] = {}
        self._trie = RequestTrie()
        self.latencies_ms: list[float] = []
        self.jumped_tokens = 0
        self.forward_passes = 0
        self.seconds = 0.0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Collect while a ``with`` block runs; the fold is done afterwards, so that it costs the run nothing.

        Python's own garbage is collected before: a whole collection beside large libraries takes a fifth of a second, and would fall on
        whichever run it likes.
        """
        gc.collect()
        passes = self._engine.stats().forward_passes
        end = self._engine.subscribe(self._events.append)
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds = time.perf_counter() - began
            self._engine.call(lambda: None)  # the step that is under way has told all it has to tell
            end()
            self.forward_passes = self._engine.stats().forward_passes - passes
        for event in self._events:
            self._apply(event)
        self._events.clear()

    def _apply(self, event: Event) -> None:
        match event:
            case RequestQueued():
                self._queued(event)
            case RequestAdmitted() | RequestFinished():
                self._told(self._requests.get(event.rid), event)
            case StepFinished():
                self._sampled(event)
            case JumpForward():
                self.jumped_tokens += len(event.token_ids)
            case ProgramStarted():
                self._begun[event.program] = event.t_ns
            case ProgramFinished() if event.program in self._begun:
                self.latencies_ms.append((event.t_ns - self._begun[event.program]) / 1e6)
            case _:
                pass  # the tree's own events say nothing that a report holds

    def _told(self, seen: _Seen | None, event: RequestAdmitted | RequestFinished) -> None:
        if seen is None:
            return
        if isinstance(event, RequestFinished):
            seen.completion_tokens = len(event.output_ids)
            if event.output_ids:  # the last token has no KV
                self._trie.add(seen.prompt_ids + event.output_ids[:-1])
        elif seen.cached_tokens is None:  # admitted again after a preemption, it is not counted again
            seen.cached_tokens = event.cached_tokens

    def _sampled(self, event: StepFinished) -> None:
        for rid, token in zip(event.rids, event.token_ids, strict=True):
            seen = self._requests.get(rid)
            if token >= 0 and seen is not None and seen.first_ns is None:
                seen.first_ns = event.t_ns

    def _queued(self, event: RequestQueued) -> None:
        new = self._trie.add(event.prompt_ids)
        self._requests[event.rid] = _Seen(
            event.program, event.prompt_ids, event.max_new_tokens > 0, event.t_ns, new_tokens=new
        )

    def rows(self) -> tuple[RequestRow, ...]:
        """The requests, in the order of arrival; programs numbered from 0."""
        numbers = {program: i for i, program in enumerate(sorted({s.program for s in self._admitted()} - {-1}))}
        return tuple(
            RequestRow(
                program=numbers.get(seen.program, -1),
                prompt_tokens=len(seen.prompt_ids),
                cached_tokens=cast("int", seen.cached_tokens),
                completion_tokens=seen.completion_tokens,
                first_token_ms=_milliseconds(seen),
            )
            for seen in self._admitted()
        )

    def optimal_hit_rate(self) -> float:
        """See `RunReport.optimal_hit_rate`."""
        admitted = self._admitted()
        prompt = sum(len(seen.prompt_ids) for seen in admitted)
        return 1 - sum(seen.new_tokens for seen in admitted) / prompt if prompt else 0.0

    def _admitted(self) -> list[_Seen]:
        return [seen for seen in self._requests.values() if seen.cached_tokens is not None]


def _milliseconds(seen: _Seen) -> float | None:
    if not seen.generates or seen.first_ns is None:
        return None
    return (seen.first_ns - seen.queued_ns) / 1e6


def median(values: Sequence[float]) -> float | None:
    """The median; None of nothing."""
    return statistics.median(values) if values else None
