"""The real worker where nobody listens: no events, no text, no device to wait for, and steps in which all only decode at once.

What it leaves out of `sgbench.engine.worker` changes nothing that is decided; a property test holds it to the whole one, figure for
figure.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

from sgbench.engine.config import EngineConfig
from sgbench.engine.kv_memory import KvMemory
from sgbench.engine.kv_pool import KvPool
from sgbench.engine.request import ChunkResult
from sgbench.engine.sequence import Sequence
from sgbench.engine.worker import Worker
from sgbench.errors import IntegrityError
from sgbench.trace.journal import Journal
from sgbench.what_if.counted import CountedMemory, CountedPool
from sgbench.what_if.quiet import QuietRunner, QuietScheduler
from sgbench.what_if.replayed import Ticket


class QuietWorker(Worker):
    """Worker of a simulation that keeps no events.

    Parameters
    ----------
    config, runner
        As of `Worker`.
    """

    def __init__(self, config: EngineConfig, runner: QuietRunner) -> None:
        super().__init__(config, runner, Journal(), QuietScheduler)
        assert isinstance(self.scheduler, QuietScheduler)
        self._runner = runner
        self._quiet = runner.scheduler = self.scheduler

    def make_memory(self, config: EngineConfig, kv_tokens: int) -> KvMemory:
        """Pool and cache; the pool counts where the cache does not tell slots apart."""
        if config.radix_cache == "flat":
            return KvMemory(KvPool(kv_tokens), self.cache)
        return CountedMemory(CountedPool(kv_tokens), self.cache)

    def step(self) -> bool:
        """See `Worker.step`."""
        spans = self._quiet.decide(self._steps)
        if spans is None:
            raise IntegrityError(f"{len(self._live)} requests wait and none can run")
        self._quiet.look_ahead()
        self._counters.forward_passes += 1
        self._runner.spend(spans)
        told = [seq for seq, n in spans if self._enter(seq, n)]
        self._publish(told)
        self._steps += 1
        return True

    def _enter(self, seq: Sequence, n: int) -> bool:
        """Enter the next ``n`` tokens of ``seq``, which were computed; True if it ended."""
        if seq.wants_input:
            chunk = self._quiet.chunk(seq, n)
            got = self._runner.answer(chunk)
            self._enter_kv(seq, chunk)
            self._enter_logprobs(seq, chunk, got)
        else:
            prefill, start = not seq.decoding, seq.computed
            seq.computed += n
            if prefill:
                self._counters.prefill_tokens += n
                if start < seq.prompt_len:
                    self.memory.settle(seq)
            if seq.computed < seq.length:
                return False
            due = seq.length < seq.limit and not seq.closing
            got = _sampled(self._runner.token(seq), seq.wish.wanted) if due else _NOTHING
        if seq.computed < seq.length:
            return False
        self._enter_token(seq, got)
        if seq.transcript.finish_reason is None:
            return False
        if not seq.wants_input:
            self._finish(seq)
        return True

    def idle(self, most: float, until_ms: float) -> int:
        """Run at most ``most`` steps before ``until_ms`` in which nobody does anything but add a token; returns how many it ran."""
        steps = int(min(most, self._quiet.idle_steps(self._steps)))
        done = self._runner.idle(steps, until_ms) if steps > 0 else 0
        if done:
            self._quiet.idle(done)
            self._counters.forward_passes += done
            self._steps += done
        return done

    def _publish(self, touched: Iterable[Sequence]) -> None:
        """The callers only want to know that it is over."""
        for seq in touched:
            if seq.rid not in self._live:
                assert isinstance(seq.handle, Ticket)
                seq.handle.end()


_NOTHING = ChunkResult()


@functools.cache
def _sampled(token_id: int, logprob: bool) -> ChunkResult:
    return ChunkResult(token_id=token_id, logprob=0.0 if logprob else None)
