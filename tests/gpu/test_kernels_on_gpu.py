"""Attention and sampling on the GPU equal their slow twins, and equal the CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from sgbench.engine.attention.dense.blocks import dense_attention, math_attention
from sgbench.engine.runner.sampler import sample
from tests.models.test_attention import test_dense_kernels_equal_their_slow_twin as dense_twin
from tests.models.test_attention import test_equals_the_reference as reference
from tests.models.test_sampler import chunk

pytestmark = pytest.mark.gpu


def test_steps_equal_the_reference() -> None:
    reference(device="cuda")


@pytest.mark.parametrize(("queries", "keys", "causal"), [(1, 40, False), (17, 40, False), (33, 33, True)])
@pytest.mark.parametrize("masked", [False, True])
def test_dense_kernels(queries: int, keys: int, causal: bool, masked: bool) -> None:
    dense_twin("cuda", queries, keys, causal, masked)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_kernels(causal: bool, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    q = torch.randn(2, 4, 200, 128, device="cuda", dtype=dtype)
    k, v = torch.randn(2, 2, 4, 200, 128, device="cuda", dtype=dtype)
    out, lse = dense_attention(q, k, v, causal=causal)
    want, want_lse = math_attention(q.float(), k.float(), v.float(), causal=causal)
    torch.testing.assert_close(out.float(), want, atol=2e-2, rtol=2e-2)
    torch.testing.assert_close(lse.float(), want_lse, atol=2e-2, rtol=1e-2)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"top_k": 30},
        {"top_p": 0.9},
        {"min_p": 0.05},
        {"temperature": 0.0},
        {"top_k": 400, "top_p": 0.95, "min_p": 0.01},
    ],
)
def test_tokens_equal_those_drawn_on_a_cpu(options: dict[str, Any]) -> None:
    logits = torch.randn(200, 32_000, generator=torch.Generator().manual_seed(1)) * 2
    chunks = [chunk(seed=i, sample_index=3 * i, **options) for i in range(200)]
    here, there = sample(logits, chunks), sample(logits.cuda(), chunks).cpu()
    assert np.mean((here == there).numpy()) > 0.98, "float noise may flip a draw or two"
