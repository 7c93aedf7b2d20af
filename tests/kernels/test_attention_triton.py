"""The Triton attention kernels equal the reference: any step, any heads, shared or not, captured way or not."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.engine.attention.base import LayerOptions
from sgbench.engine.attention.sharing import Tiling
from sgbench.engine.attention.triton_attention import TritonAttention
from sgbench.engine.request import StepPlan
from tests.kernels.attention_worlds import Heads, Request, World, decode_plan

SHAPES = [Heads(4, 2, 16), Heads(4, 4, 16), Heads(6, 2, 32), Heads(7, 1, 16), Heads(2, 1, 24), Heads(4, 2, 8)]


def eager_to_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests are too small for sharing to pay: let it look free."""
    monkeypatch.setattr(Tiling, "joining", lambda self, n: -1.0)


@st.composite
def worlds(draw: st.DrawFn, decode: bool = False, heads: Heads | None = None) -> World:
    cuts = sorted(draw(st.lists(st.integers(1, 70), max_size=3, unique=True)))
    count = st.just(1) if decode else st.one_of(st.just(1), st.integers(1, 5), st.integers(1, 60))
    request = st.builds(Request, st.integers(0, len(cuts)), st.one_of(st.just(0), st.integers(0, 70)), count)
    requests = draw(st.lists(request, min_size=1, max_size=5))
    return World(heads or draw(st.sampled_from(SHAPES)), requests, cuts, seed=draw(st.integers(0, 9)))


@pytest.mark.parametrize("sharing", [False, True])
def test_any_step(sharing: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if sharing:
        eager_to_share(monkeypatch)

    @settings(deadline=None, max_examples=6)
    @given(worlds())
    def run(world: World) -> None:
        world.check(world.got(TritonAttention(world.cache, world.heads.q)))

    run()


@pytest.mark.parametrize("sharing", [False, True])
def test_decode_without_planning_on_the_host(sharing: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if sharing:
        eager_to_share(monkeypatch)

    @settings(deadline=None, max_examples=6)
    @given(worlds(decode=True), st.integers(0, 3))
    def run(world: World, padding: int) -> None:
        backend = TritonAttention(world.cache, world.heads.q)
        n = len(world.plan.chunks)
        inputs = backend.decode_inputs(world.table, n + 3)
        newest = world.slots.cpu().numpy()
        for chunk, slot in zip(world.plan.chunks, newest, strict=True):
            assert world.table.device is not None
            world.table.device[chunk.row, chunk.start] = -1  # what the step itself must enter
            assert slot == chunk.slots[-1]
        inputs.load(decode_plan(world.plan), n + padding)
        step = backend.decode(inputs, n + padding)
        q = torch.cat([world.q, world.random(padding, world.heads.q, world.heads.dim)])
        kv = torch.cat([world.kv, world.random(padding, 2 * world.heads.kv, world.heads.dim)])
        got = step.attend(0, q, kv)
        world.check(got[:n])
        assert not got[n:].any(), "padding gives zeros"

    run()


def test_one_set_of_buffers_serves_changing_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps of other sizes, with other sharing and with none, leave nothing behind."""
    eager_to_share(monkeypatch)
    requests = [Request(2, 5, 1), Request(2, 70, 1), Request(1, 0, 1), Request(0, 130, 1)]
    world = World(Heads(4, 2, 16), requests, [40, 75])
    backend = TritonAttention(world.cache, 4)
    inputs = backend.decode_inputs(world.table, 6)
    whole = world.plan
    for keep, shared in (([0, 1, 2, 3], True), ([0, 1, 2, 3], False), ([1, 3], False), ([0, 1], True), ([3], False)):
        chunks = tuple(whole.chunks[i] for i in keep)
        segments = (
            (dataclasses.replace(whole.shared[0], end=75, chunks=(0, 1)),)
            if shared and len(keep) == 2
            else whole.shared
        )
        plan = StepPlan(0, chunks, segments if shared else ())
        inputs.load(decode_plan(plan), len(keep))
        got = backend.decode(inputs, len(keep)).attend(0, world.q[keep], world.kv[keep])
        torch.testing.assert_close(got, world.want()[keep], atol=2e-5, rtol=2e-5)


LAYERS = [LayerOptions(window=20), LayerOptions(soft_cap=2.0), LayerOptions(scale=0.1), LayerOptions(0.2, 50, 5.0)]


@pytest.mark.parametrize("options", LAYERS)
@settings(deadline=None, max_examples=3)
@given(world=worlds(heads=SHAPES[0]))
def test_layer_options(options: LayerOptions, world: World) -> None:
    world.check(world.got(TritonAttention(world.cache, world.heads.q, [options])), options)


@pytest.mark.parametrize("options", LAYERS)
@settings(deadline=None, max_examples=3)
@given(world=worlds(heads=SHAPES[0], decode=True))
def test_layer_options_of_a_decode_step(options: LayerOptions, world: World) -> None:
    backend = TritonAttention(world.cache, world.heads.q, [options])
    inputs = backend.decode_inputs(world.table, 8)
    inputs.load(decode_plan(world.plan), len(world.plan.chunks))
    world.check(backend.decode(inputs, len(world.plan.chunks)).attend(0, world.q, world.kv), options)


def test_half_precision() -> None:
    requests = [Request(1, 3, 1), Request(1, 0, 40), Request(0, 0, 3)]
    world = World(Heads(4, 2, 16), requests, [64], dtype=torch.float16)  # the interpreter multiplies no bfloat16
    world.check(world.got(TritonAttention(world.cache, 4)))


@settings(deadline=None, max_examples=4)
@given(st.integers(1, 120), st.integers(0, 119), st.integers(0, 3))
def test_invariant_results_do_not_depend_on_the_batch(length: int, cut: int, seed: int) -> None:
    """Bit for bit: prefilled at once, in two chunks, among others, decoded."""
    cut = min(cut, length - 1)
    alone = World(Heads(4, 2, 16), [Request(0, 0, length)], [], seed=seed)
    backend = TritonAttention(alone.cache, 4, invariant=True)
    whole = alone.got(backend)
    chunk = alone.plan.chunks[0]
    for start in {cut, length - 1}:
        part = dataclasses.replace(chunk, start=start, token_ids=chunk.token_ids[start:])
        plan = StepPlan(0, (part,))
        got = backend.prepare(plan, alone.table, alone.slots[start:]).attend(0, alone.q[start:], None)
        assert torch.equal(got, whole[start:])
    last = dataclasses.replace(chunk, start=length - 1, token_ids=chunk.token_ids[-1:])
    inputs = backend.decode_inputs(alone.table, 2)
    inputs.load(decode_plan(StepPlan(0, (last,))), 2)
    q = torch.cat([alone.q[-1:], alone.q[-1:]])
    assert torch.equal(backend.decode(inputs, 2).attend(0, q, None)[:1], whole[-1:])


def test_work_is_cut_among_programs() -> None:
    """A long context of one request is many items; the parts are joined."""
    world = World(Heads(4, 2, 16), [Request(0, 1500, 1)], [], width=2048)
    backend = TritonAttention(world.cache, 4)
    inputs = backend.decode_inputs(world.table, 2)
    inputs.load(decode_plan(world.plan), 1)
    step: Any = backend.decode(inputs, 1)
    assert int(step._runs.first_run[-1]) > 2
    world.check(step.attend(0, world.q, world.kv))
    world.check(world.got(backend))


def test_the_largest_step_of_shared_segments_fits() -> None:
    """Partial results of shared segments never outgrow their buffer, however the tree is cut."""
    rng = np.random.default_rng(0)
    for _ in range(5):
        cuts = sorted(rng.choice(np.arange(32, 460), size=7, replace=False).tolist())
        requests = [Request(int(rng.integers(0, 8)), int(rng.integers(0, 20)), 1) for _ in range(12)]
        world = World(Heads(4, 2, 16), requests, cuts)
        inputs = TritonAttention(world.cache, 4).decode_inputs(world.table, 12)
        inputs.load(decode_plan(world.plan), 12)
        assert int(inputs.header[1]) <= inputs.max_shared_parts
