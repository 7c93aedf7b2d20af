"""Tests of this folder run on an NVIDIA GPU and are skipped, loudly, without one."""

from __future__ import annotations

import pytest

from tests.models.conftest import checkpoint

__all__ = ["checkpoint"]


@pytest.fixture(autouse=True, scope="session")
def _needs_a_gpu() -> None:
    """Session-wide, so that it skips before a module's fixture builds a large model on a machine without a GPU."""
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no NVIDIA GPU here")


@pytest.fixture
def device() -> str:
    """Where runners run."""
    return "cuda"
