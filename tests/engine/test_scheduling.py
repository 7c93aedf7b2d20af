"""Order, waiting for each other, the bound on waiting, determinism."""

from __future__ import annotations

import random
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.engine.config import longest_chunk
from sgbench.engine.request import SamplingParams
from sgbench.errors import IntegrityError
from sgbench.trace.events import Event, RequestAdmitted, RequestDeferred, RequestPreempted, RequestQueued, StepPlanned

from .world import continuation, scripted

PREFILL = SamplingParams(max_new_tokens=0)


def watch(core, *kinds):
    """A list that fills with the events of ``kinds``."""
    seen: list[Event] = []
    core.subscribe(lambda event: seen.append(event) if isinstance(event, kinds) else None)
    return seen


def drain(core):
    while core.step():
        core.check_integrity()


@pytest.mark.parametrize(
    ("schedule", "order"),
    [
        ("lpm", [2, 3, 1, 4]),
        ("fcfs", [1, 2, 3, 4]),
        ("dfs", [3, 2, 4, 1]),
    ],
)
def test_policies_order_the_queue(schedule, order):
    core = scripted(200, schedule=schedule, max_running=1, max_prefill_tokens=100)
    core.generate(input_ids=[[1, 1, 1, 1, 9], [2, 2, 2, 9], [2, 2, 3, 9]], sampling_params={"max_new_tokens": 0})
    admitted = watch(core, RequestAdmitted)
    for prompt in ([1, 1, 5], [2, 2, 2, 9, 6], [2, 2, 3, 7], [2, 8]):
        core.submit(prompt, PREFILL)
    drain(core)
    assert [event.rid - 2 for event in admitted] == order


def test_a_random_order_is_the_seeds():
    def order(seed: int) -> list[int]:
        core = scripted(400, schedule="random", max_running=1, seed=seed)
        admitted = watch(core, RequestAdmitted)
        for i in range(20):
            core.submit([i], PREFILL)
        drain(core)
        return [event.rid for event in admitted]

    assert order(1) == order(1) != order(2)


def test_what_another_request_is_computing_is_waited_for_and_computed_once():
    core = scripted(400, in_flight_tokens=8, max_prefill_tokens=16)
    deferred = watch(core, RequestDeferred)
    shared = [(i * 7) % 40 for i in range(40)]
    handles = [core.submit([*shared, 41 + i], SamplingParams(max_new_tokens=2)) for i in range(6)]
    drain(core)
    assert core.stats().prefill_tokens == 40 + 6
    assert {event.rid for event in deferred} == {1, 2, 3, 4, 5}
    assert {event.for_rid for event in deferred} == {0}
    assert {event.shared_tokens for event in deferred} == {40}
    for i, handle in enumerate(handles):
        assert list(handle.result().output_ids) == continuation([*shared, 41 + i], 2)


def test_short_common_beginnings_are_not_waited_for():
    core = scripted(400, in_flight_tokens=8)
    deferred = watch(core, RequestDeferred)
    for i in range(4):
        core.submit([1, 2, 3, 4, 5, 6, 7, 10 + i], PREFILL)
    drain(core)
    assert not deferred
    assert core.stats().forward_passes == 1


def test_the_one_that_was_waited_for_may_be_aborted():
    core = scripted(400, in_flight_tokens=4, max_prefill_tokens=8)
    first, second = (core.submit([*range(30), 40 + i], SamplingParams(max_new_tokens=2)) for i in range(2))
    core.step()
    first.abort()
    drain(core)
    assert list(second.result().output_ids) == continuation([*range(30), 41], 2)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 6), st.integers(1, 3), st.randoms(use_true_random=False))
def test_nobody_is_overtaken_more_often_than_the_bound(bound, max_running, rnd: random.Random):
    """Against an adversary: newcomers that always have the longer cached prefix, and a policy that loves them."""
    core = scripted(120, starvation_bound=bound, max_running=max_running, schedule="lpm")
    events = watch(core, RequestQueued, RequestAdmitted)
    core.generate(input_ids=list(range(12)), sampling_params={"max_new_tokens": 0})
    victims = [core.submit([30 + i], SamplingParams(max_new_tokens=1)) for i in range(3)]
    for _ in range(60):
        for _ in range(rnd.randint(1, 3)):
            core.submit([*range(12), rnd.randint(13, 20)], SamplingParams(max_new_tokens=rnd.randint(0, 3)))
        core.step()
        if all(handle.done for handle in victims):
            break
    assert all(handle.done for handle in victims)
    waiting: dict[int, int] = {}
    for event in events:
        if isinstance(event, RequestQueued):
            waiting[event.rid] = 0
            continue
        del waiting[event.rid]
        for rid in waiting:
            waiting[rid] += event.rid > rid
        assert all(count <= bound for count in waiting.values())


def test_a_large_request_is_not_passed_by_small_ones_for_ever():
    core = scripted(60, starvation_bound=3, max_running=2)
    small = SamplingParams(max_new_tokens=4)
    core.submit([1] * 10, small)
    core.step()  # the two rows are never empty at the same time, as long as small ones come
    large = core.submit([2] * 50, SamplingParams(max_new_tokens=2))
    for i in range(60):
        core.submit([3 + i % 40] * 10, small)
        core.step()
        if large.done:
            break
    assert large.done
    assert list(large.result().output_ids) == continuation([2] * 50, 2)


def test_a_preempted_request_comes_back_before_anybody_else_starts():
    core = scripted(60, max_prefill_tokens=64, max_running=4, schedule="random", radix_cache="off")
    core._loop.worker.scheduler._reserve.ratio = 0.0  # admit as if outputs cost nothing
    events = watch(core, RequestPreempted, RequestAdmitted)
    for i in range(16):
        core.submit([i, i + 1, i + 2], SamplingParams(max_new_tokens=30))
    preempted: set[int] = set()
    drain(core)
    for event in events:
        if isinstance(event, RequestPreempted):
            preempted.add(event.rid)
        else:
            assert not preempted or event.rid in preempted
            preempted.discard(event.rid)
    assert core.stats().preempted > 1


def test_chunks_of_prompts_run_together_with_decodes():
    core = scripted(400, max_prefill_tokens=10)
    plans = watch(core, StepPlanned)
    core.submit([1, 2], SamplingParams(max_new_tokens=6))
    core.step()
    core.submit(list(range(25)), SamplingParams(max_new_tokens=1))
    drain(core)
    assert [event.prefill for event in plans[:4]] == [((0, 2),), ((1, 10),), ((1, 10),), ((1, 5),)]
    assert [event.decode for event in plans[:4]] == [(), (0,), (0,), (0,)]


def test_shared_segments_are_told_to_the_runner():
    core = scripted(2000, max_prefill_tokens=1000)
    plans = []
    run = core.runner.run
    core.runner.run = lambda plan: (plans.append(plan), run(plan))[1]
    stem = [i % 40 for i in range(100)]
    core.generate(input_ids=[*stem, 41], sampling_params={"max_new_tokens": 0})
    forks = [[*stem, 42 + i // 2, *range(40), i] for i in range(4)]
    core.generate(input_ids=forks, sampling_params={"max_new_tokens": 6})
    decode = next(plan for plan in plans if [len(chunk.token_ids) for chunk in plan.chunks] == [1] * 4)
    branches: dict[int, list[int]] = {}
    for i, chunk in enumerate(decode.chunks):
        branches.setdefault(int(core.runner._kv[core.runner._table[chunk.row][100]]), []).append(i)
    pairs = sorted((100, 141, tuple(pair)) for pair in branches.values())
    assert [(s.start, s.end, s.chunks) for s in decode.shared] == [(0, 100, (0, 1, 2, 3)), *pairs]
    for segment in decode.shared:
        tables = [core.runner._table[decode.chunks[i].row] for i in segment.chunks]
        slots = {tuple(table[segment.start : segment.end].tolist()) for table in tables}
        assert len(slots) == 1
    plain = scripted(2000, shared_prefix_attention=False)
    run_plain, shared = plain.runner.run, []
    plain.runner.run = lambda plan: (shared.append(plan.shared), run_plain(plan))[1]
    plain.generate(input_ids=forks, sampling_params={"max_new_tokens": 3})
    assert set(shared) == {()}


def test_a_deterministic_engine_waits_for_its_branches_and_orders_by_them():
    def orders(delays: list[int]) -> list[int]:
        core = scripted(400, deterministic=True, start=True, max_running=1, schedule="fcfs")
        queued = watch(core, RequestQueued)
        turns = [threading.Event() for _ in delays]
        for _ in delays:
            core.gate.enter()

        def branch(i: int) -> None:
            turns[i].wait()
            first = core.submit([i], SamplingParams(max_new_tokens=2), program=0, branch=i, op=0)
            order_done.release()
            first.result(live=True)
            core.submit([i, i], SamplingParams(max_new_tokens=1), program=0, branch=i, op=1).result(live=True)
            core.gate.leave()

        order_done = threading.Semaphore(0)
        threads = [threading.Thread(target=branch, args=(i,)) for i in range(len(delays))]
        for thread in threads:
            thread.start()
        for i in delays:
            turns[i].set()
            order_done.acquire()
        for thread in threads:
            thread.join()
        assert core.gate.quiet
        core.shutdown()
        return [(event.rid, event.branch, event.op) for event in queued]

    first = orders([0, 1, 2, 3])
    assert first == orders([3, 1, 0, 2]) == orders([2, 3, 1, 0])
    assert [branch for _, branch, op in first if op == 0] == [0, 1, 2, 3]


def test_a_wait_that_ends_by_itself_counts_again_as_live():
    core = scripted(deterministic=True, start=True)
    core.gate.enter()
    core.gate.enter()
    with pytest.raises(TimeoutError):
        core.submit([1]).result(timeout=0.01, live=True)
    core.gate.leave()
    core.gate.leave()
    with pytest.raises(IntegrityError):
        core.gate.leave()
    core.shutdown()


def test_a_plain_generate_needs_no_gate():
    with scripted(deterministic=True, start=True) as core:
        outputs = core.generate(input_ids=[[3], [1], [2]], sampling_params={"max_new_tokens": 2})
        assert [output["output_ids"] for output in outputs] == [continuation([i], 2) for i in (3, 1, 2)]


def test_a_prompt_is_not_cut_for_its_last_few_tokens():
    core = scripted(2000, max_prefill_tokens=128)
    plans = watch(core, StepPlanned)
    prompts = [[40 - i, *(k % 50 for k in range(64))] for i in range(5)]
    core.generate(input_ids=prompts, sampling_params={"max_new_tokens": 0})
    assert [[n for _, n in plan.prefill] for plan in plans] == [[65, 65], [65, 65], [65]]
    assert all(sum(n for _, n in plan.prefill) <= longest_chunk(128) for plan in plans)
