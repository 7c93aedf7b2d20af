"""Matrix products by the algorithm that was fastest when tried on this device, size by size.

cuBLAS takes an algorithm by rule; among those it has, the best for a few dozen rows is now and then a tenth faster. A choice by stopwatch
may differ from one engine to the next, and with it the last bits of a half-precision result: engines that promise bits
(``deterministic=True``) and those in float32 do not use this. Knows matrices and cuBLASLt; no model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from sgbench.engine.kernels.cublaslt import Found, Library, Problem

_CANDIDATES = 24
_GAIN = 0.98
"""Share of the rule's time below which another algorithm is taken: less is noise."""
_LARGE = 2048
"""From so many rows on, one choice serves all sizes."""
_KEPT = 32
"""Sizes above `_LARGE` whose descriptions are kept."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was tried: seconds of torch's own way and of the best, and which of the library's list that was; -1: torch's."""

    plain_s: float
    best_s: float
    rank: int


class ChosenProducts:
    """``x @ weight.T`` by chosen algorithms; a `sgbench.engine.models.fused_decoder.Linear`.

    Parameters
    ----------
    device, dtype
        Of every matrix.

    Attributes
    ----------
    choices
        By ``(n, rows, width)``.

    Raises
    ------
    OSError
        There is no cuBLASLt beside this torch.
    """

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        self._library = Library(device, dtype)
        self._dtype = dtype
        self._taken: dict[tuple[int, int, int], tuple[Problem, Found]] = {}
        self._large: dict[tuple[int, int], Found] = {}
        self._problems: dict[tuple[int, int, int], Problem] = {}
        self.choices: dict[tuple[int, int, int], Choice] = {}

    def __call__(self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        """``x @ weight.T + bias``."""
        if bias is not None:
            return torch.addmm(bias, x, weight.t())
        return self.product(x, weight)

    def product(self, x: torch.Tensor, weight: torch.Tensor, out: torch.Tensor | None = None) -> torch.Tensor:
        """``x @ weight.T``, into ``out`` if given."""
        key = (len(x), *weight.shape)
        taken = self._taken.get(key) or self._at_large(key)
        if taken is None or not (x.is_contiguous() and weight.is_contiguous()):
            return torch.mm(x, weight.t(), out=out)
        if out is None:
            out = x.new_empty(len(x), len(weight))
        problem, found = taken
        if problem.run(found, x, weight, out):
            self._large.pop(key[1:], None)
            self._taken.pop(key, None)
            return torch.mm(x, weight.t(), out=out)
        return out

    def _at_large(self, key: tuple[int, int, int]) -> tuple[Problem, Found] | None:
        found = self._large.get(key[1:]) if key[0] >= _LARGE else None
        if found is None:
            return None
        problem = self._problems.get(key)
        if problem is None:
            if len(self._problems) == _KEPT:
                self._problems.pop(next(iter(self._problems))).close()
            problem = self._problems[key] = Problem(self._library, *key)
        return problem, found

    def tune(self, n: int, weights: Sequence[torch.Tensor], repeats: int = 3) -> None:
        """Choose for ``n`` rows and matrices of one shape; several of them, so that none stays in the cache."""
        rows, width = weights[0].shape
        key = (n, rows, width)
        if key in self.choices or weights[0].dtype != self._dtype:
            return
        x = torch.randn(n, width, device=weights[0].device, dtype=self._dtype)
        out = x.new_empty(n, rows)
        problem = Problem(self._library, *key)
        plain_s = _seconds(lambda weight: torch.mm(x, weight.t(), out=out), weights, repeats)
        best_s, best, rank = plain_s * _GAIN, None, -1
        for i, found in enumerate(problem.algorithms(_CANDIDATES)):
            if problem.run(found, x, weights[0], out):
                continue
            spent = _seconds(lambda weight, found=found: problem.run(found, x, weight, out), weights, repeats)
            if spent < best_s:
                best_s, best, rank = spent, found, i
        self.choices[key] = Choice(plain_s, best_s if best else plain_s, rank)
        if best is None:
            problem.close()
            return
        self._taken[key] = problem, best
        if n >= _LARGE:
            self._large[rows, width] = best

    def close(self) -> None:
        """Give everything back. Idempotent."""
        for problem in [*(p for p, _ in self._taken.values()), *self._problems.values()]:
            problem.close()
        self._taken, self._problems, self._large = {}, {}, {}
        self._library.close()


def _seconds(product: object, weights: Sequence[torch.Tensor], repeats: int) -> float:
    """Seconds of one product, the best of some rounds over all matrices, launched behind other work so that launching does not count."""
    assert callable(product)
    curtain = torch.empty(1 << 28, dtype=torch.uint8, device=weights[0].device)
    best = math.inf
    for _ in range(repeats):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        for _ in range(2):
            curtain.zero_()
        start.record()
        for weight in weights:
            product(weight)
        end.record()
        end.synchronize()
        best = min(best, start.elapsed_time(end) / 1e3 / len(weights))
    return best
