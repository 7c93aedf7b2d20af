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
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import torch

from sgbench.engine.kernels.cublaslt import Found, Library, Problem

if TYPE_CHECKING:
    from sgbench.engine.kernels.ops import StepOps

Kind: TypeAlias = Literal["whole", "gated", "added"]
"""What is wanted: the product; the gate of a feed-forward layer; the sum with the residual stream, and its norm."""
Way: TypeAlias = Callable[..., torch.Tensor]
"""Takes ``[n, width]``, ``[rows, width]`` and what is said at `ChosenProducts.__call__`."""
Product: TypeAlias = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

CHOOSE = True
"""Let an engine choose at its start."""
_GAIN = 0.98
"""Share of torch's time below which another way is taken: less is noise."""
_HEAD_START_S = 1.5e-6
"""What an own kernel saves beside its own time: it starts while the one before it ends, and lets the one behind it do so
(`sgbench.engine.kernels.following`). A stopwatch that runs one product alone does not see it."""
_ROUNDS = 3
_SIZES_KEPT = 64
"""Numbers of rows that a way remembers its description for."""
_LARGE = 1024
"""From so many rows on products are slow enough for memory to be idle meanwhile, and for few of them to be tried."""
_CURTAIN_BYTES = 1 << 26
_CURTAINS = 48
"""What the device is busy with while the products are launched: some 70 us each on the host."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was tried: seconds of torch's way and of the best, and the name of the best."""

    plain_s: float
    best_s: float
    name: str


class ChosenProducts:
    """``x @ weight.T`` by chosen ways.

    Parameters
    ----------
    ops
        The kernels behind a product.
    library
        cuBLASLt, or None: there is none, or it is not to be asked.
    own
        Own kernels for a kind, rows and matrix shape: name and product, with the gate if that is asked for, or in parts of a sum.
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
        ops: StepOps,
        library: Library | None,
        own: Callable[[Kind, int, int, int], Iterable[tuple[str, Product]]] = lambda kind, n, rows, width: (),
        seconds: Callable[[Way, Sequence[torch.Tensor]], float] | None = None,
        most: int = 12,
    ) -> None:
        self._ops, self._library, self._own, self._most = ops, library, own, most
        self._seconds = seconds or seconds_each
        self._ways: dict[tuple[Kind, int, int, int], Way] = {}
        self._anchors: dict[int, int] = {}
        self._tuned: list[int] = []
        self.choices: dict[tuple[Kind, int, int, int], Choice] = {}

    def __call__(self, kind: Kind, x: torch.Tensor, weight: torch.Tensor, *rest: Any) -> torch.Tensor:
        """What ``kind`` says, by the way that was chosen for the next larger number of rows that was tried.

        Parameters
        ----------
        rest
            For ``added``: the stream ``[n, rows]``, which gets the product, the norm's weights ``[rows]``, and its epsilon. For
            ``whole``, if at all: where the product goes, ``[n, rows]``.
        """
        key = (kind, self._anchor(len(x)), *weight.shape)
        way = self._ways.get(key)
        if way is not None:
            try:
                return way(x, weight, *rest)
            except NotTakenError:
                del self._ways[key]
        return self.plain(kind)(x, weight, *rest)

    def plain(self, kind: Kind) -> Way:
        """torch's way."""
        return self._finished(kind, _mm)

    def _anchor(self, n: int) -> int:
        anchor = self._anchors.get(n)
        if anchor is None:
            above = min((size for size in self._tuned if _reach(size) >= n), default=0)
            # Between the sizes of decode steps and a whole prefill chunk lie other ways; down to half the size they are alike.
            anchor = self._anchors[n] = above if above < 2 * n or above <= 256 else 0
        return anchor

    def tune(self, kind: Kind, n: int, weights: Sequence[torch.Tensor], *rest: Any) -> None:
        """Choose for ``n`` rows and matrices of one shape: several, so that none stays in the cache."""
        rows, width = weights[0].shape
        key = (kind, n, rows, width)
        if key in self.choices or not all(weight.is_contiguous() for weight in weights):
            return
        if n not in self._tuned:
            self._tuned.append(n)
            self._anchors.clear()
        if n >= _LARGE:
            weights = weights[:4]
        x = torch.randn(n, width, device=weights[0].device, dtype=weights[0].dtype)
        try:
            plain_s = self._seconds(functools.partial(_with, self.plain(kind), x, rest), weights)
        except torch.OutOfMemoryError:
            return  # a card that is almost full serves, as torch does it
        least, best_s, name, best = plain_s * _GAIN, plain_s, "torch", None
        for each, way, saved_s in self._candidates(kind, n, rows, width):
            try:
                spent = self._seconds(functools.partial(_with, way, x, rest), weights)
            except (NotTakenError, torch.OutOfMemoryError):
                continue
            if spent - saved_s < least:
                least, best_s, name, best = spent - saved_s, spent, each, way
        self.choices[key] = Choice(plain_s, best_s, name)
        if best is not None:
            self._ways[key] = best

    def _candidates(self, kind: Kind, n: int, rows: int, width: int) -> Iterator[tuple[str, Way, float]]:
        """Names, ways, and seconds that a way saves unseen."""
        for name, product in self._own(kind, n, rows, width):
            yield name, product if kind == "gated" else self._finished(kind, product), _HEAD_START_S
        summing = kind == "added" and n >= _LARGE
        if summing:
            yield "torch, summing", functools.partial(self._summing, _add_mm), 0.0
        if self._library is None:
            return
        problem = Problem(self._library, n, rows, width)
        found = problem.algorithms(self._most)
        problem.close()
        for nth, each in enumerate(found):
            way = LibraryWay(self._library, each)
            yield f"cuBLASLt {nth}", self._finished(kind, way), 0.0
            if summing:
                yield f"cuBLASLt {nth}, summing", functools.partial(self._summing, way.add), 0.0

    def _finished(self, kind: Kind, product: Product) -> Way:
        """``product``, and what ``kind`` wants behind it."""
        if kind == "whole":
            return product
        if kind == "gated":
            return lambda x, weight: self._ops.silu_mul(product(x, weight))
        return lambda x, weight, stream, norm, eps: self._ops.add_norm(product(x, weight), stream, norm, eps)

    def _summing(
        self,
        add: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], None],
        x: torch.Tensor,
        weight: torch.Tensor,
        stream: torch.Tensor,
        norm: torch.Tensor,
        eps: float,
    ) -> torch.Tensor:
        """The product adds itself to the stream, which saves a pass over memory; its sum is rounded once."""
        add(x, weight, stream)
        return self._ops.norm(stream, norm, eps)


def _reach(size: int) -> int:
    """Most rows for which what was chosen for ``size`` rows is taken: a prefill chunk may be a little longer than the usual one."""
    return size + size // 16 if size >= _LARGE else size


def _mm(x: torch.Tensor, weight: torch.Tensor, out: torch.Tensor | None = None) -> torch.Tensor:
    return torch.mm(x, weight.t(), out=out)


def _add_mm(x: torch.Tensor, weight: torch.Tensor, stream: torch.Tensor) -> None:
    torch.addmm(stream, x, weight.t(), out=stream)


def _with(way: Way, x: torch.Tensor, rest: tuple[Any, ...], weight: torch.Tensor) -> torch.Tensor:
    return way(x, weight, *rest)


class NotTakenError(Exception):
    """This algorithm does not take this problem."""


class LibraryWay:
    """A product by one of cuBLASLt's algorithms; any number of rows that it takes."""

    def __init__(self, library: Library, found: Found) -> None:
        self._library, self._found = library, found
        self._problems: dict[int, Problem] = {}

    def __call__(self, x: torch.Tensor, weight: torch.Tensor, out: torch.Tensor | None = None) -> torch.Tensor:
        """``x @ weight.T``, both contiguous, into ``out`` if given."""
        if out is None:
            out = x.new_empty(len(x), len(weight))
        self._run(x, weight, out, False)
        return out

    def add(self, x: torch.Tensor, weight: torch.Tensor, stream: torch.Tensor) -> None:
        """``stream += x @ weight.T``, all contiguous."""
        self._run(x, weight, stream, True)

    def _run(self, x: torch.Tensor, weight: torch.Tensor, out: torch.Tensor, add: bool) -> None:
        n = len(x)
        problem = self._problems.get(n)
        if problem is None:
            if len(self._problems) == _SIZES_KEPT:
                self._problems.pop(next(iter(self._problems))).close()
            problem = self._problems[n] = Problem(self._library, n, *weight.shape)
        if problem.run(self._found, x, weight, out, add):
            raise NotTakenError


def seconds_each(product: Way, weights: Sequence[torch.Tensor]) -> float:
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
