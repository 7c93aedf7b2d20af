"""The arms of an ablation: the full system with one thing switched off (paper section 6.3, Figure 8c).

Knows options of the engine and how a workload is run, no workload's name.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sgbench.errors import UsageError
from sgbench.workloads.report import RunReport
from sgbench.workloads.workload import Workload

if TYPE_CHECKING:
    from sgbench.backends.local import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One switch.

    Attributes
    ----------
    name, title
        Key, and what is switched off.
    options
        Options of the engine that differ from the full system's.
    frontend_parallelism
        False: the interpreter runs each program serially.
    """

    name: str
    title: str
    options: Mapping[str, Any] = field(default_factory=dict)
    frontend_parallelism: bool = True


PAPER: tuple[Arm, ...] = (
    Arm(name="no-cache", title="No cache", options={"radix_cache": "off"}),
    Arm(name="no-tree", title="No tree structure: a table of whole prefixes", options={"radix_cache": "flat"}),
    Arm(name="fcfs", title="First come, first served", options={"schedule": "fcfs"}),
    Arm(name="random", title="Random order", options={"schedule": "random"}),
    Arm(name="no-parallelism", title="No frontend parallelism", frontend_parallelism=False),
    Arm(name="no-hint", title="No frontend hint", options={"frontend_hint": False}),
    Arm(name="full", title="The full system"),
)
"""The seven of Figure 8c, in its order."""

BEYOND: tuple[Arm, ...] = (
    Arm(name="no-jump-forward", title="No jump-forward", options={"jump_forward": "off"}),
    Arm(name="no-shared-prefix", title="No shared-prefix attention", options={"shared_prefix_attention": False}),
    Arm(name="dfs", title="Depth first by weight", options={"schedule": "dfs"}),
)
"""More switches of the same kind."""

_ARMS = {arm.name: arm for arm in (*PAPER, *BEYOND)}


def arms(names: str | Sequence[str]) -> list[Arm]:
    """Arms by name; ``"all"`` are the paper's seven.

    Raises
    ------
    UsageError
        There is no such arm; the message names the nearest.
    """
    wanted = [names] if isinstance(names, str) else list(names)
    found: dict[str, Arm] = {}
    for name in wanted:
        if name == "all":
            found |= {arm.name: arm for arm in PAPER}
        elif name in _ARMS:
            found[name] = _ARMS[name]
        else:
            near = difflib.get_close_matches(name, _ARMS, n=1, cutoff=0.4)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UsageError(f"there is no arm {name!r}{hint} There are all, {', '.join(_ARMS)}")
    return list(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmResult:
    """An arm's runs of one workload.

    Attributes
    ----------
    report
        The run of median duration.
    seconds
        Duration of every run.
    same_answers
        Are the answers those of the first arm? None for the first arm.
    """

    report: RunReport
    seconds: tuple[float, ...]
    same_answers: bool | None

    def to_dict(self) -> dict[str, Any]:
        """The report's fields and these, as JSON-able data."""
        repeats = {"repeats": len(self.seconds), "all_seconds": list(self.seconds), "same_answers": self.same_answers}
        return {**self.report.to_dict(), **repeats}


def compare(
    workload: Workload,
    chosen: Sequence[Arm],
    make_engine: Callable[..., Engine],
    *,
    size: int | None = None,
    seed: int = 0,
    repeats: int = 1,
    parallel: int | None = None,
) -> Iterator[ArmResult]:
    """Run ``workload`` under each arm: the arms in turn, ``repeats`` times over, each time on a new engine that has been warmed up.

    Parameters
    ----------
    make_engine
        Called with the arm's options; gives an engine, which is shut down here.
    others
        As in `Workload.run`.

    Raises
    ------
    UsageError
        ``repeats`` is not positive.
    """
    if repeats < 1:
        raise UsageError(f"repeats={repeats}: at least 1 is needed")
    runs: dict[str, list[RunReport]] = {arm.name: [] for arm in chosen}
    for _ in range(repeats):
        for arm in chosen:
            with make_engine(**arm.options) as engine:
                run = functools.partial(
                    workload.run,
                    engine,
                    seed=seed,
                    parallel=parallel,
                    frontend_parallelism=arm.frontend_parallelism,
                    arm=arm.name,
                )
                run(size=1)
                runs[arm.name].append(run(size=size))
    first = next(iter(runs.values()))[0].answers
    for i, reports in enumerate(runs.values()):
        ordered = sorted(reports, key=lambda report: report.seconds)
        yield ArmResult(
            report=ordered[(len(ordered) - 1) // 2],
            seconds=tuple(report.seconds for report in reports),
            same_answers=None if i == 0 else all(report.answers == first for report in reports),
        )
