"""Graphs, overlap and fused kernels on the GPU: in float32 they change no token."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import EngineCore
from sgbench.engine.runner.torch_runner import TorchRunner
from tests.models.test_overlap import assert_same, outputs

pytestmark = pytest.mark.gpu

HEADS_OF_16 = {"hidden_size": 96}
"""Smaller heads are not for the kernels, and a step without them cannot be captured."""


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3"])
def test_graphs_and_overlap_change_no_token(checkpoint: Any, family: str) -> None:
    _, folder = checkpoint(family, **HEADS_OF_16)
    want = outputs(folder, "cpu", overlap=False)
    for graph, overlap in itertools.product((False, True), repeat=2):
        assert_same(want, outputs(folder, "cuda", cuda_graph=graph, overlap=overlap))


@pytest.mark.parametrize("seed", range(3))
def test_many_requests_through_many_graphs(checkpoint: Any, seed: int) -> None:
    """Requests come and go, so batches shrink through all sizes; greedy and random, evicting and preempting."""
    _, folder = checkpoint("llama", **HEADS_OF_16)
    rng = np.random.default_rng(seed)
    texts = [rng.integers(3, 160, int(n)).tolist() for n in rng.integers(1, 90, 60)]
    params = [
        {
            "temperature": float(i % 2),
            "max_new_tokens": int(n),
            "sampling_seed": i,
            "stop_token_ids": [5, 90] if i % 3 else [],
        }
        for i, n in enumerate(rng.integers(1, 60, 60))
    ]
    said = []
    for options in ({"cuda_graph": False, "overlap": False}, {"cuda_graph": True, "overlap": True}):
        config = EngineConfig(
            model_path=str(folder),
            device="cuda",
            dtype="float32",
            kv_tokens=1500,
            max_running=40,
            max_prefill_tokens=200,
            **options,
        )
        runner = TorchRunner(config)
        with EngineCore(runner.config, runner, None) as engine:
            assert (engine.config.cuda_graph, engine.config.overlap) == tuple(options.values())
            said.append([out["output_ids"] for out in engine.generate(input_ids=texts, sampling_params=params)])
            engine.check_integrity()
    assert said[0] == said[1]


def test_a_second_thread_may_use_the_gpu_while_graphs_are_captured(checkpoint: Any) -> None:
    """A notebook's own tensors: work of theirs in mid-capture breaks neither."""
    import threading

    _, folder = checkpoint("llama", **HEADS_OF_16)
    config = EngineConfig(model_path=str(folder), device="cuda", dtype="float32", kv_tokens=2000, max_running=32)
    stop = threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            while not stop.is_set():
                x = torch.randn(100, 100, device="cuda")
                assert float((x @ x.t()).diagonal().min()) > 0
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=work)
    runner = TorchRunner(config)
    thread.start()
    try:
        with EngineCore(runner.config, runner, None) as engine:
            texts = [[i + 3, i + 4, i + 5] for i in range(32)]
            params = [{"temperature": 0, "max_new_tokens": 4 + i, "ignore_eos": True} for i in range(32)]
            outputs_ = engine.generate(input_ids=texts, sampling_params=params)
    finally:
        stop.set()
        thread.join()
    assert not failures
    assert [len(out["output_ids"]) for out in outputs_] == [4 + i for i in range(32)]


def test_nothing_waits_for_the_device(checkpoint: Any, tmp_path: Path) -> None:
    """A decode step that runs ahead is launched without one synchronisation."""
    from sgbench.engine.request import DecodePlan

    _, folder = checkpoint("llama", **HEADS_OF_16)
    config = EngineConfig(model_path=str(folder), device="cuda", kv_tokens=2000, max_running=8)
    runner = TorchRunner(config)
    launched = 0
    launch = runner.launch

    def strict(plan: Any) -> Any:
        nonlocal launched
        if not isinstance(plan, DecodePlan) or plan.sample_index[0] < 5:
            return launch(plan)
        launched += 1
        torch.cuda.set_sync_debug_mode("error")
        try:
            return launch(plan)
        finally:
            torch.cuda.set_sync_debug_mode("default")

    runner.launch = strict  # type: ignore[method-assign]
    with EngineCore(runner.config, runner, None) as engine:
        engine.generate(
            input_ids=[[3, 4, 5], [6, 7]],
            sampling_params={"temperature": 1.0, "max_new_tokens": 20, "ignore_eos": True},
        )
    assert launched >= 14
