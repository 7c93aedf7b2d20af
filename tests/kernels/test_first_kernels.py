"""What is launched beforehand on nothing runs, changes nothing, and is every kernel of a step."""

from __future__ import annotations

import dataclasses
import threading
import types
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch

from sgbench.engine.config import EngineConfig
from sgbench.engine.kernels import (
    activation,
    attention,
    attention_join,
    attention_plan,
    filtering,
    gemv,
    norm,
    rope,
    sampling,
    skinny,
)
from sgbench.engine.models.config import ModelConfig
from sgbench.engine.runner.first_kernels import FirstKernels, build_each_launcher_once, launches

SHAPE = {
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 64,
    "hidden_size": 256,
    "intermediate_size": 512,
    "num_hidden_layers": 1,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "max_position_embeddings": 64,
}
KERNELS = {
    activation: ["_silu_mul"],
    attention: ["attend_items", "attend_own"],
    attention_join: ["merge_parts"],
    attention_plan: ["plan_shares"],
    filtering: ["_thresholds"],
    gemv: ["_gemv"],
    norm: ["_add_norm", "_embed_norm"],
    rope: ["_rotate_store"],
    sampling: ["_best_of_block", "_best_of_row"],
    skinny: ["_skinny"],
}


def config(**options: Any) -> EngineConfig:
    given = {"device": "cpu", "dtype": "bfloat16", "max_running": 100, "max_prefill_tokens": 64, "context_length": 64}
    return dataclasses.replace(EngineConfig(), **(given | options))


@pytest.mark.parametrize("architecture", ["LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM"])
def test_every_launch_runs_on_nothing(architecture: str) -> None:
    model = ModelConfig.from_dict(SHAPE | {"architectures": [architecture]})
    first, later = launches(model, config())
    with torch.inference_mode():
        for launch in [*first, *later]:
            launch()
    assert len(first) >= 20 and len(later) >= 3


def test_no_kernel_of_a_step_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from sgbench.engine.attention import launch as attention_launch
    from sgbench.engine.attention import triton_attention

    seen: set[str] = set()

    class Noted:
        def __init__(self, name: str) -> None:
            self._name = name

        def __getitem__(self, grid: Any) -> Any:
            return lambda *args, **options: seen.add(self._name)

    for module, names in KERNELS.items():
        for name in names:
            for place in (module, attention_launch, triton_attention):
                if hasattr(place, name):
                    monkeypatch.setattr(place, name, Noted(name))
    first, later = launches(ModelConfig.from_dict(SHAPE), config())
    for each in [*first, *later]:
        each()
    assert seen == {name for names in KERNELS.values() for name in names}


def test_threads_that_need_one_launcher_build_it_one_after_the_other() -> None:
    at_work: Counter[str] = Counter()
    met = threading.Barrier(2, timeout=30)

    def build(src: str, name: str) -> str:
        at_work[src] += 1
        assert at_work[src] == 1
        met.wait()  # the other launcher is built meanwhile
        at_work[src] -= 1
        return src + name

    driver = types.SimpleNamespace(compile_module_from_src=build)
    build_each_launcher_once(driver)
    once = driver.compile_module_from_src
    build_each_launcher_once(driver)
    assert driver.compile_module_from_src is once
    with ThreadPoolExecutor(4) as pool:
        built = [pool.submit(once, src=src, name="launcher") for src in ("one", "other") * 2]
        assert [each.result() for each in built] == ["onelauncher", "otherlauncher"] * 2
    build_each_launcher_once(types.SimpleNamespace())


def test_a_cpu_has_nothing_to_compile() -> None:
    kernels = FirstKernels(ModelConfig.from_dict(SHAPE), config())
    kernels.wait()
    kernels.finish()
