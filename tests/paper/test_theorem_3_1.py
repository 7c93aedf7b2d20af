"""Theorem 3.1: with a cache of at least the longest request, longest shared prefix first computes every edge of the tree once."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import EngineCore
from sgbench.engine.request import SamplingParams
from sgbench.engine.runner.scripted import ScriptedRunner

Prompt = tuple[int, ...]


@st.composite
def batches(draw: st.DrawFn) -> list[Prompt]:
    """A random trie's leaves in random order. Each ends with a token of its own: no request is another's prefix."""
    stems: list[Prompt] = [()]
    for _ in range(draw(st.integers(1, 12))):
        stem = draw(st.sampled_from(stems))
        stems.append(stem + tuple(draw(st.lists(st.integers(0, 3), min_size=1, max_size=6))))
    chosen = draw(st.lists(st.sampled_from(stems), min_size=1, max_size=14))
    return [(*stem, 100 + i) for i, stem in enumerate(chosen)]


def edges_tokens(batch: list[Prompt]) -> int:
    """Tokens on all edges of the batch's radix tree: the number of different prefixes."""
    return len({prompt[: i + 1] for prompt in batch for i in range(len(prompt))})


def computed_tokens(batch: list[Prompt], kv_tokens: int, **options: object) -> int:
    """Tokens whose KV an engine computes for ``batch``, queued before its first step."""
    config = EngineConfig(kv_tokens=kv_tokens, **options)  # type: ignore[arg-type]
    core = EngineCore(config, ScriptedRunner(kv_tokens, 200, 1000, lambda tokens: 0), None, start=False)
    for prompt in batch:
        core.submit(prompt, SamplingParams(max_new_tokens=0))
    while core.step():
        core.check_integrity()
    stats = core.stats()
    assert stats.finished == len(batch) and stats.prefill_tokens == stats.prompt_tokens - stats.cached_tokens
    return stats.prefill_tokens


@settings(max_examples=200, deadline=None)
@given(batches(), st.integers(0, 10), st.integers(1, 30))
def test_longest_shared_prefix_first_computes_each_edge_once(batch, spare, chunk):
    kv_tokens = max(map(len, batch)) + spare
    best = computed_tokens(batch, kv_tokens, max_running=1, schedule="lpm", max_prefill_tokens=chunk)
    assert best == edges_tokens(batch)
    assert computed_tokens(batch, kv_tokens, max_running=1, schedule="fcfs") >= best


@settings(max_examples=100, deadline=None)
@given(batches(), st.integers(1, 8), st.integers(1, 30))
def test_so_does_a_batch_that_waits_for_running_prefills(batch, max_running, chunk):
    everything = sum(map(len, batch))
    computed = computed_tokens(
        batch, everything, max_running=max_running, schedule="lpm", in_flight_tokens=1, max_prefill_tokens=chunk
    )
    assert computed == edges_tokens(batch)


def test_first_come_first_served_can_be_worse():
    batch = [(1, 1, 1, 100), (2, 2, 2, 101), (1, 1, 1, 102), (2, 2, 2, 103)]
    assert computed_tokens(batch, 4, max_running=1, schedule="lpm") == 10
    assert computed_tokens(batch, 4, max_running=1, schedule="fcfs") == 16
