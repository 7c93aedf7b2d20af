"""The miss-ratio curve: one pass is equal to a simulation at every capacity, token by token."""

from __future__ import annotations

import random
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.analysis.lru_stack import LruStack
from sgbench.analysis.mrc import MissRatioCurve, miss_ratio_curve
from sgbench.engine.sampling_params import sampling_params
from sgbench.errors import UsageError
from sgbench.trace.trace import Trace
from sgbench.what_if import sweep
from tests.engine.world import continuation, scripted

PROMPTS = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=9), min_size=1, max_size=25)


def one_by_one(prompts: list[list[int]], new: int = 3, kv_tokens: int = 100_000, before: int = 0) -> Trace:
    """A trace of requests that never meet; of the first ``before`` only what they left in the cache is in it."""
    engine = scripted(kv_tokens)

    def run(asked: list[list[int]]) -> None:
        for prompt in asked:
            engine.submit(prompt, sampling_params({"max_new_tokens": new, "ignore_eos": True}))
            while engine.step():
                pass

    run(prompts[:before])
    with engine.record() as trace:
        run(prompts[before:])
    return trace


def slow_hits(prompts: list[list[int]], new: int, capacity: int, before: int = 0) -> int:
    """An LRU cache of single tokens, in a list: what all but the first ``before`` find in it."""
    stack: list[tuple[int, ...]] = []  # prefixes, which stand for their last tokens; most recent first
    hits = 0
    for i, prompt in enumerate(prompts):
        kept = set(stack[:capacity])
        while_found = 0
        while while_found < len(prompt) - 1 and tuple(prompt[: while_found + 1]) in kept:
            while_found += 1
        hits += while_found if i >= before else 0
        whole = [*prompt, *continuation(prompt, new)][: len(prompt) + new - 1]
        for n in range(len(whole), 0, -1):
            prefix = tuple(whole[:n])
            if prefix in stack:
                stack.remove(prefix)
            stack.insert(0, prefix)
    return hits


@settings(max_examples=30, deadline=None)
@given(prompts=PROMPTS, new=st.integers(1, 4))
def test_one_pass_equals_a_cache_of_every_size(prompts: list[list[int]], new: int) -> None:
    curve = miss_ratio_curve(one_by_one(prompts, new))
    total = sum(map(len, prompts))
    assert curve.prompt_tokens == total
    for capacity in (*range(curve.longest_tokens, 60, 3), 1_000):
        assert curve.hit_rate(capacity) * total == pytest.approx(slow_hits(prompts, new, capacity)), capacity


@settings(max_examples=20, deadline=None)
@given(prompts=PROMPTS, last=PROMPTS.map(lambda prompts: prompts[0]))
def test_one_pass_knows_what_a_warm_cache_held_and_in_which_order(prompts: list[list[int]], last: list[int]) -> None:
    before, prompts = len(prompts), [*prompts, last]
    curve = miss_ratio_curve(one_by_one(prompts, before=before))
    for capacity in (*range(curve.longest_tokens, 60, 3), 1_000):
        slow = slow_hits(prompts, 3, capacity, before)
        assert curve.hit_rate(capacity) * len(last) == pytest.approx(slow), capacity


@settings(max_examples=20, deadline=None)
@given(prompts=PROMPTS)
def test_the_ceiling_is_what_a_pool_that_never_evicts_measures(prompts: list[list[int]]) -> None:
    curve = miss_ratio_curve(one_by_one(prompts))
    assert curve.ceiling == pytest.approx(curve.present_hit_rate)
    assert curve.capacity_for(curve.ceiling) <= curve.present_tokens
    with pytest.raises(UsageError, match="ceiling"):
        curve.capacity_for(curve.ceiling + 0.01)


def load(seed: int = 0) -> list[list[int]]:
    source = random.Random(seed)
    heads = [[source.randrange(50) for _ in range(60)] for _ in range(6)]
    return [source.choice(heads) + [source.randrange(50) for _ in range(10)] for _ in range(40)]


def test_the_real_tree_lies_on_or_below_the_curve_one_request_at_a_time() -> None:
    trace = one_by_one(load(), kv_tokens=300)
    curve = trace.mrc()
    assert curve.points and curve.gap > 0
    for capacity, rate in curve.points:
        assert rate <= curve.hit_rate(capacity) + 1e-9
    assert dict(curve.points)[300] == pytest.approx(curve.present_hit_rate)


def test_rows_and_marks() -> None:
    curve = one_by_one(load(), kv_tokens=300).mrc(rerun=False)
    assert curve.longest_tokens <= curve.knee <= curve.capacities[-1]
    assert [tokens for _, tokens, _, _ in curve.rows()] == sorted(tokens for _, tokens, _, _ in curve.rows())
    half = curve.capacity_for(curve.ceiling / 2)
    assert half == curve.longest_tokens or curve.hit_rate(half - 1) < curve.ceiling / 2 <= curve.hit_rate(half) + 1e-9
    text = str(curve)
    assert "knee" in text and "present pool" in text and "predicted" not in text
    assert len(curve.table()) == len(curve.rows())
    names = [series.name for series in curve.figure().data]
    assert names[0] == "LRU, exact" and any(name.startswith("knee") for name in names)


def test_the_figure_leaves_a_picture_in_the_notebook() -> None:
    figure = one_by_one(load(), kv_tokens=300).mrc().figure()
    bundle = figure._repr_mimebundle_()
    assert "knee" in bundle["text/plain"]
    root = ElementTree.fromstring(bundle["image/svg+xml"])
    marks = [mark for mark in root.iter() if mark.tag.endswith("polygon")]
    lines = [line for line in root.iter() if line.tag.endswith("polyline")]
    drawn = [series for series in figure.data if "markers" in series.mode]
    assert len(lines) == 1 and len(marks) == sum(len(series.x) for series in drawn) > 3
    words = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {series.name for series in figure.data} < set(words) and "KV pool, tokens" in words
    assert any(word.startswith("ceiling ") for word in words), "the level line has its name"


def test_what_is_added_to_the_figure_is_in_its_picture() -> None:
    figure = one_by_one([[1, 2, 3], [1, 2, 3]]).mrc(rerun=False).figure()
    figure.add_scatter(x=[5, 9], y=[0.1, None], name="mine", mode="markers", marker={"color": "red"})
    assert figure.svg().count("<circle") == 1 and ">mine<" in figure.svg()


def test_a_notebook_is_sent_the_live_figure_with_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    import IPython.display
    import plotly.io

    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(IPython.display, "display", lambda bundle, raw: sent.append(bundle))
    monkeypatch.setattr(plotly.io.renderers, "default", "plotly_mimetype")
    one_by_one([[1, 2, 3], [1, 2, 3]]).mrc(rerun=False).figure()._ipython_display_()
    assert set(sent[0]) == {"text/plain", "image/svg+xml", "application/vnd.plotly.v1+json"}


def test_a_capacity_with_several_names_is_one_line() -> None:
    text = str(one_by_one([[1, 2, 3], [1, 2, 3]]).mrc(rerun=False))
    assert "longest request, knee, ceiling" in text and "% of the ceiling" not in text


def test_sizes_are_told_in_bytes_where_the_model_is_known() -> None:
    trace = one_by_one([[1, 2, 3]])
    assert trace.mrc().gigabytes(1_000) is None
    known = Trace(trace.events, type(trace.header)(model={"kv_bytes_per_token": 2_000_000}))
    assert known.mrc().gigabytes(1_000) == 2.0
    assert " GB " in str(known.mrc())
    small = Trace(trace.events, type(trace.header)(model={"kv_bytes_per_token": 1_000}))
    assert " MB " in str(small.mrc()) and " GB " not in str(small.mrc())


def test_a_flush_and_a_warm_cache_are_part_of_it() -> None:
    engine = scripted(1_000)
    engine.generate(input_ids=[1, 2, 3, 4, 5], sampling_params={"max_new_tokens": 0})
    with engine.record() as trace:
        for _ in range(2):
            engine.generate(input_ids=[1, 2, 3, 4, 5], sampling_params={"max_new_tokens": 0})
        engine.flush_cache()
        engine.generate(input_ids=[1, 2, 3, 4, 5], sampling_params={"max_new_tokens": 0})
    curve = miss_ratio_curve(trace)
    assert curve.ceiling == curve.present_hit_rate == 8 / 15


def test_no_request_is_said() -> None:
    with scripted(50).record() as trace:
        pass
    with pytest.raises(UsageError, match="no request"):
        trace.mrc()


@given(touches=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 4)), max_size=40))
def test_the_stack_counts_what_came_since(touches: list[tuple[int, int]]) -> None:
    stack = LruStack(len(touches))
    order: list[int] = []
    weights: dict[int, int] = {}
    for block, weight in touches:
        weight = weights.setdefault(block, weight)
        since = None if block not in order else sum(weights[b] for b in order[: order.index(block)])
        assert stack.distance(block) == since
        stack.touch(block, weight)
        order = [block, *(b for b in order if b != block)]
    stack.clear()
    assert all(stack.distance(block) is None for block in weights)


def test_points_are_those_of_a_sweep() -> None:
    trace = one_by_one(load(), kv_tokens=300)
    (capacity, rate) = trace.mrc().points[0]
    assert sweep(trace, {"kv_tokens": [capacity]}).points[0].figures.hit_rate == rate
    assert isinstance(trace.mrc(), MissRatioCurve)
