"""Steps launched ahead on the torch runner: the same tokens, texts and logprobs as one step at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import EngineCore
from sgbench.engine.runner.torch_runner import TorchRunner
from tests.models.test_equals_transformers import prompts

SAMPLING: tuple[dict[str, Any], ...] = (
    {"temperature": 0},
    {"temperature": 1.3},
    {"temperature": 0.9, "top_k": 20, "top_p": 0.9},
    {"temperature": 1.0, "min_p": 0.02, "stop_token_ids": list(range(0, 160, 5))},
    {"temperature": 0, "stop_token_ids": list(range(0, 160, 4)), "min_new_tokens": 4},
    {"temperature": 0.7, "repetition_penalty": 1.2},
)


def outputs(folder: Path, device: str, **options: Any) -> list[dict[str, Any]]:
    """Prompts that share prefixes under every kind of sampling, in a pool that evicts."""
    config = EngineConfig(
        model_path=str(folder),
        device=device,
        dtype="float32",
        kv_tokens=600,
        max_running=6,
        max_prefill_tokens=48,
        **options,
    )
    runner = TorchRunner(config)
    base = prompts(5, common=60)
    texts = [*base, *base[:3], *prompts(4)]
    params = [dict(SAMPLING[i % len(SAMPLING)], max_new_tokens=6 + i, sampling_seed=i) for i in range(len(texts))]
    wish = [i % 3 == 0 for i in range(len(texts))]
    with EngineCore(runner.config, runner, None) as engine:
        said = engine.generate(input_ids=texts, sampling_params=params, return_logprob=wish)
        engine.check_integrity()
        assert engine.stats().kv_tokens_used == 0
    return said


def assert_same(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    """Tokens and reasons are equal, logprobs close."""
    for one, other in zip(before, after, strict=True):
        assert one["output_ids"] == other["output_ids"]
        assert one["meta_info"]["finish_reason"] == other["meta_info"]["finish_reason"]
        if "output_token_logprobs" in one["meta_info"]:
            a, b = ([value for value, _, _ in out["meta_info"]["output_token_logprobs"]] for out in (one, other))
            assert np.allclose(a, b, atol=1e-4)


@pytest.mark.parametrize("family", ["llama", "qwen3"])
def test_overlap_changes_nothing(checkpoint: Any, device: str, family: str) -> None:
    _, folder = checkpoint(family)
    assert_same(outputs(folder, device, overlap=False), outputs(folder, device, overlap=True))
