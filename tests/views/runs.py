"""Real runs, small and quick: what the views of requests, steps, text and machines are tested on."""

from __future__ import annotations

from typing import Any

import sgbench as sgl
from sgbench.engine.request import SamplingParams
from sgbench.trace import Trace
from sgbench.trace.events import Event
from sgbench.views.cells import Cell
from tests.constrained.test_in_the_engine import engine
from tests.lang.local import backend


@sgl.function
def story(s: Any, topic: str) -> None:
    s += "You are terse. Write about " + topic + ": "
    s += sgl.gen("text", max_tokens=7)
    forks = s.fork(2)
    for number, fork in enumerate(forks):
        fork += f" Part {number}: "
        fork += sgl.gen("part", max_tokens=5)
    forks.join()
    s += " End: " + forks[0]["part"] + "."
    s += sgl.gen("end", max_tokens=4)


def programs(count: int = 5, kv_tokens: int = 200) -> tuple[Trace, Any, list[str]]:
    """A recording of programs with forks under a small pool, the engine's figures, and the programs' texts."""
    on = backend(kv_tokens)
    with on.engine, on.engine.record() as trace:
        topics = [f"topic {i % 3}{'!' * i}" for i in range(count)]
        states = story.run_batch([{"topic": topic} for topic in topics], backend=on, num_threads=3)
        texts = [state.text() for state in states]
        return trace, on.engine.stats(), texts


def constrained(pattern: str, mode: str = "safe", count: int = 3, n: int = 40) -> tuple[Trace, Any, list[list[int]]]:
    """A recording of constrained requests, the engine's figures, and the requests' outputs."""
    core = engine(mode)
    events: list[Event] = []
    core.subscribe(events.append)
    params = SamplingParams(max_new_tokens=n, regex=pattern)
    handles = [core.submit([66, 67, 98 + i], params) for i in range(count)]
    while core.step():
        pass
    return Trace(events, token_text=core.token_text), core.stats(), [list(h.wait().output_ids) for h in handles]


def folded(fold: Any, trace: Trace) -> list[list[Cell]]:
    """The rows that each event of ``trace`` changed."""
    return [list(fold.apply(event)) for event in trace]
