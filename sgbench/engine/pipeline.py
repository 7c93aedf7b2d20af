"""The runner, and the steps it was given whose results nobody has read yet: at most one ahead.

Knows plans and results as wholes; what is in them is the scheduler's and the worker's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from sgbench.engine.gap import Gap
from sgbench.engine.request import Chunk, ChunkResult, DecodePlan, StepPlan, StepResult
from sgbench.engine.runner.base import LateRunner, LaunchingRunner, Pending, Runner
from sgbench.errors import DeviceMemoryError, IntegrityError, UsageError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What a step ran and what came back, request by request.

    Attributes
    ----------
    rids
        The requests; some may have ended while the step was under way.
    chunks
        What each of them ran; None: the one token that ran ahead.
    results
        What came back.
    forward_ms
        Time of the device.
    failure, failed
        Why some of the plan's chunks could not run, and which: they are not among `chunks`.
    undone
        Requests whose tokens were to run ahead and do not, for want of memory: plan them again.
    """

    rids: tuple[int, ...]
    chunks: tuple[Chunk | None, ...]
    results: tuple[ChunkResult, ...]
    forward_ms: float
    failure: DeviceMemoryError | None = None
    failed: tuple[Chunk, ...] = ()
    undone: tuple[int, ...] = ()


class Pipeline:
    """Runs steps, with overlap one ahead of what is read.

    Parameters
    ----------
    runner
        Owned.
    overlap
        Launch ahead.

    Raises
    ------
    UsageError
        This runner cannot launch ahead.

    Attributes
    ----------
    launches
        Does it launch ahead?
    binds_late
        May requests run ahead whose constraints need the token before?
    gap
        Open while the device is at work and the engine's thread waits for it: then others may have the interpreter.
    """

    def __init__(self, runner: Runner, overlap: bool) -> None:
        self._runner = runner
        self._launcher = runner if overlap and isinstance(runner, LaunchingRunner) else None
        if overlap and self._launcher is None:
            raise UsageError(f"Engine option overlap=True: {runner.description} cannot launch steps ahead")
        self._ahead: tuple[StepPlan | DecodePlan, Pending] | None = None
        self.gap = Gap()
        self.launches = overlap
        self.binds_late = overlap and isinstance(runner, LateRunner) and runner.binds_late

    def run(self, plan: StepPlan, plan_ahead: Callable[[], StepPlan | DecodePlan | None]) -> StepOutcome:
        """What is under way and ``plan`` together are one step: run it, launch what ``plan_ahead`` gives behind it, then read it."""
        runner = self._launcher
        if runner is None:
            self.gap.open()
            tried = _try(self._runner.run, plan)
            self.gap.close()
            return tried.outcome(None, tried.given)
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead[1].bind()
        fresh = _try(runner.launch, plan) if plan.chunks else _Tried(None, ())
        following = plan_ahead() if fresh.failure is None else None
        undone: tuple[int, ...] = ()
        if following is not None:
            try:
                self._ahead = (following, runner.launch(following))
            except DeviceMemoryError:  # not the last word: the next step tries again, without this one beside it
                undone = _members(following)[0]
        self.gap.open()
        first = None if ahead is None else (*_members(ahead[0]), ahead[1].result())
        rest = None if fresh.given is None else fresh.given.result()
        self.gap.close()
        return replace(fresh.outcome(first, rest), undone=undone)

    def drop_ahead(self) -> None:
        """Nobody waits for what was launched ahead any more."""
        self._ahead = None

    def close(self) -> None:
        """Close the runner."""
        self._ahead = None
        self._runner.close()


@dataclass(frozen=True, slots=True)
class _Tried(Generic[T]):
    """What a runner gave for a plan, or for that part of it which found memory."""

    given: T | None
    chunks: tuple[Chunk, ...]
    failure: DeviceMemoryError | None = None
    failed: tuple[Chunk, ...] = ()

    def outcome(
        self, ahead: tuple[tuple[int, ...], tuple[Chunk | None, ...], StepResult] | None, result: StepResult | None
    ) -> StepOutcome:
        """Together with what ran ``ahead``."""
        rids: tuple[int, ...] = ()
        chunks: tuple[Chunk | None, ...] = ()
        results: tuple[ChunkResult, ...] = ()
        forward_ms = 0.0
        if ahead is not None:
            rids, chunks, got = ahead
            results, forward_ms = got.chunks, got.forward_ms
        if result is not None:
            rids += tuple(c.rid for c in self.chunks)
            chunks, results, forward_ms = chunks + self.chunks, results + result.chunks, forward_ms + result.forward_ms
        if len(results) != len(rids):
            raise IntegrityError(f"the runner answered {len(results)} chunks of {len(rids)}")
        return StepOutcome(rids, chunks, results, forward_ms, self.failure, self.failed)


def _members(plan: StepPlan | DecodePlan) -> tuple[tuple[int, ...], tuple[Chunk | None, ...]]:
    """Requests of a plan, and what each of them runs: `StepOutcome.rids` and `StepOutcome.chunks`."""
    if isinstance(plan, DecodePlan):
        return plan.rids, (None,) * len(plan.rids)
    return tuple(chunk.rid for chunk in plan.chunks), plan.chunks


def _try(run: Callable[[StepPlan], T], plan: StepPlan) -> _Tried[T]:
    """Run ``plan``; without memory for all of it, the requests that only decode, which need next to none."""
    try:
        return _Tried(run(plan), plan.chunks)
    except DeviceMemoryError as full:
        failure = full
    small = tuple(chunk for chunk in plan.chunks if len(chunk.token_ids) == 1)
    if 0 < len(small) < len(plan.chunks):
        large = tuple(chunk for chunk in plan.chunks if len(chunk.token_ids) > 1)
        with contextlib.suppress(DeviceMemoryError):
            return _Tried(run(StepPlan(plan.step, small)), small, failure, large)
    return _Tried(None, (), failure, plan.chunks)
