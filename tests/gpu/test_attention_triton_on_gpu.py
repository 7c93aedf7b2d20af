"""The Triton attention kernels on the GPU equal the reference, in every type, head size and way of launching them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from sgbench.engine.attention.base import LayerOptions
from sgbench.engine.attention.sharing import Tiling
from sgbench.engine.attention.triton_attention import TritonAttention
from sgbench.engine.request import StepPlan
from tests.kernels.attention_worlds import Heads, Request, World, decode_plan

pytestmark = pytest.mark.gpu

LLAMA = Heads(32, 8, 128)
TYPES = [torch.float32, torch.bfloat16]


def world(seed: int, heads: Heads, dtype: torch.dtype, decode: bool = False) -> World:
    """A ragged step, half of it shared on two levels."""
    rng = np.random.default_rng(seed)
    requests = [
        Request(int(rng.integers(0, 3)), int(rng.integers(0, 700)), 1 if decode or rng.random() < 0.4 else n)
        for n in rng.integers(1, 400, size=9).tolist()
    ]
    return World(heads, requests, [130, 600], device="cuda", dtype=dtype, seed=seed, width=2048)


@pytest.fixture(params=[False, True], ids=["plain", "shared"])
def _sharing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sharing as the cost model says, and as if it were free."""
    if request.param:
        monkeypatch.setattr(Tiling, "joining", lambda self, n: -1.0)


@pytest.mark.usefixtures("_sharing")
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("seed", range(3))
def test_any_step(seed: int, dtype: torch.dtype) -> None:
    step = world(seed, LLAMA, dtype)
    step.check(step.got(TritonAttention(step.cache, LLAMA.q)))


@pytest.mark.parametrize("dtype", [*TYPES, torch.float16])
@pytest.mark.parametrize(
    "heads",
    [
        Heads(4, 2, 8),
        Heads(8, 8, 64),
        Heads(4, 1, 80),
        Heads(6, 2, 96),
        Heads(28, 4, 128),
        Heads(8, 4, 256),
        Heads(16, 1, 64),
    ],
)
def test_heads_of_other_models(heads: Heads, dtype: torch.dtype) -> None:
    for decode in (False, True):
        step = world(3, heads, dtype, decode)
        step.check(step.got(TritonAttention(step.cache, heads.q)))


@pytest.mark.usefixtures("_sharing")
@pytest.mark.parametrize("dtype", TYPES)
def test_a_graph_replays_other_steps(dtype: torch.dtype) -> None:
    """One capture; then batches of other lengths, rows, sharing and padding."""
    first = world(5, LLAMA, dtype, decode=True)
    backend = TritonAttention(first.cache, LLAMA.q)
    inputs = backend.decode_inputs(first.table, 12)
    n = 12
    q = torch.empty(n, LLAMA.q, LLAMA.dim, dtype=dtype, device="cuda")
    kv = torch.empty(n, 2 * LLAMA.kv, LLAMA.dim, dtype=dtype, device="cuda")
    graphs: dict[str, tuple[torch.cuda.CUDAGraph, torch.Tensor]] = {}
    whole = first.plan
    for keep, shared in ((range(9), True), (range(9), False), ([8, 2, 5], False), ([4], False), (range(9), True)):
        chunks = tuple(whole.chunks[i] for i in keep)
        inputs.load(decode_plan(StepPlan(0, chunks, whole.shared if shared else ())), n)
        q[: len(chunks)], kv[: len(chunks)] = first.q[list(keep)], first.kv[list(keep)]
        if inputs.variant not in graphs:
            backend.decode(inputs, n).attend(0, q, kv)  # compiles
            torch.cuda.synchronize()
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                out = backend.decode(inputs, n).attend(0, q, kv)
            graphs[inputs.variant] = graph, out
        graph, out = graphs[inputs.variant]
        graph.replay()
        tolerance = 2e-5 if dtype == torch.float32 else 2e-2
        torch.testing.assert_close(out[: len(chunks)], first.want()[list(keep)], atol=tolerance, rtol=tolerance)
        assert not out[len(chunks) :].any()


@pytest.mark.parametrize("options", [LayerOptions(window=100), LayerOptions(soft_cap=2.0), LayerOptions(0.2, 300, 5.0)])
@pytest.mark.parametrize("dtype", TYPES)
def test_layer_options(options: LayerOptions, dtype: torch.dtype) -> None:
    for decode in (False, True):
        step = world(6, LLAMA, dtype, decode)
        step.check(step.got(TritonAttention(step.cache, LLAMA.q, [options])), options)


@pytest.mark.parametrize("dtype", TYPES)
def test_invariant_results_do_not_depend_on_the_batch(dtype: torch.dtype) -> None:
    """Bit for bit: a prompt at once, in chunks, its last token decoded."""
    length = 2500
    alone = World(LLAMA, [Request(0, 0, length)], [], device="cuda", dtype=dtype, width=4096)
    backend = TritonAttention(alone.cache, LLAMA.q, invariant=True)
    whole = alone.got(backend)
    alone.check(whole)
    chunk = alone.plan.chunks[0]
    for start in (1, 777, 1024, 2048, 2499):
        part = dataclasses.replace(chunk, start=start, token_ids=chunk.token_ids[start:])
        got = backend.prepare(StepPlan(0, (part,)), alone.table, alone.slots[start:]).attend(0, alone.q[start:], None)
        assert torch.equal(got, whole[start:]), start
    last = dataclasses.replace(chunk, start=length - 1, token_ids=chunk.token_ids[-1:])
    inputs = backend.decode_inputs(alone.table, 4)
    inputs.load(decode_plan(StepPlan(0, (last,))), 3)
    assert torch.equal(backend.decode(inputs, 3).attend(0, alone.q[-1:].repeat(3, 1, 1), None)[:1], whole[-1:])


def test_long_contexts() -> None:
    step = World(
        LLAMA, [Request(0, 30_000, 1), Request(0, 5, 1)], [], device="cuda", dtype=torch.bfloat16, width=32_768
    )
    step.check(step.got(TritonAttention(step.cache, LLAMA.q)))


@pytest.mark.parametrize("sharing", [False, True])
@pytest.mark.parametrize("heads", [Heads(8, 2, 64), Heads(8, 1, 128)])
def test_a_full_batch(heads: Heads, sharing: bool) -> None:
    """Rows of all lengths fill all programs; the same buffers again and again give the same numbers."""
    rng = np.random.default_rng(1)
    lengths = rng.integers(0, 700, size=250)
    requests = [Request(int(rng.integers(0, 4)) if sharing else 0, int(n), 1) for n in lengths]
    cuts = [300, 333, 500] if sharing else []
    step = World(heads, requests, cuts, device="cuda", dtype=torch.bfloat16, width=2048)
    backend = TritonAttention(step.cache, heads.q)
    inputs = backend.decode_inputs(step.table, 256)
    inputs.load(decode_plan(step.plan), 256)
    q = torch.cat([step.q, step.random(6, heads.q, heads.dim)])
    kv = torch.cat([step.kv, step.random(6, 2 * heads.kv, heads.dim)])
    first = backend.decode(inputs, 256).attend(0, q, kv)
    step.check(first[:250])
    assert not first[250:].any()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        planned = backend.decode(inputs, 256)
        for _ in range(8):
            out = planned.attend(0, q, kv)
    for _ in range(20):
        graph.replay()
        torch.testing.assert_close(out, first, atol=1e-2, rtol=1e-2)
