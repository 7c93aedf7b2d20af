"""The tree's view: it equals the engine's tree, marks what happened, remembers what left, and folds away what is too much."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.trace.events import NodeEvicted, NodeExtended, NodeInserted, PathAccessed
from sgbench.trace.tree import ROOT
from sgbench.trace.vocab import Vocab
from sgbench.views import text
from sgbench.views.collapse import MAX_SHOWN, collapse
from sgbench.views.tree import Gauge, Mark, TreeView, children_in_order, depth_first
from tests.radix_twin import RadixTwin, chats, word

prompts = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=9).map(tuple), min_size=1, max_size=14)


def watched(capacity: int = 1 << 20) -> tuple[RadixTwin, TreeView]:
    twin, view = RadixTwin(capacity), TreeView()
    twin.subscribe(view.apply)
    return twin, view


@settings(max_examples=40, deadline=None)
@given(prompts=prompts, capacity=st.integers(8, 30))
def test_it_equals_the_engines_tree_and_its_gauges_add_up(prompts: list[tuple[int, ...]], capacity: int) -> None:
    twin, view = watched(capacity)
    for prompt in prompts:
        twin.request(prompt)
        assert view.snapshot() == twin.snapshot()
        gauges = [view.gauges[g] for g in (Gauge.FREE, Gauge.CACHED, Gauge.USED)]
        assert sum(gauges) == view.gauges[Gauge.CAPACITY] == capacity
        assert view.gauges[Gauge.RUNNING] == view.gauges[Gauge.WAITING] == 0
    assert not twin.journal.failures


def test_marks_look_back_to_where_they_are_asked() -> None:
    view = TreeView()
    view.apply(NodeInserted(seq=1, node=1, parent=0, token_ids=(1, 2), rid=0, tick=1))
    view.apply(NodeInserted(seq=2, node=2, parent=1, token_ids=(3,), rid=0, tick=1))
    view.apply(PathAccessed(seq=3, node=1, rid=1, tick=2))
    assert [view.mark(1, 0), view.mark(2, 0)] == [Mark.ACCESSED, Mark.NEW]
    assert [view.mark(1, 3), view.mark(2, 3)] == [Mark.ACCESSED, Mark.NONE]
    view.apply(NodeExtended(seq=4, node=2, token_ids=(4, 5), rid=1))
    assert view.mark(2, 3) == Mark.NEW
    assert view.tree.nodes[2].born == 2  # it keeps its place among its siblings


def test_what_left_is_remembered_with_its_place_and_bounded() -> None:
    view = TreeView()
    for i in range(1, 400):
        view.apply(NodeInserted(seq=2 * i, node=i, parent=0, token_ids=(i,), rid=0, tick=i))
        view.apply(NodeEvicted(seq=2 * i + 1, node=i, length_tokens=1))
    assert len(view.ghosts) == view.ghosts.maxlen
    recent = view.ghosts_since(2 * 390)
    assert [ghost.id for ghost in recent] == list(range(390, 400))
    assert recent[0].born == 2 * 390


def test_a_ghost_whose_parent_left_too_hangs_below_it() -> None:
    view = TreeView()
    view.apply(NodeInserted(seq=1, node=1, parent=0, token_ids=(1,), rid=0, tick=1))
    view.apply(NodeInserted(seq=2, node=2, parent=1, token_ids=(2,), rid=0, tick=1))
    view.apply(NodeEvicted(seq=3, node=2, length_tokens=1))
    view.apply(NodeEvicted(seq=4, node=1, length_tokens=1))
    assert [(g.id, g.parent) for g in view.ghosts_since(0)] == [(2, 1), (1, 0)]
    assert [(g.id, g.parent) for g in view.ghosts_since(4)] == [(1, 0)]


@settings(max_examples=60, deadline=None)
@given(prompts=prompts, rows=st.integers(-1, 14))
def test_collapse_keeps_to_the_rows_loses_nothing_and_hides_nothing_needlessly(
    prompts: list[tuple[int, ...]], rows: int
) -> None:
    twin, view = watched()
    for prompt in prompts:
        twin.request(prompt)
    shown, hidden = collapse(view.tree, rows)
    nodes = view.tree.nodes
    leaves = sum(not node.children for node in nodes.values())
    used = sum(not nodes[n].children for n in shown) + len(hidden)
    assert used <= max(rows, 1)
    assert all(n == ROOT or nodes[n].parent in shown for n in shown)
    assert len(shown) + sum(rest.nodes for rest in hidden.values()) == len(nodes)
    total = sum(len(node.token_ids) for node in nodes.values())
    assert sum(len(nodes[n].token_ids) for n in shown) + sum(rest.tokens for rest in hidden.values()) == total
    assert (not hidden) == (leaves <= max(rows, 1))


def test_collapse_shows_most_of_the_tokens_and_never_too_many_nodes() -> None:
    view = TreeView()
    for i in range(1, 3000):
        view.apply(NodeInserted(seq=i, node=i, parent=0, token_ids=(1,) * (1 + i % 7), rid=0, tick=i))
    assert len(collapse(view.tree, 10**6).shown) == MAX_SHOWN
    shown = collapse(view.tree, 20).shown - {ROOT}
    assert {len(view.tree.nodes[n].token_ids) for n in shown} == {7}


def test_order_of_siblings_is_the_order_of_arrival_whatever_is_split() -> None:
    twin, view = watched()
    twin.request((1, 2, 3))
    twin.request((5, 6))
    twin.request((1, 2, 4))
    first = [view.tree.nodes[n].token_ids[0] for n in children_in_order(view.tree, ROOT)]
    assert first == [1, 5]
    order = depth_first(view.tree)
    assert all(view.tree.nodes[n].parent in order[:i] for i, n in enumerate(order) if n != ROOT)


def test_text_names_every_node_once_and_says_what_it_leaves_out() -> None:
    twin, view = watched(2000)
    for prompt, output in chats(12):
        twin.request(prompt, output)
    vocab = Vocab(lookup=word)
    nodes = len(view.tree.nodes) - 1
    whole = text.draw(view, vocab, rows=1000).splitlines()
    assert len(whole) == nodes + 1
    assert whole[0].startswith(f"Radix tree: {nodes} nodes, ")
    assert all(len(line) <= 100 for line in whole)
    short = text.draw(view, vocab, rows=4)
    assert "more node" in short
    assert len(short.splitlines()) < len(whole)
    assert len(text.rows(view, vocab)) == nodes
    assert text.rows(view, vocab)[0]["text"] == vocab.text(
        view.tree.nodes[children_in_order(view.tree, 0)[0]].token_ids
    )


def test_text_keeps_one_line_a_node_whatever_the_model_wrote() -> None:
    view = TreeView()
    view.apply(NodeInserted(seq=0, node=1, parent=0, token_ids=(1,), rid=0, tick=1))
    drawn = text.draw(view, Vocab({1: "a\nb\r\x1b[31m'"}))
    assert len(drawn.splitlines()) == 2
    assert "\x1b" not in drawn
