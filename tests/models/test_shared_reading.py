"""What several requests share is read from kept copies, joined with what is their own, as the reference computes it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.engine.attention.dense.joining import InTurn, Together
from sgbench.engine.attention.dense.long_prefixes import LongPrefixes
from sgbench.engine.attention.dense.passes import joined_downwards
from sgbench.engine.attention.dense.prefix_window import PrefixWindow, Reading
from sgbench.engine.attention.dense.rows import seated
from sgbench.engine.models.config import ModelConfig
from sgbench.engine.request import Chunk, SamplingParams, SharedPrefix
from sgbench.engine.runner.kv_cache import KVCache
from sgbench.engine.runner.slot_table import SlotTable
from tests.models.side_by_side import SideBySide

CONFIG = ModelConfig.from_dict(
    {
        "architectures": ["LlamaForCausalLM"],
        "vocab_size": 8,
        "hidden_size": 32,
        "intermediate_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 1024,
    }
)
LEVELS = ((0, 400, 430), (400, 520), (520, 560, 580))
"""Where a branch's levels may end, by how deep it is; a branch's slots are its own below the level above."""


class Tree(SideBySide):
    """Requests under a tree of shared prefixes that decode side by side; the tree is cut into segments anew in each step."""

    def __init__(self, seed: int, budget_bytes: int) -> None:
        super().__init__(CONFIG, seed, 60_000, SlotTable(10, 4096), (None, budget_bytes))
        self.branches: dict[tuple[int, ...], list[int]] = {(): []}
        self.path: dict[int, tuple[int, ...]] = {}

    def branch(self, path: tuple[int, ...], length: int) -> list[int]:
        """Slots of a branch, ``length`` long, under the branch above."""
        if path not in self.branches:
            above = self.branches[path[:-1]]
            self.branches[path] = above + [self.free.pop() for _ in range(length - len(above))]
        return self.branches[path]

    def admit(self, row: int, path: tuple[int, ...], lengths: tuple[int, ...], own: int) -> None:
        for depth in range(len(path)):
            shared = self.branch(path[: depth + 1], lengths[depth])
        self.slots[row] = [*shared, *(self.free.pop() for _ in range(own))]
        self.path[row], self.rid[row] = path, self.rid.get(row, row) + 10
        self.new.add(row)

    def exchange(self, path: tuple[int, ...]) -> None:
        """The KV of a branch and of all below it moves elsewhere."""
        held = self.branches[path]
        moved = dict(zip(held, (self.free.pop() for _ in held), strict=True))
        self.cache.data[:, :, list(moved.values())] = self.cache.data[:, :, held]
        self.cache.data[:, :, held] = float("nan")
        for other, slots in self.branches.items():
            self.branches[other] = [moved.get(slot, slot) for slot in slots]
        for row, slots in self.slots.items():
            self.slots[row] = [moved.get(slot, slot) for slot in slots]
            if self.path[row][: len(path)] == path or set(slots) & set(moved):
                self.new.add(row)

    def shared(self, rows: list[int]) -> tuple[SharedPrefix, ...]:
        """As the radix tree cuts it: one segment for each stretch that the same rows use."""
        used = {p[: d + 1] for row in rows for p in [self.path[row]] for d in range(len(p))}
        users = {p: tuple(i for i, row in enumerate(rows) if self.path[row][: len(p)] == p) for p in used}
        found, start = [], dict.fromkeys(users, 0)
        for path in sorted(users, key=len):
            if len(users[path]) < 2:
                continue
            if any(len(other) == len(path) + 1 and users[other] == users[path] for other in users):
                longer = next(o for o in users if len(o) == len(path) + 1 and users[o] == users[path])
                start[longer] = start[path]
                continue
            end = len(self.branches[path])
            for other in users:
                if len(other) == len(path) + 1 and other[: len(path)] == path:
                    start[other] = end
            if start[path] < end:
                found.append(SharedPrefix(start[path], end, users[path]))
        return tuple(sorted(found, key=lambda segment: (segment.start, segment.chunks)))


@settings(deadline=None, max_examples=25)
@given(st.data(), st.integers(0, 99), st.sampled_from([0, 60_000, 400_000, 1 << 26]))
def test_what_is_kept_of_shared_prefixes_stays_right(data: st.DataObject, seed: int, budget_bytes: int) -> None:
    """Requests join branches, leave, pause, return; branches move; steps of few tokens and of many; with and without room."""
    world = Tree(seed, budget_bytes)
    for _ in range(10):
        for _ in range(data.draw(st.integers(0, 4))):
            row = data.draw(st.integers(0, 9))
            path = tuple(data.draw(st.lists(st.integers(0, 1), min_size=1, max_size=3)))
            lengths = tuple(data.draw(st.sampled_from(LEVELS[depth][1:])) for depth in range(len(path)))
            world.admit(row, path, lengths, data.draw(st.sampled_from([1, 5, 70])))
        if data.draw(st.integers(0, 4)) == 0:
            world.exchange(data.draw(st.sampled_from(sorted(world.branches))))
        if not world.slots:
            continue
        rows = data.draw(st.lists(st.sampled_from(sorted(world.slots)), min_size=1, unique=True))
        world.step(rows, data.draw(st.sampled_from([0, 0, 3, 70, 300])))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 9999), st.sampled_from([0, 100, 1000]))
def test_fewer_segments_cover_the_same(seed: int, most: int) -> None:
    world = Tree(0, 0)
    rng = np.random.default_rng(seed)
    for row in range(10):
        path = tuple(rng.integers(0, 2, rng.integers(1, 4)).tolist())
        world.admit(row, path, tuple(int(rng.choice(LEVELS[d][1:])) for d in range(len(path))), 1)
    before = world.shared(list(range(10)))
    after = joined_downwards(before, most)

    def covered(segments: tuple[SharedPrefix, ...]) -> list[list[tuple[int, int]]]:
        spans = [sorted((s.start, s.end) for s in segments if i in s.chunks) for i in range(10)]
        for own in spans:
            assert all(a[1] == b[0] for a, b in itertools.pairwise(own)), "no holes, no overlaps"
        return spans

    assert [own[-1:] and own[-1][1] for own in covered(before)] == [own[-1:] and own[-1][1] for own in covered(after)]
    assert all(not own or own[0][0] == 0 for own in covered(after))
    assert len(after) <= len(before) and (most or after == before)


def test_a_short_segment_goes_to_those_below_it_only_if_all_its_requests_do() -> None:
    top, left = SharedPrefix(0, 50, (0, 1, 2, 3)), SharedPrefix(50, 200, (0, 1))
    right = SharedPrefix(50, 150, (2, 3))
    assert joined_downwards((top, left, right)) == (SharedPrefix(0, 200, (0, 1)), SharedPrefix(0, 150, (2, 3)))
    assert joined_downwards((top, left)) == (top, left)
    assert joined_downwards((top, left, right), most=99) == (top, left, right)


@pytest.mark.parametrize("missing", [False, True])
def test_joining_together_equals_joining_in_turn(missing: bool) -> None:
    torch.manual_seed(0)
    tokens = [np.array([3, 0, 1, 2]), np.arange(4), np.array([2, 0, 1]) if missing else np.array([2, 0, 1, 3])]
    parts = [(torch.randn(len(t), 2, 2, 8), torch.randn(len(t), 2, 2)) for t in tokens]
    together = Together.of(tokens, 4).join([(out.clone(), lse.clone()) for out, lse in parts])
    order = torch.from_numpy(np.argsort(tokens[0]))
    in_turn = InTurn(order, 1, (None, torch.from_numpy(tokens[2]))).join(parts)
    torch.testing.assert_close(together, in_turn)


def test_padding_of_parts_is_left_out() -> None:
    torch.manual_seed(0)
    out, lse = torch.randn(3, 2, 2, 8), torch.randn(3, 2, 2)
    padded = (
        torch.cat([out[:2], torch.full((1, 2, 2, 8), float("nan")), out[2:]]),
        torch.cat([lse[:2], lse[:1], lse[2:]]),
    )
    joined = Together.of([np.array([1, 0, -1, 2])], 3).join([padded])
    torch.testing.assert_close(joined, out[[1, 0, 2]])


def _chunks(rids: dict[int, int], length: int = 600) -> list[Chunk]:
    """A decoding chunk for each request: its number, and from where on its slots are sent anew."""
    ids = np.zeros(1, np.int32)
    return [
        Chunk(rid, row, length, ids, np.zeros(length + 1 - first, np.int32), first, True, SamplingParams())
        for row, (rid, first) in enumerate(rids.items())
    ]


class Copies:
    """`LongPrefixes` with segments of which only the number of keys copied is looked at."""

    def __init__(self, budget_tokens: int = 10_000) -> None:
        cache = KVCache(CONFIG, 2000, torch.float32, torch.device("cpu"))
        self.copies = LongPrefixes(cache, budget_tokens)
        self.table = np.zeros((8, 1024), np.int32)

    def step(self, rids: dict[int, int], *segments: SharedPrefix) -> list[int | None]:
        """Keys copied for each segment; None: no room."""
        chunks = _chunks(rids)
        self.copies.begin(chunks)
        found: list[int | None] = []
        for segment in segments:
            taken = self.copies.take(segment, chunks, self.table)
            missing = None if taken is None else taken[1]
            found.append(
                None if taken is None else 0 if missing is None else len(missing.rows) // (2 * CONFIG.n_kv_heads)
            )
        return found


def test_a_long_copy_grows_and_serves_every_prefix_of_itself() -> None:
    world, rids = Copies(), {1: 600, 2: 600, 3: 600}
    assert world.step(rids, SharedPrefix(0, 400, (0, 1, 2))) == [400]
    assert world.step(rids, SharedPrefix(0, 430, (0, 1))) == [30]
    assert world.step(rids, SharedPrefix(0, 400, (0, 1, 2))) == [0]
    assert world.step(rids, SharedPrefix(0, 430, (0, 1))) == [0]
    assert world.step(rids, SharedPrefix(0, 430, (0, 2))) == [0], "one of them is enough"
    assert world.step(rids, SharedPrefix(0, 550, (0, 1))) == [550], "wider than its row"


def test_a_long_copy_is_not_trusted_by_those_it_was_taken_from() -> None:
    world, rids = Copies(), {1: 600, 2: 600, 3: 600, 4: 600}
    assert world.step(rids, SharedPrefix(0, 400, (0, 1, 2, 3))) == [400]
    assert world.step(rids, SharedPrefix(0, 500, (0, 1))) == [100]
    assert world.step(rids, SharedPrefix(0, 500, (2, 3)), SharedPrefix(0, 500, (0, 1))) == [100, 500]
    assert world.step({1: 600, 2: 600}, SharedPrefix(0, 500, (0, 1))) == [0]
    alone = Copies()
    alone.step(rids, SharedPrefix(0, 400, (0, 1, 2, 3)))
    alone.step(rids, SharedPrefix(0, 500, (0, 1)))
    alone.step(rids, SharedPrefix(0, 500, (2, 3)))
    assert alone.step(rids, SharedPrefix(0, 500, (0, 1))) == [100]


def test_a_long_copy_is_made_anew_for_exchanged_slots_and_for_who_was_away() -> None:
    world, segment = Copies(), SharedPrefix(0, 400, (0, 1))
    assert world.step({1: 600, 2: 600}, segment) == [400]
    assert world.step({1: 250, 2: 300}, segment) == [100]
    assert world.step({1: 0, 2: 0}, segment) == [400]
    world.step({3: 600})
    assert world.step({1: 600, 2: 600}, segment) == [400]


def test_long_copies_keep_to_their_room() -> None:
    world, rids = Copies(budget_tokens=1024), dict.fromkeys(range(6), 600)
    segments = [SharedPrefix(0, 400, (i, i + 1)) for i in (0, 2, 4)]
    assert world.step(rids, *segments) == [400, 400, None]
    assert world.step({4: 600, 5: 600}, SharedPrefix(0, 600, (0, 1))) == [600], "in the place of what nobody reads"


def test_short_copies_are_made_anew_for_exchanged_slots() -> None:
    cache = KVCache(CONFIG, 2000, torch.float32, torch.device("cpu"))
    window, table = PrefixWindow(cache), np.zeros((8, 1024), np.int32)
    reading = Reading(SharedPrefix(0, 100, (0, 1)), np.arange(2))
    copied: list[bool | None] = []
    for rids in ({1: 0, 2: 0}, {1: 600, 2: 600}, {1: 600, 2: 600}, {1: 99, 2: 99}, {2: 100, 1: 600}, {3: 600, 4: 600}):
        groups, left = window.plan([reading], _chunks(rids), table, 2, True)
        assert len(groups) + len(left) == 1
        copied.append(groups[0].refill is not None if groups else None)
    assert copied == [None, True, False, None, True, True], "None: read from the pool, perhaps for this once"


@given(st.integers(1, 8).flatmap(lambda n: st.lists(st.integers(-1, n - 1), min_size=n, max_size=n)))
def test_everybody_has_a_row_and_whoever_can_stays(stands: list[int]) -> None:
    rows, kept, fresh = seated(stands)
    assert sorted(rows.tolist()) == list(range(len(stands)))
    assert sorted(kept + fresh) == list(range(len(stands)))
    assert all(rows[i] == stands[i] for i in kept)
    assert {stands[i] for i in kept} == {at for at in stands if at >= 0}
