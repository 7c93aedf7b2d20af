"""A baseline on the same engine: nothing hits, outputs stay, and the cache comes back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.engine.engine import EngineCore
from sgbench.engine.request import SamplingParams
from sgbench.errors import AbortedError, UsageError

from .world import Fold, continuation, scripted

PROMPTS = st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=12), min_size=1, max_size=6)


def run_all(engine: EngineCore, prompts: list[list[int]], n: int = 3) -> tuple[list[list[int]], int]:
    """Outputs, and how many prompt tokens were cached."""
    before = engine.stats().cached_tokens
    handles = [engine.submit(prompt, SamplingParams(max_new_tokens=n, ignore_eos=True)) for prompt in prompts]
    outputs = []
    for handle in handles:
        outputs.append(list(handle.result().output_ids))
        engine.check_integrity()
    return outputs, engine.stats().cached_tokens - before


@settings(max_examples=40, deadline=None)
@given(PROMPTS, PROMPTS, st.sampled_from(["force-miss", "off"]), st.sampled_from(["radix", "flat", "off"]))
def test_nothing_hits_outputs_are_right_and_the_cache_comes_back(
    warm: list[list[int]], prompts: list[list[int]], mode: str, cache: str
) -> None:
    engine = scripted(40, radix_cache=cache)
    fold = Fold()
    engine.subscribe(fold)
    run_all(engine, warm)
    before = engine.snapshot()
    with engine.without_cache(mode):
        outputs, cached = run_all(engine, prompts)
    assert cached == 0
    assert outputs == [continuation(prompt, 3) for prompt in prompts]
    engine.check_integrity()
    if mode == "off" and engine.stats().evicted_tokens == 0:
        assert engine.snapshot() == before
    assert run_all(engine, warm)[0] == [continuation(prompt, 3) for prompt in warm]
    if cache == "radix":
        assert sorted(fold.nodes.values(), key=lambda node: node["id"]) == [
            {**node, "token_ids": list(node["token_ids"])} for node in engine.snapshot()["nodes"]
        ]


def test_afterwards_it_hits_again() -> None:
    engine = scripted(40)
    run_all(engine, [[1, 2, 3, 4]])
    with engine.without_cache("off"):
        assert run_all(engine, [[1, 2, 3, 4, 5]])[1] == 0
    assert run_all(engine, [[1, 2, 3, 4, 5]])[1] == 4


def test_it_cannot_begin_while_requests_run_and_ends_those_that_remain() -> None:
    engine = scripted(40)
    handle = engine.submit([1, 2], SamplingParams(max_new_tokens=20, ignore_eos=True))
    engine.step()
    with pytest.raises(UsageError, match="1 requests"), engine.without_cache():
        pass
    handle.result()
    with engine.without_cache():
        late = engine.submit([1, 2], SamplingParams(max_new_tokens=20, ignore_eos=True))
        engine.step()
    with pytest.raises(AbortedError):
        late.result()
    engine.check_integrity()


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(UsageError, match="force-miss, off"), scripted(40).without_cache("never"):
        pass


@settings(max_examples=40, deadline=None)
@given(PROMPTS, PROMPTS, st.sampled_from([0.0, 0.3, 0.5, 1.0]))
def test_a_share_of_each_match_is_used_and_no_output_changes(
    warm: list[list[int]], prompts: list[list[int]], share: float
) -> None:
    engine, whole = scripted(200), scripted(200)
    for one in (engine, whole):
        run_all(one, warm)
    with engine.matched_share(share):
        outputs, cached = run_all(engine, prompts)
    expected, all_cached = run_all(whole, prompts)
    assert outputs == expected == [continuation(prompt, 3) for prompt in prompts]
    assert cached <= share * all_cached
    assert share < 1 or cached == all_cached
    engine.check_integrity()


def test_half_of_a_match_is_half_of_it() -> None:
    engine = scripted(100)
    run_all(engine, [list(range(1, 13))])
    with engine.matched_share(0.5):
        assert run_all(engine, [[*range(1, 13), 1]])[1] == 6
    assert run_all(engine, [[*range(1, 13), 1]])[1] == 12


@pytest.mark.parametrize("share", [-0.1, 1.1, True, "half", float("nan")])
def test_a_share_is_a_number_from_0_to_1(share: object) -> None:
    with pytest.raises(UsageError, match="from 0 to 1"), scripted(40).matched_share(share):
        pass
