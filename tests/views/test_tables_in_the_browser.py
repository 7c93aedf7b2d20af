"""Rows on the wire: the browser's player has the same tables at every position as Python, forward and backward."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sgbench.constrained import compile_regex
from sgbench.trace import Trace
from sgbench.views.frames import FrameEncoder
from sgbench.views.machine import MachineFold
from sgbench.views.stats import StatsFold
from sgbench.views.timeline import TimelineFold
from sgbench.views.tokens import TokensFold
from sgbench.views.tree import TreeView
from tests.views.runs import constrained, programs
from tests.views.test_frames import wire

PLAYER_TEST = Path(__file__).parent / "tables_test.mjs"
PATTERN = '\\{"name": "[a-z]{0,3}", "grade": "[ABCD][+-]?"\\}'


GOLDEN = Path(__file__).parent.parent / "golden"


def wired(trace: Trace, *, tree: bool, parts: int = 1) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """``trace`` as frames, and the tables that Python has at every ninth event."""
    view, encoder = TreeView(), FrameEncoder(trace.vocab, tree=tree)
    folds = (
        StatsFold(),
        TimelineFold(),
        TokensFold(trace.vocab),
        MachineFold(trace.vocab, lambda f, s: compile_regex(s)),
    )
    tables: dict[str, dict[str, Any]] = {}
    frames, expected, sent = [], [], 0
    for number, event in enumerate(trace):
        patches = view.apply(event)
        cells = [cell for fold in folds for cell in fold.apply(event)]
        encoder.add(event, patches, cells)
        for cell in cells:
            tables.setdefault(cell.table, {}).pop(str(cell.key), None)
            if cell.value:
                tables[cell.table][str(cell.key)] = cell.value
        if number % 9 == 0 or number == len(trace) - 1:
            known = {name: dict(rows) for name, rows in tables.items()}
            expected.append({"position": len(encoder), "tables": known, "request": view.request_seq})
        if parts > 1 and len(encoder) - sent > len(trace) // parts:
            frames.append(wire(encoder, max(0, sent - 3)))
            sent = len(encoder)
    frames.append(wire(encoder, min(sent, len(encoder) - 1) if parts > 1 else 0))
    return frames, expected


def play(trace: Trace, *, tree: bool, parts: int = 1, tmp_path: Path) -> None:
    """Encode ``trace``, let the player play it, and compare the tables."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    frames, expected = wired(trace, tree=tree, parts=parts)
    data = tmp_path / "play.json"
    data.write_text(json.dumps({"frames": frames, "expected": expected}))
    done = subprocess.run([node, PLAYER_TEST, data], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


@pytest.mark.parametrize("name", ["programs", "constrained"])
def test_the_golden_run_still_folds_to_its_tables(name: str) -> None:
    """The same file that the tests of the JavaScript read (tests/js)."""
    trace = Trace.load(GOLDEN / f"{name}.sgtrace.gz")
    golden = json.loads((GOLDEN / f"{name}.json").read_text())
    (frame,), expected = wired(trace, tree=True)
    assert json.loads(json.dumps(frame)) == golden["frame"]
    assert json.loads(json.dumps(expected)) == golden["expected"]


@pytest.mark.parametrize("tree", [True, False])
@pytest.mark.parametrize("parts", [1, 6])
def test_programs(tree: bool, parts: int, tmp_path: Path) -> None:
    play(programs(3)[0], tree=tree, parts=parts, tmp_path=tmp_path)


def test_machines(tmp_path: Path) -> None:
    play(constrained(PATTERN, "text")[0], tree=True, tmp_path=tmp_path)


def test_a_row_that_was_never_there_needs_no_taking_away() -> None:
    from sgbench.trace.events import Event
    from sgbench.trace.vocab import Vocab
    from sgbench.views.cells import Cell

    encoder = FrameEncoder(Vocab())
    encoder.add(Event(), [], [Cell("t", 1, [])])
    assert encoder.since().patches == b""


def test_a_new_epoch_takes_the_rows_over() -> None:
    trace = programs(2)[0]
    view, encoder, fold = TreeView(), FrameEncoder(trace.vocab, 60), TimelineFold()
    for event in trace:
        encoder.add(event, view.apply(event), list(fold.apply(event)))
        encoder.begin_again_if_full(view.tree, view.gauges, event)
    assert encoder.epoch > 0
    rows = {row[1]: row[2:] for row in encoder.since().rows if row[0] == "request"}
    assert rows == {rid: line.row() for rid, line in fold.requests.items()}
