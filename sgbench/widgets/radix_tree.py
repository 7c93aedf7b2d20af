"""`RadixTree`: what is in the cache, live and in replay. Knows the tree's view; draws nothing itself."""

from __future__ import annotations

from typing import Any

import traitlets

from sgbench.errors import UsageError
from sgbench.trace.events import TreeSnapshot
from sgbench.views import text
from sgbench.views.tree import Gauge, TreeView
from sgbench.widgets import assets
from sgbench.widgets.pen import Drawing
from sgbench.widgets.picture import tree_picture
from sgbench.widgets.source import Source
from sgbench.widgets.watcher import Watcher

MARKS = ("request", "step", "event", "run")


def checked_marks(marks: str) -> str:
    """What the tree's colours may look back on.

    Raises
    ------
    UsageError
        ``marks`` is none of `MARKS`.
    """
    if marks not in MARKS:
        raise UsageError(f"marks={marks!r}: choose one of {', '.join(MARKS)}")
    return marks


def look_back(view: TreeView, marks: str) -> int:
    """The first event (a seq) that colours of the kind ``marks`` show."""
    return {"request": view.request_seq, "step": view.step_seq, "event": view.seq, "run": 0}[marks]


class RadixTree(Watcher):
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
        What the colours look back on: ``"request"``, all since the engine step that admitted the last request (as in the
        paper, whose pictures each show what one request changed); the last ``"step"``; the last ``"event"``; the whole
        ``"run"``.
    speed
        Of the replay: 0.5, 1, 2, 4 or 16.

    Raises
    ------
    UsageError
        An option or the source is of the wrong kind.
    TraceError
        The file is no trace, or events in it are missing.
    """

    TREE = True
    COLUMNS = ("node", "parent", "depth", "tokens", "ref_count", "last_access", "mark", "text")

    _esm = assets.module("radix_tree")
    _css = assets.style("base", "shell", "radix_tree")

    marks = traitlets.Unicode("request").tag(sync=True)

    def __init__(self, source: Source, *, height: int = 360, marks: str = "request", speed: float = 1.0) -> None:
        super().__init__(source, height=height, speed=speed, marks=checked_marks(marks))

    def snapshot(self) -> TreeSnapshot:
        """The tree that the widget has folded, equal to the engine's own once all events have come."""
        with self._feed.lock:
            return self._feed.view.snapshot()

    def records(self) -> list[dict[str, Any]]:
        """One row for each node, each after its parent."""
        return text.rows(self._feed.view, self._vocab, self._since())

    def drawing(self) -> Drawing:
        """The present state as a picture."""
        with self._feed.lock:
            return tree_picture(self._feed.view, self._vocab, self._since(), SINCE[self.marks])

    def summary(self) -> str:
        """The present state as lines of text."""
        with self._feed.lock:
            return text.draw(self._feed.view, self._vocab, self._since())

    def _since(self) -> int:
        """First event that the colours of the present state look back on."""
        return look_back(self._feed.view, self.marks)

    def __repr__(self) -> str:
        used = self._feed.view.gauges[Gauge.CAPACITY]
        return f"<RadixTree {self.status}: {len(self._feed.view.tree.nodes) - 1} nodes, pool of {used} tokens>"


SINCE = {
    "request": "since the last request came in",
    "step": "in the last step",
    "event": "by the last event",
    "run": "in the whole run",
}
"""What the legend says of each choice of marks."""
