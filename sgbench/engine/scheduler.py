"""Who runs in the next step: admission, continuous batching, chunked prefill, preemption.

One step runs every decoding request and up to ``max_prefill_tokens`` prompt tokens together. Admission is the paper's Algorithm 1 with
the three things it leaves open: room for output is reserved (`sgbench.engine.reserve`), a request waits while another one that runs is
computing a prefix they share, and nobody is overtaken more than ``starvation_bound`` times.

A chunk that is full of prompts while others are left takes its successor with it (`Scheduler.look_ahead`): the next step's prompts are
decided on before this step is read. With overlap, these and the decodes of the next step are given out before this step's tokens are
known (`Scheduler.plan_ahead`); `Scheduler.plan` then finds them under way and adds the rest. What is decided is the same in both orders.

Decides by counting; owns no slot (`sgbench.engine.kv_memory` moves them) and knows no runner, text or thread.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from sgbench.engine import cache_aware
from sgbench.engine.config import EngineConfig, longest_chunk
from sgbench.engine.kv_memory import KvMemory
from sgbench.engine.radix_node import common_prefix_tokens
from sgbench.engine.request import DecodePlan, IntArray, SharedPrefix, StepPlan
from sgbench.engine.reserve import OutputReserve
from sgbench.engine.sequence import Sequence
from sgbench.engine.stats import Counters
from sgbench.engine.step_plans import chunk_of, decodes_ahead, open_chunk
from sgbench.errors import IntegrityError
from sgbench.trace.events import RequestAdmitted, RequestDeferred, RequestPreempted, StepPlanned
from sgbench.trace.journal import Journal

_SHOWN_ORDER = 64
_TWICE = 64
"""Of a prompt that is decided on beforehand, a prompt under way may be computing one token in so many too."""


class Scheduler:
    """The queue and the batch.

    Parameters
    ----------
    config
        Resolved: ``max_running`` and ``max_prefill_tokens`` are numbers.
    memory
        KV pool and prefix cache.
    journal
        Takes decisions.
    counters
        Statistics to keep.

    Attributes
    ----------
    waiting
        In order of arrival.
    running
        In order of admission.
    binds_late
        May requests run ahead whose constraints need the token before (`Sequence.may_bind_late`)?
    """

    def __init__(self, config: EngineConfig, memory: KvMemory, journal: Journal, counters: Counters) -> None:
        assert config.max_running is not None and config.max_prefill_tokens is not None
        self._config = config
        self._max_prefill_tokens = config.max_prefill_tokens
        self._slack = longest_chunk(config.max_prefill_tokens) - config.max_prefill_tokens
        self._memory = memory
        self._journal = journal
        self._counters = counters
        self._reserve = OutputReserve()
        self._work = 0  # tokens computed so far
        self._policy = cache_aware.policy(config.schedule, config.seed, lambda: self._work)
        self._rows = list(range(config.max_running - 1, -1, -1))
        self._order: list[Sequence] = []
        self._spans: list[tuple[Sequence, int]] = []
        self._chunk_is_full = False
        self._given: frozenset[int] = frozenset()  # rids of what `plan_ahead` gave out last
        self._shared: tuple[SharedPrefix, ...] = ()
        self._shared_for: tuple[object, ...] = ()
        self.waiting: list[Sequence] = []
        self.running: list[Sequence] = []
        self.binds_late = False

    # --- the queue --------------------------------------------------------------------------------------------------

    def enqueue(self, seq: Sequence) -> None:
        """A request arrives; its ``rid`` is larger than every earlier one's."""
        seq.came_at = self._work
        self.waiting.append(seq)

    def remove(self, seq: Sequence) -> None:
        """A request is given up, wherever it is."""
        if seq in self.running:
            self._leave(seq)
            self._memory.abandon(seq)
        elif seq in self.waiting:
            self.waiting.remove(seq)

    def finish(self, seq: Sequence) -> None:
        """A running request is done: its tokens stay in the cache."""
        self._leave(seq)
        self._memory.finish(seq)

    def _leave(self, seq: Sequence) -> None:
        self.running.remove(seq)
        self._rows.append(seq.row)

    # --- the plan ---------------------------------------------------------------------------------------------------

    def plan(self, step: int) -> StepPlan | None:
        """The next step, with KV slots taken for every token in it; None if there is nothing to run.

        What `plan_ahead` gave out already belongs to the step but has no chunk in the plan.
        """
        given, self._given = self._given, frozenset()
        under_way = {seq.rid for seq in self.running if seq.ahead and seq.rid in given} if given else given
        spans = self._decide()
        if spans is None:
            return None
        fresh = [(seq, n) for seq, n in spans if seq.rid not in under_way] if under_way else spans
        chunks = tuple(chunk_of(seq, seq.computed, n) for seq, n in fresh)
        return StepPlan(step, chunks, self._shared_prefixes([seq for seq, _ in fresh]))

    def _decide(self) -> list[tuple[Sequence, int]] | None:
        """Who runs how many tokens in the next step, with slots for them; None if there is nothing to run."""
        preempted = False
        while True:
            preempted |= self._make_decode_room()
            spans = self._decode_spans()
            n_decodes = len(spans)
            if not self._decided_before(spans):
                budget = self._prefill_running(spans)
                if not preempted:
                    self._admit(spans, budget)
            tokens = self._tokens(spans)
            if tokens or not self.running:
                break
            self._preempt_youngest()  # several prefills hold all the room between them: nobody could go on
            preempted = True
        if not tokens:
            return None
        self._work += tokens
        self._chunk_is_full = sum(n for _, n in spans[n_decodes:]) >= self._max_prefill_tokens
        if not preempted:
            self._reserve.step_went_well()
        self._spans = spans
        self._emit_plan(spans, n_decodes)
        return spans

    # --- ahead ------------------------------------------------------------------------------------------------------

    def look_ahead(self) -> list[tuple[Sequence, int]]:
        """If the step just planned is full of prompts and some are left, decide on the next step's too, with slots for them.

        That is before this step's tokens are known and its KV is in the cache, so that the device need not wait for the host; the next
        step takes no other prompts. Whoever shares more than a little with a prompt under way is deferred. There stays room for every
        running request's next token.
        """
        if not self._chunk_is_full:
            return []
        before = {seq.rid: n for seq, n in self._spans}
        started = [(seq, seq.computed + before.get(seq.rid, 0)) for seq in self._prefilling()]
        if any(seq.length - start == 1 and seq.length > seq.prompt_len for seq, start in started):
            return []  # the end of what a preempted request had said: the next step counts it among the decodes
        spare = len(self.running)
        spans: list[tuple[Sequence, int]] = []
        budget = self._max_prefill_tokens
        for seq, start in started:
            if budget and start < seq.length:
                budget = max(0, budget - self._prefill(seq, start, budget, spans, spare))
        self._admit(spans, budget, self._spans, spare)
        for seq, n in spans:
            seq.ahead = n
            self._memory.ahead_tokens += n
        return spans

    def plan_ahead(self) -> StepPlan | DecodePlan | None:
        """The step after the one just planned: its decodes, for tokens that are not known yet, and the prompts that `look_ahead` gives.

        None if some token must be known first, or if there is no free slot for each: what needs eviction or preemption waits until
        everything is known. Requests that are bound late are given out without the prompts.
        """
        prompts = self.look_ahead()
        members: list[Sequence] = []
        positions: list[int] = []
        for seq, n in self._spans:
            end, length = seq.computed + n, seq.length
            if end < length or seq.limit - length <= 1:
                continue  # a prompt that is not through; the last token
            if not (seq.unbound or seq.may_run_ahead or (self.binds_late and seq.may_bind_late)):
                return None
            members.append(seq)
            positions.append(end)
        if len(members) > self._memory.pool.free_tokens or not (members or prompts):
            return None
        slots = self._memory.pool.alloc(len(members))
        self._memory.ahead_tokens += len(members)
        plan: StepPlan | DecodePlan
        if prompts and all(seq.constraint is None for seq in members):
            plan = self._mixed(members, positions, slots.tolist(), prompts)
            self._given = frozenset(chunk.rid for chunk in plan.chunks)
        else:
            plan = decodes_ahead(members, positions, slots, self._shared_prefixes(members))
            self._given = frozenset(plan.rids)
        return plan

    def _mixed(
        self, members: list[Sequence], positions: list[int], slots: list[int], prompts: list[tuple[Sequence, int]]
    ) -> StepPlan:
        """Decodes of ``members`` and ``prompts`` in one step, all ahead."""
        before = {seq.rid: n for seq, n in self._spans}
        decodes = map(open_chunk, members, positions, slots)
        rest = [chunk_of(seq, seq.computed + before.get(seq.rid, 0), n) for seq, n in prompts]
        return StepPlan(-1, (*decodes, *rest), self._shared_prefixes([*members, *(seq for seq, _ in prompts)]))

    def _decided_before(self, spans: list[tuple[Sequence, int]]) -> bool:
        """Add to ``spans`` what `look_ahead` decided on; was there anything?"""
        if not self._memory.ahead_tokens:
            return False
        prompts = [(seq, seq.ahead) for seq in self._prefilling() if seq.ahead]
        for seq, _ in prompts:
            seq.ahead = 0
        self._memory.ahead_tokens = 0
        spans += prompts
        return bool(prompts)

    # --- who runs ---------------------------------------------------------------------------------------------------

    def _tokens(self, spans: list[tuple[Sequence, int]]) -> int:
        """Tokens that a step of ``spans`` computes."""
        return sum(n for _, n in spans)

    def _make_decode_room(self) -> bool:
        """One slot for every decoding request: evict, else preempt the youngest. Was anybody preempted?"""
        preempted = False
        while True:
            if self._memory.ahead_tokens and all(seq.ahead for seq in self.running):
                return preempted  # all of them have theirs
            decoding = [seq for seq in self._decoding() if not seq.ahead]
            if not decoding or self._memory.make_room(len(decoding), decoding[0].rid):
                return preempted
            self._preempt_youngest()
            preempted = True

    def _decode_spans(self) -> list[tuple[Sequence, int]]:
        decoding = self._decoding()
        memory = self._memory
        if memory.ahead_tokens:
            missing = [seq for seq in decoding if not seq.ahead]
            for seq in decoding:
                memory.ahead_tokens -= seq.ahead
                seq.ahead = 0
        else:
            missing = decoding
        for seq, slot in zip(missing, memory.pool.alloc(len(missing)).tolist(), strict=True):
            seq.place_one(seq.computed, slot)
        return [(seq, 1) for seq in decoding]

    def _prefill_running(self, spans: list[tuple[Sequence, int]]) -> int:
        """Go on with prompts that are not through yet; returns what is left of the chunk."""
        budget = self._max_prefill_tokens
        for seq in self._prefilling():
            if budget:
                budget = max(0, budget - self._prefill(seq, seq.computed, budget, spans))
        return budget

    def _prefilling(self) -> list[Sequence]:
        """Running requests whose prompt, or what was forced behind it, is not through yet."""
        return [seq for seq in self.running if not seq.decoding]

    def _decoding(self) -> list[Sequence]:
        return [seq for seq in self.running if seq.decoding]

    def _prefill(
        self, seq: Sequence, start: int, budget: int, spans: list[tuple[Sequence, int]], spare: int = 0
    ) -> int:
        """Run as much of ``seq`` from ``start`` on as ``budget`` and memory but ``spare`` slots allow, to the end of its prompt if that is
        near; returns the number of tokens."""
        pending = seq.length - start
        n = min(pending, budget + self._slack, max(0, self._memory.available_tokens - spare))
        if n < pending:
            n = min(n, budget)
        if n:
            self._memory.make_room(n, seq.rid)
            self._memory.extend(seq, start, n)
            spans.append((seq, n))
        return n

    # --- admission (Algorithm 1) ------------------------------------------------------------------------------------

    def _admit(
        self,
        spans: list[tuple[Sequence, int]],
        budget: int,
        before: Iterable[tuple[Sequence, int]] = (),
        spare: int = 0,
    ) -> None:
        """Admit in the policy's order while rows, chunk and memory last; ``before``: what runs in a step that is under way."""
        self._order = self.waiting
        if not (self.waiting and self._rows and budget):
            return
        reserved = spare + self._promised() - sum(n for _, n in (*before, *spans))  # these have their slots
        if self._memory.available_tokens <= reserved:
            return
        self._order = self._ordered()
        prefilling = self._prefilling()
        under_way = [seq for seq, _ in before if not seq.decoding]
        admitted: list[Sequence] = []
        most = self._memory.available_tokens - reserved  # room of one that locks nothing new
        unseen = not self._journal.active
        for seq in self._order:
            if not (self._rows and budget):
                break
            first = self._goes_first(seq)
            if not first and self._would_pass_too_often(seq, admitted):
                break
            match = self._memory.match(seq)
            need = seq.length - match.length + self._reserve.tokens(seq)
            if need > most and unseen and self.running and not first:
                continue  # deferred or not: nobody hears of it, and it finds no room
            if not first and self._deferred(seq, prefilling, max(1, self._config.in_flight_tokens)):
                continue
            if not first and self._deferred(seq, under_way, 1 + (seq.length - match.length) // _TWICE):
                continue  # in the step after next it finds that in the cache
            room = most - self._memory.cache.unlocked_tokens(match)
            if need > room and self.running:
                if first:
                    break  # nobody passes it
                continue
            self._start(seq)
            admitted.append(seq)
            prefilling.append(seq)
            n = self._prefill(seq, seq.computed, budget, spans, spare)
            budget = max(0, budget - n)
            reserved += seq.pending - n + self._reserve.tokens(seq)
            most = self._memory.available_tokens - reserved
        self._count_overtaking(admitted)

    def _promised(self) -> int:
        """Slots that running requests still need for what they hold, and are expected to need for their output."""
        return sum(seq.pending + self._reserve.tokens(seq) for seq in self.running)

    def _ordered(self) -> list[Sequence]:
        """Preempted requests, then those overtaken too often, then the rest by policy."""
        urgent: list[Sequence] = []
        aged: list[Sequence] = []
        rest: list[Sequence] = []
        bound = self._config.starvation_bound
        for seq in self.waiting:
            (urgent if seq.urgent else rest if seq.overtaken < bound else aged).append(seq)
        return [*urgent, *aged, *self._policy(rest, self._memory.match)]

    def _goes_first(self, seq: Sequence) -> bool:
        return seq.urgent or seq.overtaken >= self._config.starvation_bound

    def _would_pass_too_often(self, seq: Sequence, admitted: list[Sequence]) -> bool:
        """Has the oldest waiting request been overtaken as often as may be? Whoever arrived later was not overtaken more often."""
        oldest = self.waiting[0]
        if seq is oldest or oldest.overtaken + len(admitted) < self._config.starvation_bound:
            return False
        return oldest.overtaken + sum(other.rid > oldest.rid for other in admitted) >= self._config.starvation_bound

    def _deferred(self, seq: Sequence, prefilling: list[Sequence], least: int) -> bool:
        """Is a request of ``prefilling``, those running, computing ``least`` tokens of this prompt or more that are not cached yet?"""
        if not prefilling or not self._memory.cache.shares_chunks:
            return False
        reach = self._memory.match(seq).length + least
        if reach > seq.match_limit:
            return False
        last, beginning = seq.ids[reach - 1], b""
        for other in prefilling:
            if other.length < reach or other.ids[reach - 1] != last:
                continue
            beginning = beginning or seq.ids[:reach].tobytes()
            if other.ids[:reach].tobytes() != beginning:
                continue
            if self._journal.active:
                shared = partial(common_prefix_tokens, _kept(other), _kept(seq))
                self._journal.later(RequestDeferred, seq.rid, other.rid, shared)
            return True
        return False

    def _start(self, seq: Sequence) -> None:
        self.waiting.remove(seq)
        self.running.append(seq)
        seq.row = self._rows.pop()
        seq.urgent = False
        self._memory.admit(seq)
        if seq.admissions == 0:
            seq.cached_at_first = min(seq.cached, seq.prompt_len)  # forced output may be cached too
            self._counters.prompt_tokens += seq.prompt_len
            self._counters.cached_tokens += seq.cached_at_first
        seq.admissions += 1
        if self._journal.active:
            node = getattr(seq.node, "id", 0)
            prompt, output = min(seq.cached, seq.prompt_len), max(0, seq.cached - seq.prompt_len)
            self._journal.later(RequestAdmitted, seq.rid, node, seq.prompt_len, prompt, output)

    def _count_overtaking(self, admitted: list[Sequence]) -> None:
        if not admitted or not self.waiting:
            return
        later = np.sort(np.array([seq.rid for seq in admitted]))
        counts = len(later) - np.searchsorted(later, [seq.rid for seq in self.waiting])
        for seq, count in zip(self.waiting, counts.tolist(), strict=True):
            seq.overtaken += count

    def _preempt_youngest(self) -> None:
        """Send the youngest running request back to the front of the queue; what it computed stays cached while there is room."""
        if len(self.running) == 1:
            raise IntegrityError("a request that runs alone finds no room")
        seq = max(self.running, key=lambda seq: seq.rid)
        if self._journal.active:
            self._journal.emit(RequestPreempted(rid=seq.rid, output_tokens=seq.length - seq.prompt_len))
        self._leave(seq)
        self._memory.finish(seq)
        seq.urgent = True
        self.waiting.append(seq)
        self.waiting.sort(key=lambda seq: seq.rid)
        self._counters.preempted += 1
        self._reserve.preempted(self.running)

    # --- what the runner is told ------------------------------------------------------------------------------------

    def _shared_prefixes(self, batch: list[Sequence]) -> tuple[SharedPrefix, ...]:
        """Shared segments of the batch; asked anew only when batch or tree changed, not in every decode step."""
        if not self._config.shared_prefix_attention or len(batch) < 2:
            return ()
        key = (self._memory.cache.version, *((seq.rid, id(seq.node)) for seq in batch))
        if key != self._shared_for:
            self._shared = self._memory.cache.shared([(i, seq.node) for i, seq in enumerate(batch)])
            self._shared_for = key
        return self._shared

    def _emit_plan(self, spans: list[tuple[Sequence, int]], n_decodes: int) -> None:
        """Tell of ``spans``, which stay as they are: the first ``n_decodes`` are decodes, and named only when somebody looks."""
        if self._journal.active:
            rest = spans[n_decodes:]
            prefill = [(seq.rid, n) for seq, n in rest if not seq.decoding]
            resumed = [seq.rid for seq, _ in rest if seq.decoding]
            decode = partial(_rids, spans, n_decodes, resumed)
            order = [seq.rid for seq in self._order[:_SHOWN_ORDER]]
            self._journal.later(StepPlanned, prefill, decode, len(self.waiting), order)


def _rids(spans: list[tuple[Sequence, int]], n: int, more: list[int]) -> tuple[int, ...]:
    """Of the first ``n`` of ``spans``, and ``more``."""
    return (*(seq.rid for seq, _ in spans[:n]), *more)


def _kept(seq: Sequence) -> IntArray:
    """The tokens that ``seq`` has now, for later: those of a constrained request may be spelled anew."""
    return seq.tokens if seq.constraint is None else seq.tokens.copy()
