"""Folding events rebuilds the tree, forwards and backwards."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.errors import TraceError
from sgbench.trace.events import Keyframe, NodeEvicted, NodeInserted, NodeSplit, PathAccessed, PathLocked
from sgbench.trace.tree import TreeState
from tests.radix_twin import RadixTwin

prompts = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=9).map(tuple), min_size=1, max_size=14)


@settings(max_examples=60, deadline=None)
@given(prompts=prompts, capacity=st.integers(4, 30), flush_at=st.integers(0, 20))
def test_fold_equals_snapshot_after_every_request_and_back(
    prompts: list[tuple[int, ...]], capacity: int, flush_at: int
) -> None:
    twin, state, history = RadixTwin(capacity), TreeState(), []
    twin.journal.subscribe(lambda event: history.append(state.apply(event)))
    moments = [(0, state.snapshot())]
    for i, prompt in enumerate(prompts):
        if i == flush_at:
            twin.flush()
        twin.request(prompt, (i % 3,))
        assert state.snapshot() == twin.snapshot()
        moments.append((len(history), state.snapshot()))
    assert not twin.journal.failures
    while len(moments) > 1:
        moments.pop()
        for patches in reversed(history[moments[-1][0] :]):
            state.undo(patches)
        del history[moments[-1][0] :]
        assert state.snapshot() == moments[-1][1]


@settings(max_examples=30, deadline=None)
@given(prompts=prompts)
def test_patches_played_elsewhere_give_the_same_tree(prompts: list[tuple[int, ...]]) -> None:
    twin, folded, played = RadixTwin(40), TreeState(), TreeState()
    twin.journal.subscribe(lambda event: played.play(folded.apply(event)))
    for prompt in prompts:
        twin.request(prompt)
    assert played.snapshot() == folded.snapshot() == twin.snapshot()
    assert [(n.born, n.touched, n.children) for n in played.nodes.values()] == [
        (n.born, n.touched, n.children) for n in folded.nodes.values()
    ]


def test_a_keyframe_begins_a_fold_and_costs_nothing_when_equal() -> None:
    twin = RadixTwin()
    twin.request((1, 2, 3))
    twin.request((1, 2, 4))
    state = TreeState()
    assert state.apply(twin.keyframe())
    assert state.snapshot() == twin.snapshot()
    assert state.apply(twin.keyframe()) == []


def test_a_request_that_accesses_its_own_words_does_not_touch_them() -> None:
    state = TreeState()
    state.apply(NodeInserted(seq=0, node=1, parent=0, token_ids=(1, 2, 3), rid=5, tick=1))
    state.apply(PathAccessed(seq=1, node=1, rid=5, tick=2))
    assert (state.nodes[1].touched, state.nodes[1].last_access) == (-1, 2)
    state.apply(NodeSplit(seq=2, node=1, upper=2, length_tokens=1))
    state.apply(PathAccessed(seq=3, node=1, rid=6, tick=3))
    assert [state.nodes[i].touched for i in (1, 2)] == [3, 3]


def test_a_split_keeps_its_place() -> None:
    state = TreeState()
    state.apply(NodeInserted(seq=3, node=1, parent=0, token_ids=(1, 2, 3), rid=0, tick=1))
    state.apply(NodeSplit(seq=9, node=1, upper=2, length_tokens=1))
    assert [state.nodes[i].born for i in (1, 2)] == [3, 3]
    assert state.nodes[2].children == {1}


@pytest.mark.parametrize(
    "event",
    [
        NodeInserted(node=1, parent=9, token_ids=(1,), rid=0, tick=1),
        NodeSplit(node=4, upper=5, length_tokens=1),
        PathLocked(node=4, rid=0),
        NodeEvicted(node=4, length_tokens=1),
    ],
)
def test_an_event_about_an_unknown_node_says_that_events_are_missing(event: NodeInserted) -> None:
    with pytest.raises(TraceError, match="are missing"):
        TreeState().apply(event)


def test_what_cannot_be_is_refused() -> None:
    state = TreeState()
    state.apply(NodeInserted(node=1, parent=0, token_ids=(1, 2), rid=0, tick=1))
    state.apply(NodeInserted(node=2, parent=1, token_ids=(3,), rid=0, tick=1))
    with pytest.raises(TraceError, match="no leaf"):
        state.apply(NodeEvicted(node=1, length_tokens=2))
    with pytest.raises(TraceError, match="cannot split"):
        state.apply(NodeSplit(node=1, upper=7, length_tokens=2))
    with pytest.raises(TraceError, match="in the tree already"):
        state.apply(NodeInserted(node=1, parent=0, token_ids=(1,), rid=0, tick=1))


def test_the_root_of_a_keyframe_is_no_row_of_its_own() -> None:
    state = TreeState()
    empty = {"nodes": [{"id": 0, "parent": None, "token_ids": [], "ref_count": 0, "last_access": 0}]}
    assert state.apply(Keyframe(tree=empty, capacity_tokens=5)) == []
    assert state.snapshot() == empty
