"""Prompts launched ahead together with tokens that only the device knows: the same tokens and logprobs on every way through a step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sgbench.engine.attention.reference import ReferenceAttention
from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import EngineCore
from sgbench.engine.request import StepPlan
from sgbench.engine.runner import torch_runner
from sgbench.engine.runner.torch_runner import TorchRunner
from tests.models.gather_attention import GatherAttention
from tests.models.test_device_steps import as_on_a_gpu
from tests.models.test_overlap import assert_same


@pytest.mark.parametrize("way", [None, ReferenceAttention, GatherAttention])
@pytest.mark.parametrize("tokens", [1, 6, 40])
def test_mixed_steps_ahead_change_nothing(
    checkpoint: Any, monkeypatch: pytest.MonkeyPatch, way: Any, tokens: int
) -> None:
    _, folder = checkpoint("llama")
    rng = np.random.default_rng(5)
    texts = [rng.integers(3, 160, tokens).tolist() for _ in range(9)]
    mixed: list[StepPlan] = []

    def said(overlap: bool) -> Any:
        options = {"max_running": 9, "max_prefill_tokens": 3 * tokens, "overlap": overlap}
        config = EngineConfig(model_path=str(folder), device="cpu", dtype="float32", kv_tokens=600, **options)
        runner = TorchRunner(config)
        launch = runner.launch

        def watched(plan: Any) -> Any:
            if isinstance(plan, StepPlan) and any(chunk.token_ids[0] < 0 for chunk in plan.chunks):
                mixed.append(plan)
            return launch(plan)

        monkeypatch.setattr(runner, "launch", watched)
        with EngineCore(runner.config, runner, None) as engine:
            params = [
                {"temperature": i % 2 * 0.9, "max_new_tokens": 5 + i, "sampling_seed": i, "ignore_eos": True}
                for i in range(9)
            ]
            wish = [i % 3 == 0 for i in range(9)]
            return engine.generate(input_ids=texts, sampling_params=params, return_logprob=wish)

    want = said(overlap=False)
    if way is not None:
        monkeypatch.setattr(torch_runner, "_steps", as_on_a_gpu(way))
    assert_same(want, said(overlap=True))
    assert len(mixed) == 2
    assert [sum(chunk.token_ids[0] < 0 for chunk in plan.chunks) for plan in mixed] == [3, 6]
