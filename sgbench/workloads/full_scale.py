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
from sgbench.workloads.arm_result import summed
from sgbench.workloads.arms import Arm, Engines, in_turn
from sgbench.workloads.drawn import DrawnBackend
from sgbench.workloads.report import RunReport
from sgbench.workloads.workload import Workload

if TYPE_CHECKING:
    from sgbench.backends.local import Engine

IMPORTANCE = {
    "mmlu": 3.0,
    "hellaswag": 3.0,
    "tree_of_thought": 4.0,
    "react": 3.0,
    "rag": 1.0,
    "llm_judge": 2.0,
    "json_decoding": 1.5,
    "chat_short": 1.0,
    "skeleton_of_thought": 1.5,
    "generative_agents": 1.0,
    "json_jump_forward": 1.0,
    "api_extraction": 1.0,
    "chat_long": 5.0,
}
"""In the order of measuring: where time runs out, what stands first was measured. The figure is a workload's part of the time, beside the
others' (on an H200 a long chat decodes for ten seconds, whatever the cache does; the first two are given time for many programs)."""

ALONE = 10
"""Programs one after another, for latency (paper section 6: averaged over several instances)."""
WARM_UP = (
    "one program alone and a few at once under each arm, then the row's programs once under the first arm, none of it counted; "
    "rows said to be the warm-up itself had no time for more"
)
"""For a report."""
_AT_ONCE_SHARE = 0.6


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
        Rounds of a row, the arms in turn, in the opposite order in every other; the median counts. Fewer where time is short.
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
        self.facts.setdefault("warm_up", WARM_UP)
        with Engines(self.make_engine, one_engine=True) as engines:
            self._warm_up(engines, waiting[-1:])
            while waiting:
                parts = [IMPORTANCE.get(workload.name, 1.0) for workload in waiting]
                try:
                    self._measure(engines, waiting[0], self._left() * parts[0] / sum(parts))
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
        """Both rows of a workload, within ``seconds`` as far as small runs can tell.

        Those make what a workload needs once, such as machines of its constraints and the device's choices for its sizes.
        """
        if seconds <= 0:
            self.told.shortened(workload.name, "not measured: no time was left")
            return
        until = self.clock() + seconds
        one = self._round(engines, workload, self.arms, 1, 1)
        arms = [arm for arm in self.arms if _ran(arm, one.reports)]
        if not arms:
            return
        at_once = workload.parallel
        if at_once > 1 and self._left() <= 0:
            self.told.shortened(workload.name, f"{_how(at_once)}: not measured, no time was left")
        elif at_once > 1:
            most = self._most(workload, at_once)
            few = min(most, max(1, at_once // (2 if at_once <= 16 else 8)))
            small = self._round(engines, workload, arms, few, at_once)
            if (until - self.clock()) * _AT_ONCE_SHARE > 3 * small.seconds:  # it paid for much that happens once, too
                small = self._round(engines, workload, arms, few, at_once)
            self._row(engines, workload, arms, small, at_once, until, _AT_ONCE_SHARE)
        if until - self.clock() > 2 * one.seconds:
            one = self._round(engines, workload, arms, 1, 1)
        self._row(engines, workload, arms, one, 1, until, 1.0)

    def _row(
        self,
        engines: Engines,
        workload: Workload,
        arms: Sequence[Arm],
        small: _Round,
        parallel: int,
        until: float,
        share: float,
    ) -> None:
        """A row of as many programs, and then as many rounds, as a share of the time allows; at least ``small`` again, or itself.

        More programs than those are run once uncounted before, under the first arm: machines' masks and the tokens of texts are kept by
        the engine.
        """
        arms = [arm for arm in arms if _ran(arm, small.reports)]
        if not arms:
            return
        most, n_rounds = self._most(workload, parallel), self.repeats
        size = most
        if self.budget_s is not None:
            seconds = (until - self.clock()) * share
            rehearsal = small.each / len(arms)
            size = max(0, min(most, int((seconds - small.fixed) / (small.each + rehearsal))))
            if size >= small.size:
                n_rounds = max(1, min(self.repeats, int((seconds / size - rehearsal) / small.each)))
        if size < small.size and until - self.clock() > small.seconds:
            size, n_rounds = small.size, 1  # that round was the rehearsal
        elif size < small.size:
            self._tell(workload, [small.reports], parallel)
            self.told.shortened(workload.name, f"{_how(parallel)}: the warm-up itself, {small.size} of {most} programs")
            return
        if size > small.size:
            self._round(engines, workload, arms[:1], size, parallel)
        rounds = [self._round(engines, workload, in_turn(arms, n), size, parallel).reports for n in range(n_rounds)]
        if any(rounds):
            self._tell(workload, rounds, parallel)
            if size < most:
                self.told.shortened(workload.name, f"{_how(parallel)}: {size} programs instead of {most}")

    def _most(self, workload: Workload, parallel: int) -> int:
        if parallel == workload.parallel:
            return self.size or workload.paper_size
        return self.alone or ALONE

    def _tell(self, workload: Workload, rounds: Sequence[Sequence[RunReport]], parallel: int) -> None:
        by_arm = {arm.name: [r for reports in rounds for r in reports if r.arm == arm.name] for arm in self.arms}
        for result in summed({name: reports for name, reports in by_arm.items() if reports}):
            self.told.measured({**result.to_dict(), "paper_size": workload.paper_size})

    def _round(self, engines: Engines, workload: Workload, arms: Sequence[Arm], size: int, parallel: int) -> _Round:
        """One run under each of ``arms``; one that cannot run is told and left out."""
        began, found = self.clock(), []
        for arm in arms:
            try:
                with engines.under(arm) as engine:
                    if engines.is_new:  # an arm with an engine of its own is warmed up like those that share one
                        self._once(engine, workload, arm, size, parallel)
                    found.append(self._once(engine, workload, arm, size, parallel))
            except SgbenchError as failure:
                self.told.missed(workload.name, arm.name, failure)
        return _Round(found, size, self.clock() - began)

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


@dataclass(frozen=True, slots=True)
class _Round:
    """A run of ``size`` programs under each of some arms, and how long all of it took."""

    reports: list[RunReport]
    size: int
    seconds: float

    @property
    def each(self) -> float:
        """Seconds of a program, under all arms together."""
        return max(1e-9, sum(report.seconds for report in self.reports) / self.size)

    @property
    def fixed(self) -> float:
        """Seconds besides the programs: engines, inputs."""
        return max(0.0, self.seconds - self.each * self.size)


def _how(parallel: int) -> str:
    return "one at a time" if parallel == 1 else f"{parallel} at once"


def _ran(arm: Arm, reports: Sequence[RunReport]) -> bool:
    return any(report.arm == arm.name for report in reports)
