"""What a GPU's memory is said to hold, on a device that is made up."""

from __future__ import annotations

import pytest
import torch

from sgbench.engine.runner import memory
from sgbench.engine.runner.memory import DeviceMemory, free_bytes
from sgbench.errors import CapacityError, DeviceLostError, DeviceMemoryError

GIB = 1 << 30


class Card:
    """Figures that torch and the driver would give."""

    def __init__(self) -> None:
        self.total, self.elsewhere = 80 * GIB, 4 * GIB
        self.allocated = self.reserved = self.peak = 0
        self.fraction = 1.0

    def hold(self, size: int) -> None:
        self.allocated += size
        self.reserved = max(self.reserved, self.allocated)
        self.peak = max(self.peak, self.allocated)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        cuda = torch.cuda

        def numbered(device: torch.device) -> None:
            assert device.index is not None, "some of torch's functions refuse a device without a number"

        def answer(value):  # type: ignore[no-untyped-def]
            return lambda device: (numbered(device), value())[1]

        def empty() -> None:
            self.reserved = self.allocated

        monkeypatch.setattr(cuda, "current_device", lambda: 0)
        monkeypatch.setattr(cuda, "synchronize", numbered)
        monkeypatch.setattr(cuda, "empty_cache", empty)
        monkeypatch.setattr(cuda, "memory_allocated", answer(lambda: self.allocated))
        monkeypatch.setattr(cuda, "memory_reserved", answer(lambda: self.reserved))
        monkeypatch.setattr(cuda, "max_memory_allocated", answer(lambda: self.peak))
        monkeypatch.setattr(cuda, "reset_peak_memory_stats", answer(lambda: setattr(self, "peak", self.allocated)))
        monkeypatch.setattr(cuda, "get_per_process_memory_fraction", answer(lambda: self.fraction))
        free = answer(lambda: (self.total - self.elsewhere - self.reserved, self.total))
        monkeypatch.setattr(cuda, "mem_get_info", free)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    made = Card()
    made.install(monkeypatch)
    return made


def loaded(card: Card) -> DeviceMemory:
    card.hold(2 * GIB)  # the user's, from before
    device = DeviceMemory(torch.device("cuda"))
    card.hold(16 * GIB)
    device.weights_loaded()
    return device


def test_holders_add_up_to_the_card(card: Card) -> None:
    device = loaded(card)
    card.hold(30 * GIB)
    card.hold(1 * GIB)
    device.built(30 * GIB)
    card.hold(5 * GIB)
    card.reserved += 3 * GIB
    now = device.holders()
    parts = (now.weights, now.kv, now.steps, now.own, now.cached, now.elsewhere, now.withheld, now.free)
    assert [size // GIB for size in parts] == [16, 30, 1, 7, 3, 4, 0, 19]
    assert sum(parts) == now.total
    for part in (
        "the engine's weights 16.0 GiB",
        "its KV pool 30.0 GiB",
        "other tensors of this process 7.0 GiB",
        "free 19.0",
    ):
        assert part in str(now)
    assert "weights 16.0 GiB; 22.0 GiB of 80.0 GiB left" in device.sentence(1000)


def test_the_pool_leaves_room_for_the_largest_step(card: Card) -> None:
    device = loaded(card)

    def rehearse() -> None:
        card.hold(1000 * 1024)  # a small pool
        card.hold(3 * GIB)
        card.allocated -= 3 * GIB + 1000 * 1024

    tokens = device.pool_tokens(1024, 1000, rehearse)
    room = 80 * GIB - 4 * GIB - 18 * GIB - 3 * GIB - memory._GRAPH_BYTES
    assert tokens * 1024 == pytest.approx(room * memory._POOL_SHARE, abs=2048)


def test_a_limit_that_the_user_set_is_kept(card: Card) -> None:
    device = loaded(card)
    card.fraction = 0.5
    assert free_bytes(torch.device("cuda")) == 22 * GIB
    with pytest.raises(CapacityError, match=r"take 30\.0 GiB and do not fit"):
        device.check_weights(30 * GIB)
    device.check_weights(20 * GIB)
    now = device.holders()
    assert (now.elsewhere, now.withheld, now.free) == (4 * GIB, 36 * GIB, 22 * GIB), (
        "others do not hold what is withheld"
    )
    assert "set_per_process_memory_fraction) 36.0 GiB, free 22.0 GiB" in str(now)


def test_no_room_is_one_error(card: Card) -> None:
    device = loaded(card)
    with pytest.raises(CapacityError, match=r"no room for KV.*max_prefill_tokens"):
        device.pool_tokens(1 << 40, 0, lambda: None)

    def full() -> None:
        with device.guard("a step"):
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate")

    with pytest.raises(CapacityError, match=r"does not fit; lower.*the engine's weights 16\.0"):
        device.pool_tokens(1024, 0, full)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("CUDA out of memory. Tried to allocate 2 GiB", DeviceMemoryError, "no memory for a step.*other tensors"),
        ("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling", DeviceMemoryError, "kv_tokens"),
        ("CUDA error: an illegal memory access was encountered\nmore", DeviceLostError, "restart the kernel"),
        ("CUDA error: device-side assert triggered", DeviceLostError, "attention='torch'"),
        ("mat1 and mat2 shapes cannot be multiplied", RuntimeError, "mat1"),
    ],
)
def test_failures_of_the_device_say_what_to_do(card: Card, text: str, error: type[Exception], words: str) -> None:
    device = loaded(card)
    with pytest.raises(error, match=words), device.guard("a step"):
        raise RuntimeError(text)
