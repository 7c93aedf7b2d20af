"""`FSM`: what does the constraint force? Knows the fold and how a constraint is compiled again; draws nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sgbench import constrained
from sgbench.trace import Trace
from sgbench.trace.events import RequestConstrained
from sgbench.trace.vocab import Vocab
from sgbench.views.cells import CellFold
from sgbench.views.machine import MachineFold, MachineLike
from sgbench.views.machine_data import compiled
from sgbench.widgets import assets
from sgbench.widgets.fsm_picture import fsm_picture
from sgbench.widgets.pen import Drawing
from sgbench.widgets.source import Source
from sgbench.widgets.watcher import Watcher


class FSM(Watcher):
    """The machine of a constraint, normal above and compressed below, as in the paper's Figure 4, and requests on their way.

    Both machines share their columns: a chain of single transitions stands above the one edge that replaces it. Blue is
    where a running request sampled, purple where it jumped; the ring is where it stands. The figures say how many tokens
    took no decode step, and how often a jump changed tokens that were there.

    Parameters
    ----------
    source
        An engine, a `Trace`, the path of a trace file, or a machine that `sgbench.constrained` compiled.
    height, speed
        As for `Watcher`.
    """

    COLUMNS = (
        "request",
        "machine",
        "state",
        "sampled_tokens",
        "jumped_tokens",
        "jumps",
        "saved",
        "retokenized",
        "text",
    )

    _esm = assets.module("fsm")
    _css = assets.style("base", "shell")

    def __init__(self, source: Source | MachineLike, *, height: int = 340, speed: float = 1.0) -> None:
        self._given: MachineLike | None = None
        if isinstance(source, constrained.Machine):
            self._given = source
            event = RequestConstrained(seq=0, rid=-1, form=source.kind, source=source.source, states=source.n_states)
            source = Trace([event])
        super().__init__(source, height=height, speed=speed)  # type: ignore[arg-type]  # a machine has become a trace

    def _begin(self, vocab: Vocab) -> Sequence[CellFold]:
        self.state = MachineFold(vocab, self._compiled)
        return (self.state,)

    def _compiled(self, form: str, source: str) -> MachineLike | None:
        if self._given is not None:
            return self._given
        return compiled(form, source)

    def records(self) -> list[dict[str, Any]]:
        """One row for each constrained request."""
        return [
            {
                "request": rid,
                "machine": walk.constraint,
                "state": self.state.state(walk),
                "sampled_tokens": walk.sampled_tokens,
                "jumped_tokens": walk.output.jumped_tokens,
                "jumps": walk.jumps,
                "saved": walk.saved,
                "retokenized": walk.retokenized,
                "text": self.state.text(walk),
            }
            for rid, walk in self.state.walks.items()
        ]

    def drawing(self) -> Drawing:
        """The last machine as a PNG."""
        with self._feed.lock:
            return fsm_picture(self.state)

    def summary(self) -> str:
        """The present state in plain text."""
        with self._feed.lock:
            lines = [self.state.summary()]
            for number, one in enumerate(self.state.constraints):
                size = (
                    f"{one.normal.states} states, {one.compressed.states} compressed" if one.machine else "not rebuilt"
                )
                lines.append(f"machine {number}: {one.form}, {size}: {one.source[:80]}")
                if one.machine is not None:
                    lines += [f"    {a} -{label}-> {b}" for a, b, label, _ in one.compressed.edges[:24]]
            return "\n".join(lines)
