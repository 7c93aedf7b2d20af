"""Lists of work items: every query sees every position before it exactly once, whatever is shared and however it is cut."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.engine.attention import sharing
from sgbench.engine.attention.items import Cut, StepWork, shared_work, step_work
from sgbench.engine.attention.sharing import MAX_LEVELS, PASS_S, Tiling, leading, part_of, worthwhile
from sgbench.engine.request import Chunk, SamplingParams, SharedPrefix, StepPlan

CHEAP = Tiling(4, 16, 64, 2, 64, 2, join_rate=1e30)
DEAR = Tiling(4, 16, 64, 2, 64, 2, join_rate=1.0)
REAL = Tiling(4, 16, 128, 8, 128, 2)


@st.composite
def plans(draw: st.DrawFn, most_tokens: int = 90) -> StepPlan:
    """A tree of segments, three deep, over chunks in its order."""
    n = draw(st.integers(1, 10))
    segments: list[SharedPrefix] = []
    base = [0] * n

    def grow(members: list[int], start: int, depth: int) -> None:
        if len(members) < 2 or depth == 3 or draw(st.booleans()):
            return
        end = start + draw(st.integers(1, 200))
        segments.append(SharedPrefix(start, end, tuple(members)))
        for i in members:
            base[i] = end
        cut = draw(st.integers(0, len(members)))
        grow(members[:cut], end, depth + 1)
        grow(members[cut:], end, depth + 1)

    grow(list(range(n)), 0, 0)
    chunks = []
    for row in range(n):
        start, count = base[row] + draw(st.integers(0, 300)), draw(st.integers(1, most_tokens))
        slots = np.arange(start + count, dtype=np.int32)
        chunks.append(Chunk(row, row, start, np.zeros(count, np.int32), slots, 0, True, SamplingParams()))
    return StepPlan(0, tuple(chunks), tuple(sorted(segments, key=lambda s: (s.start, s.chunks))))


def seen(work: StepWork, plan: StepPlan, tiling: Tiling) -> None:
    """Walk the items as the kernel does."""
    rows = np.repeat([c.row for c in plan.chunks], [len(c.token_ids) for c in plan.chunks])
    counts = [Counter[int]() for _ in rows]
    parts: list[set[int]] = [set() for _ in rows]
    direct = [0] * len(rows)
    home = {row: {s.start: s for s in plan.shared if row in s.chunks} for row in range(len(plan.chunks))}
    for items, size in ((work.narrow, tiling.narrow), (work.wide, tiling.wide)):
        for q_first, q_count, row, start, end, part, alone, _ in items.tolist():
            assert 0 < q_count * tiling.group <= size
            for i, token in enumerate(work.queries[q_first : q_first + q_count].tolist()):
                mine = int(rows[token])
                if mine != row:  # another's row of the table: only where both share the slots
                    assert any(s.start <= start and end <= s.end and row in s.chunks for s in home[mine].values())
                counts[token].update(range(start, min(end, int(work.positions[token]) + 1)))
                if alone:
                    direct[token] += 1
                else:
                    assert part + i not in parts[token]
                    parts[token].add(part + i)
    for token, position in enumerate(work.positions.tolist()):
        assert counts[token] == Counter(range(position + 1))
        named = {
            int(first + step * k)
            for first, step, count in work.sources[token, : 1 + work.n_levels[token]].tolist()
            for k in range(count)
        }
        assert direct[token] == 1 or named == parts[token]
        assert direct[token] <= 1
    assert len(set().union(*parts)) == sum(map(len, parts)) <= work.n_parts, "no two write the same place"


@pytest.mark.parametrize("tiling", [CHEAP, DEAR])
@pytest.mark.parametrize(
    "cuts", [(Cut(1), Cut(1)), (Cut(9), Cut(5)), (Cut(100), Cut(100)), (Cut(fixed=64), Cut(fixed=64))]
)
@settings(deadline=None, max_examples=12)
@given(plan=plans())
def test_every_position_is_seen_once(tiling: Tiling, cuts: tuple[Cut, Cut], plan: StepPlan) -> None:
    seen(step_work(plan, tiling, *cuts), plan, tiling)


@settings(deadline=None, max_examples=30)
@given(plan=plans(most_tokens=3), at=st.integers(0, 9))
def test_a_part_of_a_step_leaves_no_holes(plan: StepPlan, at: int) -> None:
    at = min(at, len(plan.chunks) - 1)
    part = part_of(plan, range(at, len(plan.chunks)))
    moved = StepPlan(0, tuple(part.chunks), part.shared)
    counts = np.asarray([len(c.token_ids) for c in moved.chunks])
    segments, own_from = worthwhile(moved.shared, np.arange(len(counts)), counts, np.cumsum(counts) - counts, CHEAP)
    for i, count in enumerate(counts.tolist()):
        first = int((np.cumsum(counts) - counts)[i])
        covered = sorted((s.start, s.end) for s in segments if first in s.tokens)
        assert [start for start, _ in covered] == [0, *(end for _, end in covered)][: len(covered)]
        assert own_from[i] == max((end for _, end in covered), default=0)
        assert count > 0


def test_single_tokens_in_front_are_counted() -> None:
    ids = [np.zeros(n, np.int32) for n in (1, 1, 4, 1)]
    chunks = tuple(Chunk(i, i, 5, each, each, 5, True, SamplingParams()) for i, each in enumerate(ids))
    assert leading(StepPlan(0, chunks)) == 2
    assert leading(StepPlan(0, chunks[:2])) == 2


def decode(members: int, length: int) -> tuple[SharedPrefix, ...]:
    return (SharedPrefix(0, length, tuple(range(members))),)


@pytest.mark.parametrize(
    ("members", "length", "shared"),
    [(256, 2000, True), (64, 512, True), (4, 512, False), (2, 64, False), (2, 1, False)],
)
def test_decoding_requests_share_what_pays(
    monkeypatch: pytest.MonkeyPatch, members: int, length: int, shared: bool
) -> None:
    monkeypatch.setattr(sharing, "PASS_S", PASS_S)
    ones = np.ones(members, np.int64)
    segments, _ = worthwhile(decode(members, length), np.arange(members), ones, np.arange(members), REAL)
    assert bool(segments) == shared


def test_long_extensions_do_not_pay_for_joining() -> None:
    """Their tiles are full without sharing."""
    counts = np.full(8, 1024)
    segments, own_from = worthwhile(decode(8, 2000), np.arange(8), counts, np.cumsum(counts) - counts, REAL)
    assert not segments and not own_from.any()


def test_a_chain_deeper_than_the_tables_is_cut_at_its_end() -> None:
    chain = tuple(SharedPrefix(100 * i, 100 * (i + 1), (0, 1)) for i in range(MAX_LEVELS + 3))
    segments, own_from = worthwhile(chain, np.arange(2), np.ones(2, np.int64), np.arange(2), CHEAP)
    assert own_from.tolist() == [100 * MAX_LEVELS] * 2
    work = shared_work(segments, 2, CHEAP, Cut(4), Cut(4), 2)
    assert work.n_levels.tolist() == [MAX_LEVELS] * 2
