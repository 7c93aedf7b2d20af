"""What every test may rely on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
import torch

from sgbench.engine.attention import sharing

if not torch.cuda.is_available():
    os.environ["TRITON_INTERPRET"] = "1"  # asked when a kernel is defined, so it is said before any test's imports


@pytest.fixture(autouse=True, scope="session")
def interruptible() -> Iterator[None]:
    """Ctrl-C raises `KeyboardInterrupt`, also where the suite runs in a background job, whose shell ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True, scope="session")
def small_steps_share() -> Iterator[None]:
    """What requests have in common is read once even where it is too little to pay: tests' batches are small."""
    before, sharing.PASS_S = sharing.PASS_S, 0.0
    yield
    sharing.PASS_S = before


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests go last: the browser's driver keeps an event loop on the main thread, where no other may run then."""
    items.sort(key=lambda item: "browser" in item.path.parts)
