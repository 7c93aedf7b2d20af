"""Workloads on our engine, within a deadline: each on a flushed cache, with the cache on and off, on one and the same engine.

Knows the engine's public calls, and reaches into it for one thing: to time what the radix tree itself costs.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.gpu_workloads import Ids, Workload, draw_beforehand
from sgbench.engine.engine import EngineCore
from sgbench.engine.generate import GenerateCall


class OutOfTimeError(Exception):
    """The deadline passed; what ran was aborted."""


@dataclass(slots=True)
class Clock:
    """A budget of seconds for many measurements."""

    budget_s: float
    began: float = field(default_factory=time.perf_counter)

    @property
    def left_s(self) -> float:
        """Seconds left, negative when over."""
        return self.budget_s - (time.perf_counter() - self.began)


class Bench:
    """Plays workloads on an engine.

    Parameters
    ----------
    engine
        On token ids.
    clock
        What is left of the run.
    """

    def __init__(self, engine: EngineCore, clock: Clock) -> None:
        self.engine, self.clock = engine, clock
        self._seed = 0

    def seconds(self, workload: Workload, repeats: int, warm_up: bool = True, limit_s: float = 600) -> dict[str, Any]:
        """Play ``workload`` on a cold cache, ``repeats`` times; the first of several with ``warm_up`` does not count.

        Returns
        -------
        ``seconds`` (the median of what counts), ``all`` (every run, in order), and the engine's counters of the last run; or ``over``, the
        seconds after which the first run was given up.
        """
        runs: list[float] = []
        stats: dict[str, Any] = {}
        for _ in range(repeats + warm_up):
            left = min(self.clock.left_s, limit_s)
            if runs and left < 1.3 * runs[-1]:
                break
            try:
                seconds, stats = self._once(workload, left)
            except OutOfTimeError:
                if not runs:
                    return {"over": round(left, 1)}
                break
            runs.append(seconds)
        counted = sorted(runs[1:] if warm_up and len(runs) > 1 else runs)
        return {"seconds": counted[len(counted) // 2], "all": [round(s, 5) for s in runs], **stats}

    def _once(self, workload: Workload, limit_s: float) -> tuple[float, dict[str, Any]]:
        self._seed += 1
        draw_beforehand(workload, self.engine.runner.vocab_size, self._seed)
        self.engine.flush_cache()
        self.engine.reset_stats()
        gc.collect()  # what earlier runs left is not this one's
        began = time.perf_counter()
        workload.play(self.generate(began + limit_s), self.engine.runner.vocab_size, self._seed)
        seconds = time.perf_counter() - began
        stats = self.engine.stats()
        return seconds, {
            "hit_rate": round(stats.hit_rate, 4),
            "forward_passes": stats.forward_passes,
            "prefill_tokens": stats.prefill_tokens,
            "completion_tokens": stats.completion_tokens,
        }

    def generate(self, until: float) -> Callable[[list[Ids], int], list[Ids]]:
        """A `Run` that gives up at ``until`` on ``time.perf_counter``."""

        def run(prompts: list[Ids], new_tokens: int) -> list[Ids]:
            params = {"temperature": 0, "max_new_tokens": new_tokens, "ignore_eos": True}
            call = GenerateCall.from_arguments(None, prompts, params, False, None, 0, False)
            handles = self.engine.submit_call(call)
            try:
                return [list(h.result(max(0.0, until - time.perf_counter())).output_ids) for h in handles]
            except TimeoutError:
                for handle in handles:
                    handle.abort("the benchmark's time is up")
                for handle in handles:
                    handle.wait()
                raise OutOfTimeError from None

        return run

    def bookkeeping(self, workload: Workload, repeats: int, limit_s: float) -> dict[str, Any]:
        """`seconds`, and the share of them that the prefix cache's own calls take, on the engine's thread."""
        watch: list[Stopwatch] = []

        def swap_in() -> None:
            worker = self.engine._loop.worker
            watch.append(Stopwatch(worker.cache))
            worker.swap_cache(watch[0])

        self.engine.flush_cache()
        self.engine.call(swap_in)
        try:
            measured = self.seconds(workload, repeats, warm_up=repeats > 1, limit_s=limit_s)
        finally:
            self.engine.call(lambda: self.engine._loop.worker.swap_cache(watch[0].watched) and None)
        if "over" in measured:
            return measured
        book = {"radix_seconds": watch[0].seconds, "radix_calls": watch[0].calls}
        return measured | book | {"radix_share": watch[0].seconds / sum(measured["all"])}


class Stopwatch:
    """Stands for a prefix cache and times every call to it, its own few hundred nanoseconds a call included."""

    def __init__(self, watched: Any) -> None:
        self.watched, self.seconds, self.calls = watched, 0.0, 0

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.watched, name)
        if not callable(value):
            return value

        def timed(*args: Any, **options: Any) -> Any:
            began = time.perf_counter()
            result = value(*args, **options)
            self.seconds += time.perf_counter() - began
            self.calls += 1
            return result

        return timed


def dashboard_feed(engine: EngineCore, sent: list[int]) -> tuple[Any, list[str]]:
    """All that a dashboard does in this process, for a browser that answers; ``sent`` takes the messages' sizes. And its failures."""
    from sgbench.trace.vocab import Vocab
    from sgbench.views.machine import MachineFold
    from sgbench.views.stats import StatsFold
    from sgbench.views.timeline import TimelineFold
    from sgbench.views.tokens import TokensFold
    from sgbench.widgets.feed import Feed

    failures: list[str] = []
    vocab = Vocab(lookup=engine.token_text)
    folds = (StatsFold(), TimelineFold(), TokensFold(vocab), MachineFold(vocab, _no_machine))
    feed = Feed(vocab, lambda frame: sent.append(len(frame.message()[1][0])), failures.append, folds)
    feed.follow(engine)
    feed.answer(feed.encoder.epoch, 0)
    return feed, failures


def _no_machine(form: str, source: str) -> Any:
    raise LookupError(f"no request here has a constraint, not {form} {source!r}")


def events_cost(bench: Bench, workload: Workload, rounds: int = 8) -> dict[str, Any]:
    """Seconds with all that the dashboard does in this process, against nobody listening: alternated, each first in every other round.

    The feed folds and encodes on a thread of its own, as often as for a browser that answers. ``cost`` is the mean of the rounds' ratios,
    less 1.

    Raises
    ------
    RuntimeError
        A fold failed.
    """
    seconds: dict[str, list[float]] = {"none": [], "listening": []}
    sent: list[int] = []

    def timed(name: str) -> bool:
        feed, failures = dashboard_feed(bench.engine, sent) if name == "listening" else (None, [])
        taken = bench.seconds(workload, 1, warm_up=False)
        if feed is not None:
            feed.stop()
        if failures:
            raise RuntimeError(failures[0])
        seconds[name].append(taken.get("seconds", math.nan))
        return "over" not in taken

    for round_ in range(rounds):
        if not all(timed(name) for name in (("none", "listening"), ("listening", "none"))[round_ % 2]):
            break
    pairs = [b / a - 1 for a, b in zip(seconds["none"], seconds["listening"], strict=False) if not math.isnan(a + b)]
    if len(pairs) < 2:
        return {"over": round(bench.clock.left_s, 1)}
    spread = statistics.stdev(pairs) / math.sqrt(len(pairs))
    cost = {"cost": statistics.mean(pairs), "standard_error": spread, "rounds": len(pairs)}
    return {**cost, "messages": len(sent), "all": seconds}
