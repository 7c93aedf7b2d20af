"""Random tiny checkpoints for tests that run constraints through a model."""

from __future__ import annotations

from tests.models.conftest import checkpoint

__all__ = ["checkpoint"]
