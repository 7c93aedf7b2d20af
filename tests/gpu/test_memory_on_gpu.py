"""The engine takes what is free and no more, says who holds what when the card is full, lives on, and gives every byte back."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import EngineCore
from sgbench.engine.runner.torch_runner import TorchRunner
from sgbench.errors import CapacityError, DeviceMemoryError
from tests.gpu.conftest import FRACTION
from tests.gpu.test_llama_8b_shape import LLAMA_31_8B

pytestmark = pytest.mark.gpu

SMALL: dict[str, Any] = LLAMA_31_8B | {
    "vocab_size": 32_000,
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 8,
    "num_attention_heads": 16,
    "head_dim": 64,
}


def start(folder: Path, shape: dict[str, Any] = SMALL, **options: Any) -> EngineCore:
    (folder / "config.json").write_text(json.dumps(shape))
    given = {"load_format": "dummy", "context_length": 4096, "device": "cuda"} | options
    runner = TorchRunner(EngineConfig(model_path=str(folder), **given))
    return EngineCore(runner.config, runner, None)


def prompts(n: int, length: int, seed: int = 0) -> list[list[int]]:
    return np.random.default_rng(seed).integers(10, 32_000, (n, length)).tolist()


def ask(engine: EngineCore, texts: list[list[int]], new: int = 4) -> list[int]:
    params = {"temperature": 0, "max_new_tokens": new, "ignore_eos": True}
    return [len(out["output_ids"]) for out in engine.generate(input_ids=texts, sampling_params=params)]


@pytest.fixture
def clean() -> Iterator[None]:
    torch.cuda.empty_cache()
    yield
    torch.cuda.empty_cache()


def used_bytes() -> int:
    """Of the card, by anybody; where others are busy there, by torch in this process."""
    free, total = torch.cuda.mem_get_info()
    return total - free if FRACTION == 1 else torch.cuda.memory_reserved()


@pytest.mark.usefixtures("clean")
def test_ten_starts_and_stops_leave_the_card_as_it_was(tmp_path: Path) -> None:
    used = []
    for cycle in range(11):  # the first one loads the kernels, which stay with the process
        with start(tmp_path, kv_tokens=200_000 if cycle % 2 else None) as engine:
            assert ask(engine, prompts(8, 300, cycle)) == [4] * 8
        used.append(used_bytes())
    print("used after each stop, MiB:", [size >> 20 for size in used])
    assert torch.cuda.memory_allocated() < 32 << 20
    assert max(used[1:]) - min(used[1:]) <= 0.01 * torch.cuda.mem_get_info()[1]
    assert used[-1] <= used[1] + (64 << 20), "nothing grows from start to start"


@pytest.mark.usefixtures("clean")
def test_the_pool_is_what_is_free_beside_the_largest_step(tmp_path: Path) -> None:
    with start(tmp_path) as engine:
        print(engine.runner.description)
        total = torch.cuda.mem_get_info()[1] * FRACTION
        pool = engine.config.kv_tokens * engine.runner.kv_bytes_per_token  # type: ignore[operator,attr-defined]
        assert 0.75 * total < pool < total
        assert re.search(r"KV pool of [\d,]+ tokens, [\d.]+ GiB; weights", engine.runner.description)
        assert ask(engine, prompts(256, 100), 8) == [8] * 256
        assert ask(engine, prompts(3, 4000, 1)) == [4] * 3
        assert torch.cuda.memory_reserved() < 0.98 * total, "the user keeps a share"


def hog() -> list[torch.Tensor]:
    """Tensors that leave nothing."""
    held: list[torch.Tensor] = []
    for size in (1 << 33, 1 << 30, 1 << 27, 1 << 24, 1 << 21):
        while True:
            try:
                held.append(torch.empty(size, dtype=torch.uint8, device="cuda"))
            except torch.cuda.OutOfMemoryError:
                break
    return held


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("overlap", [False, True])
def test_a_card_filled_by_the_user_is_an_error_that_names_the_holders(tmp_path: Path, overlap: bool) -> None:
    with start(tmp_path, kv_tokens=100_000, overlap=overlap) as engine:
        long = prompts(2, 4000, 2)
        before = ask(engine, long)
        held = hog()
        with pytest.raises(DeviceMemoryError) as told:
            ask(engine, prompts(2, 4000, 3))
        print(told.value)
        for part in ("the engine's weights", "its KV pool", "other tensors of this process", "kv_tokens", "free"):
            assert part in str(told.value)
        engine.check_integrity()
        held.clear()
        torch.cuda.empty_cache()
        assert ask(engine, long) == before
        assert ask(engine, prompts(8, 2000, 4)) == [4] * 8
        engine.check_integrity()
        assert engine.stats().kv_tokens_used == 0


@pytest.mark.usefixtures("clean")
def test_a_card_that_is_full_before_the_start(tmp_path: Path) -> None:
    held = hog()
    with pytest.raises((CapacityError, DeviceMemoryError), match="other tensors of this process"):
        start(tmp_path)
    held.clear()
    torch.cuda.empty_cache()
    with start(tmp_path, kv_tokens=10_000) as engine:
        assert ask(engine, prompts(1, 10)) == [4]


@pytest.mark.usefixtures("clean")
def test_sizes_that_cannot_fit_are_refused(tmp_path: Path) -> None:
    large = LLAMA_31_8B | {"num_hidden_layers": 400}
    with pytest.raises(CapacityError, match=r"weights take \d+\.\d GiB and do not fit"):
        start(tmp_path, large)
    with pytest.raises((CapacityError, DeviceMemoryError), match="KV pool of 900,000,000 tokens"):
        start(tmp_path, kv_tokens=900_000_000)
    with start(tmp_path, kv_tokens=64) as engine, pytest.raises(CapacityError, match="64"):
        ask(engine, prompts(1, 100))
    assert torch.cuda.memory_allocated() < 64 << 20


LOST = """
    import sys, torch
    from pathlib import Path
    from tests.gpu.test_memory_on_gpu import ask, prompts, start
    from sgbench.errors import DeviceLostError
    engine = start(Path(sys.argv[1]), kv_tokens=20_000)
    assert ask(engine, prompts(2, 100)) == [4, 4]
    table = torch.zeros(4, device="cuda")
    table[torch.tensor([1 << 40], device="cuda")]  # a kernel of the user's reads out of bounds
    try:
        ask(engine, prompts(2, 100, 1))
    except DeviceLostError as told:
        print("told:", told)
    engine.shutdown()
    print("alive")
"""


def test_a_lost_context_is_one_error_and_the_process_lives(tmp_path: Path) -> None:
    run = [sys.executable, "-c", textwrap.dedent(LOST), str(tmp_path)]
    done = subprocess.run(run, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "told: a kernel failed on the GPU" in done.stdout
    assert "restart the kernel" in done.stdout
    assert done.stdout.strip().endswith("alive")
