"""Every backend equals the dense float64 reference, over random steps; partial results merge exactly."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.engine.attention.base import LayerOptions
from sgbench.engine.attention.dense.blocks import dense_attention, math_attention
from sgbench.engine.attention.reference import ReferenceAttention
from sgbench.engine.attention.torch_attention import TorchAttention
from sgbench.engine.models.config import ModelConfig
from sgbench.engine.request import Chunk, SamplingParams, SharedPrefix, StepPlan
from sgbench.engine.runner.kv_cache import KVCache
from sgbench.engine.runner.slot_table import SlotTable
from tests.models.side_by_side import SideBySide

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)] if torch.cuda.is_available() else ["cpu"]
CONFIG = ModelConfig.from_dict(
    {
        "architectures": ["LlamaForCausalLM"],
        "vocab_size": 8,
        "hidden_size": 32,
        "intermediate_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
    }
)
HEAD_DIM = CONFIG.head_dim


@st.composite
def steps(draw: st.DrawFn) -> tuple[StepPlan, SlotTable, int]:
    """Chunks of all sizes; some share one or two leading segments, with the same slots."""
    sizes = st.one_of(st.integers(1, 4), st.integers(1, 100))
    cuts = sorted(draw(st.lists(st.integers(1, 120), min_size=0, max_size=2, unique=True)))
    n = draw(st.integers(1, 6))
    sharing = [draw(st.integers(0, len(cuts))) for _ in range(n)]
    table = SlotTable(n, 512)
    slots = iter(
        np.random.default_rng(draw(st.integers(0, 9))).permutation(2000) if draw(st.booleans()) else range(2000)
    )
    common = [next(slots) for _ in range(max(cuts, default=0))]
    chunks = []
    for row in range(n):
        shared = cuts[sharing[row] - 1] if sharing[row] else 0
        start, count = shared + draw(st.one_of(st.just(0), st.integers(0, 60))), draw(sizes)
        own = common[:shared] + [next(slots) for _ in range(start + count - shared)]
        ids = np.zeros(count, np.int32)
        chunks.append(Chunk(row, row, start, ids, np.asarray(own, np.int32), 0, True, SamplingParams()))
    table.write(tuple(chunks))
    segments = []
    for level, end in enumerate(cuts):
        members = tuple(i for i in range(n) if sharing[i] > level)
        if len(members) > 1:
            segments.append(SharedPrefix(cuts[level - 1] if level else 0, end, members))
        else:
            break
    return StepPlan(0, tuple(chunks), tuple(segments)), table, n


@pytest.mark.parametrize("device", DEVICES)
@settings(deadline=None, max_examples=40)
@given(step=steps(), seed=st.integers(0, 5))
def test_equals_the_reference(device: str, step: tuple[StepPlan, SlotTable, int], seed: int) -> None:
    plan, table, _ = step
    generator = torch.Generator().manual_seed(seed)
    cache = KVCache(CONFIG, 2000, torch.float32, torch.device(device))
    cache.data.copy_(torch.randn(cache.data.shape, generator=generator))
    n_tokens = sum(len(c.token_ids) for c in plan.chunks)
    slots = torch.from_numpy(np.concatenate([c.slots[-len(c.token_ids) :] for c in plan.chunks]).astype(np.int64)).to(
        device
    )
    heads = torch.randn(n_tokens, CONFIG.n_heads + 2 * CONFIG.n_kv_heads, HEAD_DIM, generator=generator).to(device)
    q, kv = heads[:, : CONFIG.n_heads], heads[:, CONFIG.n_heads :]
    want = ReferenceAttention(cache).prepare(plan, table, slots).attend(0, q, kv)
    for seen in (plan, dataclasses.replace(plan, shared=())):
        got = TorchAttention(cache, CONFIG.n_heads).prepare(seen, table, slots).attend(0, q, kv)
        torch.testing.assert_close(got, want, atol=2e-5, rtol=2e-5)


def test_slots_never_written_are_never_read() -> None:
    """Memory of unused slots may hold anything, NaN included."""
    cache = KVCache(CONFIG, 64, torch.float32, torch.device("cpu"))
    cache.data.fill_(float("nan"))
    ids = (np.zeros(3, np.int32), np.zeros(9, np.int32))
    used = (np.asarray([5, 1, 9], np.int32), np.arange(20, 29, dtype=np.int32))
    chunks = tuple(Chunk(r, r, 0, ids[r], used[r], 0, True, SamplingParams()) for r in range(2))
    table = SlotTable(2, 16)
    table.write(chunks)
    heads = torch.randn(12, CONFIG.n_heads + 2 * CONFIG.n_kv_heads, HEAD_DIM)
    slots = torch.from_numpy(np.concatenate(used).astype(np.int64))
    step = TorchAttention(cache, CONFIG.n_heads).prepare(StepPlan(0, chunks), table, slots)
    assert step.attend(0, heads[:, : CONFIG.n_heads], heads[:, CONFIG.n_heads :]).isfinite().all()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("queries", "keys", "causal"), [(1, 40, False), (17, 40, False), (33, 33, True)])
@pytest.mark.parametrize("masked", [False, True])
def test_dense_kernels_equal_their_slow_twin(device: str, queries: int, keys: int, causal: bool, masked: bool) -> None:
    torch.manual_seed(0)
    q = torch.randn(3, 4, queries, 16, device=device)
    k, v = torch.randn(2, 3, 4, keys, 16, device=device)
    mask = None
    if masked and not causal:
        mask = torch.zeros(3, 1, queries, keys, device=device)
        mask[1, :, :, 20:] = float("-inf")
    for got, want in zip(dense_attention(q, k, v, mask, causal), math_attention(q, k, v, mask, causal), strict=True):
        torch.testing.assert_close(got, want, atol=1e-5, rtol=1e-5)
    if not causal:
        scores = q @ k.transpose(2, 3) / 4 + (0 if mask is None else mask)
        torch.testing.assert_close(math_attention(q, k, v, mask)[1], scores.logsumexp(-1), atol=1e-5, rtol=1e-5)


class Decoding(SideBySide):
    """Requests that have nothing in common."""

    def __init__(self, seed: int, budget_tokens: int) -> None:
        budget = budget_tokens * 2 * CONFIG.n_kv_heads * HEAD_DIM * 4
        super().__init__(CONFIG, seed, 3000, SlotTable(8, 1024), (budget, budget))

    def admit(self, row: int, length: int) -> None:
        self.slots[row] = [self.free.pop() for _ in range(length)]
        self.rid[row] = self.rid.get(row, 0) + 8
        self.new.add(row)

    def exchange(self, row: int) -> None:
        """The tree's slots take the place of the request's own: same contents elsewhere."""
        moved = [self.free.pop() for _ in self.slots[row]]
        self.cache.data[:, :, moved] = self.cache.data[:, :, self.slots[row]]
        self.cache.data[:, :, self.slots[row]] = float("nan")
        self.slots[row] = moved
        self.new.add(row)


@settings(deadline=None, max_examples=40)
@given(st.data(), st.integers(0, 99), st.sampled_from([0, 150, 400, 100_000]))
def test_what_is_kept_between_steps_stays_right(data: st.DataObject, seed: int, budget_tokens: int) -> None:
    """Requests come, go, pause, return, exchange slots and grow out of their buffers, with and without room for them."""
    world = Decoding(seed, budget_tokens)
    for _ in range(12):
        row = data.draw(st.integers(0, 7))
        match data.draw(st.sampled_from(["admit", "exchange", "leave", "go on"])):
            case "admit":
                world.admit(row, data.draw(st.sampled_from([1, 5, 62, 64, 95, 130])))
            case "exchange" if row in world.slots:
                world.exchange(row)
            case "leave":
                world.slots.pop(row, None)
        live = sorted(world.slots)
        if not live:
            continue
        rows = data.draw(st.lists(st.sampled_from(live), min_size=1, unique=True))
        world.step(rows, data.draw(st.sampled_from([0, 0, 3, 70])))


LAYERS = [LayerOptions(window=7), LayerOptions(soft_cap=2.0), LayerOptions(scale=0.1), LayerOptions(0.2, 30, 5.0)]


@pytest.mark.parametrize("options", LAYERS)
@settings(deadline=None, max_examples=10)
@given(step=steps())
def test_layer_options_equal_the_reference(options: LayerOptions, step: tuple[StepPlan, SlotTable, int]) -> None:
    plan, table, _ = step
    torch.manual_seed(0)
    cache = KVCache(CONFIG, 2000, torch.float32, torch.device("cpu"))
    cache.data.copy_(torch.randn(cache.data.shape))
    slots = torch.from_numpy(np.concatenate([c.slots[-len(c.token_ids) :] for c in plan.chunks]).astype(np.int64))
    heads = torch.randn(len(slots), CONFIG.n_heads + 2 * CONFIG.n_kv_heads, HEAD_DIM)
    q, kv = heads[:, : CONFIG.n_heads], heads[:, CONFIG.n_heads :]
    want = ReferenceAttention(cache, [options]).prepare(plan, table, slots).attend(0, q, kv)
    got = TorchAttention(cache, CONFIG.n_heads, [options]).prepare(plan, table, slots).attend(0, q, kv)
    torch.testing.assert_close(got, want, atol=2e-5, rtol=2e-5)


def test_the_reference_computes_what_the_words_say() -> None:
    """One query at position 2, by hand: a window of two, a cap, a scale."""
    cache = KVCache(CONFIG, 8, torch.float32, torch.device("cpu"))
    torch.manual_seed(0)
    heads = torch.randn(3, CONFIG.n_heads + 2 * CONFIG.n_kv_heads, HEAD_DIM)
    q, kv = heads[:, : CONFIG.n_heads], heads[:, CONFIG.n_heads :]
    slots = np.asarray([3, 0, 5], np.int32)
    chunk = Chunk(0, 0, 0, np.zeros(3, np.int32), slots, 0, True, SamplingParams())
    table = SlotTable(1, 8)
    table.write((chunk,))
    options = LayerOptions(scale=0.5, window=2, soft_cap=1.5)
    step = ReferenceAttention(cache, [options]).prepare(StepPlan(0, (chunk,)), table, torch.from_numpy(slots).long())
    got = step.attend(0, q, kv)[2].view(CONFIG.n_heads, HEAD_DIM)
    scores = torch.stack([(q[2, 3] * kv[at, 1]).sum() * 0.5 for at in (1, 2)])
    weights = (1.5 * torch.tanh(scores / 1.5)).softmax(0)
    torch.testing.assert_close(got[3], weights[0] * kv[1, 3] + weights[1] * kv[2, 3])


def test_slots_lie_together_or_apart() -> None:
    """The two layouts of the pool are the same pool."""
    caches = [KVCache(CONFIG, 40, torch.float32, torch.device("cpu"), by_token=by) for by in (False, True)]
    heads = torch.randn(5, 2 * CONFIG.n_kv_heads, HEAD_DIM)
    slots = torch.tensor([7, 3, 39, 0, 12])
    for cache in caches:
        cache.data.zero_()
        cache.write(0, slots, heads)
    first, second = caches
    assert torch.equal(first.data, second.data) and torch.equal(first.by_slot, second.by_slot)
    assert second.by_slot.is_contiguous() and first.data.is_contiguous()
    wanted = torch.tensor([39, 7])
    for cache in caches:
        assert torch.equal(cache.gather(0, cache.gather_index(wanted)), heads[[2, 0]].transpose(0, 1))
