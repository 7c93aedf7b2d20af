"""Each test starts and ends without a default backend."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import sgbench as sgl


@pytest.fixture(autouse=True)
def no_default_backend() -> Iterator[None]:
    sgl.set_default_backend(None)
    yield
    sgl.set_default_backend(None)
