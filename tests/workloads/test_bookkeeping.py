"""Timing a cache changes nothing that it does."""

from __future__ import annotations

from sgbench.workloads.bookkeeping import timed_cache
from tests.engine.test_without_cache import run_all
from tests.engine.world import scripted

PROMPTS = [[1, 2, 3, 4, 5], [1, 2, 3, 9], [1, 2, 3, 4, 5, 6]]


def test_a_timed_cache_does_what_the_cache_does() -> None:
    timed, plain = scripted(30), scripted(30)
    with timed_cache(timed) as cache:
        assert run_all(timed, PROMPTS) == run_all(plain, PROMPTS)
        assert cache.calls > 3 * len(PROMPTS) and cache.seconds > 0
    assert timed.snapshot() == plain.snapshot()
    seen = cache.calls
    run_all(timed, PROMPTS)
    assert cache.calls == seen, "afterwards the engine asks its own cache again"
