"""What the language's own optimisations buy (paper sections 3 and 6.3): frontend parallelism and the frontend hint, switched off in turn.

Programs one at a time, as the paper measures latency: forks are then all the parallelism there is, and a hint's prefill is not
hidden behind other programs' work.
"""

from __future__ import annotations

import functools
import os
import threading
from typing import Any

import sgbench as sgl
from sgbench.workloads.arms import Arm, arms, compare

WORKLOADS = {"tree_of_thought": 1, "llm_judge": 3}
"""Programs of each."""

_NEVER = {"in_flight_tokens": 1 << 30}
ARMS = (
    *arms(("full", "no-hint")),
    Arm(name="hint alone", title="No waiting for prefixes that are being computed", options=_NEVER),
    Arm(name="neither", title="Neither that nor the hint", options={**_NEVER, "frontend_hint": False}),
)
"""A request of this engine waits for a prefix that another is computing (`RequestDeferred`), which does what the hint is for; so the
hint is also measured without that, as in an engine that has only the hint."""


def measure(device: str, repeats: int) -> dict[str, Any]:
    """Medians of each arm, and what the full system gains over the others. Without parallelism a tree takes ten times as long: that is
    measured once, on an engine that the full system has warmed up."""
    found: dict[str, Any] = {}
    for name, size in WORKLOADS.items():
        workload = sgl.workloads.get(name)
        make = functools.partial(sgl.Engine, device=device)
        runs = compare(workload, ARMS, make, size=size, repeats=repeats, parallel=1, keep_engines=True)
        reports = [run.report for run in runs]
        with make() as engine:
            workload.run(engine, size, parallel=1)
            reports.append(
                workload.run(engine, size, parallel=1, frontend_parallelism=False, arm="no-parallelism, once")
            )
        found[name] = {
            report.arm: {
                "seconds": report.seconds,
                "hit rate": report.hit_rate,
                "prompt tokens computed": report.prompt_tokens - report.cached_tokens,
                "forward passes": report.forward_passes,
                "times slower than full": report.seconds / reports[0].seconds,
            }
            for report in reports
        }
    return found


def five_hundred() -> dict[str, Any]:
    """500 programs with forks at once: the most threads and the memory that they took."""

    @sgl.function
    def program(s: Any, i: int) -> None:
        s += f"{i}:"
        forks = s.fork(2)
        forks += sgl.gen("part")
        forks.join()

    most = 0

    def answer(prompt: str) -> str:
        nonlocal most
        most = max(most, threading.active_count())
        return prompt

    backend = sgl.ScriptedBackend(answer)
    items = [{"i": i} for i in range(500)]
    program.run_batch(items[:10], backend=backend)
    before, threads = _resident_mb(), threading.active_count()
    states = program.run_batch(items, backend=backend)
    grown = _resident_mb() - before
    assert all(state.error() is None for state in states)
    return {"most threads": most - threads, "MB for the finished states": grown}


def _resident_mb() -> float:
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - a pseudo file
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
