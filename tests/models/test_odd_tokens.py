"""Chunks cut so that tiles are full: the same tokens and logprobs, and every token is run once, in a place of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgbench.engine.attention.odd_tokens import cut, ends, in_front
from sgbench.engine.attention.reference import ReferenceAttention
from sgbench.engine.attention.sharing import leading
from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import EngineCore
from sgbench.engine.request import Chunk, SamplingParams, SharedPrefix, StepPlan
from sgbench.engine.runner import torch_runner
from sgbench.engine.runner.torch_runner import TorchRunner
from tests.models.gather_attention import GatherAttention
from tests.models.test_device_steps import as_on_a_gpu
from tests.models.test_overlap import assert_same

TILE = 8


def cutting(base: Any, cuts: list[StepPlan]) -> Any:
    """``base``, but what fills no tile of eight tokens is cut off."""

    class Cutting(base):  # type: ignore[misc]
        def cut(self, plan: StepPlan) -> StepPlan:
            reports = [chunk.input_logprobs_from is not None for chunk in plan.chunks]
            lengths = [len(chunk.token_ids) for chunk in plan.chunks]
            odd = [0 if n < TILE or wanted else n % TILE for n, wanted in zip(lengths, reports, strict=True)]
            made = cut(plan, odd)
            if made is not plan:
                cuts.append(made)
            return made

    return Cutting


@pytest.mark.parametrize("way", [ReferenceAttention, GatherAttention])
@pytest.mark.parametrize("overlap", [False, True])
def test_nothing_changes(checkpoint: Any, monkeypatch: pytest.MonkeyPatch, way: Any, overlap: bool) -> None:
    _, folder = checkpoint("llama")
    rng = np.random.default_rng(5)
    common = rng.integers(3, 160, 11).tolist()
    texts = [(common if i % 2 else []) + rng.integers(3, 160, 9 + i).tolist() for i in range(8)]
    params = [
        {"temperature": i % 2 * 0.9, "max_new_tokens": 4 + i, "sampling_seed": i, "ignore_eos": True} for i in range(8)
    ]

    def said() -> Any:
        options = {"max_running": 6, "max_prefill_tokens": 50, "overlap": overlap}
        config = EngineConfig(model_path=str(folder), device="cpu", dtype="float32", kv_tokens=600, **options)
        runner = TorchRunner(config)
        with EngineCore(runner.config, runner, None) as engine:
            wish, starts = [i % 3 == 0 for i in range(8)], [0 if i == 3 else -1 for i in range(8)]
            first = engine.generate(
                input_ids=texts, sampling_params=params, return_logprob=wish, logprob_start_len=starts
            )
            longer = [text + out["output_ids"] + common for text, out in zip(texts, first, strict=True)]
            return [*first, *engine.generate(input_ids=longer, sampling_params=params, return_logprob=wish)]

    want = said()
    cuts: list[StepPlan] = []
    monkeypatch.setattr(torch_runner, "_steps", as_on_a_gpu(cutting(way, cuts)))
    assert_same(want, said())
    assert len(cuts) > 3 and any(leading(plan) for plan in cuts) == any(in_front(plan) for plan in cuts)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(2, 40)), min_size=1, max_size=6),
    st.integers(0, 3),
    st.data(),
)
def test_every_token_is_run_once(shapes: list[tuple[int, int]], singles: int, data: st.DataObject) -> None:
    def chunk(row: int, start: int, n: int) -> Chunk:
        slots = 100 * row + np.arange(start, start + n, dtype=np.int32)
        return Chunk(row, row, start, 1000 * row + np.arange(n), slots, start, True, SamplingParams())

    chunks = [chunk(row, 5, 1) for row in range(singles)]
    chunks += [chunk(singles + i, start, n) for i, (start, n) in enumerate(shapes)]
    odd = [0] * singles + [data.draw(st.integers(0, n - 2)) for _, n in shapes]
    whole = StepPlan(0, tuple(chunks), (SharedPrefix(0, 3, tuple(range(len(chunks)))),))
    made = cut(whole, odd)

    def run(plan: StepPlan) -> list[tuple[int, int, int, int]]:
        return sorted(
            (c.row, c.start + k, int(token), int(slot))
            for c in plan.chunks
            for k, (token, slot) in enumerate(zip(c.token_ids, c.slots[-len(c.token_ids) :], strict=True))
        )

    assert run(made) == run(whole)
    kept = [made.chunks[i] for i in ends(made)]
    assert [c.row for c in kept] == [c.row for c in whole.chunks] and all(c.sample for c in kept)
    assert in_front(made) == singles + sum(map(bool, odd))
    assert not any(c.sample for c in made.chunks[singles : in_front(made)])
    assert [made.chunks[i].row for i in made.shared[0].chunks] == [c.row for c in whole.chunks]
