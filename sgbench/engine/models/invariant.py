"""Matrix products whose rows do not depend on how many rows there are.

A library picks another kernel, and another order of summation, for another number of rows; in half precision a token's logits then
change with whatever runs beside it. Here every product is of the same shape: rows are padded to blocks of `BLOCK` and each block is one
call. For ``deterministic=True``; its price is measured in `benchmarks`. Knows matrices only.
"""

from __future__ import annotations

import torch

BLOCK = 256
"""Rows of a product: a full decode batch is one call."""


def plain_linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """``x @ weight.T + bias``: ``[n, out]`` from ``[n, in]`` and ``[out, in]``."""
    return torch.mm(x, weight.t()) if bias is None else torch.addmm(bias, x, weight.t())


def invariant_linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """`plain_linear`, each row as if it were one of `BLOCK`, always."""
    n = len(x)
    full = n // BLOCK * BLOCK
    out = x.new_empty(n, len(weight))
    for first in range(0, full, BLOCK):
        torch.mm(x[first : first + BLOCK], weight.t(), out=out[first : first + BLOCK])
    if full < n:
        padded = x.new_zeros(BLOCK, x.shape[1])
        padded[: n - full] = x[full:]
        out[full:] = torch.mm(padded, weight.t())[: n - full]
    return out if bias is None else out.add_(bias)
