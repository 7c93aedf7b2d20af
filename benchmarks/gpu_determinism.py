"""How often cached output differs from uncached in bf16, and what ``deterministic=True`` costs to make them the same.

Random weights have near ties everywhere, so rates of difference are far above those of a trained model: they are an upper bound, and a
sharp test. Knows an engine by its public calls.
"""

from __future__ import annotations

import time
from typing import Any

from benchmarks.gpu_engine import Bench
from benchmarks.gpu_workloads import FewShot, Ids

COMPARED = FewShot(32, 1500, 64, 32)
_ALONE = 3


def difference_rates(bench: Bench, workload: FewShot = COMPARED) -> dict[str, Any]:
    """The same requests on a cold cache, from the cache, without one, and some of them alone."""
    bench.engine.flush_cache()
    fresh = _outputs(bench, workload)
    cached = _outputs(bench, workload)
    with bench.engine.without_cache("off"):
        uncached = _outputs(bench, workload)
        alone = _outputs(bench, workload, first=_ALONE)
    return {
        "cached_against_fresh": _differences(cached, fresh),
        "cached_against_uncached": _differences(cached, uncached),
        "alone_against_together": _differences(alone, uncached[:_ALONE]),
    }


def _outputs(bench: Bench, workload: FewShot, first: int | None = None) -> list[Ids]:
    """What every request says; ``first``: only so many, each on its own."""
    said: list[Ids] = []
    run = bench.generate(time.perf_counter() + bench.clock.left_s)

    def play(prompts: list[Ids], new_tokens: int) -> list[Ids]:
        batches = [prompts] if first is None else [[prompt] for prompt in prompts[:first]]
        for batch in batches:
            said.extend(run(batch, new_tokens))
        return said

    workload.play(play, bench.engine.runner.vocab_size, 0)
    return said


def _differences(ours: list[Ids], theirs: list[Ids]) -> dict[str, Any]:
    """How many requests differ, and how many first differences there are for each token said up to one."""
    lengths = [
        next((i for i, (a, b) in enumerate(zip(x, y, strict=True)) if a != b), None)
        for x, y in zip(ours, theirs, strict=True)
    ]
    firsts = sorted(at for at in lengths if at is not None)
    said = sum(len(x) if at is None else at + 1 for x, at in zip(ours, lengths, strict=True))
    return {
        "requests": len(ours),
        "different": len(firsts),
        "first_differences_per_token": len(firsts) / said,
        "median_first": firsts[len(firsts) // 2] if firsts else None,
    }
