"""The widgets beside the tree, without a browser: sources, tables, pictures, the module that a page gets."""

from __future__ import annotations

import base64
import io
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image

import sgbench.widgets
from sgbench.constrained import compile_regex
from sgbench.errors import UsageError
from sgbench.trace import Trace
from sgbench.widgets import FSM, CacheStats, Dashboard, RadixTree, Timeline, Tokens, assets
from tests.lang.local import backend
from tests.views.runs import constrained, programs, story

WIDGETS = {
    CacheStats: "cache_stats",
    Timeline: "timeline",
    Tokens: "tokens",
    FSM: "fsm",
    Dashboard: "dashboard",
    RadixTree: "radix_tree",
}
PATTERN = '\\{"name": "[a-z]{0,3}", "grade": "[ABCD][+-]?"\\}'


@pytest.fixture(scope="module")
def traces() -> list[Trace]:
    return [programs(3)[0], constrained(PATTERN, "text")[0], Trace()]


@pytest.mark.parametrize("kind", WIDGETS)
def test_every_trace_has_a_table_a_picture_and_words(kind: Any, traces: list[Trace], tmp_path: Path) -> None:
    for i, trace in enumerate(traces):
        widget = kind(trace)
        bundle, _ = widget._repr_mimebundle_()
        assert "application/vnd.jupyter.widget-view+json" in bundle
        with Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))) as image:
            assert image.format == "PNG"
            assert image.width == 1840
        assert len(bundle["text/plain"].splitlines()[0]) > 10
        assert list(widget.table().reset_index().columns) == list(kind.COLUMNS)
        assert repr(widget).startswith(f"<{kind.__name__} replay")
        path = trace.save(tmp_path / f"{i}.sgtrace")
        assert kind(path).summary() == widget.summary()


@pytest.mark.parametrize("kind", WIDGETS)
def test_what_was_seen_live_is_what_the_trace_says(kind: Any) -> None:
    on = backend(220)
    with on.engine:
        widget = kind(on.engine)
        with on.engine.record() as trace:
            story.run(topic="one", backend=on)
        widget.finish()
        assert widget.status == "ended"
        assert widget.recording["events"]
        assert len(widget.table()) == len(kind(trace).table())
        widget.close()


@pytest.mark.parametrize("kind", WIDGETS)
def test_a_table_is_text_where_pandas_is_missing(
    kind: Any, traces: list[Trace], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    widget = kind(traces[0])
    assert widget.table() == widget.summary()


@pytest.mark.parametrize("kind", WIDGETS)
def test_wrong_sources_and_options_are_refused(kind: Any) -> None:
    with pytest.raises(UsageError, match="an engine, a Trace, or the path"):
        kind(3)
    with pytest.raises(UsageError, match="speed=3"):
        kind(Trace(), speed=3)


@pytest.mark.parametrize("name", WIDGETS.values())
def test_the_module_is_whole_and_asks_nothing_of_the_network(name: str, tmp_path: Path) -> None:
    source = assets.module(name)
    assert not any(line.startswith("import") for line in source.splitlines())
    assert source.count("export default") == 1
    for banned in ("innerHTML", "eval(", "new Function", "http://", "https://", "fetch(", "insertAdjacentHTML"):
        assert banned not in source.replace("http://www.w3.org/2000/svg", ""), banned
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    (tmp_path / "m.mjs").write_text(source)
    subprocess.run([node, "--check", tmp_path / "m.mjs"], check=True, capture_output=True)


def test_only_widgets_that_show_the_tree_send_it(traces: list[Trace]) -> None:
    small, large = (len(kind(traces[0]).recording["patches"]) for kind in (CacheStats, RadixTree))
    assert small < large / 2


def test_a_machine_can_be_looked_at_without_any_run() -> None:
    widget = FSM(compile_regex("(yes|no)!"))
    assert "1 machine, 0 requests" in widget.summary()
    assert widget.recording["rows"][0][0] == "machine"
    assert len(widget.picture()) > 2000


@pytest.mark.parametrize("kind", WIDGETS)
def test_a_picture_is_saved_as_png_and_as_svg(kind: Any, traces: list[Trace], tmp_path: Path) -> None:
    widget = kind(traces[1])
    with Image.open(widget.save_picture(tmp_path / "p.png")) as image:
        size = image.size
    text = widget.save_picture(tmp_path / "p.svg").read_text()
    root = ElementTree.fromstring(text)
    assert (2 * int(root.attrib["width"]), 2 * int(root.attrib["height"])) == size
    tags = {node.tag.removeprefix("{http://www.w3.org/2000/svg}") for node in root.iter()}
    assert {"rect", "text"} <= tags <= {"svg", "g", "rect", "text", "polyline"}
    assert not any(name.startswith("on") or "href" in name for node in root.iter() for name in node.attrib)
    with pytest.raises(UsageError, match=r"\.png or \.svg"):
        widget.save_picture(tmp_path / "p.gif")


def test_every_name_is_there_and_documented() -> None:
    assert set(sgbench.widgets.__all__) >= {kind.__name__ for kind in WIDGETS}
    for name in sgbench.widgets.__all__:
        assert getattr(sgbench.widgets, name).__doc__


def test_an_engine_that_stops_while_it_is_watched_is_said_in_the_view_and_nothing_is_lost() -> None:
    on = backend(300)
    widget = Dashboard(on.engine)
    with on.engine:
        story.run(backend=on, topic="cats").text()
        snapshot = on.engine.snapshot()
    widget._feed._thread.join(timeout=20)
    assert widget.status == "ended"
    assert widget.note == "the engine was shut down: this is its last state"
    assert widget.recording is not None
    assert widget._feed.view.snapshot() == snapshot
    assert len(widget.table()) > 0


def test_a_trace_that_is_cut_short_is_shown_with_what_is_missing(tmp_path: Path, traces: list[Trace]) -> None:
    path = traces[0].save(tmp_path / "t.sgtrace")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-5]) + lines[-5][:9])
    for kind in WIDGETS:
        with pytest.warns(UserWarning, match="cut short"):
            widget = kind(path)
        assert widget.status == "replay"
        assert "cut short" in widget.note and "events before it are here" in widget.note


def test_kinds_that_are_not_known_are_said(tmp_path: Path, traces: list[Trace]) -> None:
    path = traces[0].save(tmp_path / "t.sgtrace")
    path.write_text(path.read_text() + '{"kind":"NodeDreamt","seq":5}\n' * 2)
    assert Tokens(path).note.startswith("2 lines of kinds that this sgbench does not know (NodeDreamt)")
    assert Tokens(traces[0]).note == ""


@pytest.mark.parametrize("kind", WIDGETS)
def test_without_a_front_end_a_widget_is_words(
    kind: Any, traces: list[Trace], capsys: pytest.CaptureFixture[str]
) -> None:
    widget = kind(traces[1])
    data, _ = widget._repr_mimebundle_()
    assert data["text/plain"] == widget.summary()
    assert base64.b64decode(data["image/png"])[:4] == b"\x89PNG"
    assert type(widget).__name__ in repr(widget)
