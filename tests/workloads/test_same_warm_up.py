"""Arms are compared after the same warm-up: what an engine does once is paid by none of them, and drift meets all alike."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sgbench.errors import CapacityError, UsageError
from sgbench.workloads import full_scale
from sgbench.workloads.arms import Arm, arms, compare
from sgbench.workloads.report import RunReport
from sgbench.workloads.workload import Workload

COLD_S = 5.0
"""A program that an engine has not seen yet, or an arm's first, takes so much longer than `WARM_S`."""
WARM_S = 1.0


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclasses.dataclass
class ColdEngine:
    """An engine that remembers which programs it has seen, and under which arms it has run."""

    runner: Any = dataclasses.field(default_factory=lambda: SimpleNamespace(description="none"))
    programs: set[int] = dataclasses.field(default_factory=set)
    arms: set[str] = dataclasses.field(default_factory=set)
    ended: bool = False

    def __enter__(self) -> ColdEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()

    def shutdown(self) -> None:
        self.ended = True

    @contextlib.contextmanager
    def without_cache(self, mode: str) -> Iterator[None]:
        yield


@dataclasses.dataclass
class ColdWorkload:
    """Takes `WARM_S` a program, and more for what its engine sees for the first time."""

    clock: Clock
    name: str = "rag"
    parallel: int = 4
    paper_size: int = 40
    fails: str = ""
    order: list[str] = dataclasses.field(default_factory=list)

    def run(
        self, engine: ColdEngine, size: int | None = None, seed: int = 0, *, parallel: int | None = None, **told: Any
    ) -> RunReport:
        arm, size = told["arm"], size or self.paper_size
        if arm == self.fails:
            raise CapacityError("too small")
        assert not engine.ended
        new = set(range(size)) - engine.programs
        seconds = size * WARM_S + len(new) * COLD_S + COLD_S * (arm not in engine.arms)
        engine.programs |= new
        engine.arms.add(arm)
        self.order.append(arm)
        self.clock.now += seconds
        return RunReport(
            workload=self.name,
            arm=arm,
            size=size,
            seed=seed,
            parallel=parallel or self.parallel,
            requests=(),
            hit_rate=0.0,
            optimal_hit_rate=0.0,
            prompt_tokens=0,
            cached_tokens=0,
            completion_tokens=0,
            jumped_tokens=0,
            forward_passes=0,
            seconds=seconds,
            programs_per_s=size / seconds,
            latency_ms=1e3 * seconds,
            first_token_ms=None,
            accuracy=None,
            answers=(),
            model="none",
            device="cpu",
        )


def as_workload(one: ColdWorkload) -> Workload:
    return cast("Workload", one)


@pytest.mark.parametrize("how", [{"one_engine": True}, {"keep_engines": True}, {}])
@pytest.mark.parametrize("names", [["full", "no-cache"], ["no-cache", "full"], ["fcfs", "full", "no-cache", "random"]])
def test_no_arm_pays_for_what_is_cold(names: list[str], how: dict[str, bool]) -> None:
    workload = ColdWorkload(Clock())
    found = list(compare(as_workload(workload), arms(names), lambda **_: ColdEngine(), size=6, repeats=3, **how))  # type: ignore[arg-type, return-value]
    assert {row.report.arm for row in found} == set(names)
    assert {seconds for row in found for seconds in row.seconds} == {6 * WARM_S}


def test_every_other_round_goes_the_other_way() -> None:
    workload = ColdWorkload(Clock())
    list(
        compare(
            as_workload(workload),
            arms(["full", "no-cache"]),
            lambda **_: ColdEngine(),  # type: ignore[arg-type, return-value]
            size=2,
            repeats=3,
            one_engine=True,
        )
    )
    # the programs once, full, a program of the other arm, no cache; then the other way round, and back
    assert workload.order == ["full", "full", "no-cache", "no-cache", "no-cache", "full", "full", "no-cache"]


def test_engines_that_are_kept_are_made_once_and_shut_down_at_the_end() -> None:
    made: list[ColdEngine] = []

    def make(**_: object) -> ColdEngine:
        made.append(ColdEngine())
        return made[-1]

    chosen = arms(["full", "no-cache", "fcfs"])
    workload = as_workload(ColdWorkload(Clock()))
    list(compare(workload, chosen, make, size=1, repeats=3, keep_engines=True))  # type: ignore[arg-type]
    assert len(made) == 3 and all(engine.ended for engine in made)


def scale(
    clock: Clock, chosen: list[Arm], rows: list[dict[str, Any]], cut: list[str], **how: Any
) -> full_scale.FullScale:
    return full_scale.FullScale(
        arms=chosen,
        make_engine=lambda **_: ColdEngine(),  # type: ignore[arg-type, return-value]
        told=full_scale.Told(
            measured=rows.append,
            missed=lambda workload, arm, why: cut.append(f"{workload} {arm} {why}"),
            shortened=lambda workload, what: cut.append(f"{workload} {what}"),
        ),
        drawn=False,
        clock=clock,
        **how,
    )


@pytest.mark.parametrize("names", [["full", "no-cache"], ["no-cache", "full"], ["full", "fcfs", "no-cache"]])
def test_at_full_scale_no_arm_pays_either(names: list[str]) -> None:
    rows: list[dict[str, Any]] = []
    clock = Clock()
    run = scale(clock, arms(names), rows, [], repeats=2)
    run.run([as_workload(ColdWorkload(clock))])
    assert [(row["arm"], row["size"]) for row in rows] == [(n, 40) for n in names] + [(n, 10) for n in names]
    assert {row["seconds"] / row["size"] for row in rows} == {WARM_S}
    assert all(row["repeats"] == 2 and row["paper_size"] == 40 for row in rows)
    assert "uncounted" in run.facts["warm_up"] or "none of it counted" in run.facts["warm_up"]


def test_each_workload_keeps_its_part_of_the_time() -> None:
    """The first cannot take what the last one needs."""
    clock, rows, cut = Clock(), cast("list[dict[str, Any]]", []), cast("list[str]", [])
    work = [ColdWorkload(clock, name, paper_size=10_000) for name in full_scale.IMPORTANCE]
    scale(clock, arms(["full", "no-cache"]), rows, cut, budget_s=4000.0).run([as_workload(one) for one in work])
    assert {(row["workload"], row["parallel"]) for row in rows} == {
        (n, k) for n in full_scale.IMPORTANCE for k in (4, 1)
    }
    assert clock.now <= 4400
    assert not any("not measured" in line for line in cut)


def test_a_row_without_time_for_more_is_the_warm_up_and_says_so() -> None:
    clock, rows, cut = Clock(), cast("list[dict[str, Any]]", []), cast("list[str]", [])
    scale(clock, arms(["full", "no-cache"]), rows, cut, budget_s=34.0).run([as_workload(ColdWorkload(clock))])
    assert {(row["size"], row["parallel"]) for row in rows} == {(2, 4), (1, 1)}
    assert [line for line in cut if "the warm-up itself, 2 of 40 programs" in line]


def test_what_comes_too_late_is_named() -> None:
    clock, rows, cut = Clock(), cast("list[dict[str, Any]]", []), cast("list[str]", [])
    work = [as_workload(ColdWorkload(clock, name)) for name in ("rag", "api_extraction")]
    scale(clock, arms(["full", "no-cache"]), rows, cut, budget_s=18.5).run(work)
    assert "rag 4 at once: not measured, no time was left" in cut
    assert "api_extraction not measured: no time was left" in cut
    assert {row["parallel"] for row in rows} == {1}


def test_an_arm_that_fails_leaves_the_others() -> None:
    clock, rows, cut = Clock(), cast("list[dict[str, Any]]", []), cast("list[str]", [])
    scale(clock, arms(["full", "no-cache"]), rows, cut).run([as_workload(ColdWorkload(clock, fails="full"))])
    assert {row["arm"] for row in rows} == {"no-cache"}
    assert cut == ["rag full too small"]


@pytest.mark.parametrize("how", [{"budget_s": 0.0}, {"repeats": 0}])
def test_a_wrong_number_is_told(how: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        scale(Clock(), arms(["full"]), [], [], **how).run([])
