"""`Dashboard`: all at a glance. Knows every fold; draws nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import traitlets

from sgbench.trace.vocab import Vocab
from sgbench.views import text
from sgbench.views.cells import CellFold
from sgbench.views.machine import MachineFold
from sgbench.views.machine_data import compiled
from sgbench.views.stats import StatsFold
from sgbench.views.timeline import TimelineFold
from sgbench.views.tokens import TokensFold
from sgbench.widgets import assets
from sgbench.widgets.fsm_picture import fsm_picture
from sgbench.widgets.pen import Drawing, Stack
from sgbench.widgets.picture import tree_picture
from sgbench.widgets.radix_tree import SINCE, checked_marks, look_back
from sgbench.widgets.source import Source
from sgbench.widgets.stats_picture import stats_picture
from sgbench.widgets.timeline import REQUEST_COLUMNS, request_record
from sgbench.widgets.timeline_picture import timeline_picture
from sgbench.widgets.tokens_picture import tokens_picture
from sgbench.widgets.watcher import Watcher


class Dashboard(Watcher):
    """The radix tree, the cache's figures, the timeline, the text and the machine of a constraint, side by side.

    One player moves all of them; the machine shows once a request was constrained. Two columns on a wide page, one on a
    narrow one.

    Parameters
    ----------
    source
        An engine (live, until `finish`, `close`, or for ever), a `Trace`, or the path of a trace file.
    height
        Of the tree and of the figures beside it, CSS pixels; the others follow.
    marks
        What the tree's colours look back on; see `RadixTree`.
    speed
        Of the replay: 0.5, 1, 2, 4 or 16.
    """

    TREE = True
    COLUMNS = REQUEST_COLUMNS

    _esm = assets.module("dashboard")
    _css = assets.style("base", "shell", "radix_tree", "tokens", "dashboard")

    marks = traitlets.Unicode("request").tag(sync=True)

    def __init__(self, source: Source, *, height: int = 300, marks: str = "request", speed: float = 1.0) -> None:
        super().__init__(source, height=height, speed=speed, marks=checked_marks(marks))

    def _begin(self, vocab: Vocab) -> Sequence[CellFold]:
        self.stats, self.timeline = StatsFold(), TimelineFold()
        self.tokens, self.machines = TokensFold(vocab), MachineFold(vocab, compiled)
        return (self.stats, self.timeline, self.tokens, self.machines)

    def records(self) -> list[dict[str, Any]]:
        """One row for each request, as `Timeline` has them."""
        return [request_record(line) for line in self.timeline.requests.values()]

    def drawing(self) -> Drawing:
        """The present state as a picture, one view below the other."""
        with self._feed.lock:
            since = look_back(self._feed.view, self.marks)
            pictures = [tree_picture(self._feed.view, self._vocab, since, SINCE[self.marks])]
            pictures += [stats_picture(self.stats), timeline_picture(self.timeline)]
            if self.tokens.branches:
                pictures.append(tokens_picture(self.tokens))
            if self.machines.constraints:
                pictures.append(fsm_picture(self.machines))
            return Stack(pictures)

    def summary(self) -> str:
        """The present state in plain text: a line for each view."""
        with self._feed.lock:
            lines = [
                text.summary(self._feed.view),
                self.stats.summary(),
                self.timeline.summary(),
                self.tokens.summary(),
            ]
            if self.machines.constraints:
                lines.append(self.machines.summary())
            return "\n".join(lines)
