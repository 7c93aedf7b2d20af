"""The wire format: what Python encodes, the browser's player decodes to the same trees, forward and backward."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sgbench.trace import Trace
from sgbench.trace.vocab import Vocab
from sgbench.views.collapse import collapse
from sgbench.views.frames import HEAD_CHARS, TAIL_CHARS, FrameEncoder, preview
from sgbench.views.tree import TreeView
from tests.radix_twin import RadixTwin, chats, word

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests/golden"
PLAYER_TEST = Path(__file__).parent / "player_test.mjs"


def encoded(trace: Trace, **options: int) -> tuple[TreeView, FrameEncoder]:
    view, encoder = TreeView(), FrameEncoder(trace.vocab, **options)
    for event in trace:
        encoder.add(event, view.apply(event))
        encoder.begin_again_if_full(view.tree, view.gauges, event)
    return view, encoder


def wire(encoder: FrameEncoder, first: int = 0) -> dict[str, Any]:
    state = encoder.since(first).state()
    return {**state, **{name: base64.b64encode(state[name]).decode() for name in ("events", "patches")}}


def rows(view: TreeView, vocab: Vocab) -> list[dict[str, Any]]:
    """A snapshot as the player gives it."""
    return [
        {
            "id": i,
            "parent": node.parent,
            "tokens": len(node.token_ids),
            "text": preview(vocab, node.token_ids),
            "ref_count": node.ref_count,
            "last_access": node.last_access,
            "born": node.born,
            "grown": node.grown,
            "touched": node.touched,
        }
        for i, node in sorted(view.tree.nodes.items())
    ]


def expectations(trace: Trace, every: int = 7) -> list[dict[str, Any]]:
    """What the player must show at some positions."""
    view, found = TreeView(), []
    for position, event in enumerate(trace.events, start=1):
        view.apply(event)
        if position % every and position != len(trace):
            continue
        step = next(e.seq for e in trace.events if e.step == event.step)
        marks = {str(i): int(view.mark(i, step)) for i in view.tree.nodes if i}
        ghosts = [[g.id, g.parent, g.born] for g in view.ghosts_since(step)]
        choices = {str(n): _collapsed(view, n) for n in (3, 8)}
        known = {"position": position, "seq": event.seq, "rows": rows(view, trace.vocab), "gauges": list(view.gauges)}
        found.append({**known, "since": step, "marks": marks, "ghosts": ghosts, "collapse": choices})
    return found


def _collapsed(view: TreeView, count: int) -> dict[str, Any]:
    shown, hidden = collapse(view.tree, count)
    return {"shown": sorted(shown), "hidden": {str(n): list(rest) for n, rest in hidden.items()}}


def play(frames: list[dict[str, Any]], expected: list[dict[str, Any]], tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    data = tmp_path / "play.json"
    data.write_text(json.dumps({"frames": frames, "expected": expected}))
    done = subprocess.run([node, PLAYER_TEST, data], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_golden_trace_still_folds_to_its_snapshots(tmp_path: Path) -> None:
    trace = Trace.load(GOLDEN / "chats.sgtrace.gz")
    golden = json.loads((GOLDEN / "chats.json").read_text())
    assert expectations(trace, golden["every"]) == golden["expected"]
    _, encoder = encoded(trace)
    assert wire(encoder) == golden["frame"]


def test_the_browsers_player_agrees_on_the_golden_trace(tmp_path: Path) -> None:
    golden = json.loads((GOLDEN / "chats.json").read_text())
    play([golden["frame"]], golden["expected"], tmp_path)


@pytest.mark.parametrize(("requests", "capacity", "seed"), [(9, 300, 1), (25, 500, 2), (25, 10_000, 3)])
def test_the_browsers_player_agrees_on_other_runs_sent_in_parts(
    requests: int, capacity: int, seed: int, tmp_path: Path
) -> None:
    twin = RadixTwin(capacity)
    with twin.record() as trace:
        for i, (prompt, output) in enumerate(chats(requests, seed)):
            twin.request(prompt, output)
            if i == 6:
                twin.flush()
    view, encoder = TreeView(), FrameEncoder(trace.vocab)
    frames, sent = [], 0
    for event in trace:
        encoder.add(event, view.apply(event))
        if len(encoder) - sent > 23 and len(encoder) < len(trace):
            frames.append(wire(encoder, max(0, sent - 5)))  # what overlaps is taken once
            sent = len(encoder)
    frames.append(wire(encoder, min(sent, len(encoder) - 1)))
    play(frames, expectations(trace, 11), tmp_path)


def test_a_full_epoch_gives_way_to_one_that_begins_with_the_whole_state(tmp_path: Path) -> None:
    twin = RadixTwin(600)
    with twin.record() as trace:
        for prompt, output in chats(20):
            twin.request(prompt, output)
    view, encoder = encoded(trace, max_events=60)
    assert encoder.epoch > 0
    assert len(encoder) <= 61
    last = {"position": len(encoder), "seq": view.seq, "rows": rows(view, trace.vocab), "gauges": list(view.gauges)}
    play([wire(encoder)], [last], tmp_path)


def test_parts_join_to_the_whole() -> None:
    twin = RadixTwin(600)
    with twin.record() as trace:
        for prompt, output in chats(8):
            twin.request(prompt, output)
    _, encoder = encoded(trace)
    whole, head, tail = encoder.since(), encoder.since(), encoder.since(20)
    cut = len(whole.events) - len(tail.events)
    assert head.events[:cut] + tail.events == whole.events
    assert whole.patches[tail.patch_first * 16 :] == tail.patches
    assert whole.spans[tail.span_first :] == tail.spans


def test_long_texts_keep_their_head_and_tail() -> None:
    vocab = Vocab(lookup=word)
    short = preview(vocab, (1, 2, 3))
    assert short == vocab.text((1, 2, 3))
    for length in (60, 200, 5000):
        ids = tuple(range(length))
        cut = preview(vocab, ids)
        assert len(cut) <= HEAD_CHARS + TAIL_CHARS + 3
        assert vocab.text(ids).startswith(cut[:HEAD_CHARS])
        assert vocab.text(ids).endswith(cut[-TAIL_CHARS:])


def test_the_columns_are_small() -> None:
    twin = RadixTwin(3000)
    with twin.record() as trace:
        for prompt, output in chats(60):
            twin.request(prompt, output)
    _, encoder = encoded(trace)
    assert encoder.since().size_bytes < 150 * len(trace)
