"""Policies of eviction and of the queue: the built-in ones that age, and one that a package brings."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

import sgbench as sgl
from sgbench.engine.eviction import GreedyDual, eviction_key
from sgbench.engine.radix_attention import RadixCache
from sgbench.engine.sampling_params import sampling_params
from sgbench.errors import UnknownOptionError
from sgbench.trace.events import RequestAdmitted, RequestFinished
from sgbench.trace.journal import Journal
from sgbench.what_if import predict, sweep
from tests.engine.world import VOCAB, scripted
from tests.what_if.test_simulation import COST, recorded

PLUG_IN = '''
def keep_long(node):
    """Short prefixes go first; of equals the least recently used."""
    return node.end, node.last_access
'''


class Node:
    """A leaf, as a policy sees it."""

    def __init__(self, last_access: int, hits: int = 0, end: int = 10, length: int = 10) -> None:
        self.last_access, self.created, self.hits, self.end, self.length = last_access, 0, hits, end, length


def test_what_was_once_hot_does_not_stay_for_ever() -> None:
    policy = GreedyDual()
    hot = Node(last_access=1, hits=20)
    for tick in range(2, 40):
        cold = Node(last_access=tick)
        if policy(cold) >= policy(hot):
            break
        policy.evicted(cold)
    assert 15 < tick < 30  # it outlives about as many as it had uses


def test_what_costs_more_to_compute_stays_longer() -> None:
    policy = GreedyDual()
    assert policy(Node(1, end=60_010)) > policy(Node(1, end=10))
    assert policy(Node(1, hits=1)) > policy(Node(2))


def test_levels_that_nobody_asks_for_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    from sgbench.engine import eviction

    monkeypatch.setattr(eviction, "_LEVELS", 8)
    policy = GreedyDual()
    keys = []
    for tick in range(1, 100):
        node = Node(last_access=tick)
        keys.append(policy(node))
        policy.evicted(node)
        assert len(policy._ticks) <= 9
    assert keys == sorted(keys)


def test_each_cache_has_a_policy_of_its_own() -> None:
    one, other = eviction_key("cost"), eviction_key("cost")
    assert one is not other
    RadixCache(Journal(), one)


@pytest.mark.parametrize("kind", ["radix", "flat"])
def test_a_policy_that_keeps_count_is_told_what_leaves(kind: str) -> None:
    told = []

    class Noting:
        def __call__(self, node: object) -> int:
            return node.last_access  # type: ignore[attr-defined,no-any-return]

        def evicted(self, node: object) -> None:
            told.append(node.length)  # type: ignore[attr-defined]

    from sgbench.engine.flat_cache import FlatCache

    cache = RadixCache(Journal(), Noting()) if kind == "radix" else FlatCache(Journal(), 100, Noting())
    for rid, size in enumerate((3, 5)):
        tokens = np.arange(size, dtype=np.int32) + 10 * rid
        held = cache.attach(rid, cache.match(tokens, size - 1)).node
        cache.insert(rid, tokens, tokens, held, 0, final=True)
    cache.evict(8, -1)
    assert told == [3, 5]


def test_a_package_brings_a_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As pip would install it: a module, and metadata with its entry point. The processes of a sweep find it too."""
    (tmp_path / "keep_long.py").write_text(PLUG_IN)
    metadata = tmp_path / "keep_long-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: keep-long\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[sgbench.eviction]\nkeep-long = keep_long:keep_long\n")
    monkeypatch.syspath_prepend(tmp_path)
    engine = scripted(120, eviction="keep-long")
    with engine.record() as trace:
        for i in range(20):
            engine.submit([i % 7, *range(1, 12 + i % 5)], sampling_params({"max_new_tokens": 3}))
            while engine.step():
                engine.check_integrity()
    assert engine.stats().evicted_tokens > 0
    again, _ = predict(trace, arrivals="lockstep")
    assert again.snapshot() == trace.snapshot()
    found = sweep(trace, {"eviction": ["lru", "keep-long"]}, cost=COST, workers=2)
    assert [point.options["eviction"] for point in found.points] == ["lru", "keep-long"]
    assert found.points[1].figures == found.same
    with pytest.raises(UnknownOptionError, match="keep-long"):
        predict(trace, eviction="keep-lon")


def admitted_after(schedule: str) -> int:
    """How many of 160 requests on a hot prefix, as many as can be served, are admitted before the one cold request that came early."""
    source = random.Random(0)
    hot = [source.randrange(VOCAB) for _ in range(30)]
    engine = scripted(150, schedule=schedule, max_running=2, starvation_bound=10_000)
    order: list[int] = []
    engine.subscribe(lambda event: order.append(event.rid) if isinstance(event, RequestAdmitted) else None)
    params = sampling_params({"max_new_tokens": 4, "ignore_eos": True})
    for i in range(160):
        if i == 6:
            cold = engine.submit([source.randrange(VOCAB) for _ in range(40)], params)
        engine.submit([*hot, i % VOCAB, i // VOCAB, *range(6)], params)
        if i > 6:
            engine.step()
            engine.step()
    while engine.step():
        pass
    return order.index(cold.rid)


def test_under_the_response_ratio_nobody_starves() -> None:
    """The paper's open problem: under the longest shared prefix a cold request waits for every hot one."""
    assert admitted_after("lpm") > 150
    assert admitted_after("hrrn") < 60
    assert admitted_after("fcfs") < 10


def test_the_response_ratio_prefers_the_cheap_among_those_that_waited_as_long() -> None:
    engine = scripted(400, schedule="hrrn", max_running=1)
    params = sampling_params({"max_new_tokens": 1})
    engine.submit([1] * 20, params)
    while engine.step():
        pass
    ended: list[int] = []
    engine.subscribe(lambda event: ended.append(event.rid) if isinstance(event, RequestFinished) else None)
    cold, hot = engine.submit([2] * 20, params), engine.submit([*([1] * 20), 3], params)
    while engine.step():
        pass
    assert ended == [hot.rid, cold.rid]


def test_schedules_stand_side_by_side_with_waits_and_fairness() -> None:
    found = sweep(
        recorded(8, calm=True),
        {"schedule": ["lpm", "dfs", "fcfs", "random", "hrrn"], "eviction": ["lru", "lfu", "fifo", "slru", "cost"]},
        arrivals="at-once",
        cost=COST,
        workers=1,
    )
    assert len(found.points) == 25
    head = str(found).splitlines()[0]
    for column in ("first token p50 ms", "p99 ms", "fairness", "hit rate"):
        assert column in head
    assert all(0 < point.figures.fairness <= 1 for point in found.points)
    assert sgl.Trace.what_if is not None
