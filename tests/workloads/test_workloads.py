"""Every workload on the bundled model: it runs, it answers, its figures agree with the engine's, and the cache changes no answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import sgbench as sgl
from sgbench.engine.hub import bundled_folder
from sgbench.workloads.workload import Workload

pytestmark = [
    pytest.mark.bundled,
    pytest.mark.skipif(not (bundled_folder() / "model.safetensors").is_file(), reason="no bundled weights"),
]

# name: (programs of a quick run, least share of right answers, least hit rate)
EXPECTED = {
    "mmlu": (6, 0.6, 0.7),
    "hellaswag": (3, 0.6, 0.9),
    "react": (2, 0.5, 0.75),
    "generative_agents": (10, 0.8, 0.4),
    "tree_of_thought": (1, 1.0, 0.97),
    "skeleton_of_thought": (1, None, 0.5),
    "llm_judge": (1, None, 0.75),
    "json_decoding": (2, 0.5, 0.75),
    "json_jump_forward": (2, 0.5, 0.0),
    "chat_short": (2, None, 0.5),
    "rag": (6, 0.3, 0.6),
    "api_extraction": (3, 0.6, 0.2),
}


@pytest.fixture(scope="module")
def engine() -> Iterator[sgl.Engine]:
    with sgl.Engine(device="cpu", kv_tokens=16384) as engine:
        yield engine


def quick(name: str) -> tuple[Workload, int]:
    return sgl.workloads.get(name), EXPECTED[name][0]


def test_the_contract_names_are_there():
    promised = (
        "mmlu hellaswag react generative_agents tree_of_thought skeleton_of_thought llm_judge json_decoding chat_short "
        "chat_long rag"
    )
    assert set(promised.split()) <= set(sgl.workloads.names())
    assert all(sgl.workloads.get(name).name == name for name in sgl.workloads.names())


@pytest.mark.parametrize("name", EXPECTED)
def test_a_quick_run_is_right_and_counts_what_the_engine_counts(engine, name):
    workload, size = quick(name)
    engine.reset_stats()
    report = workload.run(engine, size)
    stats = engine.stats()
    engine.check_integrity()
    assert (report.prompt_tokens, report.cached_tokens) == (stats.prompt_tokens, stats.cached_tokens)
    assert (report.completion_tokens, report.forward_passes) == (stats.completion_tokens, stats.forward_passes)
    assert report.jumped_tokens == stats.jumped_tokens
    assert report.hit_rate == stats.hit_rate
    assert report.hit_rate <= report.optimal_hit_rate + 1e-9
    assert (
        report.hit_rate >= 0.96 * report.optimal_hit_rate - 0.03
    )  # two short prompts that come at once share no token or two
    least_right, least_hit = EXPECTED[name][1:]
    assert report.hit_rate >= least_hit
    if least_right is not None:
        assert report.accuracy is not None and report.accuracy >= least_right
    assert len(report.answers) == report.size == size
    assert sum(row.prompt_tokens for row in report.requests) == report.prompt_tokens
    assert {row.program for row in report.requests} >= set(range(size))
    assert report.programs_per_s > 0 and report.latency_ms > 0


def test_forced_output_that_is_cached_counts_for_no_prompt(engine):
    """What a constraint forces stands behind the prompt before anything is sampled: a twin finds it in the cache, too."""
    workload = sgl.workloads.get("json_jump_forward")
    engine.reset_stats()
    report = workload.run(engine, cases=workload.inputs(engine, 1) * 3, parallel=1)
    assert report.cached_tokens == engine.stats().cached_tokens
    assert all(row.cached_tokens <= row.prompt_tokens for row in report.requests)
    assert 0 < report.hit_rate <= report.optimal_hit_rate


@pytest.mark.parametrize("name", ["mmlu", "react", "json_decoding", "llm_judge"])
def test_the_cache_changes_no_answer(engine, name):
    workload, size = sgl.workloads.get(name), 4 if name == "mmlu" else 1
    cached = workload.run(engine, size)
    with engine.without_cache():
        bare = workload.run(engine, size)
    assert bare.cached_tokens == 0
    assert bare.answers == cached.answers


def test_a_short_chat_reuses_what_the_closed_form_says(engine):
    inputs, answer = 384, 6
    turns = [i * (inputs + answer) for i in range(4)]
    best = sum(turns) / sum(before + inputs for before in turns)
    assert sgl.workloads.get("chat_short").run(engine, 3).hit_rate == pytest.approx(best, abs=0.02)


def test_inputs_are_those_of_the_seed_and_have_the_papers_lengths(engine):
    for name, least, most in [("mmlu", 1000, 1700), ("hellaswag", 2000, 2600), ("react", 1500, 2000)]:
        workload = sgl.workloads.get(name)
        first = workload.inputs(engine, 4, seed=3)
        assert first == workload.inputs(engine, 4, seed=3)
        assert first != workload.inputs(engine, 4, seed=4)
        for case in first:
            assert least <= len(engine.tokenizer.encode(case.arguments["examples"])) <= most


def test_serial_programs_give_the_same_answers(engine):
    workload, size = quick("llm_judge")
    assert workload.run(engine, size, frontend_parallelism=False).answers == workload.run(engine, size).answers


@pytest.mark.parametrize("size", [0, -1, 1.5, True])
def test_a_size_must_be_a_positive_whole_number(engine, size):
    with pytest.raises(sgl.UsageError, match="size="):
        sgl.workloads.get("mmlu").run(engine, size)


def test_an_unknown_workload_names_the_nearest():
    with pytest.raises(sgl.UsageError, match="did you mean 'hellaswag'"):
        sgl.workloads.get("helaswag")


def test_an_engine_too_small_for_a_prompt_is_told_so():
    with sgl.Engine(device="cpu", kv_tokens=200) as small, pytest.raises(sgl.CapacityError, match="kv_tokens"):
        sgl.workloads.get("mmlu").run(small, 1)
