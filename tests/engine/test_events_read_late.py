"""Events read when all is over tell what those tell that were made when they happened: nothing they are made of changes meanwhile."""

from __future__ import annotations

import dataclasses
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.engine.engine import EngineCore
from sgbench.engine.request import SamplingParams
from sgbench.trace.events import Event, StepFinished

from .world import scripted, speaking

prompts = st.lists(st.integers(0, 2), min_size=1, max_size=24)
requests = st.lists(st.tuples(prompts, st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=10)
sizes = st.fixed_dictionaries(
    {
        "kv_tokens": st.integers(37, 70),
        "max_running": st.integers(1, 6),
        "max_prefill_tokens": st.integers(1, 20),
        "in_flight_tokens": st.integers(0, 6),
    }
)


def timeless(events: list[Event]) -> list[Event]:
    return [
        dataclasses.replace(event, t_ns=0, **({"forward_ms": 0.0} if isinstance(event, StepFinished) else {}))
        for event in events
    ]


def told(core: EngineCore, run: Any, *, late: bool) -> list[Event]:
    """The events of ``run(core)``, made late or at once."""
    events: list[Event] = []
    if late:
        reader = core.read()
        run(core)
        events = reader.take()
        reader.end()
    else:
        core.subscribe(events.append)
        run(core)
    return timeless(events)


@settings(max_examples=80, deadline=None)
@given(
    requests=requests,
    cache=st.sampled_from(("radix", "flat", "force-miss", "off")),
    aborts=st.dictionaries(st.integers(0, 9), st.integers(1, 15), max_size=3),
    flush_at=st.integers(0, 40),
    sizes=sizes,
)
def test_of_requests_that_come_go_and_are_sent_back(requests, cache, aborts, flush_at, sizes):
    due = {i: when for i, (_, _, when) in enumerate(requests)}

    def run(core: EngineCore) -> None:
        handles = {}
        for step in range(3000):
            for i, (prompt, n, _) in enumerate(requests):
                if due[i] == step:
                    handles[i] = core.submit(prompt, SamplingParams(max_new_tokens=n))
            for i, when in aborts.items():
                if when == step and i in handles:
                    handles[i].abort("enough")
            if step == flush_at:
                core.flush_cache()
            if not core.step() and step > max(due.values()):
                break

    at_once, late = (told(scripted(radix_cache=cache, **sizes), run, late=way) for way in (False, True))
    assert late == at_once


def test_of_requests_whose_output_is_forced_and_spelled_anew():
    def run(core: EngineCore) -> None:
        for text in ("a:", "ab:", "a:"):
            core.submit(text, SamplingParams(max_new_tokens=20, regex="(hello|help) world")).wait()

    at_once, late = (told(speaking("hello world", pieces=[b"hel", b"lo w"]), run, late=way) for way in (False, True))
    assert late == at_once
    assert {"JumpForward", "RequestConstrained"} <= {type(event).__name__ for event in late}
