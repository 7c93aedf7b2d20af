"""Passes over a prefill: what a chunk reads is read once, and nothing is left out."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sgbench.engine.attention.flashinfer_plan import Way, odd_tokens, way
from sgbench.engine.request import Chunk, SamplingParams, SharedPrefix, StepPlan

FLOPS, BYTES, KEY_BYTES = 4.0 * 32 * 128, 32 * 128 * 2, 16 * 128 * 2


def chunk(row: int, start: int, count: int) -> Chunk:
    slots = np.arange(start + count, dtype=np.int32)
    return Chunk(row, row, start, np.zeros(count, np.int32), slots, 0, False, SamplingParams())


def plan(counts: list[int], start: int, shared: tuple[SharedPrefix, ...], kernels: str = "fa3") -> Way:
    return way(tuple(chunk(i, start, n) for i, n in enumerate(counts)), shared, kernels, FLOPS, BYTES, KEY_BYTES)


def test_many_short_chunks_behind_a_long_prefix_read_it_together() -> None:
    """The few-shot workload: 128 requests of 64 tokens behind 2,000."""
    how = plan([64] * 128, 2000, (SharedPrefix(0, 2000, tuple(range(128))),))
    assert how.own_from == (2000,) * 128
    assert [(each.first, each.stop) for each in how.passes] == [(0, 8192)]


def test_short_chunks_that_share_nothing_are_our_own_kernels() -> None:
    assert plan([20] * 100, 1000, ()).own


def test_long_chunks_that_share_nothing_are_one_plain_pass() -> None:
    how = plan([1024] * 8, 4000, ())
    assert not how.own and not how.passes and not how.dense


def test_whole_prompts_have_their_keys_copied_together() -> None:
    how = plan([1024] * 8, 0, ())
    assert how.dense and not how.own and not how.passes


def test_few_tokens_of_long_contexts_copy_no_keys() -> None:
    assert not plan([256] * 32, 1000, ()).dense
    assert not plan([300], 100_000, ()).dense


def test_chunks_that_do_not_lie_side_by_side_share_no_pass() -> None:
    shared = (SharedPrefix(0, 2000, (0, 2)), SharedPrefix(0, 1500, (1, 3)))
    assert not plan([64] * 4, 2000, shared).passes


def odd(counts: list[int], start: int, shared: tuple[SharedPrefix, ...] = (), kernels: str = "fa3") -> list[int]:
    step = StepPlan(0, tuple(chunk(i, start, n) for i, n in enumerate(counts)), shared)
    return odd_tokens(step, 0, kernels, FLOPS, KEY_BYTES)


def test_the_next_turn_of_chats_is_cut_to_whole_tiles() -> None:
    """256 tokens that were said, and one before them that was never computed."""
    for start in (383, 767, 1151):
        assert odd([257] * 32, start) == [1] * 32
        assert not plan([256] * 32, start + 1, ()).own


def test_what_is_worth_no_kernel_of_its_own_is_not_cut() -> None:
    assert odd([257], 0) == [0]  # one short request: the kernel costs more
    assert odd([256] * 8, 1000) == [0] * 8  # nothing is odd
    assert odd([200] * 32, 1000) == [0] * 32  # more than half a tile
    assert odd([100] * 32, 1000) == [0] * 32  # no tile would be left
    assert odd([257] * 4, 2000, (SharedPrefix(0, 2000, (0, 1, 2, 3)),)) == [0] * 4  # read in a pass of their own


@given(st.data())
def test_every_position_is_read_once(data: st.DataObject) -> None:
    n = data.draw(st.integers(2, 8))
    cut = data.draw(st.integers(1, n - 1))
    deeper = data.draw(st.integers(0, 900))
    shared = [SharedPrefix(0, 3000, tuple(range(n)))]
    if deeper:
        shared += [SharedPrefix(3000, 3000 + deeper, group) for group in (tuple(range(cut)), tuple(range(cut, n)))]
    counts = data.draw(st.lists(st.integers(1, 200), min_size=n, max_size=n))
    how = plan(counts, 4000, tuple(shared), data.draw(st.sampled_from(["fa2", "fa3"])))
    offsets = [0, *np.cumsum(counts).tolist()]
    for i in range(n):
        covered = 0
        for each in how.passes:
            for segment, stop in zip(each.segments, each.queries, strict=True):
                if i in segment.chunks:
                    assert segment.start == covered
                    covered = segment.end
                    assert each.first + stop >= offsets[i + 1]
        assert covered == how.own_from[i]
