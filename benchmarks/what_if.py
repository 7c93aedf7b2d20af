"""How long a sweep takes: ``python -m benchmarks.what_if`` (no model, no torch).

50 configurations over a trace of 2,000 requests of 40 few-shot prompts, closed loops of 4 calls, on two processes.
"""

from __future__ import annotations

import json
import os
import random
import time
from typing import Any

from sgbench.engine.runner.cost import StepCost
from sgbench.trace.events import Event, Keyframe, RequestFinished, RequestQueued
from sgbench.trace.header import TraceHeader
from sgbench.trace.trace import Trace
from sgbench.what_if import predict, sweep
from sgbench.what_if.predict import Question

CONFIGURATIONS = {
    "eviction": ["lru", "lfu", "fifo", "mru", "slru"],
    "schedule": ["lpm", "fcfs"],
    "kv_tokens": ["0.25x", "0.5x", "1x", "2x", "4x"],
}
COST = StepCost(step_ms=12.0, prefill_token_ms=0.05, decode_token_ms=0.1, context_token_ms=0.0002)


def trace(requests: int, seed: int = 0) -> Trace:
    """A trace of ``requests`` requests under load, as the engine would have recorded it with `COST`."""
    source = random.Random(seed)
    heads = [[source.randrange(8_000) for _ in range(source.randrange(200, 500))] for _ in range(40)]
    header = TraceHeader(engine={"kv_tokens": 20_000, "max_running": 64, "max_prefill_tokens": 2_048})
    events: list[Event] = [
        Keyframe(
            tree={"nodes": [{"id": 0, "parent": None, "token_ids": [], "ref_count": 0, "last_access": 0}]},
            capacity_tokens=20_000,
        )
    ]
    now = 0.0
    for first in range(0, requests, 4):
        prompt = list(source.choice(heads))
        now += source.expovariate(1 / 100)
        for rid in range(first, first + 4):
            prompt += [source.randrange(8_000) for _ in range(source.randrange(20, 60))]
            output = tuple(source.randrange(8_000) for _ in range(source.randrange(8, 24)))
            after = (rid - 1,) if rid > first else ()
            at = int((now + 500 * (rid - first)) * 1e6)
            events.append(
                RequestQueued(
                    rid=rid,
                    prompt_ids=tuple(prompt),
                    max_new_tokens=24,
                    program=first,
                    op=rid - first,
                    after=after,
                    think_ms=5.0,
                    t_ns=at,
                )
            )
            events.append(
                RequestFinished(
                    rid=rid,
                    reason="stop",
                    output_ids=output,
                    prompt_tokens=len(prompt),
                    cached_tokens=0,
                    t_ns=at + 490_000_000,
                )
            )
            prompt += output
    events.sort(key=lambda event: event.t_ns)
    return predict(Trace(events, header), cost=COST)[0]


def measure(requests: int = 2_000) -> dict[str, Any]:
    """Seconds of the sweep; processor seconds of one prediction, which other work on the machine disturbs less."""
    recorded = trace(requests)
    question = Question.about(recorded, cost=COST)
    began = time.process_time()
    question.simulation({}).run()
    one = time.process_time() - began
    began, busy = time.perf_counter(), _processor_s()
    found = sweep(recorded, CONFIGURATIONS, cost=COST, workers=2)
    rates = [round(point.figures.hit_rate, 4) for point in found.points]
    return {
        "requests": requests,
        "events": len(recorded),
        "configurations": len(found.points),
        "sweep_s": round(time.perf_counter() - began, 2),
        "sweep_processor_s": round(_processor_s() - busy, 2),
        "one_processor_s": round(one, 2),
        "steps_of_one": found.same.forward_passes,
        "hit_rates": {"lowest": min(rates), "highest": max(rates)},
    }


def _processor_s() -> float:
    """Processor time so far of this process and of those that it started and that ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
