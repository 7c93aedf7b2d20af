"""Every algorithm that cuBLASLt offers, and the own kernel with every cut, give torch's product."""

from __future__ import annotations

import pytest
import torch

from sgbench.engine.kernels.chosen_products import ChosenProducts, Kind, LibraryWay, NotTakenError
from sgbench.engine.kernels.cublaslt import Library, Problem
from sgbench.engine.kernels.ops import triton_ops
from sgbench.engine.kernels.skinny import CUTS, own_ways, skinny

pytestmark = pytest.mark.gpu


def close(got: torch.Tensor, want: torch.Tensor) -> None:
    assert float((got.float() - want.float()).abs().max() / want.float().abs().max()) < 1e-2


@pytest.mark.parametrize("n", [1, 7, 64, 300])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_every_algorithm_gives_the_product(n: int, dtype: torch.dtype) -> None:
    torch.manual_seed(n)
    device = torch.device("cuda")
    x, weight = torch.randn(n, 1024, device=device, dtype=dtype), torch.randn(2048, 1024, device=device, dtype=dtype)
    stream = torch.randn(n, 2048, device=device, dtype=dtype)
    library = Library(device, dtype)
    found = Problem(library, n, 2048, 1024).algorithms(24)
    assert found
    taken = 0
    for each in found:
        way, summed = LibraryWay(library, each), stream.clone()
        try:
            close(way(x, weight), x @ weight.t())
            way.add(x, weight, summed)
        except NotTakenError:
            continue
        close(summed, stream + x @ weight.t())
        taken += 1
    assert taken


@pytest.mark.parametrize("kind", list(CUTS))
@pytest.mark.parametrize("n", [2, 17, 64])
def test_the_own_kernel_gives_the_product(kind: Kind, n: int) -> None:
    torch.manual_seed(n)
    x = torch.randn(n, 1024, device="cuda", dtype=torch.bfloat16)
    weight = torch.randn(1024, 1024, device="cuda", dtype=torch.bfloat16)
    want = x @ weight.t()
    if kind == "gated":
        want = triton_ops().silu_mul(want)
    got = skinny(x, weight, cut=CUTS[kind], gated=kind == "gated")
    close(got.sum(0) if CUTS[kind].splits > 1 else got, want)


def test_what_is_chosen_gives_torchs_result() -> None:
    torch.manual_seed(0)
    device, dtype = torch.device("cuda"), torch.bfloat16
    products = ChosenProducts(triton_ops(), Library(device, dtype), own_ways)
    weights = [torch.randn(1024, 1024, device=device, dtype=dtype) for _ in range(3)]
    norm = torch.randn(1024, device=device, dtype=dtype)
    for n in (64, 2048):
        rest = torch.zeros(n, 1024, device=device, dtype=dtype), norm, 1e-5
        products.tune("whole", n, weights)
        products.tune("gated", n, weights)
        products.tune("added", n, weights, *rest)
    for n in (3, 64, 1500, 2048, 3000):
        x = torch.randn(n, 1024, device=device, dtype=dtype)
        close(products("whole", x, weights[0]), x @ weights[0].t())
        close(products("gated", x, weights[0]), products.plain("gated")(x, weights[0]))
        streams = [torch.randn(n, 1024, device=device, dtype=dtype)] * 2
        streams[1] = streams[0].clone()
        close(
            products("added", x, weights[0], streams[0], norm, 1e-5),
            products.plain("added")(x, weights[0], streams[1], norm, 1e-5),
        )
        close(streams[0], streams[1])
