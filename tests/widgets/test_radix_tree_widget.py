"""The RadixTree widget without a browser: sources, state, mime bundle, the ipykernel shim, the assets."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import sgbench.widgets
from sgbench.errors import TraceError, UsageError
from sgbench.trace import Trace
from sgbench.trace.events import NodeEvicted
from sgbench.widgets import RadixTree
from sgbench.widgets.base import SgWidget
from tests.radix_twin import RadixTwin, chats


def run(requests: int = 8, capacity: int = 600) -> tuple[RadixTwin, Trace]:
    twin = RadixTwin(capacity)
    with twin.record() as trace:
        for prompt, output in chats(requests):
            twin.request(prompt, output)
    return twin, trace


def test_a_trace_and_its_file_show_the_same_tree(tmp_path: Path) -> None:
    twin, trace = run()
    path = trace.save(tmp_path / "t.sgtrace")
    for source in (trace, path, str(path)):
        tree = RadixTree(source)
        assert tree.status == "replay"
        assert tree.snapshot() == twin.snapshot()
        assert tree.recording["events"]
        assert tree.table()["text"].str.len().gt(0).all()
    assert isinstance(trace.replay(height=200), RadixTree)


def test_a_live_tree_ends_with_the_engines_state_and_keeps_it() -> None:
    twin = RadixTwin(600)
    tree = RadixTree(twin)
    assert tree.status == "live"
    for prompt, output in chats(8):
        twin.request(prompt, output)
    tree.finish()
    tree.finish()
    assert tree.status == "ended"
    assert tree.snapshot() == twin.snapshot()
    assert tree.recording["events"] == tree._feed.encoder.since().events
    twin.request((1, 2, 3))  # the engine goes on, the widget has ended
    assert tree.snapshot() != twin.snapshot()
    tree.close()


@pytest.mark.parametrize("source", [3, None, object()])
def test_a_wrong_source_is_refused(source: Any) -> None:
    with pytest.raises(UsageError, match="an engine, a Trace, or the path"):
        RadixTree(source)


def test_wrong_options_and_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="marks='x'"):
        RadixTree(Trace(), marks="x")
    with pytest.raises(UsageError, match="speed=3"):
        RadixTree(Trace(), speed=3)
    with pytest.raises(FileNotFoundError):
        RadixTree(tmp_path / "missing.sgtrace")
    (tmp_path / "bad.sgtrace").write_text("no\n")
    with pytest.raises(TraceError, match="line 1"):
        RadixTree(tmp_path / "bad.sgtrace")


def test_a_trace_with_a_hole_shows_its_good_part_and_says_where_it_ends() -> None:
    _, trace = run(2)
    trace.append(NodeEvicted(seq=10**6, node=999, length_tokens=3))
    tree = RadixTree(trace)
    assert "node 999" in tree.status
    assert len(tree.snapshot()["nodes"]) > 1


def test_every_notebook_can_show_something() -> None:
    _, trace = run()
    bundle, _ = RadixTree(trace)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"].startswith("Radix tree: ")
    picture = base64.b64decode(bundle["image/png"])
    assert Image.open(io.BytesIO(picture)).size[0] == 1840
    assert len(picture) < 120_000


@pytest.mark.parametrize("requests", [0, 1, 40])
def test_the_picture_of_any_tree_is_a_picture(requests: int, tmp_path: Path) -> None:
    _, trace = run(requests, 900)
    with Image.open(RadixTree(trace).save_picture(tmp_path / "p.png")) as image:
        assert image.format == "PNG"
        assert image.height < 1600


def test_a_resync_is_answered_with_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    _, trace = run()
    sent: list[tuple[dict[str, Any], list[bytes]]] = []
    tree = RadixTree(trace)
    monkeypatch.setattr(tree, "send", lambda content, buffers=None: sent.append((content, buffers)))
    tree._answer(tree, {"type": "resync", "epoch": 0, "have": 10}, [])
    tree._answer(tree, {"type": "nonsense"}, [])
    (content, buffers), *rest = sent
    assert rest == []
    assert (content["type"], content["first"]) == ("frames", 10)
    assert len(buffers[0]) % 4 == len(buffers[1]) % 4 == 0


class MockComm:
    """Enough of a comm for a widget."""

    comm_id = "mock"

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def on_msg(self, _callback: Any) -> None: ...

    def send(self, *message: Any, **_rest: Any) -> None:
        self.sent.append(message)

    def close(self, *_rest: Any, **_more: Any) -> None: ...


class Comm74(MockComm):
    """A comm as ipykernel 7.4.0 makes it: it remembers which shell published last."""

    def __init__(self) -> None:
        super().__init__()
        self._reply_subshell_for: str | None = "the running cell's shell"


@pytest.mark.parametrize("kind", [MockComm, Comm74])
def test_the_shim_frees_a_comm_of_ipykernel_7_4_and_leaves_others_alone(
    kind: type[MockComm], monkeypatch: pytest.MonkeyPatch
) -> None:
    comm = kind()
    monkeypatch.setattr("anywidget.AnyWidget.open", lambda self: setattr(self, "comm", comm))
    widget = SgWidget()
    assert widget.comm is comm
    assert getattr(comm, "_reply_subshell_for", None) is None
    assert isinstance(comm, Comm74) == hasattr(comm, "_reply_subshell_for")
    widget.close()


def test_an_unknown_widget_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="RadixBush"):
        sgbench.widgets.RadixBush  # noqa: B018
    assert "RadixTree" in dir(sgbench.widgets)


def test_two_widgets_of_one_engine_do_not_disturb_each_other() -> None:
    twin = RadixTwin(600)
    first = RadixTree(twin)
    for prompt, output in chats(4):
        twin.request(prompt, output)
    second = RadixTree(twin)
    for prompt, output in chats(4, seed=5):
        twin.request(prompt, output)
    first.finish()
    second.finish()
    assert first.snapshot() == second.snapshot() == twin.snapshot()
    assert len(second._feed.encoder) < len(first._feed.encoder)
