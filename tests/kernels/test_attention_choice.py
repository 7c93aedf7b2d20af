"""``attention=``: what can run is taken and the reason is said; what was named and cannot run is an error."""

from __future__ import annotations

import dataclasses
import importlib.util
from typing import Any

import pytest
import torch

from sgbench.engine.attention import choice
from sgbench.engine.attention.base import LayerOptions
from sgbench.engine.attention.choice import AttentionShape, choose
from sgbench.errors import UsageError

CPU = AttentionShape(32, 8, 128, torch.float32, torch.device("cpu"))
GPU = AttentionShape(32, 8, 128, torch.bfloat16, torch.device("cuda"))


@pytest.fixture
def hopper(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A GPU of capability 9.0, with the packages named."""

    def install(*packages: str, capability: tuple[int, int] = (9, 0)) -> None:
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _=None: capability)
        found = importlib.util.find_spec
        known = ("triton", "flashinfer")
        monkeypatch.setattr(
            choice.importlib.util,
            "find_spec",
            lambda name: (name in packages or None) if name in known else found(name),
        )

    return install


def test_a_cpu_takes_torch_and_has_nothing_to_explain() -> None:
    assert str(choose("auto", CPU)) == "torch"


@pytest.mark.parametrize("name", ["triton", "flashinfer"])
def test_a_backend_that_was_named_needs_its_device(name: str) -> None:
    with pytest.raises(UsageError, match="needs an NVIDIA GPU"):
        choose(name, CPU)


def test_without_flashinfer_the_own_kernels_run_and_say_so(hopper: Any) -> None:
    hopper("triton")
    assert str(choose("auto", GPU)) == "triton (FlashInfer is not installed)"
    with pytest.raises(UsageError, match="FlashInfer is not installed"):
        choose("flashinfer", GPU)


def test_without_either_torch_runs_and_says_so(hopper: Any) -> None:
    hopper()
    assert choose("auto", GPU).name == "torch" and "Triton is not installed" in str(choose("auto", GPU))


def test_an_old_gpu_runs_torch_and_names_its_capability(hopper: Any) -> None:
    hopper("triton", capability=(7, 5))
    assert "this GPU has 7.5" in str(choose("auto", GPU))
    with pytest.raises(UsageError, match=r"7\.5"):
        choose("triton", GPU)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"dtype": torch.float32}, "float32"),
        ({"head_dim": 96}, "heads of 96"),
        ({"layers": (LayerOptions(window=100), LayerOptions())}, "sliding windows"),
        ({"layers": (LayerOptions(scale=0.1), LayerOptions())}, "one scale"),
        ({"invariant": True}, "deterministic"),
    ],
)
def test_what_flashinfer_does_not_compute_the_own_kernels_do(hopper: Any, change: dict[str, Any], why: str) -> None:
    hopper("triton", "flashinfer")
    chosen = choose("auto", dataclasses.replace(GPU, **change))
    assert chosen.name == "triton" and why in chosen.why


def test_a_broken_flashinfer_is_a_visible_fallback(hopper: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hopper("triton", "flashinfer")

    def broken(*_: Any) -> Any:
        raise OSError("undefined symbol: _ZN3c10")

    from sgbench.engine.attention import flashinfer_attention

    monkeypatch.setattr(flashinfer_attention, "prefill_kernels", broken)
    assert "undefined symbol" in str(choose("auto", GPU))
    with pytest.raises(UsageError, match="undefined symbol"):
        choose("flashinfer", GPU)


def test_more_heads_than_a_tile_holds(hopper: Any) -> None:
    hopper("triton")
    assert choose("auto", dataclasses.replace(GPU, n_heads=256, n_kv_heads=1)).name == "torch"
