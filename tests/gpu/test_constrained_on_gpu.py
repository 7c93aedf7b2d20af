"""Constraints on the GPU: bits that stay there forbid what the host's path forbids, and no token differs in float32."""

from __future__ import annotations

from typing import Any

import pytest

from tests.constrained.masked_scores_twin import compare
from tests.constrained.test_on_a_device import outputs
from tests.models.test_overlap import assert_same

pytestmark = pytest.mark.gpu


def test_the_triton_kernel_equals_its_twin() -> None:
    assert compare("cuda") == 7


@pytest.mark.parametrize("mode", ["safe", "text", "off"])
def test_no_constrained_text_differs_from_the_cpus(checkpoint: Any, mode: str) -> None:
    _, folder = checkpoint("llama")
    want = outputs(folder, mode)
    for overlap, running in ((True, 48), (True, 12), (False, 12)):
        assert_same(want, outputs(folder, mode, device="cuda", overlap=overlap, running=running))
