"""The step's fused kernels equal their twins in torch: on a GPU, or in Triton's interpreter on a CPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sgbench.engine.kernels import twins
from sgbench.engine.runner.noise import stream_key

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
DTYPES = [torch.float32, torch.float16] + ([torch.bfloat16] if DEVICE == "cuda" else [])


def random(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float32).to(DEVICE, dtype)


def close(got: torch.Tensor, want: torch.Tensor) -> None:
    loose = {torch.float32: 1e-5, torch.float16: 2e-3, torch.bfloat16: 2e-2}[want.dtype]
    torch.testing.assert_close(got, want, rtol=loose, atol=loose)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("n", "width"), [(1, 48), (3, 64), (5, 1000)])
def test_add_norm(n: int, width: int, dtype: torch.dtype) -> None:
    from sgbench.engine.kernels import norm

    torch.manual_seed(n)
    x, stream, weight = random(n, width, dtype=dtype), random(n, width, dtype=dtype), random(width, dtype=dtype)
    other = stream.clone()
    close(norm.add_norm(x, stream, weight, 1e-5), twins.add_norm(x, other, weight, 1e-5))
    assert torch.equal(stream, other)
    close(norm.norm(stream, weight, 1e-5), twins.norm(other, weight, 1e-5))
    assert torch.equal(stream, other)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("parts", "n", "width"), [(1, 2, 48), (2, 3, 64), (7, 5, 100)])
def test_parts_of_a_sum_are_added_before_the_norm(parts: int, n: int, width: int, dtype: torch.dtype) -> None:
    from sgbench.engine.kernels import norm

    torch.manual_seed(n)
    x, stream, weight = random(parts, n, width), random(n, width, dtype=dtype), random(width, dtype=dtype)
    other = stream.clone()
    close(norm.add_norm(x, stream, weight, 1e-5), twins.add_norm(x, other, weight, 1e-5))
    close(stream, other)
    close(twins.add_norm(x.sum(0, keepdim=True), other.clone(), weight, 1e-5), twins.add_norm(x, other, weight, 1e-5))


@pytest.mark.parametrize("dtype", [torch.float16] + ([torch.bfloat16] if DEVICE == "cuda" else []))
@pytest.mark.parametrize(
    ("n", "rows", "width", "splits", "gated"),
    [
        (1, 32, 64, 1, False),
        (5, 64, 128, 2, False),
        (17, 32, 96, 3, False),
        (8, 64, 64, 1, True),
        (33, 96, 32, 1, True),
    ],
)
def test_skinny(n: int, rows: int, width: int, splits: int, gated: bool, dtype: torch.dtype) -> None:
    from sgbench.engine.kernels.skinny import Cut, skinny

    torch.manual_seed(n)
    x, matrix = random(n, width, dtype=dtype), random(rows, width, dtype=dtype) * 0.2
    got = skinny(x, matrix, cut=Cut(16, 16, splits, 4, 2), gated=gated)
    want = twins.skinny(x, matrix, splits, gated)
    assert got.shape == want.shape and got.dtype == want.dtype
    torch.testing.assert_close(got, want, rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("dtype", DTYPES)
def test_embed_norm(dtype: torch.dtype) -> None:
    from sgbench.engine.kernels import norm

    torch.manual_seed(0)
    table, weight = random(30, 48, dtype=dtype), random(48, dtype=dtype)
    last = torch.tensor([7, 29, -1, 4], dtype=torch.int32, device=DEVICE)
    ids = torch.tensor([3, -1, 0, -1, -1], dtype=torch.int32, device=DEVICE)
    rows = torch.tensor([0, 1, 3, 2, 3], dtype=torch.int32, device=DEVICE)
    stream, normed = norm.embed_norm(ids, rows, last, table, weight, 1e-6)
    assert torch.equal(stream, table[torch.tensor([3, 29, 0, 0, 4], device=DEVICE)])
    close(normed, twins.embed_norm(ids, rows, last, table, weight, 1e-6)[1])
    known = ids.clamp(min=0)
    for got, want in zip(
        norm.embed_norm(known, None, last, table, weight, 1e-6),
        twins.embed_norm(known, None, last, table, weight, 1e-6),
        strict=True,
    ):
        close(got, want)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("n_q", "n_kv", "head_dim", "normed", "stored"),
    [(6, 2, 16, True, True), (4, 4, 64, False, True), (3, 1, 12, True, False), (6, 2, 16, False, False)],
)
def test_rotate_store(n_q: int, n_kv: int, head_dim: int, normed: bool, stored: bool, dtype: torch.dtype) -> None:
    from sgbench.engine.kernels import rope

    torch.manual_seed(n_q)
    n = 5
    projected = random(n, (n_q + 2 * n_kv) * head_dim + 8, dtype=dtype)[:, : (n_q + 2 * n_kv) * head_dim]
    angles = torch.rand(40, head_dim // 2) * 6
    table = torch.stack((angles.cos(), angles.sin()), -1).to(DEVICE)
    positions = torch.tensor([0, 39, 7, 7, 20], dtype=torch.int32, device=DEVICE)
    slots = torch.tensor([3, 0, 8, 5, 9], device=DEVICE)
    norms = (random(head_dim, dtype=dtype), random(head_dim, dtype=dtype)) if normed else None
    caches = [torch.full((10, 2 * n_kv, head_dim), -5.0, device=DEVICE, dtype=dtype) for _ in range(2)]
    results = []
    for module, cache in zip((rope, twins), caches, strict=True):
        heads = projected.clone().unflatten(1, (-1, head_dim))
        module.rotate_store(heads, n_q, positions, table, norms, 1e-5, cache if stored else None, slots)
        results.append(heads)
    close(results[0][:, :n_q], results[1][:, :n_q])
    close(caches[0], caches[1])
    if not stored:
        close(results[0], results[1])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("n", "width"), [(1, 80), (4, 1500)])
def test_silu_mul(n: int, width: int, dtype: torch.dtype) -> None:
    from sgbench.engine.kernels import activation

    gate_up = random(n, 2 * width, dtype=dtype) * 4
    close(activation.silu_mul(gate_up), twins.silu_mul(gate_up))


@pytest.mark.parametrize("vocab", [50, 4096, 9001])
def test_sample_rows(vocab: int) -> None:
    from sgbench.engine.kernels import sampling

    torch.manual_seed(vocab)
    n = 24
    logits = random(n, vocab) * 2
    temperatures = torch.tensor([0.0, 1.0, 0.6] * 8, device=DEVICE)
    passing = torch.tensor([float("-inf"), 1.5] * 12, device=DEVICE)
    words = np.array([stream_key(i, 3 * i) for i in range(n)], np.int64)
    keys = torch.from_numpy(words.astype(np.uint32).view(np.int32)).to(DEVICE)
    rows = torch.randperm(n, dtype=torch.int32).to(DEVICE)
    lasts = [torch.full((n + 1,), -7, dtype=torch.int32, device=DEVICE) for _ in range(2)]
    tokens = sampling.sample_rows(logits, temperatures, passing, keys, rows, lasts[0])
    assert torch.equal(tokens, twins.sample_rows(logits, temperatures, passing, keys, rows, lasts[1]))
    assert torch.equal(tokens[::3].long(), logits[::3].argmax(-1))
    assert torch.equal(lasts[0], lasts[1])
    assert torch.equal(lasts[0][rows.long()], tokens)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("vocab", [40, 4500])
def test_thresholds(vocab: int, dtype: torch.dtype) -> None:
    """What passes is what sorting lets pass; where tokens are equally likely, all of them or the first of them."""
    from sgbench.engine.kernels import filtering

    torch.manual_seed(vocab)
    wishes = [
        (1.0, vocab, 1.0, 0.0),
        (0.0, 3, 0.5, 0.5),
        (1.0, 1, 1.0, 0.0),
        (0.7, 20, 1.0, 0.0),
        (1.3, vocab, 0.9, 0.0),
        (1.0, vocab, 0.01, 0.0),
        (0.5, vocab, 0.999, 0.0),
        (1.0, vocab, 1.0, 0.05),
        (2.0, 30, 0.8, 0.1),
        (1.0, 30, 0.95, 1.0),
    ]
    logits = random(len(wishes), vocab, dtype=dtype) * 2
    columns = [torch.tensor(column, device=DEVICE) for column in zip(*wishes, strict=True)]
    temperatures, top_ks, top_ps, min_ps = columns[0], columns[1].int(), columns[2], columns[3]
    got = filtering.thresholds(logits, temperatures, top_ks, top_ps, min_ps)
    want = twins.thresholds(logits, temperatures, top_ks, top_ps, min_ps)
    for row, least, other in zip(logits.float(), got, want, strict=True):
        assert torch.equal(row >= least, row >= other)
    assert got[:2].isinf().all()
    assert [int((row >= least).sum()) for row, least in zip(logits.float()[2:3], got[2:3], strict=True)] == [
        int((logits[2] == logits[2].max()).sum())
    ]


def test_thresholds_of_negative_and_infinite_logits() -> None:
    from sgbench.engine.kernels import filtering

    logits = torch.tensor([[-5.0, -1.0, float("-inf"), -3.0], [float("-inf")] * 3 + [-2.0]], device=DEVICE)
    ones = torch.ones(2, device=DEVICE)
    found = filtering.thresholds(logits, ones, torch.tensor([2, 2], dtype=torch.int32, device=DEVICE), ones, ones * 0)
    assert [(row >= least).tolist() for row, least in zip(logits, found, strict=True)] == [
        [False, True, False, True],
        [True, True, True, True],
    ], "more may pass than there are numbers"
    found = filtering.thresholds(
        logits, ones, torch.tensor([4, 4], dtype=torch.int32, device=DEVICE), ones * 0.8, ones * 0
    )
    assert [(row >= least).tolist() for row, least in zip(logits, found, strict=True)] == [
        [False, True, False, False],
        [False, False, False, True],
    ]


def test_equal_logits_give_the_lowest_token_and_nan_is_told() -> None:
    from sgbench.engine.kernels import sampling

    logits = torch.zeros(4, 5000, device=DEVICE)
    logits[3, 70] = float("inf")
    logits[0, [4500, 17, 4200]] = 3.0
    logits[1, 4999] = float("nan")
    plain = torch.zeros(4, device=DEVICE)
    low = torch.full((4,), float("-inf"), device=DEVICE)
    keys = torch.zeros(4, 2, dtype=torch.int32, device=DEVICE)
    rows = torch.arange(4, dtype=torch.int32, device=DEVICE)
    last = torch.zeros(4, dtype=torch.int32, device=DEVICE)
    assert sampling.sample_rows(logits, plain, low, keys, rows, last).tolist() == [17, -1, 0, -1]
    assert sampling.sample_rows(logits, plain + 1, low, keys, rows, last).tolist()[1] == -1
    assert twins.sample_rows(logits, plain, low, keys, rows, last).tolist() == [17, -1, 0, -1]


def test_the_noise_in_the_kernel_is_a_sample_of_the_softmax() -> None:
    """Frequencies of many draws from one distribution, each with its own stream."""
    from sgbench.engine.kernels import sampling

    probabilities = torch.tensor([0.5, 0.3, 0.15, 0.05])
    n = 400
    logits = probabilities.log().repeat(n, 1).to(DEVICE)
    low = torch.full((n,), float("-inf"), device=DEVICE)
    words = np.array([stream_key(i, 0) for i in range(n)], np.int64)
    keys = torch.from_numpy(words.astype(np.uint32).view(np.int32)).to(DEVICE)
    rows = torch.arange(n, dtype=torch.int32, device=DEVICE)
    tokens = sampling.sample_rows(logits, torch.ones(n, device=DEVICE), low, keys, rows, rows.clone())
    found = torch.bincount(tokens.long().cpu(), minlength=4) / n
    assert torch.allclose(found, probabilities, atol=0.09)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("rows", "width"), [(10, 70), (256, 512)])
@pytest.mark.parametrize(
    ("normed", "summed", "gated"), [(True, False, True), (False, True, False), (True, False, False)]
)
def test_gemv(rows: int, width: int, normed: bool, summed: bool, gated: bool, dtype: torch.dtype) -> None:
    from sgbench.engine.kernels.gemv import gemv

    torch.manual_seed(rows)
    matrix, x, bias = (
        random(rows, width, dtype=dtype) * width**-0.5,
        random(1, width, dtype=dtype),
        random(rows, dtype=dtype),
    )
    options = {
        "norm": random(width, dtype=dtype) if normed else None,
        "stream": random(1, rows // (2 if gated else 1), dtype=dtype) if summed else None,
        "gated": gated,
        "eps": 1e-5,
    }
    for given in (bias, None):
        close(gemv(x, matrix, given, **options), twins.gemv(x, matrix, given, **options))
