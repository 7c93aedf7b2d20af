"""``sgbench replay``: the radix tree of a recorded trace, as text; needs no model and no GPU."""

from __future__ import annotations

import sys
from pathlib import Path

from sgbench.errors import UsageError
from sgbench.trace import Trace
from sgbench.trace.events import Event
from sgbench.views.text import draw
from sgbench.views.tree import TreeView


def main(path: str, seq: int | None = None) -> int:
    """Print the tree as it was after event ``seq`` (None: the last); what happened in that step is marked.

    Raises
    ------
    UsageError
        There is no such file, or the trace does not reach back to ``seq``.
    TraceError
        The file is no trace.
    """
    if not Path(path).is_file():
        raise UsageError(f"{path}: there is no such file")
    trace = Trace.load(path)
    sys.stdout.write(tree_text(trace, seq) + "\n")
    return 0


def tree_text(trace: Trace, seq: int | None = None, rows: int = 40) -> str:
    """What was recorded and the tree after event ``seq``, in lines."""
    events = trace.events
    if not events:
        return "an empty trace"
    if seq is not None and seq < events[0].seq:
        raise UsageError(f"the trace begins at event {events[0].seq}; there is nothing at {seq}")
    view = TreeView()
    since = 0
    for event in events:
        if seq is not None and event.seq > seq:
            break
        if event.step != view.step:
            since = event.seq
        view.apply(event)
    header = f"{len(events):,} events, {_kinds(events)}; shown after event {view.seq} of {events[-1].seq}"
    return f"{header}\n{draw(view, trace.vocab, since, rows)}"


def _kinds(events: tuple[Event, ...]) -> str:
    counted = {"StepFinished": "steps", "RequestQueued": "requests", "NodeEvicted": "evictions"}
    names = [type(event).__name__ for event in events]
    return ", ".join(f"{names.count(kind):,} {words}" for kind, words in counted.items())
