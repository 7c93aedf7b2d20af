"""The arms of an ablation: the full system with one thing switched off (paper section 6.3, Figure 8c).

Knows options of the engine and how a workload is run, no workload's name.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from sgbench.engine.eviction import BUILT_IN
from sgbench.errors import SgbenchError, UsageError
from sgbench.workloads.arm_result import ArmResult, summed
from sgbench.workloads.report import RunReport
from sgbench.workloads.workload import Case, Workload

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
    api_speculation
        False: every call of a program is made, also where it was written for speculative execution.
    needs
        A package that it takes; without it the arm is left out.
    prepare
        What is switched off on the engine itself once it stands.
    """

    name: str
    title: str
    options: Mapping[str, Any] = field(default_factory=dict)
    frontend_parallelism: bool = True
    api_speculation: bool = True
    needs: str | None = None
    prepare: Callable[[Engine], None] | None = None


def _forget_machines(engine: Engine) -> None:
    """Every request compiles its machine anew."""
    engine.compiler.max_machines = 0


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
    Arm(name="force-miss", title="The cache kept, every match refused", options={"radix_cache": "force-miss"}),
    Arm(name="no-jump-forward", title="No jump-forward: masks alone", options={"jump_forward": "off"}),
    Arm(
        name="no-compressed-fsm",
        title="No finite machine: another library's grammar, token by token",
        options={"grammar_backend": "llguidance", "jump_forward": "off"},
        needs="llguidance",
    ),
    Arm(name="no-fsm-cache", title="Machines compiled anew for each request", prepare=_forget_machines),
    Arm(name="no-api-speculation", title="No API speculative execution", api_speculation=False),
    Arm(name="no-chunked-prefill", title="Prompts computed whole", options={"max_prefill_tokens": 1 << 20}),
    Arm(name="no-shared-prefix", title="No shared-prefix attention", options={"shared_prefix_attention": False}),
    Arm(name="dfs", title="Depth first by weight", options={"schedule": "dfs"}),
    Arm(name="hrrn", title="Highest response ratio next", options={"schedule": "hrrn"}),
    *(
        Arm(name=f"evict-{name}", title=f"Eviction: {name} instead of lru", options={"eviction": name})
        for name in BUILT_IN
        if name != "lru"
    ),
)
"""More switches of the same kind, beyond the paper."""

_ARMS = {arm.name: arm for arm in (*PAPER, *BEYOND)}
_GROUPS = {"all": PAPER, "beyond": BEYOND}


def arms(names: str | Sequence[str]) -> list[Arm]:
    """Arms by name; ``"all"`` are the paper's seven, ``"beyond"`` the others.

    Raises
    ------
    UsageError
        There is no such arm; the message names the nearest.
    """
    wanted = [names] if isinstance(names, str) else list(names)
    found: dict[str, Arm] = {}
    for name in wanted:
        if name in _GROUPS:
            found |= {arm.name: arm for arm in _GROUPS[name]}
        elif name in _ARMS:
            found[name] = _ARMS[name]
        else:
            near = difflib.get_close_matches(name, [*_GROUPS, *_ARMS], n=1, cutoff=0.4)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UsageError(f"there is no arm {name!r}{hint} There are {', '.join([*_GROUPS, *_ARMS])}")
    return list(found.values())


LeftOut = Callable[[str, SgbenchError], None]
"""Told the name of an arm that is left out, and why."""


WARM_UP = (
    "on each engine an arm runs one program that is not counted, and the first arm runs all of the row's programs once, uncounted, too; "
    "then the arms run in turn, in the opposite order in every other round"
)
"""How `compare` comes to what it measures, for a report."""


def compare(
    workload: Workload,
    chosen: Sequence[Arm],
    make_engine: Callable[..., Engine],
    *,
    size: int | None = None,
    seed: int = 0,
    repeats: int = 1,
    parallel: int | None = None,
    cases: list[Case] | None = None,
    left_out: LeftOut | None = None,
    one_engine: bool = False,
    keep_engines: bool = False,
) -> Iterator[ArmResult]:
    """Run ``workload`` under each arm: the arms in turn, ``repeats`` times over, after the same warm-up (`WARM_UP`).

    What an engine does for the first time (compile machines and their masks, cut texts into tokens, pick kernels for sizes) would
    otherwise be paid by the arm that happens to come first.

    Parameters
    ----------
    make_engine
        Called with the arm's options; gives an engine, which is shut down here.
    left_out
        Called for an arm that cannot run, in place of raising; the others are still measured.
    one_engine
        Arms that only refuse the cache run on the full system's engine (`Engine.without_cache`): where loading a model takes longer than
        measuring it. Otherwise each arm has its own.
    keep_engines
        All engines stand until the end, warmed up once; otherwise one at a time, made and warmed up for each run, because each may take the
        whole device.
    others
        As in `Workload.run`.

    Raises
    ------
    UsageError
        ``repeats`` is not positive.
    SgbenchError
        An arm cannot run, and ``left_out`` is None.
    """
    if repeats < 1:
        raise UsageError(f"repeats={repeats}: at least 1 is needed")
    runs: dict[str, list[RunReport]] = {arm.name: [] for arm in chosen}
    with Engines(make_engine, one_engine, keep_engines) as engines:
        for n in range(repeats):
            for arm in in_turn(chosen, n):
                if arm.name not in runs:
                    continue
                run = functools.partial(_run_once, workload, arm, seed=seed, parallel=parallel, cases=cases)
                try:
                    with engines.under(arm) as engine:
                        if engines.is_new:
                            run(engine, size=size)
                        elif engines.first_time:
                            run(engine, size=1)
                        runs[arm.name].append(run(engine, size=size))
                except SgbenchError as failure:
                    if left_out is None:
                        raise
                    del runs[arm.name]
                    left_out(arm.name, failure)
    yield from summed(runs)


def in_turn(chosen: Sequence[Arm], n: int) -> Sequence[Arm]:
    """The order of round ``n``: the opposite one in every other, so that what drifts meets all alike."""
    return chosen if n % 2 == 0 else chosen[::-1]


class Engines:
    """Gives each arm its engine; see ``one_engine`` and ``keep_engines`` of `compare`. A context manager, which shuts them down.

    Attributes
    ----------
    is_new, first_time
        Of the engine that `under` gave last: has nothing run on it; has this arm not run on it?
    """

    def __init__(self, make_engine: Callable[..., Engine], one_engine: bool, keep: bool = False) -> None:
        self._make, self._one, self._keep = make_engine, one_engine, keep
        self._kept: dict[str, Engine] = {}
        self._ran: set[str] = set()
        self.is_new = self.first_time = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._drop()

    def _drop(self) -> None:
        while self._kept:
            self._kept.popitem()[1].shutdown()
        self._ran.clear()

    @contextlib.contextmanager
    def under(self, arm: Arm) -> Iterator[Engine]:
        """An engine with the arm's switch set.

        Raises
        ------
        UsageError
            The arm needs a package that is not installed.
        SgbenchError
            The engine cannot be made.
        """
        if arm.needs is not None and importlib.util.find_spec(arm.needs) is None:
            raise UsageError(f"arm {arm.name} needs the package {arm.needs}, which is not installed")
        mode = arm.options.get("radix_cache") if set(arm.options) <= {"radix_cache"} else "another engine"
        if self._one and arm.prepare is None and mode in (None, "off", "force-miss"):
            engine = self._of("", {}, None)
            self._begin(arm)
            with engine.without_cache(mode) if mode else contextlib.nullcontext():
                yield engine
            return
        engine = self._of(arm.name, arm.options, arm.prepare)
        self._begin(arm)
        try:
            yield engine
        finally:
            if not self._keep:
                self._drop()

    def _of(self, key: str, options: Mapping[str, Any], prepare: Callable[[Engine], None] | None) -> Engine:
        """The engine that stands under ``key``, or a new one."""
        found = self._kept.get(key)
        self.is_new = found is None
        if found is None:
            if not self._keep:
                self._drop()  # one pool at a time: each may take the whole device
            found = self._kept[key] = self._make(**options)
            if prepare is not None:
                prepare(found)
        return found

    def _begin(self, arm: Arm) -> None:
        self.first_time = arm.name not in self._ran
        self._ran.add(arm.name)


def _run_once(
    workload: Workload,
    arm: Arm,
    engine: Engine,
    *,
    size: int | None,
    seed: int,
    parallel: int | None,
    cases: list[Case] | None,
) -> RunReport:
    return workload.run(
        engine,
        size,
        seed,
        parallel=parallel,
        frontend_parallelism=arm.frontend_parallelism,
        api_speculation=arm.api_speculation,
        arm=arm.name,
        cases=cases,
    )
