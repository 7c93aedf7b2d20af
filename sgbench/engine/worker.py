"""What the engine's thread does: take a request, plan, run, commit, emit. With overlap, the next step is launched before this one is
read, as far as it can be: while the device runs it, the host commits what came before and plans what comes next.

Owns scheduler, tree, pool and runner; every method runs on that one thread. Knows no queue and no waiting: those are
`sgbench.engine.loop`'s. What it does not decide stands in `sgbench.engine.scheduler`.
"""

from __future__ import annotations

from collections.abc import Iterable

from sgbench.engine.config import EngineConfig
from sgbench.engine.eviction import eviction_key
from sgbench.engine.flat_cache import FlatCache
from sgbench.engine.gap import Gap
from sgbench.engine.jumping import Jumper
from sgbench.engine.kv_memory import KvMemory
from sgbench.engine.kv_pool import KvPool
from sgbench.engine.no_cache import NoCache
from sgbench.engine.pipeline import Pipeline, StepOutcome
from sgbench.engine.prefix_cache import PrefixCache
from sgbench.engine.radix_attention import ForceMissCache, RadixCache
from sgbench.engine.request import NO_NUMBER, Chunk, ChunkResult
from sgbench.engine.result import request_output
from sgbench.engine.runner.base import Runner
from sgbench.engine.scheduler import Scheduler
from sgbench.engine.sequence import Sequence
from sgbench.engine.stats import Counters, EngineStats
from sgbench.errors import IntegrityError, NumericsError, SgbenchError, UsageError
from sgbench.trace.events import EngineStopped, Keyframe, RequestAborted, RequestFinished, RequestQueued, StepFinished
from sgbench.trace.journal import Journal


def make_cache(config: EngineConfig, journal: Journal, capacity_tokens: int) -> PrefixCache:
    """The prefix cache that ``config.radix_cache`` names."""
    eviction = eviction_key(config.eviction)
    if config.radix_cache == "off":
        return NoCache()
    if config.radix_cache == "flat":
        return FlatCache(journal, capacity_tokens, eviction)
    return (RadixCache if config.radix_cache == "radix" else ForceMissCache)(journal, eviction)


def _no_number(seq: Sequence) -> NumericsError:
    return NumericsError(
        f"request {seq.rid}: the model's logits after {seq.length} tokens are not numbers (NaN or infinite). In float16 that is most "
        "often an overflow: dtype='bfloat16' or 'float32' has the range; else look at the weights"
    )


class Worker:
    """State of a running engine.

    Parameters
    ----------
    config
        Resolved.
    runner
        Owned.
    journal
        Takes every event.
    scheduler
        Who decides; a simulation brings its own kind.

    Attributes
    ----------
    next_rid
        Number of the next request that is accepted.
    """

    def __init__(
        self, config: EngineConfig, runner: Runner, journal: Journal, scheduler: type[Scheduler] = Scheduler
    ) -> None:
        self.journal = journal
        self.cache = make_cache(config, journal, runner.kv_tokens)
        self.memory = self.make_memory(config, runner.kv_tokens)
        self._pipeline = Pipeline(runner, bool(config.overlap))
        self._counters = Counters()
        self.scheduler = scheduler(config, self.memory, journal, self._counters)
        self.scheduler.binds_late = self._pipeline.binds_late
        self._jumper = Jumper(self.memory, journal, self._counters)
        self._live: dict[int, Sequence] = {}
        self.next_rid = 0
        self._steps = 0
        self._evicted_before = 0

    def make_memory(self, config: EngineConfig, kv_tokens: int) -> KvMemory:
        """Pool and cache of the engine; a simulation makes its own kind."""
        return KvMemory(KvPool(kv_tokens), self.cache)

    @property
    def busy(self) -> bool:
        """Is any request running or waiting?"""
        return bool(self._live)

    @property
    def runs(self) -> bool:
        """Is any request running?"""
        return bool(self.scheduler.running)

    @property
    def keeps_device_waiting(self) -> bool:
        """Is there work, and this thread at what must be done before the device is waited for again?"""
        return bool(self._live) and not self.gap.is_open

    @property
    def gap(self) -> Gap:
        """When this thread only waits for the device."""
        return self._pipeline.gap

    def step(self) -> bool:
        """Run one step; False if there was nothing to run."""
        self.journal.step = self._steps
        plan = self.scheduler.plan(self._steps)
        if plan is None:
            if self._live:
                raise IntegrityError(f"{len(self._live)} requests wait and none can run")
            self._pipeline.drop_ahead()
            return False
        if not self._pipeline.launches:
            self.scheduler.look_ahead()
        outcome = self._pipeline.run(plan, self.scheduler.plan_ahead)
        touched = self._commit(outcome)
        for rid in outcome.undone:
            if rid in self._live:
                self.memory.undo_ahead(self._live[rid])
        if outcome.failure is not None:
            for chunk in outcome.failed:
                self._fail(self._live[chunk.rid], len(chunk.token_ids), outcome.failure)
        self._publish(touched)
        self._steps += 1
        return True

    # --- commit -----------------------------------------------------------------------------------------------------

    def _commit(self, outcome: StepOutcome) -> list[Sequence]:
        """Enter what the runner computed; returns the requests that have something to tell."""
        self._counters.forward_passes += 1
        touched = []
        rids: list[int] = []
        sampled: list[int] = []
        for rid, chunk, got in zip(outcome.rids, outcome.chunks, outcome.results, strict=True):
            seq = self._live.get(rid)
            if seq is None or seq.row < 0:
                continue  # it ended, was given up or sent back to the queue, while its next tokens ran
            rids.append(rid)
            sampled.append(-1 if got.token_id is None else got.token_id)
            if got.token_id == NO_NUMBER:
                self._fail(seq, 1 if chunk is None else len(chunk.token_ids), _no_number(seq))
                continue
            if chunk is None:
                seq.computed += 1
            else:
                self._enter_kv(seq, chunk)
                self._enter_logprobs(seq, chunk, got)
            if seq.length == seq.computed:
                self._enter_token(seq, got)
                touched.append(seq)
                if seq.transcript.finish_reason is not None and not seq.wants_input:
                    self._finish(seq)
        self._emit(rids, sampled, outcome.forward_ms)
        return touched

    def _fail(self, seq: Sequence, n_tokens: int, failure: SgbenchError) -> None:
        """A request whose last ``n_tokens`` tokens have slots but no KV worth keeping: free all it has, tell its caller."""
        seq.computed += n_tokens  # so that their slots are freed with the others
        self.scheduler.remove(seq)
        del self._live[seq.rid]
        self._counters.aborted += 1
        if self.journal.active:
            ids = tuple(seq.transcript.output_ids)
            self.journal.emit(RequestAborted(rid=seq.rid, reason=str(failure), output_ids=ids))
        seq.handle.fail(failure)

    def _enter_kv(self, seq: Sequence, chunk: Chunk) -> None:
        prefill = not seq.decoding
        seq.computed += len(chunk.token_ids)
        if prefill:
            self._counters.prefill_tokens += len(chunk.token_ids)
            if chunk.start < seq.prompt_len:  # what is forced behind it waits for the end, as sampled tokens do
                self.memory.settle(seq)

    def _enter_logprobs(self, seq: Sequence, chunk: Chunk, got: ChunkResult) -> None:
        if chunk.input_logprobs_from is None:
            return
        said, first = seq.transcript, max(chunk.start + 1, chunk.input_logprobs_from)
        last = min(seq.computed, seq.report_until - 1)
        due = max(0, last + 1 - first)
        if len(got.input_logprobs) != due:
            raise IntegrityError(f"the runner reported {len(got.input_logprobs)} prompt logprobs where {due} were due")
        n_prompt = max(0, seq.prompt_len - first)  # the others are forced tokens of the output
        said.input_logprobs.extend(got.input_logprobs[:n_prompt])
        said.input_top.extend(got.input_top[:n_prompt])
        said.output_logprobs.extend(got.input_logprobs[n_prompt:])
        said.output_top.extend(got.input_top[n_prompt:])
        seq.input_next = max(seq.input_next, last + 1)

    def _enter_token(self, seq: Sequence, got: ChunkResult) -> None:
        said = seq.transcript
        if seq.constraint is not None and seq.closing:  # the last forced tokens ran for their logprobs
            if said.finish_reason is None:
                said.finish({"type": "stop", "matched": None})
            return
        room = seq.limit - seq.length
        if room == 0:  # a prefill: what might come next may be asked for, but is not taken
            said.output_top.extend([got.top] if seq.wish.top else [])
            said.finish({"type": "length", "length": 0})
            return
        if got.token_id is None:
            raise IntegrityError(f"the runner sampled no token for request {seq.rid}")
        seq.append(got.token_id)
        self._counters.completion_tokens += 1
        said.accept(got, room - 1)
        if seq.constraint is not None:
            self._jumper.follow(seq, got.token_id)

    def _finish(self, seq: Sequence) -> None:
        self.scheduler.finish(seq)
        self._retire(seq)

    def _retire(self, seq: Sequence) -> None:
        """It holds no KV any more: count and tell."""
        del self._live[seq.rid]
        self._counters.finished += 1
        reason = seq.transcript.finish_reason
        if self.journal.active and reason is not None:
            self.journal.later(
                RequestFinished,
                seq.rid,
                reason["type"],
                seq.transcript.output_ids,
                seq.prompt_len,
                seq.cached_at_first,
                seq.transcript.output_logprobs,
            )

    def _emit(self, rids: list[int], sampled: list[int], forward_ms: float) -> None:
        if self.journal.active:
            self.journal.later(
                StepFinished,
                rids,
                sampled,
                forward_ms,
                self.memory.free_tokens,
                self.cache.evictable_tokens,
                self.memory.used_tokens,
            )

    def _publish(self, touched: Iterable[Sequence]) -> None:
        """Tell callers what is new. All of it is made before the first of them wakes up and wants the interpreter."""
        news = [(seq.handle, request_output(seq)) for seq in touched if self._has_news(seq)]
        for handle, output in news:
            handle.publish(output)

    def _has_news(self, seq: Sequence) -> bool:
        if seq.transcript.finish_reason is None:
            return seq.handle.streaming
        return seq.rid not in self._live  # else the logprobs of its last forced tokens are due

    # --- requests come and go ---------------------------------------------------------------------------------------

    def accept(self, seq: Sequence) -> None:
        """Number a request and queue it; one that was aborted on its way here is left out."""
        if seq.handle.done:
            return
        seq.rid = seq.handle.rid = self.next_rid
        self.next_rid += 1
        self._live[seq.rid] = seq
        if self.journal.active:
            origin = seq.origin
            self.journal.later(
                RequestQueued,
                seq.rid,
                seq.tokens,
                seq.params.max_new_tokens,
                origin.program,
                origin.branch,
                origin.op,
                origin.after,
                origin.think_ms,
                seq.wish.start if seq.wants_input else -1,
            )
        self._jumper.begin(seq)
        if seq.transcript.finish_reason is None or seq.wants_input:
            self.scheduler.enqueue(seq)
        else:
            self._retire(seq)
        if seq.constraint is not None:
            self._publish([seq])

    def abort(self, seq: Sequence, reason: str) -> None:
        """Give ``seq`` up and free its KV. It may be on its way in still: then it is never taken."""
        if seq.handle.done:
            return
        if seq.rid in self._live:
            self.scheduler.remove(seq)
            del self._live[seq.rid]
            if self.journal.active:
                ids = tuple(seq.transcript.output_ids)
                self.journal.emit(RequestAborted(rid=seq.rid, reason=reason, output_ids=ids))
        self._counters.aborted += 1
        seq.transcript.finish({"type": "abort", "message": reason})
        seq.handle.publish(request_output(seq))

    def abort_all(self, reason: str) -> None:
        """Give every request up."""
        for seq in list(self._live.values()):
            self.abort(seq, reason)

    def fail_all(self, late: list[Sequence], reason: str, failure: BaseException, *, broken: bool) -> None:
        """The engine ends: whoever waits, those that were still on their way (``late``) too, gets ``failure``."""
        for seq in [*self._live.values(), *late]:
            if self.journal.active and seq.rid >= 0:
                ids = tuple(seq.transcript.output_ids)
                self.journal.emit(RequestAborted(rid=seq.rid, reason=reason, output_ids=ids))
            if not broken:
                self.scheduler.remove(seq)
            seq.handle.fail(failure)
        self._live.clear()
        if self.journal.active:
            self.journal.emit(EngineStopped(reason=reason))

    def close(self) -> None:
        """Close the runner."""
        self._pipeline.close()

    # --- looking ----------------------------------------------------------------------------------------------------

    def stats(self) -> EngineStats:
        """Counters and gauges."""
        counters = self._counters
        prompt = counters.prompt_tokens
        return EngineStats(
            prompt_tokens=prompt,
            cached_tokens=counters.cached_tokens,
            hit_rate=counters.cached_tokens / prompt if prompt else 0.0,
            completion_tokens=counters.completion_tokens,
            jumped_tokens=counters.jumped_tokens,
            prefill_tokens=counters.prefill_tokens,
            forward_passes=counters.forward_passes,
            evicted_tokens=self.memory.evicted_tokens - self._evicted_before,
            kv_tokens_total=self.memory.pool.capacity_tokens,
            kv_tokens_used=self.memory.used_tokens,
            kv_tokens_cached=self.cache.evictable_tokens,
            running=len(self.scheduler.running),
            waiting=len(self.scheduler.waiting),
            finished=counters.finished,
            aborted=counters.aborted,
            preempted=counters.preempted,
        )

    def keyframe(self) -> Keyframe:
        """The present state as one event."""
        return Keyframe(
            tree=self.cache.snapshot(),
            capacity_tokens=self.memory.pool.capacity_tokens,
            running=tuple(seq.rid for seq in self.scheduler.running),
            waiting=tuple(seq.rid for seq in self.scheduler.waiting),
        )

    def swap_cache(self, cache: PrefixCache) -> PrefixCache:
        """Ask ``cache`` from now on; returns the one asked so far. While no request is live."""
        if self._live:
            raise UsageError(f"the cache cannot change while {len(self._live)} requests are running or waiting")
        former, self.cache = self.cache, cache
        self.memory.cache = cache
        return former

    def reset_stats(self) -> None:
        """Count from 0 again."""
        for name in Counters.__slots__:
            setattr(self._counters, name, 0)
        self._evicted_before = self.memory.evicted_tokens
