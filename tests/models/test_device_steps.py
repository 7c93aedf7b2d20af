"""The GPU's way through a step, run on a CPU with the kernels' twins: the same tokens and logprobs as the CPU's own way."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch

from sgbench.engine.attention.reference import ReferenceAttention
from sgbench.engine.engine import EngineCore
from sgbench.engine.kernels import twins
from sgbench.engine.kernels.chosen_products import ChosenProducts, Kind
from sgbench.engine.runner import torch_runner
from sgbench.engine.runner.decode_steps import Captured, DecodeSteps, batch_sizes
from sgbench.engine.runner.kv_cache import KVCache
from sgbench.engine.runner.slot_table import SlotTable
from sgbench.engine.runner.torch_runner import TorchRunner
from tests.models.driver import Driver, generate
from tests.models.gather_attention import GatherAttention
from tests.models.test_overlap import assert_same, outputs

MADE: list[Any] = []


def as_on_a_gpu(backend: type[ReferenceAttention]) -> Any:
    """`torch_runner._steps` with device steps over a cache by token and a slot table with a device copy."""

    def make(config: Any, model: Any, decoder: Any, cache: Any, attention: Any, table: Any) -> Any:
        device = torch.device("cpu")
        cache = KVCache(model, cache.n_slots, cache.data.dtype, device, by_token=True)
        cache.data.fill_(0)
        table = SlotTable(*table.host.shape, device)
        MADE.append(backend(cache))
        return torch_runner.device_steps(config, model, decoder, cache, MADE[-1], table)

    return make


@pytest.mark.parametrize("backend", [ReferenceAttention, GatherAttention])
@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3"])
def test_the_device_way_equals_the_host_way(
    checkpoint: Any, monkeypatch: pytest.MonkeyPatch, family: str, backend: type[ReferenceAttention]
) -> None:
    _, folder = checkpoint(family)
    want = outputs(folder, "cpu", overlap=False)
    monkeypatch.setattr(torch_runner, "_steps", as_on_a_gpu(backend))
    for overlap in (False, True):
        assert_same(want, outputs(folder, "cpu", overlap=overlap))
        assert backend is ReferenceAttention or MADE[-1].decoded > 5


class PartsOnly(ChosenProducts):
    """Every product by the own kernel's twin: sums in parts, gates done."""

    def tune(self, kind: Kind, n: int, weights: Any, *rest: Any) -> None:
        """Nothing is timed here."""

    def __call__(self, kind: Kind, x: torch.Tensor, weight: torch.Tensor, *rest: Any) -> torch.Tensor:
        if kind == "whole" and rest:
            return torch.mm(x, weight.t(), out=rest[0])
        if kind != "added":
            return twins.skinny(x, weight, 1, kind == "gated")
        return self._finished(kind, lambda a, b: twins.skinny(a, b, 2, False))(x, weight, *rest)


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3"])
def test_products_in_parts_change_no_token(checkpoint: Any, monkeypatch: pytest.MonkeyPatch, family: str) -> None:
    _, folder = checkpoint(family)
    want = outputs(folder, "cpu", overlap=False)
    monkeypatch.setattr(torch_runner, "_steps", as_on_a_gpu(GatherAttention))
    monkeypatch.setattr(torch_runner, "_products", lambda config, ops: PartsOnly(ops, None))
    assert_same(want, outputs(folder, "cpu", overlap=True))


def test_prompt_logprobs_are_equal(checkpoint: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, folder = checkpoint("llama")
    results = []
    for way in (None, as_on_a_gpu(GatherAttention)):
        if way is not None:
            monkeypatch.setattr(torch_runner, "_steps", way)
        driver = Driver(_runner(folder))
        driver.add(0, list(range(3, 40)))
        driver.add(1, list(range(50, 60)))
        results.append(
            driver.run(
                [
                    driver.chunk(0, logprobs=True, top_logprobs=3, input_logprobs_from=5),
                    driver.chunk(1, 6, input_logprobs_from=1),
                ]
            )
        )
    for one, other in zip(*results, strict=True):
        assert one.token_id == other.token_id
        assert one.logprob == pytest.approx(other.logprob, abs=1e-4)
        assert one.input_logprobs == pytest.approx(other.input_logprobs, abs=1e-4)
        assert [[i for _, i in top] for top in (one.top, *one.input_top)] == [
            [i for _, i in top] for top in (other.top, *other.input_top)
        ]


def test_requests_of_like_steps_are_padded(checkpoint: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows decode in a step of four: what stands in for the fourth changes nobody."""
    _, folder = checkpoint("llama")
    texts = [[5, 6, 7], [9, 10, 11, 12], [20, 21]]
    said = []
    for way in (None, as_on_a_gpu(GatherAttention)):
        if way is not None:
            monkeypatch.setattr(torch_runner, "_steps", way)
        driver = Driver(_runner(folder))
        for row, text in enumerate(texts):
            driver.add(row, text)
        said.append(generate(driver, range(3), 8))
    assert said[0] == said[1]


@pytest.mark.parametrize("most", [1, 2, 3, 8, 37, 100, 256, 1000])
def test_batch_sizes_reach_the_largest_and_waste_little(most: int) -> None:
    sizes = batch_sizes(most)
    assert sizes == sorted(set(sizes)) and sizes[-1] == most
    assert all(b - a <= max(8, a / 4) or b <= 8 for a, b in itertools.pairwise(sizes))


def _runner(folder: Path) -> TorchRunner:
    from sgbench.engine.config import EngineConfig

    return TorchRunner(
        EngineConfig(model_path=str(folder), device="cpu", dtype="float32", kv_tokens=512, max_running=8)
    )


@pytest.mark.parametrize("ready", [True, False])
def test_every_size_is_captured_first_or_what_comes_and_goes_is_served_by_larger_graphs(
    checkpoint: Any, monkeypatch: pytest.MonkeyPatch, ready: bool
) -> None:
    """Captures are counted and computed at once instead: which sizes, and that tokens stay right at any of them."""
    _, folder = checkpoint("llama")
    texts = [[5 + i, 6, 7 + i] for i in range(7)]
    lengths = [20, 3, 3, 4, 6, 25, 25]

    def said(way: Any) -> list[list[int]]:
        if way is not None:
            monkeypatch.setattr(torch_runner, "_steps", way)
        runner = _runner(folder)
        with EngineCore(runner.config, runner, None) as engine:
            params = [{"temperature": 0, "max_new_tokens": n, "ignore_eos": True} for n in lengths]
            return [list(out["output_ids"]) for out in engine.generate(input_ids=texts, sampling_params=params)]

    captured: list[int] = []

    class Recomputed:
        def __init__(self, steps: DecodeSteps, size: int) -> None:
            self.steps, self.size = steps, size
            self.tokens = torch.zeros(size, dtype=torch.int32)
            captured.append(size)

        def replay(self) -> None:
            self.tokens.copy_(self.steps._compute(self.size))

    def capture(steps: DecodeSteps, size: int) -> Captured:
        graph = Recomputed(steps, size)
        return Captured(graph, graph.tokens)  # type: ignore[arg-type]

    def with_graphs(*args: Any) -> Any:
        made = as_on_a_gpu(GatherAttention)(*args)
        made._decode._graphs = True
        return made

    want = said(None)
    monkeypatch.setattr(DecodeSteps, "_capture", capture)
    if not ready:
        monkeypatch.setattr(DecodeSteps, "capture_all", lambda steps: None)
    assert said(with_graphs) == want
    if ready:
        assert captured == [8, 4, 2, 1], "all before the first request, none later"
    else:
        assert captured == [8, 4], "the whole batch, then only what stays for long"
