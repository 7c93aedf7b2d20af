"""Whatever way a product goes, and whoever is fastest by the stopwatch: the same result within rounding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pytest
import torch

from sgbench.engine.kernels import twins
from sgbench.engine.kernels.chosen_products import ChosenProducts, Kind, NotTakenError, Product
from sgbench.engine.kernels.ops import torch_ops

EPS = 1e-5


def clock(times: Iterable[float]) -> Callable[..., float]:
    """A stopwatch that runs what it is given once, and says what it was told to say."""
    left = iter(times)

    def seconds(way: Callable[[torch.Tensor], object], weights: Sequence[torch.Tensor]) -> float:
        way(weights[0])
        return next(left)

    return seconds


def own(kind: Kind, n: int, rows: int, width: int) -> Iterator[tuple[str, Product]]:
    """The twin of the own kernel; where a sum is wanted, in parts."""
    splits = 2 if kind == "added" else 1
    yield "own", lambda x, weight: twins.skinny(x, weight, splits, kind == "gated")


def case(kind: Kind, n: int) -> tuple[torch.Tensor, torch.Tensor, tuple[Any, ...]]:
    torch.manual_seed(n)
    x, weight = torch.randn(n, 16), torch.randn(24, 16)
    return x, weight, (torch.randn(n, 24), torch.randn(24), EPS) if kind == "added" else ()


@pytest.mark.parametrize("kind", ["whole", "gated", "added"])
@pytest.mark.parametrize(("times", "winner"), [((1.0, 0.5), "own"), ((1.0, 0.999), "torch"), ((1.0, 2.0), "torch")])
def test_the_fastest_is_taken_and_nothing_else_changes(kind: Kind, times: tuple[float, ...], winner: str) -> None:
    products = ChosenProducts(torch_ops(), None, own, clock(times))
    x, weight, rest = case(kind, 8)
    products.tune(kind, 8, [weight], *[each.clone() if isinstance(each, torch.Tensor) else each for each in rest])
    assert [choice.name for choice in products.choices.values()] == [winner]
    for n in (8, 5, 1, 9):
        x, weight, rest = case(kind, n)
        other = (rest[0].clone(), *rest[1:]) if kind == "added" else rest
        torch.testing.assert_close(products(kind, x, weight, *rest), products.plain(kind)(x, weight, *other))
        if kind == "added":
            torch.testing.assert_close(rest[0], other[0])


def test_a_way_that_does_not_take_a_size_is_given_up() -> None:
    def refuses(kind: Kind, n: int, rows: int, width: int) -> Iterator[tuple[str, Product]]:
        def product(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
            if len(x) == 3:
                raise NotTakenError
            asked.append(len(x))
            return x @ weight.t()

        yield "picky", product

    asked: list[int] = []
    products = ChosenProducts(torch_ops(), None, refuses, clock([1.0, 0.1]))
    x, weight, rest = case("whole", 8)
    products.tune("whole", 8, [weight], *rest)
    for n in (8, 3, 8):
        x, weight, rest = case("whole", n)
        torch.testing.assert_close(products("whole", x, weight, *rest), x @ weight.t())
    assert asked == [8, 8], "tried, used once, and not after it refused"


def test_large_sizes_that_were_not_tried_go_torchs_way() -> None:
    products = ChosenProducts(torch_ops(), None, own, clock([1.0, 0.5] * 2))
    for n in (64, 1000):
        _, weight, rest = case("whole", n)
        products.tune("whole", n, [weight], *rest)
    assert [products._anchor(n) for n in (1, 64, 65, 500, 501, 1000, 1001)] == [64, 64, 0, 0, 1000, 1000, 0]


def test_a_chunk_that_is_a_little_longer_goes_the_way_of_the_usual_one() -> None:
    products = ChosenProducts(torch_ops(), None, own, clock([1.0, 0.5] * 4))
    for n in (64, 2048):
        _, weight, rest = case("whole", n)
        products.tune("whole", n, [weight], *rest)
    assert [products._anchor(n) for n in (65, 2048, 2080, 2176, 2177)] == [0, 2048, 2048, 2048, 0]


def test_a_product_goes_where_it_is_wanted() -> None:
    products = ChosenProducts(torch_ops(), None)
    x, weight, _ = case("whole", 8)
    out = torch.empty(8, len(weight))
    assert products("whole", x, weight, out) is out
    torch.testing.assert_close(out, x @ weight.t())
