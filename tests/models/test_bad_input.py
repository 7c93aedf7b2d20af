"""Wrong numbers, wrong machines and wrong sizes: one clear error for whoever it concerns, and the engine lives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import EngineCore
from sgbench.engine.runner import gpu_check, resolve
from sgbench.engine.runner.numerics import reported
from sgbench.engine.runner.torch_runner import TorchRunner
from sgbench.errors import CapacityError, NumericsError, UsageError

POISON = 7


@pytest.fixture
def poisoned(checkpoint: Any, tmp_path: Path) -> Path:
    """A model that gives no numbers to whoever says `POISON`."""
    _, folder = checkpoint("llama")
    tensors = load_file(folder / "model.safetensors")
    tensors["model.embed_tokens.weight"][POISON] = float("nan")
    save_file(tensors, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    return tmp_path


def engine(folder: Path, device: str, **options: Any) -> EngineCore:
    given: dict[str, Any] = {
        "dtype": "float32",
        "kv_tokens": 300,
        "context_length": 200,
        "max_prefill_tokens": 16,
    } | options
    runner = TorchRunner(EngineConfig(model_path=str(folder), device=device, **given))
    return EngineCore(runner.config, runner, None)


@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("logprobs", [False, True])
def test_logits_that_are_no_numbers_fail_their_request_alone(
    poisoned: Path, device: str, overlap: bool, logprobs: bool
) -> None:
    params = {"temperature": 0, "max_new_tokens": 6, "ignore_eos": True}
    good, bad = [3, 4, 5] * 9, [3, 4, 5] * 8 + [POISON, 9]
    with engine(poisoned, device, overlap=overlap) as run:
        alone = run.generate(input_ids=good, sampling_params=params)["output_ids"]
        run.flush_cache()
        options = {"return_logprob": logprobs}
        first, broken, last = (run.submit(ids, sampling(params), **options) for ids in (good, bad, good[::-1]))
        with pytest.raises(NumericsError, match="not numbers"):
            broken.result(60)
        assert list(first.result(60).output_ids) == alone
        assert len(last.result(60).output_ids) == 6
        run.check_integrity()
        assert (run.stats().aborted, run.stats().kv_tokens_used) == (1, 0)
        assert run.generate(input_ids=good, sampling_params=params)["output_ids"] == alone


def sampling(params: dict[str, Any]) -> Any:
    from sgbench.engine.sampling_params import sampling_params

    return sampling_params(params)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize(
    "options", [{"temperature": 0.0}, {"temperature": 1.0}, {"top_k": 3}, {"top_p": 0.9, "min_p": 0.1}]
)
def test_every_way_to_choose_finds_them(device: str, value: float, options: dict[str, Any]) -> None:
    from sgbench.engine.runner.sampler import sample
    from tests.models.test_sampler import chunk

    logits = torch.randn(3, 50, generator=torch.Generator().manual_seed(0)).to(device)
    logits[1, 20] = value
    tokens = sample(logits, [chunk(seed=i, **options) for i in range(3)])
    told = reported(tokens, logits).tolist()
    assert told[1] == -1
    assert [told[0], told[2]] == [int(tokens[0]), int(tokens[2])]
    assert 0 <= int(tokens[1]) < 50, "a step launched ahead runs it"


def test_a_pool_too_small_for_a_request(poisoned: Path, device: str) -> None:
    with engine(poisoned, device, kv_tokens=32) as run, pytest.raises(CapacityError, match="32"):
        run.generate(input_ids=[3] * 40, sampling_params={"max_new_tokens": 4})


def test_a_model_larger_than_memory_is_refused_before_it_is_read(tmp_path: Path) -> None:
    heads = {"num_attention_heads": 64, "num_key_value_heads": 8, "max_position_embeddings": 100, "vocab_size": 100}
    shape = {"hidden_size": 8192, "intermediate_size": 65536, "num_hidden_layers": 9000}
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"]} | shape | heads))
    with pytest.raises(CapacityError, match=r"weights take \d+\.\d GiB and memory has"):
        engine(tmp_path, "cpu", context_length=None, load_format="dummy")


def test_no_gpu_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", None)
    with pytest.raises(UsageError, match="built without CUDA"):
        resolve._device("cuda")

    def old() -> None:
        raise RuntimeError("The NVIDIA driver on your system is too old (found version 11040).")

    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "init", old)
    with pytest.raises(UsageError, match=r"too old.*a driver for CUDA 13\.0 or newer"):
        resolve._device("cuda:0")


@pytest.mark.parametrize(
    ("capability", "archs", "word"),
    [
        ((6, 1), ["sm_60", "sm_90"], "7.0 or more"),
        ((7, 5), ["sm_80", "sm_90a"], "kernels from 8.0 up"),
        ((9, 0), ["sm_80", "sm_90a", "compute_90"], ""),
    ],
)
def test_old_gpus_say_why(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], archs: list[str], word: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _=None: capability)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _=None: "Card")
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: archs)
    assert word in gpu_check.why_not() if word else not gpu_check.why_not()
    assert resolve._device("auto") == ("cpu" if word else "cuda")
    if word:
        with pytest.raises(UsageError, match=word):
            resolve._device("cuda")
