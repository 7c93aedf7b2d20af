"""Matrix products by what was fastest when tried on this device, size by size.

Tried are torch's way, the other algorithms that cuBLASLt has, and an own kernel. cuBLAS takes an algorithm by rule; the best that it has
for a few dozen rows is now and then a tenth faster. A choice by stopwatch may differ from one engine to the next, and with it the last bits
of a half-precision result: engines that promise bits (``deterministic=True``) and those in float32 do not use this. Knows matrices; no
model.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch

from sgbench.engine.kernels.cublaslt import Found, Library, Problem

Kind: TypeAlias = Literal["whole", "parts", "gated"]
"""What is asked for: the product; the product or parts of its sum; the gate of a feed-forward layer done."""
Way: TypeAlias = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""``[n, width]`` and ``[rows, width]`` to what the kind says."""

_GAIN = 0.98
"""Share of the first way's time below which another is taken: less is noise."""
_ROUNDS = 3
_SIZES_KEPT = 64
"""Numbers of rows that a way remembers its description for."""
_CURTAIN_BYTES = 1 << 26
_CURTAINS = 6
"""What the device is busy with while the products are launched."""
CHOOSE = False
"""Let an engine choose at its start."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was tried: seconds of torch's way and of the best with what follows it, and the name of the best."""

    plain_s: float
    best_s: float
    name: str


class ChosenProducts:
    """``x @ weight.T`` by chosen ways.

    Parameters
    ----------
    silu_mul
        The gate, behind products that do not do it.
    library
        cuBLASLt, or None: there is none, or it is not to be asked.
    own
        Own kernels for a kind, rows and matrix shape: name and way; see `own_ways`.
    seconds
        The stopwatch.
    most
        Algorithms of the library's that are tried.

    Attributes
    ----------
    choices
        By kind, ``n``, ``rows`` and ``width``.
    """

    def __init__(
        self,
        silu_mul: Callable[[torch.Tensor], torch.Tensor],
        library: Library | None,
        own: Callable[[Kind, int, int, int], Iterable[tuple[str, Way]]] = lambda kind, n, rows, width: (),
        seconds: Callable[[Callable[[torch.Tensor], object], Sequence[torch.Tensor]], float] | None = None,
        most: int = 12,
    ) -> None:
        self._silu_mul, self._library, self._own = silu_mul, library, own
        self._most = most
        self._seconds = seconds or seconds_each
        self._ways: dict[tuple[Kind, int, int, int], Way] = {}
        self._anchors: dict[int, int] = {}
        self._tuned: list[int] = []
        self.choices: dict[tuple[Kind, int, int, int], Choice] = {}

    def __call__(self, kind: Kind, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """The product, as ``kind`` says; by the way that was chosen for the next larger number of rows that was tried."""
        rows, width = weight.shape
        key = (kind, self._anchor(len(x)), rows, width)
        way = self._ways.get(key)
        if way is not None:
            try:
                return way(x, weight)
            except NotTakenError:
                del self._ways[key]
        return self.plain(kind, x, weight)

    def plain(self, kind: Kind, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """torch's way."""
        product = torch.mm(x, weight.t())
        return self._silu_mul(product) if kind == "gated" else product

    def _anchor(self, n: int) -> int:
        anchor = self._anchors.get(n)
        if anchor is None:
            above = min((size for size in self._tuned if size >= n), default=0)
            # Between the sizes of decode steps and a whole prefill chunk lie other ways; down to half the size they are alike.
            anchor = self._anchors[n] = above if above < 2 * n or above <= 256 else 0
        return anchor

    def tune(
        self,
        kind: Kind,
        n: int,
        weights: Sequence[torch.Tensor],
        then: Callable[[torch.Tensor], object] = lambda result: None,
    ) -> None:
        """Choose for ``n`` rows and matrices of one shape, with what follows the product.

        Parameters
        ----------
        weights
            Several, so that none stays in the cache.
        then
            Takes the result; its time counts too, for it depends on the way.
        """
        rows, width = weights[0].shape
        key = (kind, n, rows, width)
        if key in self.choices or not all(weight.is_contiguous() for weight in weights):
            return
        if n not in self._tuned:
            self._tuned.append(n)
            self._anchors.clear()
        x = torch.randn(n, width, device=weights[0].device, dtype=weights[0].dtype)
        plain_s = self._seconds(lambda weight: then(self.plain(kind, x, weight)), weights)
        best_s, name, best = plain_s * _GAIN, "torch", None
        for each, way in self._candidates(kind, n, rows, width):
            try:
                spent = self._seconds(functools.partial(_both, way, then, x), weights)
            except NotTakenError:
                continue
            if spent < best_s:
                best_s, name, best = spent, each, way
        self.choices[key] = Choice(plain_s, plain_s if best is None else best_s, name)
        if best is not None:
            self._ways[key] = best

    def _candidates(self, kind: Kind, n: int, rows: int, width: int) -> Iterator[tuple[str, Way]]:
        yield from self._own(kind, n, rows, width)
        if self._library is None:
            return
        problem = Problem(self._library, n, rows, width)
        found = problem.algorithms(self._most)
        problem.close()
        for nth, each in enumerate(found):
            way = LibraryWay(self._library, each)
            yield f"cuBLASLt {nth}", functools.partial(self._gated, way) if kind == "gated" else way

    def _gated(self, way: Way, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return self._silu_mul(way(x, weight))


def _both(way: Way, then: Callable[[torch.Tensor], object], x: torch.Tensor, weight: torch.Tensor) -> None:
    then(way(x, weight))


class NotTakenError(Exception):
    """This algorithm does not take this problem."""


class LibraryWay:
    """A product by one of cuBLASLt's algorithms; any number of rows that it takes."""

    def __init__(self, library: Library, found: Found) -> None:
        self._library, self._found = library, found
        self._problems: dict[int, Problem] = {}

    def __call__(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """``x @ weight.T``, both contiguous."""
        n, rows = len(x), len(weight)
        problem = self._problems.get(n)
        if problem is None:
            if len(self._problems) == _SIZES_KEPT:
                self._problems.pop(next(iter(self._problems))).close()
            problem = self._problems[n] = Problem(self._library, n, *weight.shape)
        out = x.new_empty(n, rows)
        if problem.run(self._found, x, weight, out):
            raise NotTakenError
        return out


def seconds_each(product: Callable[[torch.Tensor], object], weights: Sequence[torch.Tensor]) -> float:
    """Seconds of one product, the best of some rounds over all matrices, launched behind other work so that launching does not count."""
    curtain = torch.empty(_CURTAIN_BYTES, dtype=torch.uint8, device=weights[0].device)
    best = math.inf
    product(weights[0])
    for _ in range(_ROUNDS):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        for _ in range(_CURTAINS):
            curtain.zero_()
        start.record()
        for weight in weights:
            product(weight)
        end.record()
        end.synchronize()
        best = min(best, start.elapsed_time(end) / 1e3 / len(weights))
    return best
