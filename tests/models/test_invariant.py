"""Products whose rows do not depend on the batch: equal to plain ones, and bitwise the same in any company."""

from __future__ import annotations

import pytest
import torch

from sgbench.engine.models.invariant import BLOCK, invariant_linear, plain_linear

SIZES = [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 37]


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("biased", [False, True])
def test_equals_its_plain_twin(device: str, n: int, biased: bool) -> None:
    torch.manual_seed(n)
    x, weight = torch.randn(n, 48, device=device), torch.randn(80, 48, device=device)
    bias = torch.randn(80, device=device) if biased else None
    torch.testing.assert_close(invariant_linear(x, weight, bias), plain_linear(x, weight, bias), atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_row_is_the_same_in_any_company(device: str, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    x, weight = (
        torch.randn(max(SIZES), 512, device=device, dtype=dtype),
        torch.randn(640, 512, device=device, dtype=dtype),
    )
    whole = invariant_linear(x, weight, None)
    for n in SIZES:
        first = max(SIZES) - n
        assert torch.equal(invariant_linear(x[first:].clone(), weight, None), whole[first:])
