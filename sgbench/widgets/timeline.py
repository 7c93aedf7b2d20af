"""`Timeline`: what ran when? Knows the fold; draws nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sgbench.trace.vocab import Vocab
from sgbench.views.cells import CellFold
from sgbench.views.timeline import RequestLine, Stretch, TimelineFold
from sgbench.widgets import assets
from sgbench.widgets.pen import Drawing
from sgbench.widgets.timeline_picture import timeline_picture
from sgbench.widgets.watcher import Watcher

_BAR = 60
_SIGNS = {Stretch.QUEUED: ".", Stretch.PREFILL: "P", Stretch.DECODE: "="}

REQUEST_COLUMNS = (
    "request",
    "program",
    "branch",
    "prompt_tokens",
    "cached_tokens",
    "output_tokens",
    "jumped_tokens",
    "queued_ms",
    "waited_ms",
    "first_token_ms",
    "latency_ms",
    "preempted",
    "end",
)
"""Of a table of requests."""


class Timeline(Watcher):
    """Requests and steps over time: waiting, prefill with the cached part hatched, decode, jumps; the batch of each step.

    Requests that overlap in time stand in different lanes. By hover: tokens, time to the first token, the place in the
    queue that the schedule gave, and why a request ended. See `Watcher` for the parameters.
    """

    COLUMNS = REQUEST_COLUMNS

    _esm = assets.module("timeline")
    _css = assets.style("base", "shell")

    def _begin(self, vocab: Vocab) -> Sequence[CellFold]:
        self.state = TimelineFold()
        return (self.state,)

    def records(self) -> list[dict[str, Any]]:
        """One row for each request; what has not happened yet is None."""
        return [request_record(line) for line in self.state.requests.values()]

    def drawing(self) -> Drawing:
        """The present state as a picture."""
        with self._feed.lock:
            return timeline_picture(self.state)

    def summary(self) -> str:
        """The present state in plain text: the last requests as bars."""
        with self._feed.lock:
            lines = [self.state.summary(), "       (. queued, P prefill, = decode, ! jump)"]
            last = list(self.state.requests.values())[-24:]
            bars = [f"{line.rid:>6} {_bar(line, self.state.end_ms)} {line.end or 'runs'}" for line in last]
            return "\n".join([*lines, *bars])


def request_record(line: RequestLine) -> dict[str, Any]:
    """A request as a row of `REQUEST_COLUMNS`; None: it has not happened yet."""
    waited = line.spans[0].end_ms - line.queued_ms if line.spans and line.spans[0].end_ms >= 0 else None
    return {
        "request": line.rid,
        "program": line.program,
        "branch": line.branch,
        "prompt_tokens": line.prompt_tokens,
        "cached_tokens": max(line.cached_tokens, 0),
        "output_tokens": line.output_tokens,
        "jumped_tokens": sum(tokens for _, tokens in line.jumps),
        "queued_ms": line.queued_ms,
        "waited_ms": waited,
        "first_token_ms": line.first_ms - line.queued_ms if line.first_ms >= 0 else None,
        "latency_ms": line.end_ms - line.queued_ms if line.end_ms >= 0 else None,
        "preempted": line.preempted,
        "end": line.end,
    }


def _bar(line: RequestLine, end_ms: float) -> str:
    scale = _BAR / max(end_ms, 1.0)
    cells = [" "] * _BAR
    for span in line.spans:
        until = span.end_ms if span.end_ms >= 0 else end_ms
        first = min(int(span.start_ms * scale), _BAR - 1)
        for place in range(first, max(first + 1, min(int(until * scale), _BAR))):
            cells[place] = _SIGNS[span.kind]
    for ms, _ in line.jumps:
        cells[min(int(ms * scale), _BAR - 1)] = "!"
    return "".join(cells)
