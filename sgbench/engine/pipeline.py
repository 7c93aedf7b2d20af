"""The runner, and the steps it was given whose results nobody has read yet: at most one ahead.

Knows plans and results as wholes; what is in them is the scheduler's and the worker's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sgbench.engine.request import Chunk, ChunkResult, DecodePlan, StepPlan
from sgbench.engine.runner.base import LaunchingRunner, Pending, Runner
from sgbench.errors import IntegrityError, UsageError


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
    """

    rids: tuple[int, ...]
    chunks: tuple[Chunk | None, ...]
    results: tuple[ChunkResult, ...]
    forward_ms: float


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
        if not self._overlap or not isinstance(self._runner, LaunchingRunner):
            result = self._runner.run(plan)
            return _outcome(tuple(c.rid for c in plan.chunks), plan.chunks, result.chunks, result.forward_ms)
        ahead, self._ahead = self._ahead, None
        fresh = self._runner.launch(plan) if plan.chunks else None
        following = plan_ahead()
        if following is not None:
            self._ahead = (following, self._runner.launch(following))
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
        return _outcome(rids, chunks, results, forward_ms)

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
