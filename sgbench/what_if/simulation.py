"""The real scheduler and the real tree over the cost runner, fed with the causes of a trace, on a virtual clock.

One thread, no waiting: the clock jumps from step to step and, when nothing runs, to the next arrival. Decides nothing that the engine
decides. What it says of time is predicted.
"""

from __future__ import annotations

import dataclasses
import functools
import heapq
import itertools
import math
from collections import defaultdict
from typing import TypeAlias

import numpy as np

from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import resolved
from sgbench.engine.intake import Limits
from sgbench.engine.request import SamplingParams
from sgbench.engine.runner.cost import CostRunner, StepCost
from sgbench.engine.sequence import LogprobWish, Origin, Sequence
from sgbench.engine.worker import Worker
from sgbench.errors import CapacityError
from sgbench.trace.events import RequestQueued
from sgbench.trace.journal import Journal
from sgbench.what_if.causes import Cause, Causes, Flush, shifted
from sgbench.what_if.counted import CountedPool, CountedSequence
from sgbench.what_if.figures import Figures, Record, figures
from sgbench.what_if.quiet import QuietRunner
from sgbench.what_if.quiet_worker import QuietWorker
from sgbench.what_if.replayed import KnownConstraint, KnownTranscript, SampledTokens, Ticket
from sgbench.what_if.warm import warm_up


class Simulation:
    """One run of ``causes`` under ``config``.

    Parameters
    ----------
    causes
        Of a trace.
    config
        The options; ``kv_tokens`` is a number.
    cost
        The price of a step.
    arrivals
        See `sgbench.what_if.predict.predict`.
    walk
        Walk through every token of every request instead of counting those that only decode (`sgbench.what_if.quiet`): slower, with the
        same figures, and with events.

    Attributes
    ----------
    journal
        Takes the events of the run, if it walks.
    refused
        Requests that did not fit into the pool or the context and were left out.
    rids
        Number of each request here, by its number in the recording.
    """

    def __init__(
        self, causes: Causes, config: EngineConfig, cost: StepCost, arrivals: str = "recorded", *, walk: bool = False
    ) -> None:
        assert config.kv_tokens is not None
        causes = _without_waste(causes, config)
        self._outputs: dict[int, SampledTokens | tuple[int, ...]] = {}
        ids = causes.vocab_size
        context = config.context_length or causes.longest_tokens + 1
        kind = CostRunner if walk else QuietRunner
        self._runner = kind(config.kv_tokens, ids, context, cost, self._outputs)
        # What chunks share is a hint to attention, which nothing computes here.
        self._config = dataclasses.replace(resolved(config, self._runner), shared_prefix_attention=False, overlap=False)
        self._limits = Limits(vocab_size=ids, context_tokens=context, kv_tokens=config.kv_tokens)
        self.worker = (
            QuietWorker(self._config, self._runner)
            if isinstance(self._runner, QuietRunner)
            else Worker(self._config, self._runner, Journal(clock=lambda: int(self._runner.clock_ms * 1e6)))
        )
        self.journal = self.worker.journal
        self._pool = self.worker.memory.pool
        self._kind = CountedSequence if isinstance(self._pool, CountedPool) else Sequence
        self.refused = 0
        self.rids: dict[int, int] = {}
        self._here: dict[int, Sequence] = {}
        self._records: list[tuple[Record, Sequence]] = []
        self._aborting: list[tuple[Sequence, Cause, float]] = []
        self._schedule = _Schedule(causes, arrivals)
        self._lockstep = arrivals == "lockstep"
        if causes.tree is not None:
            warm_up(self.worker.memory, causes.tree)
            self.worker.reset_stats()

    @property
    def clock_ms(self) -> float:
        """Predicted time so far."""
        return self._runner.clock_ms

    def run(self) -> Figures:
        """Run to the end."""
        while self.step():
            pass
        return self._figures()

    def step(self) -> bool:
        """One step of the engine, or all until somebody does more than decode, or on to the next arrival; False at the end."""
        self._accept_due()
        self._abort_due()
        if not self.worker.busy:
            return self._schedule.advance(self._runner)
        if isinstance(self.worker, QuietWorker) and not self._aborting:
            idle = self.worker.idle(*self._schedule.pause())
            if idle:
                self._schedule.steps += idle
                return True
        self.worker.step()
        self._schedule.steps += 1
        return True

    # --- arrivals ---------------------------------------------------------------------------------------------------

    def _accept_due(self) -> None:
        due = self._schedule.take(self._runner.clock_ms)
        if self._config.deterministic and not self._lockstep:
            while (soon := self._schedule.next_dependent()) is not None:  # the engine waits until all branches wait
                self._runner.clock_ms = max(self._runner.clock_ms, soon)
                due += self._schedule.take(self._runner.clock_ms)
            due.sort(key=_program_order)
        for item in due:
            match item:
                case Flush():
                    self.worker.memory.flush()
                case _Abort():
                    self._give_up(self._here[item.rid], item.reason)
                case Cause():
                    self._accept(item)

    def _accept(self, cause: Cause) -> None:
        asked = cause.asked
        try:
            limit = self._limits.longest(len(asked.prompt_ids), asked.max_new_tokens)
        except CapacityError:
            self.refused += 1
            self._schedule.ended(cause.rid, self._runner.clock_ms)
            return
        record = Record(self._runner.clock_ms)
        seq = self._sequence(cause, limit, record)
        self._records.append((record, seq))
        self._here[cause.rid] = seq
        self.rids[cause.rid] = rid = self.worker.next_rid
        constraint = seq.constraint
        self._outputs[rid] = (
            SampledTokens(cause, constraint) if isinstance(constraint, KnownConstraint) else _padded(cause)
        )
        self.worker.accept(seq)
        if cause.end == "abort" and cause.ended_ms is not None and not self._lockstep:
            self._aborting.append((seq, cause, self._runner.clock_ms + cause.ended_ms - cause.arrival_ms))

    def _sequence(self, cause: Cause, limit: int, record: Record) -> Sequence:
        asked = cause.asked
        ids = cause.prompt
        params = _sampling(asked.max_new_tokens)

        def first_token() -> None:
            record.first_token_ms = self._runner.clock_ms

        transcript = KnownTranscript(params, cause, first_token)
        constraint = KnownConstraint(cause) if cause.jumps and self._config.jump_forward != "off" else None
        transcript.constraint = constraint
        wants = asked.logprobs_from >= 0
        seq = self._kind(
            ids,
            params,
            seed=0,
            limit=limit,
            wish=LogprobWish(wanted=True, start=asked.logprobs_from) if wants else _NO_LOGPROBS,
            origin=self._origin(asked) if self.journal.active else _NOWHERE,
            transcript=transcript,
            constraint=constraint,  # type: ignore[arg-type]  # speaks as much of a constraint as is asked
        )

        def done() -> None:
            record.done_ms = self._runner.clock_ms
            self._schedule.ended(cause.rid, self._runner.clock_ms)

        if isinstance(self._pool, CountedPool):
            seq.slots = self._pool.slots
        seq.handle = Ticket(done)  # type: ignore[assignment]  # likewise
        return seq

    def _origin(self, asked: RequestQueued) -> Origin:
        """For its event."""
        return Origin(
            program=asked.program,
            branch=asked.branch,
            op=asked.op,
            after=tuple(self.rids[rid] for rid in asked.after if rid in self.rids),
            think_ms=asked.think_ms,
        )

    def _abort_due(self) -> None:
        """Give up what was given up: with as many tokens as then, or after as long."""
        left = []
        for seq, cause, at_ms in self._aborting:
            said = len(seq.transcript.output_ids)
            if (said > 0 and said >= len(cause.output_ids)) or self._runner.clock_ms >= at_ms:
                self._give_up(seq, cause.reason)
            elif not seq.handle.done:
                left.append((seq, cause, at_ms))
        self._aborting = left

    def _give_up(self, seq: Sequence, reason: str) -> None:
        self.worker.abort(seq, reason)

    # --- the end ----------------------------------------------------------------------------------------------------

    def _figures(self) -> Figures:
        for record, seq in self._records:
            if seq.admissions:
                record.admitted = True
                record.prompt_tokens, record.cached_tokens = seq.prompt_len, seq.cached_at_first
            record.output_tokens = len(seq.transcript.output_ids)
        stats = self.worker.stats()
        return figures(
            [record for record, _ in self._records],
            forward_passes=stats.forward_passes,
            evicted_tokens=stats.evicted_tokens,
            preempted=stats.preempted,
        )


_NO_LOGPROBS = LogprobWish()
_NOWHERE = Origin()


@functools.cache
def _sampling(max_new_tokens: int) -> SamplingParams:
    return SamplingParams(max_new_tokens=max_new_tokens)


@dataclasses.dataclass(frozen=True, slots=True)
class _Abort:
    """In lockstep: request ``rid`` of the recording is given up now."""

    rid: int
    reason: str


class _Schedule:
    """Who arrives when: fixed times, and times that follow from the end of others."""

    def __init__(self, causes: Causes, arrivals: str) -> None:
        self.steps = 0
        self._lockstep = arrivals == "lockstep"
        self._heap: list[tuple[float, int, int, _Item]] = []  # the third: for events made by hand, without a seq
        self._pushed = itertools.count()
        self._dependent: list[tuple[float, int]] = []
        self._waits: dict[int, int] = {}
        self._followers: dict[int, list[Cause]] = defaultdict(list)
        here = {cause.rid for cause in causes.requests}
        before = _last_ended_before(causes) if arrivals == "closed" else {}
        for cause in causes.requests:
            after = () if self._lockstep else tuple(rid for rid in cause.after if rid in here)
            if not after and cause.rid in before:
                rid, think_ms = before[cause.rid]
                after, cause = (rid,), dataclasses.replace(cause, think_ms=think_ms)  # noqa: PLW2901
            if after:
                self._waits[cause.rid] = len(after)
                for rid in after:
                    self._followers[rid].append(cause)
            else:
                at = cause.arrival_step if self._lockstep else 0.0 if arrivals == "at-once" else cause.arrival_ms
                self._push(at, cause.asked.seq, cause)
            if self._lockstep and cause.end == "abort":
                self._push(cause.ended_step, cause.ended_seq, _Abort(cause.rid, cause.reason))
        for flush in causes.flushes if arrivals != "at-once" else ():
            at = flush.arrival_step if self._lockstep else flush.arrival_ms
            self._push(at, flush.seq, flush)

    def _push(self, at: float, seq: int, item: _Item) -> None:
        heapq.heappush(self._heap, (at, seq, next(self._pushed), item))

    def take(self, clock_ms: float) -> list[_Item]:
        """What is due, in order."""
        now = self.steps if self._lockstep else clock_ms
        due = []
        while self._heap and self._heap[0][0] <= now:
            due.append(heapq.heappop(self._heap)[3])
        return due

    def pause(self) -> tuple[float, float]:
        """Steps, and the time, before the next arrival."""
        due = self._heap[0][0] if self._heap else math.inf
        return (due - self.steps, math.inf) if self._lockstep else (math.inf, due)

    def ended(self, rid: int, clock_ms: float) -> None:
        """Whoever waited for ``rid`` only comes after thinking."""
        for cause in self._followers.pop(rid, ()):
            self._waits[cause.rid] -= 1
            if self._waits[cause.rid] == 0:
                at = clock_ms + cause.think_ms
                self._push(at, cause.asked.seq, cause)
                heapq.heappush(self._dependent, (at, cause.asked.seq))

    def next_dependent(self) -> float | None:
        """When the next request comes that follows another one, if one is on its way."""
        on_their_way = {(at, seq) for at, seq, _, _ in self._heap}
        while self._dependent and self._dependent[0] not in on_their_way:
            heapq.heappop(self._dependent)
        return self._dependent[0][0] if self._dependent else None

    def advance(self, runner: CostRunner) -> bool:
        """Nothing runs: go to the next arrival; False if there is none."""
        if not self._heap:
            return False
        if self._lockstep:
            self.steps = int(self._heap[0][0])
        else:
            runner.clock_ms = max(runner.clock_ms, self._heap[0][0])
        return True


_Item: TypeAlias = "Cause | Flush | _Abort"


def _last_ended_before(causes: Causes) -> dict[int, tuple[int, float]]:
    """For each request that waited for none: the one that ended last before it came, and the time between."""
    ends = sorted((cause.ended_ms, cause.rid) for cause in causes.requests if cause.ended_ms is not None)
    times = [at for at, _ in ends]
    found: dict[int, tuple[int, float]] = {}
    for cause in causes.requests:
        place = int(np.searchsorted(times, cause.arrival_ms, side="right"))
        if place and not cause.after:
            at, rid = ends[place - 1]
            found[cause.rid] = rid, cause.arrival_ms - at
    return found


def _without_waste(causes: Causes, config: EngineConfig) -> Causes:
    """Leave out prefills that the language would not ask for under ``config``: without reuse reading ahead is waste."""
    if config.frontend_hint and config.radix_cache not in ("off", "force-miss"):
        return causes
    ahead = [cause for cause in causes.requests if cause.reads_ahead]
    if config.radix_cache in ("off", "force-miss"):
        return shifted(causes, {cause.rid for cause in ahead})
    calls: dict[tuple[int, int, int], int] = defaultdict(int)
    for cause in causes.requests:
        calls[_call(cause)] += 1
    return shifted(causes, {cause.rid for cause in ahead if calls[_call(cause)] == 1})


def _call(cause: Cause) -> tuple[int, int, int]:
    return cause.asked.program, cause.asked.branch, cause.asked.op


def _program_order(item: _Item) -> tuple[int, int, int]:
    return _call(item) if isinstance(item, Cause) else (-1, -1, -1)


def _padded(cause: Cause) -> tuple[int, ...]:
    """Tokens to hand out. One that was given up may come further here than it did: nobody knows what it would have said."""
    ids = cause.output_ids
    if cause.end == "abort":
        return (*ids, *(0,) * (cause.asked.max_new_tokens - len(ids) + 1))
    return ids if ids and cause.end != "open" else (*ids, 0)
