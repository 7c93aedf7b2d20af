"""`RadixTree`: what is in the cache, live and in replay. Knows the tree's view and its frames; draws nothing itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import traitlets

from sgbench.errors import UsageError
from sgbench.trace import Trace
from sgbench.trace.events import TreeSnapshot
from sgbench.views import text
from sgbench.views.frames import Frame
from sgbench.views.tree import Gauge
from sgbench.widgets import assets
from sgbench.widgets.base import SgWidget
from sgbench.widgets.feed import Feed
from sgbench.widgets.picture import tree_picture
from sgbench.widgets.source import Source, open_source, vocab_of

SAVED_BYTES = 8_000_000
"""Largest recording that is kept in the widget's state, where saved notebooks find it."""

MARKS = ("auto", "event", "step", "run")


class RadixTree(SgWidget):
    """The radix tree as it grows, splits, is hit and is evicted (the paper's Figure 3, alive).

    Green with a plus is new, blue with a ring was accessed, red with a cross and dashes was evicted; a padlock counts the
    running requests that hold a node. The bar is the KV pool. Everything that happened can be played again, stepped and
    scrubbed, in the browser alone.

    Parameters
    ----------
    source
        An engine (live, until `finish`, `close`, or for ever), a `Trace`, or the path of a trace file.
    height
        Of the drawing, CSS pixels.
    marks
        What the colours look back on: the last ``"event"``, the engine ``"step"``, the whole ``"run"``, or ``"auto"``:
        the step while something moves, the run when all is done.
    speed
        Of the replay: 0.5, 1, 2, 4 or 16.

    Raises
    ------
    UsageError
        An option or the source is of the wrong kind.
    TraceError
        The file is no trace, or events in it are missing.
    """

    _esm = assets.module("radix_tree")
    _css = assets.style("base", "radix_tree")

    height = traitlets.Int(360).tag(sync=True)
    marks = traitlets.Unicode("auto").tag(sync=True)
    speed = traitlets.Float(1.0).tag(sync=True)
    status = traitlets.Unicode("live").tag(sync=True)
    recording = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)

    def __init__(self, source: Source, *, height: int = 360, marks: str = "auto", speed: float = 1.0) -> None:
        if marks not in MARKS:
            raise UsageError(f"marks={marks!r}: choose one of {', '.join(MARKS)}")
        if speed not in (0.5, 1, 2, 4, 16):
            raise UsageError(f"speed={speed!r}: choose one of 0.5, 1, 2, 4, 16")
        opened = open_source(source)
        self._vocab = vocab_of(opened)
        self._feed = Feed(self._vocab, self._publish, self._fail)
        options: dict[str, Any] = {"height": height, "marks": marks, "speed": float(speed)}
        if isinstance(opened, Trace):
            self._feed.fold_all(opened.events)
            options.update(status=self._feed.failure or "replay", recording=self._saved())
        super().__init__(**options)
        self.on_msg(self._answer)
        if not isinstance(opened, Trace):
            self._feed.follow(opened)

    # --- for the user

    def snapshot(self) -> TreeSnapshot:
        """The tree that the widget has folded, equal to the engine's own once all events have come."""
        with self._feed.lock:
            return self._feed.view.snapshot()

    def table(self) -> Any:
        """One row for each node, each after its parent: a pandas frame where pandas is installed, else plain text."""
        with self._feed.lock:
            records = text.rows(self._feed.view, self._vocab, self._since())
        try:
            import pandas as pd
        except ImportError:
            return self.summary()
        columns = ["node", "parent", "depth", "tokens", "ref_count", "last_access", "mark", "text"]
        return pd.DataFrame.from_records(records, columns=columns).set_index("node")

    def save_picture(self, path: str | Path) -> Path:
        """Write the present state as a PNG file; returns the path."""
        target = Path(path)
        target.write_bytes(self.picture())
        return target

    def finish(self) -> None:
        """End following the engine: send the last state, keep the recording, refresh the stored picture (idempotent)."""
        if self.status != "live":
            return
        self._feed.stop()
        if self.status == "live":
            self.status = "ended"
        with self._feed.lock:
            self.recording = self._saved()
        self.refresh_picture()

    def close(self) -> None:
        """End following and take the widget away."""
        if hasattr(self, "_feed"):  # else its making failed, and it is only cleaned up
            self._feed.stop()
        super().close()

    # --- static

    def picture(self) -> bytes:
        """The present state as a PNG."""
        with self._feed.lock:
            return tree_picture(self._feed.view, self._vocab, self._since())

    def summary(self) -> str:
        """The present state as lines of text."""
        with self._feed.lock:
            return text.draw(self._feed.view, self._vocab, self._since())

    # --- the wire

    def _since(self) -> int:
        """First event that static marks look back on: all of the run, without a keyframe's own nodes."""
        return 0

    def _saved(self) -> Any:
        """The recording as widget state; None when it is too large for a notebook."""
        frame = self._feed.encoder.since()
        return frame.state() if frame.size_bytes <= SAVED_BYTES else None

    def _publish(self, frame: Frame) -> None:
        content, buffers = frame.message()
        self.send(content, buffers)

    def _fail(self, sentence: str) -> None:
        if self.comm is not None:  # else it is being made, and will say so itself
            self.status = sentence

    def _answer(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if content.get("type") == "resync":
            self._feed.answer(int(content.get("epoch", 0)), int(content.get("have", 0)))

    def __repr__(self) -> str:
        used = self._feed.view.gauges[Gauge.CAPACITY]
        return f"<RadixTree {self.status}: {len(self._feed.view.tree.nodes) - 1} nodes, pool of {used} tokens>"
