"""Constraints through a real model: a GPU's way through a step writes what a CPU's writes, in every mode and under every sampling."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import EngineCore
from sgbench.engine.request import Chunk, DecodePlan, SamplingParams, SharedPrefix, StepPlan
from sgbench.engine.runner import torch_runner
from sgbench.engine.runner.device_steps import DeviceSteps
from sgbench.engine.runner.short_steps import is_short, short_step
from sgbench.engine.runner.torch_runner import TorchRunner
from tests.constrained.spelling import LongestMatch
from tests.models.gather_attention import GatherAttention
from tests.models.test_device_steps import as_on_a_gpu
from tests.models.test_overlap import assert_same

TOKENIZER = LongestMatch(single_bytes=range(32, 127))
TOKENIZER.tokens += [b""] * (160 - len(TOKENIZER.tokens))  # as many as the model has
PATTERNS: list[str | None] = [
    None,
    '\\{"name": "[a-z]{0,5}", "grade": "[ABCD][+-]?"\\}',
    "[ -~]{4,12}x",
    "(Gry|Gra)ffindor( the [ab]{1,4})?",
    "[0-9]{1,3}(, [0-9]{1,3}){0,2}",
    "[^x]{9}",
    "order(Id|Name| and the)x1?",
]
SAMPLING: list[dict[str, Any]] = [
    {"temperature": 0},
    {"temperature": 1.0},
    {"temperature": 1.5, "top_k": 7},
    {"temperature": 0.9, "top_p": 0.8},
    {"temperature": 0, "frequency_penalty": 0.5},
    {"temperature": 0, "min_new_tokens": 3},
]


def outputs(
    folder: Path,
    mode: str,
    device: str = "cpu",
    overlap: bool | None = None,
    kv_tokens: int = 2000,
    running: int = 12,
    logprobs: bool = True,
    patterns: list[str | None] = PATTERNS,
) -> list[dict[str, Any]]:
    """Every pattern under every sampling, so many at a time; requests end, jump and join while others go on."""
    config = EngineConfig(
        model_path=str(folder),
        device=device,
        dtype="float32",
        kv_tokens=kv_tokens,
        max_running=running,
        jump_forward=mode,
        overlap=overlap,
    )
    runner = TorchRunner(config)
    params = [
        {**sampling, "max_new_tokens": 12 + 3 * i, "regex": pattern, "sampling_seed": i}
        for i, sampling in enumerate(SAMPLING)
        for pattern in patterns
    ]
    with EngineCore(runner.config, runner, TOKENIZER) as engine:
        said: list[dict[str, Any]] = engine.generate(
            ["order the name"] * len(params),
            params,
            return_logprob=[logprobs and i % 3 == 0 for i in range(len(params))],
        )
        engine.check_integrity()
    for param, out in zip(params, said, strict=True):
        matches = param["regex"] is None or re.fullmatch(param["regex"], out["text"]) is not None
        assert matches == out["meta_info"]["complete"] or param["regex"] is None
        assert matches or out["meta_info"]["finish_reason"]["type"] == "length"
    assert sum(out["meta_info"]["complete"] for out in said) > len(said) / 2
    return said


@pytest.mark.parametrize("mode", ["safe", "text", "off"])
def test_the_device_way_equals_the_host_way(checkpoint: Any, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    _, folder = checkpoint("llama")
    want = outputs(folder, mode)
    assert mode == "off" or sum(out["meta_info"]["jumped_tokens"] for out in want) > 20
    monkeypatch.setattr(torch_runner, "_steps", as_on_a_gpu(GatherAttention))
    for overlap, kv_tokens in ((False, 2000), (True, 2000), (True, 150)):
        assert_same(want, outputs(folder, mode, overlap=overlap, kv_tokens=kv_tokens))


@pytest.mark.parametrize(
    ("mode", "patterns", "ahead"),
    [
        ("off", PATTERNS, True),
        ("safe", ["[0-9]{4,9}", "[a-w]{9}", "[ab]{8}", "(Gry|Bea)[a-z]{3,9}", "[0-9a-f]{7}"], True),
        ("safe", ["[a-z](, [0-9]){3}!"], False),
    ],
)
def test_a_constraint_that_cannot_jump_with_the_next_token_runs_ahead(
    checkpoint: Any, monkeypatch: pytest.MonkeyPatch, mode: str, patterns: list[str | None], ahead: bool
) -> None:
    """Logits are launched before the token before them is known, and drawn when it is."""
    _, folder = checkpoint("llama")
    bound: list[int] = []
    real = DeviceSteps._bound_late

    def counted(steps: DeviceSteps, plan: DecodePlan) -> Any:
        found = real(steps, plan)
        bound.append(len(found))
        return found

    want = outputs(folder, mode, patterns=patterns)
    monkeypatch.setattr(torch_runner, "_steps", as_on_a_gpu(GatherAttention))
    monkeypatch.setattr(DeviceSteps, "_bound_late", counted)
    assert_same(want, outputs(folder, mode, overlap=True, patterns=patterns))
    assert (sum(bound) > 0) == ahead


def test_forced_text_runs_beside_decodes_in_one_step_of_rows(checkpoint: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, folder = checkpoint("llama")
    rows: list[int] = []
    real = DeviceSteps._launch_short

    def counted(steps: DeviceSteps, plan: StepPlan, began: Any) -> Any:
        rows.append(sum(len(chunk.token_ids) for chunk in plan.chunks))
        return real(steps, plan, began)

    monkeypatch.setattr(torch_runner, "_steps", as_on_a_gpu(GatherAttention))
    monkeypatch.setattr(DeviceSteps, "_launch_short", counted)
    outputs(folder, "safe", running=128, logprobs=False)
    assert len(rows) > 3 and 42 < max(rows) <= 128


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 30), st.booleans()), min_size=1, max_size=6))
def test_a_short_step_has_every_token_where_its_chunk_has_it(shapes: list[tuple[int, int, bool]]) -> None:
    chunks, slot = [], 100
    for row, (n, start, fresh) in enumerate(shapes):
        first = 0 if fresh else start
        slots = np.arange(slot, slot + start + n - first, dtype=np.int32)
        slot += 50
        ids = np.arange(row * 10, row * 10 + n, dtype=np.int32)
        chunks.append(Chunk(row + 7, row, start, ids, slots, first, True, SamplingParams(), 0, row + 1))
    shared = (SharedPrefix(0, 3, tuple(range(0, len(chunks), 2))),)
    step = short_step(chunks, shared)
    plan, at = step.plan, 0
    for i, c in enumerate(chunks):
        n = len(c.token_ids)
        mine = slice(at, at + n)
        assert plan.rids[mine] == (c.rid,) * n and set(plan.rows[mine].tolist()) == {c.row}
        assert plan.positions[mine].tolist() == list(range(c.start, c.start + n))
        assert step.token_ids[mine].tolist() == c.token_ids.tolist()
        assert plan.slots[mine].tolist() == c.slots[-n:].tolist()
        assert step.ends[i] == at + n - 1 and plan.sample_index[at] == c.sample_index
        moved = [m for m in plan.moved if at <= m.index < at + n]
        assert [(m.index, m.start, m.slots.tolist()) for m in moved] == (
            [(at, c.slots_from, c.slots[:-n].tolist())] if c.slots_from < c.start else []
        )
        assert (set(range(at, at + n)) <= set(plan.shared[0].chunks)) == (i % 2 == 0)
        at += n
    assert at == len(plan.rids) and is_short(chunks, at) and not is_short(chunks, at - 1)
