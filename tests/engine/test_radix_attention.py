"""The tree alone: matching changes nothing, costs stay small, leaves go in the policy's order."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.engine import eviction
from sgbench.engine.eviction import eviction_key
from sgbench.engine.flat_cache import FlatCache
from sgbench.engine.kv_pool import KvPool
from sgbench.engine.radix_attention import RadixCache
from sgbench.errors import IntegrityError, UnknownOptionError
from sgbench.trace.journal import Journal

from .world import Fold

SLOTS = itertools.count()
token_runs = st.lists(st.integers(0, 2), min_size=1, max_size=12)


def ids(tokens) -> np.ndarray:
    return np.array(tokens, dtype=np.int32)


def put(tree, tokens, rid=0):
    """Store a finished sequence."""
    slots = ids([next(SLOTS) for _ in tokens])
    return tree.insert(rid, ids(tokens), slots, tree.root, 0, final=True)


@settings(max_examples=200, deadline=None)
@given(st.lists(token_runs, max_size=10), st.lists(token_runs, min_size=1, max_size=5))
def test_a_match_is_the_longest_common_prefix_and_changes_nothing(stored, asked):
    tree = RadixCache(Journal())
    events = []
    for tokens in stored:
        put(tree, tokens)
    tree._journal.subscribe(events.append)
    before, version = tree.snapshot(), tree.version
    for tokens in asked:
        for limit in {len(tokens), len(tokens) - 1}:
            longest = max(
                (sum(1 for _ in itertools.takewhile(bool, map(int.__eq__, tokens[:limit], s))) for s in stored),
                default=0,
            )
            assert tree.match(ids(tokens), limit).length == longest
    assert (tree.snapshot(), tree.version, events) == (before, version, [])
    tree.check([])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(token_runs, min_size=1, max_size=4),
    st.lists(
        st.one_of(st.tuples(st.just("put"), token_runs), st.tuples(st.just("evict"), st.integers(1, 8))), max_size=20
    ),
)
def test_a_match_that_goes_on_from_an_earlier_one_is_the_match_from_the_root(asked, changes):
    tree = RadixCache(Journal())
    held = [(rid, tree.root, 0) for rid in range(100, 103)]
    since = [None] * len(asked)
    for kind, value in changes:
        if kind == "put":
            rid, node, cached = held[len(value) % 3]
            if len(value) % 2 and cached < 30:  # a running request grows its own leaf
                tokens = np.concatenate([spelled(node), ids(value)])
                done = tree.insert(rid, tokens, ids([next(SLOTS) for _ in tokens]), node, cached, final=False)
                held[len(value) % 3] = (rid, done.node, len(tokens))
            else:
                put(tree, value)
        else:
            tree.evict(value, -1)
        tree.check([node for _, node, _ in held])
        for i, tokens in enumerate(asked):
            fresh = tree.match(ids(tokens), len(tokens))
            if since[i] is None or not tree.renew(since[i]):  # what holds still need not be searched for
                since[i] = tree.match(ids(tokens), len(tokens), since[i])
            assert since[i].version == tree.version
            assert (since[i].length, since[i].node, since[i].part) == (fresh.length, fresh.node, fresh.part)


def test_a_change_elsewhere_leaves_a_match_as_it_is():
    tree = RadixCache(Journal())
    put(tree, [1, 2, 3])
    match = tree.match(ids([1, 2, 3, 4]), 4)
    put(tree, [5, 6])
    assert match.version != tree.version and tree.renew(match) and match.version == tree.version
    put(tree, [1, 2, 3, 4])
    assert not tree.renew(match)


def spelled(node) -> np.ndarray:
    pieces = []
    while node.parent is not None:
        pieces.append(node.token_ids)
        node = node.parent
    return np.concatenate([ids([]), *pieces[::-1]])


def test_a_request_has_one_node_and_the_next_turn_another():
    tree = RadixCache(Journal())
    first = tree.insert(1, ids([1, 2, 3]), ids([0, 1, 2]), tree.root, 0, final=False)
    again = tree.insert(1, ids([1, 2, 3, 4, 5]), ids([0, 1, 2, 3, 4]), first.node, 3, final=False)
    assert again.node is first.node
    other = tree.attach(2, tree.match(ids([1, 2, 3, 4, 5, 6]), 5))
    assert other.slots.tolist() == [0, 1, 2, 3, 4]
    third = tree.insert(1, ids([1, 2, 3, 4, 5, 7]), ids([0, 1, 2, 3, 4, 5]), again.node, 5, final=False)
    assert third.node is not first.node, "somebody else uses the node: it must not grow"
    tree.check([third.node, other.node])


def test_duplicates_come_back_and_the_trees_slots_replace_them():
    tree = RadixCache(Journal())
    tree.insert(1, ids([1, 2, 3, 4]), ids([10, 11, 12, 13]), tree.root, 0, final=True)
    done = tree.insert(2, ids([1, 2, 3, 5]), ids([20, 21, 22, 23]), tree.root, 0, final=False)
    assert done.duplicates.tolist() == [20, 21, 22]
    assert done.slots.tolist() == [10, 11, 12, 23]
    assert tree.held_slots(done.node).tolist() == [10, 11, 12, 23]


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("lru", [3, 1, 2]),
        ("mru", [2, 1, 3]),
        ("lfu", [3, 2, 1]),
        ("fifo", [1, 2, 3]),
        ("slru", [3, 1, 2]),
        ("cost", [3, 2, 1]),
    ],
)
@pytest.mark.parametrize("kind", ["radix", "flat"])
def test_leaves_leave_in_the_policys_order(name, order, kind):
    journal = Journal()
    key = eviction_key(name)
    tree = RadixCache(journal, key) if kind == "radix" else FlatCache(journal, 100_000, key)
    for first in (1, 2, 3):
        put(tree, [first, 9])
    for first in (1, 1, 2):  # 1 is hit twice, 2 once and last
        tree.release(7, tree.attach(7, tree.match(ids([first, 9, 9]), 2)).node)
    left = []
    while tree.evictable_tokens:
        before = {first for first in (1, 2, 3) if tree.match(ids([first, 9, 9]), 2).length}
        assert len(tree.evict(1, -1)) == 2
        left += before - {first for first in (1, 2, 3) if tree.match(ids([first, 9, 9]), 2).length}
        tree.check([])
    assert left == order


def test_a_policy_may_come_from_a_package(monkeypatch):
    class Entry:
        name = "longest"

        def load(self):
            return lambda node: -node.length

    monkeypatch.setattr(eviction, "entry_points", lambda group: [Entry()] if group == "sgbench.eviction" else [])
    tree = RadixCache(Journal(), eviction_key("longest"))
    put(tree, [1])
    put(tree, [2, 2, 2])
    assert len(tree.evict(1, -1)) == 3
    with pytest.raises(UnknownOptionError, match="longest"):
        eviction_key("longst")


def test_what_is_in_use_is_never_evicted():
    tree = RadixCache(Journal())
    put(tree, [1, 2, 3])
    put(tree, [1, 2, 4])
    held = tree.attach(1, tree.match(ids([1, 2, 3, 5]), 3)).node
    assert tree.evictable_tokens == 1
    assert len(tree.evict(100, -1)) == 1
    assert tree.match(ids([1, 2, 3, 5]), 3).length == 3
    tree.release(1, held)
    assert len(tree.evict(100, -1)) == 3
    tree.check([])


def tall_tree(branches: int, journal: Journal | None = None) -> RadixCache:
    """Stems of 50 tokens below the root, each with leaves of 50 tokens: ``branches`` in all."""
    tree = RadixCache(journal or Journal())
    slots = np.arange(100, dtype=np.int32)
    for i in range(branches):
        stem = np.full(50, i // 10, dtype=np.int32)
        tree.insert(i, np.concatenate([stem, np.full(50, i, dtype=np.int32)]), slots, tree.root, 0, final=True)
    return tree


def test_match_and_eviction_cost_what_they_touch_not_the_tree():
    visits = []
    for branches in (100, 4000):
        tree = tall_tree(branches)
        start = tree.visits
        tokens = np.concatenate([np.full(50, 3, dtype=np.int32), np.full(60, 33, dtype=np.int32)])
        assert tree.match(tokens, len(tokens)).length == 100
        matched = tree.visits - start
        start = tree.visits
        tree.evict(500, -1)
        visits.append((matched, tree.visits - start))
    assert visits[0] == visits[1]
    assert visits[0][0] == 2
    assert visits[0][1] <= 30


def test_the_heap_stays_in_proportion_to_the_tree():
    tree = tall_tree(50)
    for i in range(5000):
        tokens = np.concatenate([np.full(50, i % 5, dtype=np.int32), np.full(51, i % 50, dtype=np.int32)])
        tree.release(1, tree.attach(1, tree.match(tokens, 100)).node)
    assert len(tree.heap) <= 64 + 2 * len(tree.nodes)
    tree.check([])


def test_a_flush_spares_what_runs():
    journal = Journal()
    tree, fold = RadixCache(journal), Fold()
    fold.nodes = {node["id"]: node for node in tree.snapshot()["nodes"]}
    journal.subscribe(fold)
    put(tree, [1, 2, 3])
    held = tree.attach(1, tree.match(ids([1, 2, 5]), 2)).node
    put(tree, [4, 4])
    assert len(tree.flush()) == 3
    assert tree.match(ids([1, 2, 3]), 3).length == 2
    tree.release(1, held)
    assert len(tree.flush()) == 2
    assert len(tree.snapshot()["nodes"]) == 1
    assert fold.snapshot() == tree.snapshot()


@pytest.mark.parametrize("break_it", ["count", "key", "order", "heap", "total"])
def test_the_check_finds_what_is_broken(break_it):
    tree = tall_tree(20)
    node = next(node for node in tree.nodes.values() if node.evictable)
    if break_it == "count":
        node.ref_count += 1
    elif break_it == "key":
        node.key = b"x" + node.key[1:]
    elif break_it == "order":
        node.last_access = 10**9
    elif break_it == "heap":
        tree.heap = [entry for entry in tree.heap if entry[2] is not node]
    else:
        tree.evictable_tokens += 1
    with pytest.raises(IntegrityError):
        tree.check([])


def test_a_slot_has_one_owner():
    pool = KvPool(8)
    mine = pool.alloc(3)
    pool.free(mine)
    with pytest.raises(IntegrityError, match="twice"):
        pool.free(mine)
    with pytest.raises(IntegrityError, match="9 KV slots"):
        pool.alloc(9)
    with pytest.raises(IntegrityError, match="twice"):
        KvPool(2).free(ids([0]))
    pool.check()
