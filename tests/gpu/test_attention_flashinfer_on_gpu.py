"""The FlashInfer backend equals the reference: prefills by its kernels, single tokens in front of them by our own."""

from __future__ import annotations

import dataclasses
import importlib.util
from typing import TYPE_CHECKING, Any

import pytest
import torch

from tests.kernels.attention_worlds import Heads, Request, World

if TYPE_CHECKING:
    from sgbench.engine.attention.flashinfer_attention import FlashInferAttention

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(importlib.util.find_spec("flashinfer") is None, reason="FlashInfer is not installed"),
]
HEADS = [Heads(32, 8, 128), Heads(8, 8, 64), Heads(28, 4, 128)]


def backend(world: World) -> FlashInferAttention:
    from sgbench.engine.attention.flashinfer_attention import FlashInferAttention

    return FlashInferAttention(world.cache, world.heads.q)


@pytest.mark.parametrize("heads", HEADS)
@pytest.mark.parametrize("leading", [0, 5])
def test_prefills_behind_decodes(heads: Heads, leading: int) -> None:
    requests = [Request(i % 3, 50 * i, 1) for i in range(leading)]
    requests += [Request(2, 10, 300), Request(1, 0, 70), Request(0, 900, 5), Request(0, 0, 1), Request(2, 0, 129)]
    step = World(heads, requests, [130, 600], device="cuda", dtype=torch.bfloat16, width=2048)
    step.check(step.got(backend(step)))


@pytest.mark.parametrize("heads", HEADS)
@pytest.mark.parametrize("leading", [0, 3])
@pytest.mark.parametrize("before", [0, 40])
def test_keys_copied_together(heads: Heads, leading: int, before: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole prompts, and prompts behind a few tokens that are cached."""
    from sgbench.engine.attention import flashinfer_attention, flashinfer_plan

    monkeypatch.setattr(flashinfer_plan, "_JOIN_RATE", 1e18)  # copying costs nothing
    ways: list[flashinfer_plan.Way] = []

    def noted(*args: Any) -> flashinfer_plan.Way:
        ways.append(flashinfer_plan.way(*args))
        return ways[-1]

    monkeypatch.setattr(flashinfer_attention, "way", noted)
    requests = [Request(0, 50 * i, 1) for i in range(leading)]
    requests += [Request(0, before, 700), Request(0, before, 513), Request(0, before, 128), Request(0, before, 33)]
    step = World(heads, requests, [], device="cuda", dtype=torch.bfloat16, width=2048)
    used = backend(step)
    step.check(step.got(used))
    assert ways[-1].dense or used.kernels == "fa2"


@pytest.mark.parametrize("heads", HEADS)
@pytest.mark.parametrize("leading", [0, 5])
@pytest.mark.parametrize("odd", [1, 3, 40])
def test_tokens_that_fill_no_tile_are_our_own_kernels(
    heads: Heads, leading: int, odd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sgbench.engine.attention import flashinfer_plan

    monkeypatch.setattr(flashinfer_plan, "_CUT_S", -1.0)  # another kernel costs nothing
    requests = [Request(0, 60 * i, 1) for i in range(leading)]
    requests += [Request(0, 700, 256 + odd), Request(0, 40, 70), Request(0, 0, 128 + odd), Request(0, 900, 256)]
    step = World(heads, requests, [], device="cuda", dtype=torch.bfloat16, width=2048)
    used = backend(step)
    got, plan = step.got_cut(used)
    assert len(plan.chunks) > len(step.plan.chunks) or used.kernels == "fa2"
    step.check(got)


@pytest.mark.parametrize("heads", HEADS)
@pytest.mark.parametrize("leading", [0, 3])
def test_shared_prefixes_are_read_once(heads: Heads, leading: int) -> None:
    """One level, and two of which the lower has several segments."""
    from sgbench.engine.attention.flashinfer_plan import way

    requests = [Request(2, 5, 1)] * leading + [Request(2, 0, 60)] * 9 + [Request(2, 3, 90)] * 5 + [Request(1, 0, 7)] * 4
    step = World(heads, requests, [900, 1300], device="cuda", dtype=torch.bfloat16, width=2048)
    used = backend(step)
    long = step.plan.chunks[leading:]
    within = tuple(
        dataclasses.replace(s, chunks=tuple(i - leading for i in s.chunks if i >= leading)) for s in step.plan.shared
    )
    how = way(long, within, used.kernels, 4.0 * heads.q * heads.dim, heads.q * heads.dim * 2, heads.kv * heads.dim * 4)
    assert how.passes or used.kernels == "fa2"
    step.check(step.got(used))


def test_steps_follow_each_other_without_waiting() -> None:
    """Plans of later steps do not disturb steps that still run."""
    worlds = [
        World(
            HEADS[0],
            [Request(0, 20 * seed, 300 + 50 * seed)],
            [],
            device="cuda",
            dtype=torch.bfloat16,
            seed=seed,
            width=2048,
        )
        for seed in range(5)
    ]
    shared = backend(worlds[0])
    results = []
    for step in worlds:
        shared._cache = step.cache
        shared._own = type(shared._own)(step.cache, HEADS[0].q)
        results.append(step.got(shared))
    for step, got in zip(worlds, results, strict=True):
        step.check(got)


def test_auto_takes_it_where_it_is_prebuilt() -> None:
    from sgbench.engine.attention.choice import AttentionShape, choose
    from sgbench.engine.attention.flashinfer_attention import prefill_kernels

    shape = AttentionShape(32, 8, 128, torch.bfloat16, torch.device("cuda"))
    _, missing = prefill_kernels(shape.dtype, shape.head_dim, shape.device)
    assert choose("auto", shape).name == ("triton" if missing else "flashinfer")
