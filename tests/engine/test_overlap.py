"""Launching steps ahead changes nothing but when they run: tokens, events, figures and owners of slots are those of one step at a time."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.engine.request import DecodePlan, SamplingParams
from sgbench.engine.runner.cost import CostRunner, StepCost
from sgbench.errors import UsageError
from sgbench.trace.events import Event

from .test_cached_equals_uncached import CACHES, SCHEDULES, prompts, sizes
from .world import Fold, follow, scripted

requests = st.lists(
    st.tuples(
        prompts,
        st.integers(0, 12),  # max_new_tokens
        st.integers(0, 12),  # arrives before this step
        st.booleans(),  # some token ends it
        st.sampled_from(({}, {}, {"min_new_tokens": 3}, {"presence_penalty": 0.5})),
    ),
    min_size=1,
    max_size=10,
)


def told(event: Event) -> dict[str, Any]:
    """What an event says, without the times."""
    fields = {f.name: getattr(event, f.name) for f in dataclasses.fields(event)} | {"kind": type(event).__name__}
    del fields["t_ns"]
    return fields


def lived(overlap: bool, asked: Any, aborts: dict[int, int], flush_at: int, options: dict[str, Any]) -> Any:
    """Everything that can be seen of a run, checked after every step."""
    core = scripted(overlap=overlap, **options)
    launched: list[DecodePlan] = []
    launch = core.runner.launch
    core.runner.launch = lambda plan: (launched.append(plan), launch(plan))[1]
    seen: list[dict[str, Any]] = []
    fold = Fold()
    core.subscribe(lambda event: seen.append(told(event)))
    core.subscribe(fold)
    handles = {}
    figures = []
    for step in range(3000):
        for i, (prompt, n, late, ends, more) in enumerate(asked):
            if late == step:
                stops = {"stop_token_ids": tuple(range(0, 50, 7))} if ends else {}
                more = {"min_new_tokens": min(3, n)} if "min_new_tokens" in more else more
                handles[i] = core.submit(prompt, SamplingParams(max_new_tokens=n, **stops, **more))
        for i, when in aborts.items():
            if when == step and i in handles:
                handles[i].abort("enough")
        if step == flush_at:
            core.flush_cache()
        ran = core.step()
        core.check_integrity()
        assert fold.snapshot() == core.snapshot()
        figures.append(core.stats())
        if not ran and step > max(late for _, _, late, _, _ in asked):
            break
    outputs = {i: handle.wait() for i, handle in handles.items()}
    core.shutdown()
    said = {i: (out.output_ids, out.finish_reason) for i, out in outputs.items()}
    ahead = [plan for plan in launched if isinstance(plan, DecodePlan)]
    return said, seen, figures, ahead


@settings(max_examples=200, deadline=None)
@given(
    asked=requests,
    cache=st.sampled_from(CACHES),
    schedule=st.sampled_from(SCHEDULES),
    aborts=st.dictionaries(st.integers(0, 9), st.integers(1, 15), max_size=3),
    flush_at=st.integers(0, 40),
    sizes=sizes,
)
def test_a_run_with_overlap_cannot_be_told_from_one_without(asked, cache, schedule, aborts, flush_at, sizes):
    options = {"radix_cache": cache, "schedule": schedule, **sizes}
    plain = lived(False, asked, aborts, flush_at, options)
    overlapped = lived(True, asked, aborts, flush_at, options)
    for name, before, after in zip(("outputs", "events", "figures"), plain, overlapped, strict=False):
        assert before == after, name
    assert not plain[3]


def test_steady_decoding_runs_ahead_and_an_end_costs_one_token():
    said, _, _, ahead = lived(True, [([1, 2, 3], 9, 0, False, {})], {}, 0, {})
    assert len(said[0][0]) == 9
    assert [plan.positions.tolist() for plan in ahead] == [[p] for p in range(3, 11)], (
        "all but the prompt; nothing behind the last"
    )
    stop = follow((1, 2, 3))
    core = scripted(overlap=True)
    core.generate(input_ids=[1, 2, 3], sampling_params={"max_new_tokens": 9, "stop_token_ids": [stop]})
    assert core.runner.plans == 2, "one token was computed in vain"
    assert core.stats().forward_passes == 1
    core.check_integrity()
    assert core.stats().kv_tokens_used == 0


def test_logprobs_come_along():
    wish = {"return_logprob": True, "top_logprobs_num": 3, "logprob_start_len": 1}
    results = [
        scripted(overlap=overlap).generate(input_ids=[5, 4, 3], sampling_params={"max_new_tokens": 6}, **wish)
        for overlap in (False, True)
    ]
    for result in results:
        for name in ("id", "e2e_latency", "first_token_latency"):
            result["meta_info"].pop(name, None)
    assert results[0] == results[1]


def test_slots_that_were_exchanged_are_told_again():
    """Two requests compute the same prompt side by side: the second one takes over the slots of the first."""
    core = scripted(overlap=True, in_flight_tokens=100, max_prefill_tokens=100)
    launched: list[Any] = []
    launch = core.runner.launch
    core.runner.launch = lambda plan: (launched.append(plan), launch(plan))[1]
    outputs = core.generate(input_ids=[[1, 2, 3, 4]] * 2, sampling_params={"max_new_tokens": 5})
    assert outputs[0]["output_ids"] == outputs[1]["output_ids"]
    moved = [plan.moved for plan in launched if isinstance(plan, DecodePlan) and plan.moved]
    ((exchanged,),) = moved
    assert (exchanged.index, exchanged.start) == (1, 0)
    assert np.array_equal(exchanged.slots[:4], launched[0].chunks[0].slots)


def test_a_runner_that_cannot_launch_is_refused():
    from sgbench.engine.config import EngineConfig
    from sgbench.engine.engine import EngineCore

    runner = CostRunner(64, 50, 100, StepCost(step_ms=1, prefill_token_ms=1, decode_token_ms=1), {})
    with pytest.raises(UsageError, match="overlap"):
        EngineCore(EngineConfig(overlap=True), runner, None, start=False)
