"""Greedy tokens and logits equal transformers', for every family, layout and way of cutting the work."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

from sgbench.engine.config import EngineConfig
from sgbench.engine.runner.torch_runner import TorchRunner
from tests.models.driver import Driver, generate

Runners: TypeAlias = Callable[..., TorchRunner]
FAMILIES = ("llama", "mistral", "qwen2", "qwen3")
N_NEW = 12
TIE = 2e-4
"""Our logits are the oracle's to 1e-4 (`test_logits_are_close`): of two that are nearer than twice that either may win."""


@pytest.fixture
def runner(device: str) -> Iterator[Callable[..., TorchRunner]]:
    """``runner(folder, **options)``, closed at the end."""
    made: list[TorchRunner] = []

    def make(folder: Path, **options: Any) -> TorchRunner:
        options = {"dtype": "float32", "kv_tokens": 4096, "max_running": 8} | options
        made.append(TorchRunner(EngineConfig(model_path=str(folder), device=device, **options)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def expected(model: Any, prompt: list[int], n_new: int = N_NEW) -> list[int]:
    import torch

    ids = torch.tensor([prompt])
    out = model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=n_new, do_sample=False, pad_token_id=0
    )
    return out[0, len(prompt) :].tolist()


def assert_greedy(model: Any, texts: list[list[int]], said: list[list[int]], n_new: int = N_NEW) -> None:
    """``said`` are the oracle's greedy tokens, but for ties: where they first differ, its logits must be as good as equal; then it goes on
    behind what was said.
    """
    import torch

    assert len(texts) == len(said)
    for text, tokens in zip(texts, said, strict=True):
        assert len(tokens) == n_new
        known = 0
        while known < n_new:
            want = expected(model, [*text, *tokens[:known]], n_new - known)
            differ = [i for i, (one, other) in enumerate(zip(tokens[known:], want, strict=True)) if one != other]
            if not differ:
                break
            at = known + differ[0]
            with torch.no_grad():
                logits = model(torch.tensor([[*text, *tokens[:at]]])).logits[0, -1]
            gap = float(logits.max() - logits[tokens[at]])
            assert gap <= TIE, f"token {at} of {tokens}: the oracle says {want}, its logits are {gap:.2e} apart"
            known = at + 1


def prompts(n: int = 5, common: int = 0) -> list[list[int]]:
    rng = np.random.default_rng(3)
    head = rng.integers(3, 160, common).tolist()
    return [head + rng.integers(3, 160, size).tolist() for size in (1, 7, 33, 90, 130)[:n]]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("chunk", [None, 13])
def test_batched_and_chunked_greedy(
    checkpoint: Any, runner: Runners, family: str, tied: bool, chunk: int | None
) -> None:
    model, folder = checkpoint(family, tie_word_embeddings=tied)
    driver = Driver(runner(folder))
    texts = prompts()
    for row, prompt in enumerate(texts):
        driver.add(row, prompt)
    said = generate(driver, range(5), N_NEW, chunk)
    assert_greedy(model, texts, [said[row] for row in range(5)])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("shared", [0, 100])
@pytest.mark.parametrize("enabled", [True, False])
def test_cached_prefix(checkpoint: Any, runner: Runners, family: str, shared: int, enabled: bool) -> None:
    """Requests that start on another one's slots, read once together or each on its own."""
    model, folder = checkpoint(family)
    driver = Driver(runner(folder, shared_prefix_attention=enabled))
    texts = prompts(4, common=100)
    driver.add(0, texts[0])
    assert_greedy(model, texts[:1], [generate(driver, [0], N_NEW)[0]])
    for row in (1, 2, 3):
        driver.add(row, texts[row], share=(0, 100))
    said = generate(driver, [1, 2, 3], N_NEW, shared=shared)
    assert_greedy(model, texts[1:], [said[row] for row in (1, 2, 3)])


@pytest.mark.parametrize("family", FAMILIES)
def test_neighbouring_slots_and_sharded_files(checkpoint: Any, runner: Runners, family: str) -> None:
    model, folder = checkpoint(family, shard_size="40KB")
    assert (folder / "model.safetensors.index.json").is_file()
    driver = Driver(runner(folder), scatter=None)
    prompt = prompts()[3]
    driver.add(0, prompt)
    assert_greedy(model, [prompt], [generate(driver, [0], N_NEW)[0]])


@pytest.mark.parametrize(
    "scaling",
    [
        {"rope_type": "linear", "factor": 4.0},
        {
            "rope_type": "llama3",
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64,
        },
        {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128},
        {
            "rope_type": "yarn",
            "factor": 4.0,
            "original_max_position_embeddings": 64,
            "beta_fast": 8.0,
            "mscale": 0.8,
            "mscale_all_dim": 1.2,
        },
    ],
)
@pytest.mark.parametrize("old_spelling", [True, False])
def test_logits_with_scaled_positions(
    checkpoint: Any, runner: Runners, tmp_path: Path, scaling: dict[str, Any], old_spelling: bool
) -> None:
    import torch

    model, folder = checkpoint("llama", rope_parameters=scaling | {"rope_theta": 5000.0})
    if old_spelling:
        raw = json.loads((folder / "config.json").read_text())
        raw["rope_scaling"] = {k: v for k, v in raw.pop("rope_parameters").items() if k != "rope_theta"}
        raw["rope_theta"] = 5000.0
        (tmp_path / "config.json").write_text(json.dumps(raw))
        (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
        folder = tmp_path
    prompt = prompts()[4] * 3
    driver = Driver(runner(folder))
    driver.add(0, prompt)
    (result,) = driver.run([driver.chunk(0, input_logprobs_from=1, logprobs=True)])
    with torch.no_grad():
        logprobs = model(torch.tensor([prompt])).logits[0].log_softmax(-1)
    want = logprobs[torch.arange(len(prompt) - 1), torch.tensor(prompt[1:])]
    assert np.allclose(result.input_logprobs, want.numpy(), atol=1e-3)
    assert result.logprob == pytest.approx(float(logprobs[-1].max()), abs=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_logits_are_close(checkpoint: Any, runner: Runners, family: str) -> None:
    import torch

    model, folder = checkpoint(family, attention_bias=True) if family in ("llama", "qwen3") else checkpoint(family)
    prompt = prompts()[4]
    driver = Driver(runner(folder))
    driver.add(0, prompt)
    (result,) = driver.run([driver.chunk(0, top_logprobs=20, input_logprobs_from=1)])
    with torch.no_grad():
        logprobs = model(torch.tensor([prompt])).logits[0].log_softmax(-1)
    for position, top in enumerate((*result.input_top, result.top)):
        values, ids = logprobs[position].topk(20)
        assert [token for _, token in top] == ids.tolist()
        assert np.allclose([value for value, _ in top], values.numpy(), atol=1e-4)


@pytest.mark.parametrize(
    ("family", "radix_cache"), [*((f, "radix") for f in FAMILIES), ("llama", "force-miss"), ("llama", "off")]
)
def test_through_the_engine(checkpoint: Any, runner: Runners, family: str, radix_cache: str) -> None:
    """Scheduler, tree and runner: a small pool that evicts and preempts, prompts that share all kinds of prefixes."""
    from sgbench.engine.engine import EngineCore

    model, folder = checkpoint(family)
    device_half = runner(folder, radix_cache=radix_cache, kv_tokens=420, max_prefill_tokens=48, in_flight_tokens=8)
    base = prompts(5, common=60)
    texts = [*base, base[3][:100], base[4], base[2] + base[1], base[4][:150], *prompts(3)]
    params = {"temperature": 0, "max_new_tokens": N_NEW, "ignore_eos": True}
    with EngineCore(device_half.config, device_half, None) as engine:
        for _ in range(2):
            outputs = engine.generate(input_ids=texts, sampling_params=params)
            engine.check_integrity()
            assert_greedy(model, texts, [list(out["output_ids"]) for out in outputs])
        assert (engine.stats().cached_tokens > 0) == (radix_cache == "radix")
        assert engine.stats().evicted_tokens > 0 or radix_cache == "off"


def test_the_bundled_model(runner: Runners) -> None:
    """Prompts in its own words, alone and together, read afresh and from the cache."""
    import torch
    import transformers

    from sgbench.engine.engine import EngineCore
    from sgbench.engine.hub import bundled_folder
    from sgbench.engine.tokenizer import Tokenizer

    folder = bundled_folder()
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = Tokenizer(folder)
    system = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    questions = ["What is the capital of France?", "Tell me a story about a dragon and a bridge.", "Hello!"]
    texts = [f"{system}<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n" for q in questions]
    want = []
    for text in texts:
        ids = torch.tensor([tokenizer.encode(text)])
        out = model.generate(ids, max_new_tokens=40, do_sample=False, attention_mask=torch.ones_like(ids))
        want.append(out[0, ids.shape[1] :].tolist())
    device_half = runner(folder)
    params = {"temperature": 0, "max_new_tokens": 40}
    with EngineCore(device_half.config, device_half, tokenizer) as engine:
        alone = [list(engine.generate(text, params)["output_ids"]) for text in texts]
        together = [list(out["output_ids"]) for out in engine.generate(texts, params)]
        assert alone == together == want
        assert engine.stats().hit_rate > 0.5
