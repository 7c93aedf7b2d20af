"""The runner, and the steps it was given whose results nobody has read yet: at most one ahead.

Knows plans and results as wholes; what is in them is the scheduler's and the worker's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sgbench.engine.request import Chunk, ChunkResult, DecodePlan, StepPlan
from sgbench.engine.runner.base import LaunchingRunner, Pending, Runner
from sgbench.errors import DeviceMemoryError, IntegrityError, UsageError


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
    failure
        Why the plan's chunks could not run, if so; they are not among `chunks`.
    undone
        Requests whose token was to run ahead and does not, for want of memory: plan them again.
    """

    rids: tuple[int, ...]
    chunks: tuple[Chunk | None, ...]
    results: tuple[ChunkResult, ...]
    forward_ms: float
    failure: DeviceMemoryError | None = None
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
    """

    def __init__(self, runner: Runner, overlap: bool) -> None:
        if overlap and not isinstance(runner, LaunchingRunner):
            raise UsageError(f"Engine option overlap=True: {runner.description} cannot launch steps ahead")
        self._runner = runner
        self._overlap = overlap
        self._ahead: tuple[DecodePlan, Pending] | None = None

    def run(self, plan: StepPlan, plan_ahead: Callable[[], DecodePlan | None]) -> StepOutcome:
        """What is under way and ``plan`` together are one step: run it, launch what ``plan_ahead`` gives behind it, then read it."""
        runner = self._runner
        if not self._overlap or not isinstance(runner, LaunchingRunner):
            try:
                result = runner.run(plan)
            except DeviceMemoryError as full:
                return StepOutcome((), (), (), 0.0, failure=full)
            return _outcome(tuple(c.rid for c in plan.chunks), plan.chunks, result.chunks, result.forward_ms)
        ahead, self._ahead = self._ahead, None
        fresh: Pending | None = None
        failure: DeviceMemoryError | None = None
        undone: tuple[int, ...] = ()
        try:
            fresh = runner.launch(plan) if plan.chunks else None
        except DeviceMemoryError as full:
            failure = full
        following = plan_ahead() if failure is None else None
        if following is not None:
            try:
                self._ahead = (following, runner.launch(following))
            except DeviceMemoryError:  # not the last word: the next step tries again, without this one beside it
                undone = following.rids
        rids: tuple[int, ...] = ()
        chunks: tuple[Chunk | None, ...] = ()
        results: tuple[ChunkResult, ...] = ()
        forward_ms = 0.0
        if ahead is not None:
            first = ahead[1].result()
            rids, chunks = ahead[0].rids, (None,) * len(ahead[0].rids)
            results, forward_ms = first.chunks, first.forward_ms
        if fresh is not None:
            rest = fresh.result()
            rids += tuple(c.rid for c in plan.chunks)
            chunks, results, forward_ms = chunks + plan.chunks, results + rest.chunks, forward_ms + rest.forward_ms
        return replace(_outcome(rids, chunks, results, forward_ms), failure=failure, undone=undone)

    def drop_ahead(self) -> None:
        """Nobody waits for what was launched ahead any more."""
        self._ahead = None

    def close(self) -> None:
        """Close the runner."""
        self._ahead = None
        self._runner.close()


def _outcome(
    rids: tuple[int, ...], chunks: tuple[Chunk | None, ...], results: tuple[ChunkResult, ...], forward_ms: float
) -> StepOutcome:
    if len(results) != len(rids):
        raise IntegrityError(f"the runner answered {len(results)} chunks of {len(rids)}")
    return StepOutcome(rids, chunks, results, forward_ms)
