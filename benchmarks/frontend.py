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
from sgbench.workloads.arm_result import ArmResult
from sgbench.workloads.arms import Arm, arms, compare

WORKLOADS = {"tree_of_thought": 1, "llm_judge": 3}
"""Programs of each."""

_NEVER = {"in_flight_tokens": 1 << 30}
_FULL, _ALONE, _NO_HINT = arms(("full", "no-parallelism", "no-hint"))
ARMS = (
    _FULL,
    _NO_HINT,
    Arm(name="hint alone", title="No waiting for prefixes that are being computed", options=_NEVER),
    Arm(name="neither", title="Neither that nor the hint", options={**_NEVER, "frontend_hint": False}),
)
"""A request of this engine waits for a prefix that another is computing (`RequestDeferred`), which does what the hint is for; so the
hint is also measured without that, as in an engine that has only the hint."""


def measure(device: str, repeats: int) -> dict[str, Any]:
    """Medians of each arm, and what the full system gains over the others. Without parallelism a tree takes ten times as long: that is
    measured once, beside the full system."""
    found: dict[str, Any] = {}
    for name, size in WORKLOADS.items():
        run = functools.partial(
            compare, sgl.workloads.get(name), make_engine=functools.partial(sgl.Engine, device=device), size=size
        )
        found[name] = {}
        for chosen, times in (((_FULL, _ALONE), 1), (ARMS, repeats)):
            found[name] |= _told(list(run(chosen, repeats=times, parallel=1, keep_engines=True)))
    return found


def _told(runs: list[ArmResult]) -> dict[str, Any]:
    full = runs[0].report
    return {
        run.report.arm: {
            "seconds": run.report.seconds,
            "hit rate": run.report.hit_rate,
            "prompt tokens computed": run.report.prompt_tokens - run.report.cached_tokens,
            "forward passes": run.report.forward_passes,
            "times slower than full": run.report.seconds / full.seconds,
        }
        for run in runs
    }


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
