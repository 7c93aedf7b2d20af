"""Running a trace's causes again: in lockstep it is the recorded run, event for event; under other options it is the engine's answer."""

from __future__ import annotations

import dataclasses
import itertools
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sgbench.engine.runner.cost import StepCost
from sgbench.engine.sampling_params import sampling_params
from sgbench.errors import UnknownOptionError, UsageError
from sgbench.trace.events import Event, NodeEvicted, RequestFinished, RequestQueued, StepFinished, StepPlanned
from sgbench.trace.trace import Trace
from sgbench.what_if import Causes, predict, sweep
from sgbench.what_if.calibration import calibrate, fit, observed
from sgbench.what_if.figures import of_events
from sgbench.what_if.options import combinations, parse
from sgbench.what_if.predict import Question
from sgbench.what_if.quiet import QuietScheduler
from tests.constrained.spelling import LongestMatch
from tests.engine.world import VOCAB, scripted

COST = StepCost(step_ms=10, prefill_token_ms=0.5, decode_token_ms=0.25, context_token_ms=0.001)


def timeless(trace: Trace) -> list[Event]:
    """Events without what only a clock knows, or the number of idle turns."""
    events = []
    for event in trace:
        still = dataclasses.replace(event, t_ns=0, step=0)
        if isinstance(still, RequestFinished):  # no cost runner knows probabilities
            still = dataclasses.replace(still, output_logprobs=())
        events.append(dataclasses.replace(still, forward_ms=0.0) if isinstance(still, StepFinished) else still)
    return events


def recorded(
    seed: int, kv_tokens: int = 300, requests: int = 40, warm: int = 0, calm: bool = False, **options: Any
) -> Trace:
    """A scripted engine under a random load: shared heads, prefills, logprobs, aborts, flushes."""
    source = random.Random(seed)
    engine = scripted(kv_tokens, **options)
    heads = [[source.randrange(VOCAB) for _ in range(40)] for _ in range(4)]

    def one() -> Any:
        tail = [source.randrange(VOCAB) for _ in range(source.randrange(1, 20))]
        prompt = source.choice(heads)[: source.choice([0, 20, 40])] + tail
        new = source.choice([0, 1, 5, 30])
        wish = source.random() < 0.2
        params = sampling_params({"max_new_tokens": new, "ignore_eos": source.random() < 0.5})
        start = source.randrange(len(prompt)) if wish else None
        return engine.submit(prompt, params, return_logprob=wish, logprob_start_len=start)

    def load(n: int, disturbed: bool) -> None:
        handles = []
        for _ in range(n):
            handles.append(one())
            for _ in range(source.choice([0, 0, 1, 4])):
                engine.step()
            if disturbed and source.random() < 0.1:
                source.choice(handles).abort("enough")
            if disturbed and source.random() < 0.05:
                engine.flush_cache()
        while engine.step():
            engine.check_integrity()

    load(warm, disturbed=False)
    with engine.record() as trace:
        load(requests, disturbed=not calm)
    return trace


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    seed=st.integers(0, 10_000),
    kv_tokens=st.integers(95, 400),
    cache=st.sampled_from(["radix", "flat", "force-miss", "off"]),
    schedule=st.sampled_from(["lpm", "dfs", "fcfs", "random"]),
    eviction=st.sampled_from(["lru", "lfu", "fifo", "slru"]),
    chunk=st.sampled_from([8, 64, 500]),
)
def test_in_lockstep_the_recorded_configuration_gives_the_recorded_events(
    seed: int, kv_tokens: int, cache: str, schedule: str, eviction: str, chunk: int
) -> None:
    trace = recorded(
        seed, kv_tokens, requests=20, radix_cache=cache, schedule=schedule, eviction=eviction, max_prefill_tokens=chunk
    )
    again, prediction = predict(trace, arrivals="lockstep")
    assert timeless(again) == timeless(trace)
    assert again.snapshot() == trace.snapshot()
    assert prediction.error["hit_rate"] == 0


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    kv_tokens=st.integers(95, 400),
    cache=st.sampled_from(["radix", "flat", "force-miss", "off"]),
    schedule=st.sampled_from(["lpm", "dfs", "fcfs", "random", "hrrn"]),
    eviction=st.sampled_from(["lru", "lfu", "fifo", "slru", "cost"]),
    chunk=st.sampled_from([8, 64, 500]),
    arrivals=st.sampled_from(["recorded", "closed", "at-once", "lockstep"]),
)
def test_counting_those_that_only_decode_is_walking_through_them(
    seed: int, kv_tokens: int, cache: str, schedule: str, eviction: str, chunk: int, arrivals: str
) -> None:
    trace = recorded(seed, 300, requests=20, warm=seed % 3)
    options = {"kv_tokens": kv_tokens, "radix_cache": cache, "schedule": schedule, "eviction": eviction}
    question = Question.about(trace, arrivals, COST)
    runs = [question.simulation({**options, "max_prefill_tokens": chunk}, walk=walk) for walk in (False, True)]
    counted, walked = (run.run() for run in runs)
    assert counted == walked
    assert runs[0].worker.stats() == runs[1].worker.stats()
    assert runs[0].worker.cache.snapshot() == runs[1].worker.cache.snapshot()
    for run in runs:
        run.worker.memory.check([])


def test_a_sleeper_wakes_in_the_state_of_one_that_walked() -> None:
    trace, _ = predict(recorded(4, 400, requests=30, calm=True), cost=COST)
    runs = [Question.about(trace, cost=COST).simulation({}, walk=walk) for walk in (False, True)]
    slept = skipped = 0
    for _ in range(80):
        before = runs[0].worker.stats().forward_passes
        runs[0].step()
        skipped += max(0, runs[0].worker.stats().forward_passes - before - 1)
        while runs[1].clock_ms < runs[0].clock_ms:
            runs[1].step()
        quiet = runs[0].worker.scheduler
        assert isinstance(quiet, QuietScheduler)
        slept += quiet.sleepers.count
        quiet.settle()
        running = [run.worker.scheduler.running for run in runs]
        for one, other in zip(*running, strict=True):
            assert (one.rid, one.computed, one.cached) == (other.rid, other.computed, other.cached)
            assert one.tokens.tolist() == other.tokens.tolist()
            assert one.transcript.output_ids == other.transcript.output_ids
        for run, here in zip(runs, running, strict=True):
            run.worker.memory.check(here)
    assert slept > 50 and skipped > 5


@pytest.mark.parametrize("mode", ["safe", "text"])
@pytest.mark.parametrize(
    "pattern", ['\\{"name": "[a-z]{0,3}", "grade": "[ABCD][+-]?"\\}', "(Gry|Gra)ffindor( the [ab]{1,4})?"]
)
def test_in_lockstep_jumps_are_made_again(mode: str, pattern: str) -> None:
    tokenizer = LongestMatch()
    engine = scripted(400, vocab=tokenizer.vocab_size, tokenizer=tokenizer, jump_forward=mode)
    with engine.record() as trace:
        for i in range(6):
            engine.submit([97 + i, 98, 99], sampling_params({"regex": pattern, "max_new_tokens": 40}))
            engine.step()
        while engine.step():
            pass
    again, _ = predict(trace, arrivals="lockstep")
    assert timeless(again) == timeless(trace)
    assert any(type(event).__name__ == "JumpForward" for event in trace)
    without, prediction = predict(trace, jump_forward="off", cost=COST)
    assert not any(type(event).__name__ == "JumpForward" for event in without)
    assert {e.output_ids for e in without if isinstance(e, RequestFinished)} == {
        e.output_ids for e in trace if isinstance(e, RequestFinished)
    }
    assert prediction.predicted.forward_passes > prediction.same.forward_passes


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 1000))
def test_a_recording_begun_on_a_warm_cache_hits_the_same(seed: int) -> None:
    trace = recorded(seed, kv_tokens=2_000, requests=15, warm=15)
    again, prediction = predict(trace, arrivals="lockstep")
    assert prediction.predicted.cached_tokens == prediction.measured.cached_tokens
    assert {tuple(n["token_ids"]) for n in again.snapshot()["nodes"]} == {
        tuple(n["token_ids"]) for n in trace.snapshot()["nodes"]
    }


def test_figures_of_the_predicted_trace_are_those_of_the_prediction() -> None:
    for seed, kv_tokens in itertools.product(range(2), (95, 400)):
        again, prediction = predict(recorded(seed), kv_tokens=kv_tokens, cost=COST)
        read = dataclasses.asdict(of_events(again))
        assert read == pytest.approx(dataclasses.asdict(prediction.predicted), abs=1e-4)


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    kv_tokens=st.integers(95, 250),
    schedule=st.sampled_from(["lpm", "dfs", "fcfs", "random", "hrrn"]),
    bound=st.sampled_from([1, 64]),
)
def test_no_decision_depends_on_who_listens(seed: int, kv_tokens: int, schedule: str, bound: int) -> None:
    options = {"kv_tokens": kv_tokens, "schedule": schedule, "starvation_bound": bound}
    trace = recorded(seed, requests=20)
    heard, _ = predict(trace, cost=COST, arrivals="at-once", **options)
    (unheard,) = sweep(
        trace, {name: [value] for name, value in options.items()}, cost=COST, arrivals="at-once", workers=1
    ).points
    read = dataclasses.asdict(of_events(heard))
    assert read == pytest.approx(dataclasses.asdict(unheard.figures), abs=1e-4)


def test_a_prediction_of_a_prediction_is_itself() -> None:
    first, _ = predict(recorded(3, calm=True), kv_tokens=150, cost=COST)
    second, prediction = predict(first, cost=COST)
    assert prediction.error["hit_rate"] == 0
    assert prediction.error["total_ms"] == pytest.approx(0, abs=1e-3)
    assert second.header.predicted["cost_model"]["source"] == "given"


def test_a_larger_pool_evicts_less_and_a_smaller_one_still_serves_all() -> None:
    trace = recorded(1, kv_tokens=200)
    found = sweep(trace, {"kv_tokens": ["0.5x", "1x", "10x"]}, cost=COST, workers=1)
    small, same, large = (point.figures for point in found.points)
    assert [point.options["kv_tokens"] for point in found.points] == [100, 200, 2_000]
    assert small.evicted_tokens > same.evicted_tokens > large.evicted_tokens == 0
    assert small.requests == same.requests == large.requests
    assert same == found.same


def test_requests_that_cannot_fit_are_counted_and_said() -> None:
    found = sweep(recorded(1), {"kv_tokens": [30]}, cost=COST, workers=1)
    assert found.points[0].refused > 0
    assert "do not fit" in str(found)


def chained(after: bool) -> Trace:
    """Three requests of a program, each waiting for the one before; and one alone."""
    engine = scripted(400)
    with engine.record() as trace:
        for i in range(3):
            handle = engine.submit([1, 2, 3, i], program=0, op=i, after=(i - 1,) if after and i else (), think_ms=7.0)
            while not handle.done:
                engine.step()
    return trace


def times(trace: Trace) -> tuple[list[float], list[float]]:
    came = [event.t_ns / 1e6 for event in trace if isinstance(event, RequestQueued)]
    ended = [event.t_ns / 1e6 for event in trace if isinstance(event, RequestFinished)]
    return came, ended


def test_who_waited_for_others_waits_for_them_again_and_thinks() -> None:
    trace = chained(after=True)
    causes = Causes.of(trace)
    slow, _ = predict(trace, cost=StepCost(step_ms=100, prefill_token_ms=0, decode_token_ms=0))
    came, ended = times(slow)
    for cause, begin, end in zip(causes.requests[1:], came[1:], ended, strict=False):
        assert cause.after
        assert begin == pytest.approx(end + cause.think_ms, abs=1e-3)
        assert 0 <= cause.think_ms <= 7.0


@pytest.mark.parametrize("arrivals", ["recorded", "closed", "at-once"])
def test_who_waited_for_none_comes_as_asked(arrivals: str) -> None:
    trace = chained(after=False)
    slow, _ = predict(trace, arrivals=arrivals, cost=StepCost(step_ms=1_000, prefill_token_ms=0, decode_token_ms=0))
    came, ended = times(slow)
    if arrivals == "at-once":
        assert came == [0, 0, 0]
    elif arrivals == "closed":
        assert all(begin >= end for begin, end in zip(came[1:], ended, strict=False))
    else:
        assert came[-1] < ended[0]


def test_without_the_hint_its_prefills_are_not_asked_for() -> None:
    engine = scripted(400)
    with engine.record() as trace:
        engine.submit([1, 2, 3, 4], sampling_params({"max_new_tokens": 0}), program=0, op=0)
        while engine.step():
            pass
        for branch in (1, 2):
            engine.submit([1, 2, 3, 4, 9, branch], program=0, branch=branch, after=(0,))
        while engine.step():
            pass
    assert predict(trace, frontend_hint=False)[1].predicted.requests == 2
    assert predict(trace, radix_cache="off")[1].predicted.requests == 2
    assert predict(trace)[1].predicted.requests == 3


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"device": "cuda"}, UsageError, "measurement"),
        ({"kv_token": 5}, UnknownOptionError, "kv_tokens"),
        ({"kv_tokens": 0}, UsageError, "at least 1"),
        ({"schedule": "lifo"}, UsageError, "fcfs"),
        ({"eviction": "luru"}, UnknownOptionError, "lru"),
        ({"jump_forward": "text"}, UsageError, "'off'"),
        ({"schedule": "2x"}, UsageError, "no number"),
        ({"arrivals": "sometimes"}, UsageError, "at-once"),
    ],
)
def test_what_a_trace_cannot_answer_is_refused(options: dict[str, Any], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        recorded(1, requests=3).what_if(**options)


def test_a_trace_without_requests_is_refused() -> None:
    with scripted(50).record() as trace:
        pass
    with pytest.raises(UsageError, match="no request"):
        trace.what_if()


def test_a_predicted_trace_says_so_in_its_file(tmp_path: Path) -> None:
    trace = recorded(2)
    assert not trace.header.predicted
    again = Trace.load(trace.what_if(kv_tokens=100).save(tmp_path / "p.sgtrace"))
    assert again.header.predicted["options"] == {"kv_tokens": 100}
    assert again.header.engine["kv_tokens"] == 100
    assert "hit_rate" in again.header.predicted["error"]


def test_processes_give_what_one_gives() -> None:
    trace = recorded(5)
    grid = {"eviction": ["lru", "fifo"], "schedule": ["lpm", "fcfs"]}
    assert sweep(trace, grid, workers=2).points == sweep(trace, grid, workers=1).points


def test_a_sweep_shows_itself() -> None:
    found = sweep(recorded(5), {"eviction": ["lru", "fifo"], "kv_tokens": ["1x", "2x"]}, workers=1)
    lines = str(found).splitlines()
    assert lines[1].startswith("measured ") and lines[2].startswith("predicted, as recorded ")
    assert sum(line.startswith("predicted  ") for line in lines) == 4
    assert "error on the recorded configuration" in lines[-1]
    assert len(found.table()) == 6
    assert found._repr_html_().count("<tr>") == 7
    drawn = found.figure("kv_tokens")
    assert [series.name for series in drawn.data] == ["eviction lru", "eviction fifo", "measured"]
    assert drawn.svg().count("<polyline") == 2 and drawn.svg().count("<circle") == 4
    by_name = found.figure("eviction", "total_ms").svg()
    assert ">lru<" in by_name and ">fifo<" in by_name and "total, ms" in by_name


def test_the_cost_model_is_learned_from_steps() -> None:
    trace, _ = predict(recorded(7), cost=COST)
    found = calibrate(trace)
    assert found.source == "fitted" and found.error < 0.05
    rows, wall = observed(trace)
    assert len(rows) == sum(isinstance(event, StepPlanned) for event in trace)
    assert rows @ fit(rows, wall) == pytest.approx(wall, rel=0.1)
    assert calibrate(trace.events[:5]).source == "nominal"


def test_a_fit_has_no_negative_price() -> None:
    source = random.Random(1)
    for _ in range(20):
        rows = [[1.0, source.random(), source.random(), source.random()] for _ in range(12)]
        import numpy as np

        found = fit(np.array(rows), np.array([5 - 3 * row[1] + source.random() for row in rows]))
        assert (found >= 0).all()


def test_grids_are_written_as_words() -> None:
    grid = parse(["kv-tokens=1_000,2x", "--eviction=lru", "deterministic=True"], "here")
    assert grid == {"kv_tokens": [1_000, "2x"], "eviction": ["lru"], "deterministic": [True]}
    assert len(combinations(grid)) == 2
    for wrong in ("kv_tokens", "kv_tokens="):
        with pytest.raises(UsageError, match="OPTION=VALUE"):
            parse([wrong], "here")
    with pytest.raises(UnknownOptionError, match="eviction"):
        parse(["evicton=lru"], "here")


def test_evictions_for_nobody_are_a_flush() -> None:
    trace = recorded(11, requests=60)
    flushes = Causes.of(trace).flushes
    assert flushes
    assert len(flushes) <= sum(isinstance(e, NodeEvicted) and e.for_rid < 0 for e in trace) + sum(
        type(e).__name__ == "CacheReset" for e in trace
    )


def test_a_deterministic_engine_waits_for_all_that_think() -> None:
    trace = chained(after=True)
    question = dataclasses.replace(Question.about(trace, cost=COST))
    assert question.simulation({"deterministic": True}).run().requests == 3
