"""The workloads at the paper's scale within a given time: one engine for all, the most telling first, each at once and alone.

Knows arms and budgets, no workload's program.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sgbench.errors import SgbenchError, UsageError
from sgbench.workloads.arms import Arm, Engines, summed
from sgbench.workloads.drawn import DrawnBackend
from sgbench.workloads.report import RunReport
from sgbench.workloads.workload import Workload

if TYPE_CHECKING:
    from sgbench.backends.local import Engine

IMPORTANCE = (
    "mmlu",
    "hellaswag",
    "tree_of_thought",
    "react",
    "rag",
    "llm_judge",
    "json_decoding",
    "chat_short",
    "skeleton_of_thought",
    "generative_agents",
    "json_jump_forward",
    "chat_long",
    "api_extraction",
)
"""Where time runs out, what stands first was measured."""

ALONE = 10
"""Programs one after another, for latency (paper section 6: averaged over several instances)."""
_AT_ONCE_SHARE = 0.6
_SLACK = 2.0
"""Workloads that take less than their share leave the rest to those after them, so one may take more than an even share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Who is told what.

    Attributes
    ----------
    measured
        A row, as data: `ArmResult.to_dict`, and ``paper_size``.
    missed
        Workload, arm and reason of a row that failed.
    shortened
        Workload and words, of a row that is smaller than the paper's or has no time left.
    """

    measured: Callable[[dict[str, Any]], None]
    missed: Callable[[str, str, SgbenchError], None]
    shortened: Callable[[str, str], None]


@dataclass(slots=True, kw_only=True)
class FullScale:
    """A run of several workloads under several arms.

    Parameters
    ----------
    arms
        The first is what the others are compared with.
    make_engine
        Called with an arm's options; arms that only refuse the cache share one engine.
    budget_s
        Seconds for everything, the engine's start included; None: the paper's sizes, whatever they take.
    drawn
        Draw the answers (`sgbench.workloads.drawn`), as random weights need it.
    repeats
        Rounds of a row, the arms in turn in each; the median counts.
    size, alone
        Programs at once and one after another; None: the paper's and `ALONE`, less where time is short.
    facts
        Told what the engine says of itself.
    clock
        Seconds, from any start.
    """

    arms: Sequence[Arm]
    make_engine: Callable[..., Engine]
    told: Told
    budget_s: float | None = None
    drawn: bool = True
    seed: int = 0
    repeats: int = 1
    size: int | None = None
    alone: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    clock: Callable[[], float] = time.perf_counter
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def run(self, workloads: Sequence[Workload]) -> None:
        """Measure; rows are told one by one.

        Raises
        ------
        UsageError
            The budget or ``repeats`` is not positive.
        """
        if self.budget_s is not None and not self.budget_s > 0:
            raise UsageError(f"--budget {self.budget_s:g}: more than 0 seconds are needed")
        if self.repeats < 1:
            raise UsageError(f"--repeats {self.repeats}: at least 1 is needed")
        order = {name: at for at, name in enumerate(IMPORTANCE)}
        waiting = sorted(workloads, key=lambda workload: order.get(workload.name, len(order)))
        with Engines(self.make_engine, one_engine=True) as engines:
            self._warm_up(engines, waiting[-1:])
            while waiting:
                share = self._left() * _SLACK / len(waiting)
                try:
                    self._measure(engines, waiting[0], min(share, self._left()))
                except KeyboardInterrupt:
                    for workload in waiting:
                        self.told.shortened(workload.name, "not measured, or not all of it: the run was interrupted")
                    raise
                del waiting[0]

    def _warm_up(self, engines: Engines, cheap: Sequence[Workload]) -> None:
        """What a new engine does once, it does before the first row."""
        for workload in cheap:
            for arm in self.arms:
                if self._left() > 0:
                    with contextlib.suppress(SgbenchError), engines.under(arm) as engine:  # rows tell what is wrong
                        self._once(engine, workload, arm, 1, 1)

    def _left(self) -> float:
        return float("inf") if self.budget_s is None else self.budget_s - (self.clock() - self._began)

    def _measure(self, engines: Engines, workload: Workload, seconds: float) -> None:
        """Both rows of a workload, within ``seconds`` as far as a first small run can tell.

        That run makes what a workload needs once (such as machines of its constraints), too. It stands as the row if there is time for none
        that is as large.
        """
        if seconds <= 0:
            self.told.shortened(workload.name, "not measured: no time was left")
            return
        until = self.clock() + seconds
        at_once, most = workload.parallel, self._most(workload, workload.parallel)
        small = min(most, max(1, at_once // (2 if at_once <= 16 else 4)))
        reports = self._again(engines, workload, self.arms, small, at_once, most, until, _AT_ONCE_SHARE)
        arms = [arm for arm in self.arms if _ran(arm, reports)]
        if at_once > 1 and arms:
            self._again(engines, workload, arms, 1, 1, self._most(workload, 1), until, 1.0)

    def _again(
        self,
        engines: Engines,
        workload: Workload,
        arms: Sequence[Arm],
        small: int,
        parallel: int,
        most: int,
        until: float,
        share: float,
    ) -> list[RunReport]:
        """A row: a run of ``small`` programs, and one of as many as a share of the time foresees, if that is no fewer."""
        if self._left() <= 0:
            self.told.shortened(workload.name, f"{_how(parallel)}: not measured, no time was left")
            return []
        reports = self._round(engines, workload, arms, small, parallel)
        if not reports:
            return []
        each = sum(report.seconds for report in reports) / small
        seconds = (until - self.clock()) * share / self.repeats
        room = most if self.budget_s is None else min(most, int(seconds / each))
        rounds = [reports]
        if room >= small:
            able = [arm for arm in arms if _ran(arm, reports)]
            rounds = [self._round(engines, workload, able, room, parallel) for _ in range(self.repeats)]
        self._tell(workload, rounds, parallel)
        return rounds[-1]

    def _most(self, workload: Workload, parallel: int) -> int:
        if parallel == workload.parallel:
            return self.size or workload.paper_size
        return self.alone or ALONE

    def _tell(self, workload: Workload, rounds: Sequence[Sequence[RunReport]], parallel: int) -> None:
        by_arm = {arm.name: [r for reports in rounds for r in reports if r.arm == arm.name] for arm in self.arms}
        for result in summed({name: reports for name, reports in by_arm.items() if reports}):
            self.told.measured({**result.to_dict(), "paper_size": workload.paper_size})
        size, most = rounds[0][0].size, self._most(workload, parallel)
        if size < most:
            self.told.shortened(workload.name, f"{_how(parallel)}: {size} programs instead of {most}")

    def _round(
        self, engines: Engines, workload: Workload, arms: Sequence[Arm], size: int, parallel: int
    ) -> list[RunReport]:
        """One run under each of ``arms``; one that cannot run is told and left out."""
        found = []
        for arm in arms:
            try:
                with engines.under(arm) as engine:
                    found.append(self._once(engine, workload, arm, size, parallel))
            except SgbenchError as failure:
                self.told.missed(workload.name, arm.name, failure)
        return found

    def _once(self, engine: Engine, workload: Workload, arm: Arm, size: int, parallel: int) -> RunReport:
        self.facts.setdefault("engine", engine.runner.description)
        return workload.run(
            engine,
            size,
            self.seed,
            parallel=parallel,
            frontend_parallelism=arm.frontend_parallelism,
            api_speculation=arm.api_speculation,
            arm=arm.name,
            backend=DrawnBackend(engine) if self.drawn else None,
        )


def _how(parallel: int) -> str:
    return "one at a time" if parallel == 1 else f"{parallel} at once"


def _ran(arm: Arm, reports: Sequence[RunReport]) -> bool:
    return any(report.arm == arm.name for report in reports)
