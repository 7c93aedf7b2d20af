"""Whatever is cached, evicted, preempted or aborted: outputs, invariants and events stay right, after every step."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.engine.request import SamplingParams

from .world import Fold, continuation, scripted

CACHES = ("radix", "flat", "force-miss", "off")
SCHEDULES = ("lpm", "dfs", "fcfs", "random")

prompts = st.lists(st.integers(0, 2), min_size=1, max_size=24)
requests = st.lists(st.tuples(prompts, st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=10)
sizes = st.fixed_dictionaries(
    {
        "kv_tokens": st.integers(37, 70),
        "max_running": st.integers(1, 6),
        "max_prefill_tokens": st.integers(1, 20),
        "in_flight_tokens": st.integers(0, 6),
        "starvation_bound": st.integers(0, 5),
    }
)


@settings(max_examples=250, deadline=None)
@given(
    requests=requests,
    cache=st.sampled_from(CACHES),
    schedule=st.sampled_from(SCHEDULES),
    eviction=st.sampled_from(("lru", "mru", "lfu", "fifo")),
    aborts=st.dictionaries(st.integers(0, 9), st.integers(1, 15), max_size=3),
    flush_at=st.integers(0, 40),
    sizes=sizes,
)
def test_outputs_are_the_functions_and_everything_adds_up_after_every_step(
    requests, cache, schedule, eviction, aborts, flush_at, sizes
):
    core = scripted(radix_cache=cache, schedule=schedule, eviction=eviction, **sizes)
    fold = Fold()
    core.subscribe(fold)
    late = {i: when for i, (_, _, when) in enumerate(requests)}
    handles = {}
    for step in range(3000):
        for i, (prompt, n, _) in enumerate(requests):
            if late[i] == step:
                handles[i] = core.submit(prompt, SamplingParams(max_new_tokens=n))
        for i, when in aborts.items():
            if when == step and i in handles:
                handles[i].abort("enough")
        if step == flush_at:
            core.flush_cache()
        ran = core.step()
        core.check_integrity()
        assert fold.snapshot() == core.snapshot()
        if not ran and step > max(late.values()):
            break
    for i, (prompt, n, _) in enumerate(requests):
        output = handles[i].wait()
        expected = continuation(prompt, n)
        if output.finish_reason["type"] == "abort":
            assert list(output.output_ids) == expected[: len(output.output_ids)]
        else:
            assert list(output.output_ids) == expected
            assert output.finish_reason == {"type": "length", "length": n}
    assert sorted(fold.ended) == sorted(fold.queued) and set(fold.ended.values()) == {1}
    assert fold.seqs == list(range(fold.seqs[0], fold.seqs[0] + len(fold.seqs)))
    stats = core.stats()
    assert stats.running == stats.waiting == stats.kv_tokens_used == 0
    assert stats.finished + stats.aborted == len(requests)
    assert not core.journal.failures
    core.flush_cache()
    assert core.stats().kv_tokens_cached == 0
    core.check_integrity()


@settings(max_examples=60, deadline=None)
@given(st.lists(prompts, min_size=1, max_size=6), st.data())
def test_prompt_logprobs_are_the_same_however_much_is_cached(batch, data):
    cached, plain = scripted(max_prefill_tokens=5), scripted(radix_cache="off", max_prefill_tokens=100)
    for prompt in batch:
        wish = {
            "return_logprob": True,
            "logprob_start_len": data.draw(st.integers(0, len(prompt))),
            "top_logprobs_num": data.draw(st.integers(0, 3)),
        }
        results = [
            core.generate(input_ids=prompt, sampling_params={"max_new_tokens": 3}, **wish)["meta_info"]
            for core in (cached, plain)
        ]
        names = [name for name in results[0] if name.startswith(("input_", "output_"))]
        assert names
        for name in names:
            assert results[0][name] == results[1][name], name
        reported = results[0]["input_token_logprobs"]
        assert [i for _, i, _ in reported] == prompt[wish["logprob_start_len"] :]
        assert [value is None for value, _, _ in reported] == [
            wish["logprob_start_len"] + k == 0 for k in range(len(reported))
        ]


def test_a_pool_that_is_too_small_for_the_batch_preempts_and_still_answers_right():
    core = scripted(60, max_prefill_tokens=64)
    prompts = [[i, i + 1, i + 2] for i in range(8)]
    core._loop.worker.scheduler._reserve.ratio = 0.0  # admit everything at once
    outputs = core.generate(input_ids=prompts, sampling_params={"max_new_tokens": 30})
    assert [output["output_ids"] for output in outputs] == [continuation(prompt, 30) for prompt in prompts]
    stats = core.stats()
    assert stats.preempted > 0
    assert stats.prompt_tokens == 24, "a request that comes back is not counted again"
    assert all(output["meta_info"]["cached_tokens"] == 0 for output in outputs)
