"""Requests that only decode, counted instead of walked.

A running request whose next steps can do nothing but add one known token each sleeps until the step that can do more: its last. While
it sleeps the pool gives it its slots, the cost of a step counts its token and its context, and admission reserves its room, all as sums
over the sleepers; when it wakes it is in the state in which stepping would have left it. So a step costs what changes in it. Everything
else is the real scheduler's; a property test holds this one to it, figure for figure.
"""

from __future__ import annotations

import heapq

import numpy as np

from sgbench.engine.config import EngineConfig
from sgbench.engine.kv_memory import KvMemory
from sgbench.engine.kv_pool import KvPool
from sgbench.engine.request import Chunk, ChunkResult, IntArray
from sgbench.engine.runner.cost import CostRunner
from sgbench.engine.scheduler import Scheduler
from sgbench.engine.sequence import Sequence
from sgbench.engine.stats import Counters
from sgbench.trace.journal import Journal
from sgbench.what_if.counted import CountedPool
from sgbench.what_if.replayed import KnownTranscript

_NO_SLOTS: IntArray = np.empty(0, dtype=np.int32)


class Sleepers:
    """Decoding requests between two steps that concern anybody.

    Parameters
    ----------
    counters
        Statistics to keep.
    slots
        Do requests have KV slots, or only a number of them?

    Attributes
    ----------
    count
        How many sleep: tokens that they add in each step.
    context
        Tokens they attend to in the next step, summed.
    """

    def __init__(self, counters: Counters, slots: bool) -> None:
        self._counters = counters
        self._keeps_slots = slots
        self._since: dict[int, tuple[Sequence, int]] = {}
        self._alarms: list[tuple[int, int]] = []  # (step, rid)
        self._spare: dict[int, int] = {}  # output tokens that a request may still get before the next, plus the step
        self._slots: list[IntArray] = []
        self.count = 0
        self.context = 0

    def put(self, seq: Sequence, step: int, quiet: int) -> None:
        """``seq`` sleeps in ``step`` and the ``quiet - 1`` steps after it."""
        self._since[seq.rid] = seq, step
        heapq.heappush(self._alarms, (step + quiet, seq.rid))
        self._spare[seq.rid] = seq.remaining - 1 + step
        self.count += 1
        self.context += seq.length

    def pass_step(self, pool: KvPool) -> None:
        """Everybody adds a token."""
        self.pass_steps(pool, 1)

    def wake(self, step: int, everybody: bool = False) -> list[Sequence]:
        """Whoever has something to do in ``step``."""
        woken = []
        while self._alarms and (everybody or self._alarms[0][0] <= step):
            seq, since = self._since.pop(heapq.heappop(self._alarms)[1])
            del self._spare[seq.rid]
            self.count -= 1
            self._catch_up(seq, step - since)
            self.context -= seq.length
            woken.append(seq)
        return woken

    def pass_steps(self, pool: KvPool, steps: int) -> None:
        """`pass_step`, ``steps`` times."""
        if self.count:
            slots = pool.alloc(steps * self.count)
            self.context += len(slots)
            if self._keeps_slots:
                self._slots.append(slots)

    def until_alarm(self, step: int) -> int:
        """Steps from ``step`` on in which nobody wakes."""
        return self._alarms[0][0] - step if self._alarms else 0

    def reserved(self, ratio: float, step: int) -> int:
        """`OutputReserve.tokens`, summed."""
        return sum([int(ratio * (spare - step)) for spare in self._spare.values() if spare > step])

    def _catch_up(self, seq: Sequence, steps: int) -> None:
        """As many steps as ``seq`` slept through, at once."""
        transcript = seq.transcript
        assert isinstance(transcript, KnownTranscript)
        tokens = transcript.next_tokens(steps)
        seq.extend(tokens)
        transcript.output_ids += tokens
        transcript.jumped += [False] * steps
        if seq.wish.wanted:  # a cost runner's are 0
            transcript.output_logprobs += [0.0] * steps
            transcript.output_top += [()] * steps
        self._counters.completion_tokens += steps
        if self._keeps_slots:
            slots = np.concatenate(self._slots) if self._slots else _NO_SLOTS
            self._slots = [slots[steps:]]
            seq.place(seq.computed, slots[:steps])
        seq.computed += steps


class QuietScheduler(Scheduler):
    """The real scheduler, over those requests that are awake; see the module's docstring."""

    def __init__(self, config: EngineConfig, memory: KvMemory, journal: Journal, counters: Counters) -> None:
        super().__init__(config, memory, journal, counters)
        self.sleepers = Sleepers(counters, slots=not isinstance(memory.pool, CountedPool))
        self._awake: list[Sequence] = []
        self._admission: dict[int, int] = {}  # running requests in their order, by rid
        self._admissions = 0
        self._step = 0

    def decide(self, step: int) -> list[tuple[Sequence, int]] | None:
        """Who runs how many tokens in ``step``, without those that sleep; None if there is nothing to run."""
        self._change_guard(step)
        return self._decide()

    def idle_steps(self, step: int) -> int:
        """Steps from ``step`` on in which everybody sleeps and there is room for all; who comes meanwhile ends them."""
        if self.waiting:
            return 0
        self._change_guard(step)
        count = self.sleepers.count
        if self._awake or not count:
            return 0
        return min(self.sleepers.until_alarm(step), self._memory.pool.free_tokens // count)

    def idle(self, steps: int) -> None:
        """``steps`` of `idle_steps` went by."""
        self._step += steps - 1
        self.sleepers.pass_steps(self._memory.pool, steps)
        self._work += steps * self.sleepers.count
        for _ in range(steps):
            self._reserve.step_went_well()

    def _change_guard(self, step: int) -> None:
        """In ``step``: wake those whose time has come, and put to sleep who has nothing to do."""
        self._step = step
        self._rouse(self.sleepers.wake(step))
        for seq in self._awake[:]:
            quiet = _quiet_steps(seq)
            if quiet > 0:
                self._awake.remove(seq)
                self.sleepers.put(seq, step, quiet)

    def _rouse(self, woken: list[Sequence]) -> None:
        if woken:
            self._awake = sorted([*self._awake, *woken], key=lambda seq: self._admission[seq.rid])

    # --- what the scheduler asks of the running requests ------------------------------------------------------------

    def _tokens(self, spans: list[tuple[Sequence, int]]) -> int:
        return super()._tokens(spans) + self.sleepers.count

    def _prefilling(self) -> list[Sequence]:
        return [seq for seq in self._awake if not seq.decoding]

    def _decoding(self) -> list[Sequence]:
        return [seq for seq in self._awake if seq.decoding]

    def _promised(self) -> int:
        awake = sum(seq.pending + self._reserve.tokens(seq) for seq in self._awake)
        return awake + self.sleepers.reserved(self._reserve.ratio, self._step)

    def _make_decode_room(self) -> bool:
        total = self.sleepers.count + len(self._decoding())
        if self._memory.make_room(total, -1):
            return False
        self._rouse(self.sleepers.wake(self._step, everybody=True))  # somebody must leave
        return super()._make_decode_room()

    def _decode_spans(self) -> list[tuple[Sequence, int]]:
        self.sleepers.pass_step(self._memory.pool)
        return super()._decode_spans()

    def chunk(self, seq: Sequence, n: int) -> Chunk:
        """As much of a chunk as a cost runner reads."""
        start, end = seq.computed, seq.computed + n
        last = end == seq.length
        return Chunk(
            rid=seq.rid,
            row=seq.row,
            start=start,
            token_ids=seq.ids[start:end],
            slots=_NO_SLOTS,
            slots_from=end,
            sample=last and seq.remaining > 0 and not seq.closing,
            sampling=seq.params,
            sample_index=seq.length - seq.prompt_len,
            logprobs=seq.wish.wanted,
            input_logprobs_from=seq.input_next if seq.wants_input else None,
            next_id=None if last else 0,
        )

    # --- who runs ---------------------------------------------------------------------------------------------------

    def _start(self, seq: Sequence) -> None:
        super()._start(seq)
        self._awake.append(seq)
        self._admission[seq.rid] = self._admissions
        self._admissions += 1

    def _leave(self, seq: Sequence) -> None:
        super()._leave(seq)
        self._awake.remove(seq)
        del self._admission[seq.rid]

    def settle(self) -> None:
        """Wake everybody, to look at the whole state between two steps."""
        self._rouse(self.sleepers.wake(self._step + 1, everybody=True))


class QuietRunner(CostRunner):
    """A cost runner that counts the sleepers of ``scheduler`` in; set before the first step."""

    scheduler: QuietScheduler

    def spend(self, spans: list[tuple[Sequence, int]]) -> None:
        """Advance the clock by a step of ``spans`` and the sleepers."""
        sleepers = self.scheduler.sleepers
        decode, context = (
            sleepers.count,
            sleepers.context - sleepers.count,
        )  # of this step: the next one's are counted already
        prefill = 0
        for seq, n in spans:
            context += seq.computed + n
            if n > 1 or seq.length == seq.prompt_len:
                prefill += n
            else:
                decode += 1
        self.clock_ms += self._cost.of_tokens(prefill, decode, context)

    def token(self, seq: Sequence) -> int:
        """What is sampled next for ``seq``."""
        return self._outputs[seq.rid][seq.length - seq.prompt_len]

    def answer(self, chunk: Chunk) -> ChunkResult:
        """What came back for ``chunk``."""
        return self._answer(chunk)

    def idle(self, steps: int, until_ms: float) -> int:
        """Advance the clock by at most ``steps`` steps of the sleepers alone, not beyond that in which it passes ``until_ms``."""
        count, context = self.scheduler.sleepers.count, self.scheduler.sleepers.context
        for done in range(steps):
            if self.clock_ms >= until_ms:
                return done
            self.clock_ms += self._cost.of_tokens(0, count, context)
            context += count
        return steps


def _quiet_steps(seq: Sequence) -> int:
    """Steps in which ``seq`` does nothing but add a token; 0 where that cannot be told."""
    if seq.constraint is not None or not seq.decoding or seq.wants_input:
        return 0
    assert isinstance(seq.transcript, KnownTranscript)
    return min(seq.transcript.tokens_left, seq.remaining) - 1
