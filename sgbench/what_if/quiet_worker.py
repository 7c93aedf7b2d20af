"""The real worker where nobody listens: no events, no text, no device to wait for, and steps in which all only decode at once.

What it leaves out of `sgbench.engine.worker` changes nothing that is decided; a property test holds it to the whole one, figure for
figure.
"""

from __future__ import annotations

from sgbench.engine.config import EngineConfig
from sgbench.engine.sequence import Sequence
from sgbench.engine.worker import Worker
from sgbench.errors import IntegrityError
from sgbench.trace.journal import Journal
from sgbench.what_if.quiet import QuietRunner, QuietScheduler
from sgbench.what_if.replayed import Ticket


class SilentJournal(Journal):
    """Nobody listens, ever: that need not be looked up for every event."""

    active = False


class QuietWorker(Worker):
    """Worker of a simulation that keeps no events.

    Parameters
    ----------
    config, runner
        As of `Worker`.
    """

    def __init__(self, config: EngineConfig, runner: QuietRunner) -> None:
        super().__init__(config, runner, SilentJournal(), QuietScheduler)
        assert isinstance(self.scheduler, QuietScheduler)
        self._runner = runner
        self._quiet = runner.scheduler = self.scheduler

    def step(self) -> bool:
        """See `Worker.step`."""
        plan = self._quiet.plan(self._steps)
        if plan is None:
            raise IntegrityError(f"{len(self._live)} requests wait and none can run")
        self._counters.forward_passes += 1
        told: list[Sequence] = []
        for chunk, got in zip(plan.chunks, self._runner.run(plan).chunks, strict=True):
            seq = self._live[chunk.rid]
            self._enter_kv(seq, chunk)
            self._enter_logprobs(seq, chunk, got)
            if seq.length == seq.computed:
                self._enter_token(seq, got)
                if seq.transcript.finish_reason is not None:
                    told.append(seq)
                    if not seq.wants_input:
                        self._finish(seq)
        for seq in told:
            self._publish(seq)
        self._steps += 1
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

    def _publish(self, seq: Sequence) -> None:
        """The caller only wants to know that it is over."""
        if seq.rid not in self._live:
            assert isinstance(seq.handle, Ticket)
            seq.handle.end()
