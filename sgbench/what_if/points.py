"""Points of the real scheduler and tree beside a miss-ratio curve."""

from __future__ import annotations

from sgbench.analysis.mrc import MissRatioCurve, miss_ratio_curve
from sgbench.trace.events import RequestAborted, RequestFinished, RequestQueued
from sgbench.trace.trace import Trace
from sgbench.what_if.sweep import sweep

MULTIPLES = (0.25, 0.5, 1.0, 2.0)
"""Of the knee and of the present pool: where the run is repeated."""


def curve(trace: Trace, rerun: bool = True) -> MissRatioCurve:
    """The miss-ratio curve of ``trace``; with ``rerun``, predicted points beside it.

    Raises
    ------
    UsageError
        The trace holds no request that was admitted.
    """
    found = miss_ratio_curve(trace)
    if not rerun or not found.present_tokens:
        return found
    wanted = {round(found.knee * share) for share in MULTIPLES} | {found.longest_tokens, found.present_tokens}
    wanted |= {round(found.present_tokens * share) for share in MULTIPLES}
    end = max(found.present_tokens, int(found.capacities[-1]))
    capacities = sorted(size for size in wanted if found.longest_tokens <= size <= end)
    answer = sweep(trace, {"kv_tokens": capacities}, arrivals=_arrivals(trace))
    return found.with_points((point.options["kv_tokens"], point.figures.hit_rate) for point in answer.points)


def _arrivals(trace: Trace) -> str:
    """Whoever asked one thing after the other would wait in a smaller pool too; others come when they came."""
    live: set[int] = set()
    for event in trace:
        if isinstance(event, RequestQueued):
            if live:
                return "recorded"
            live.add(event.rid)
        elif isinstance(event, RequestFinished | RequestAborted):
            live.discard(event.rid)
    return "closed"
