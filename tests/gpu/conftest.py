"""Tests of this folder run on an NVIDIA GPU and are skipped, loudly, without one."""

from __future__ import annotations

import os

import pytest

from tests.models.conftest import checkpoint

__all__ = ["checkpoint"]

_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
FRACTION = float(os.environ.get("SGBENCH_TEST_GPU_FRACTION", "1" if _WORKERS == 1 else "0.2"))
"""Of the card that this process may take: engines that are told no size, and tests that fill the card, keep to it."""


@pytest.fixture(autouse=True, scope="session")
def _needs_a_gpu() -> None:
    """Session-wide, so that it skips before a module's fixture builds a large model on a machine without a GPU."""
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no NVIDIA GPU here")
    torch.cuda.set_per_process_memory_fraction(FRACTION)
    if _WORKERS > 1:  # the oracle computes on the CPU: workers that each take all of it wait for each other
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // _WORKERS))


@pytest.fixture
def device() -> str:
    """Where runners run."""
    return "cuda"
