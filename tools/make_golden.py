"""Writes tests/golden: a trace, what Python folds it to, and the frame that the browser plays.

Run it when the wire format changes on purpose, and look at the difference: ``python -m tools.make_golden``.
"""

from __future__ import annotations

import json
from pathlib import Path

from sgbench.trace import Trace
from tests.radix_twin import RadixTwin, chats
from tests.views.runs import constrained, programs
from tests.views.test_frames import encoded, expectations, wire
from tests.views.test_tables_in_the_browser import PATTERN, wired

FOLDER = Path(__file__).parent.parent / "tests/golden"
EVERY = 13


def main() -> None:
    """Write the files anew."""
    twin = RadixTwin(420)
    runs = list(chats(14, seed=11))
    for prompt, output in runs[:2]:
        twin.request(prompt, output)
    twin.journal.step = 3
    with twin.record() as trace:
        for prompt, output in runs[2:]:
            twin.request(prompt, output)
        prompt, _ = runs[0]
        twin.begin((*prompt, 1, 2, 3))
    for event in trace.events:  # the same bytes whenever it is run
        object.__setattr__(event, "t_ns", event.seq * 1_000_000)
    trace.save(FOLDER / "chats.sgtrace.gz")
    _, encoder = encoded(trace)
    golden = {"every": EVERY, "frame": wire(encoder), "expected": expectations(trace, EVERY)}
    (FOLDER / "chats.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    _programs()
    _constrained()


def _programs() -> None:
    """Programs with forks: what the views that are tables show. A run of its own each time."""
    _tables("programs", programs(3)[0])


def _constrained() -> None:
    """Constrained requests, more at once than travel with each step, with jumps. A run of its own each time."""
    _tables("constrained", constrained(PATTERN, "text", count=10, n=60)[0])


def _tables(name: str, trace: Trace) -> None:
    path = trace.save(FOLDER / f"{name}.sgtrace.gz")
    (frame,), expected = wired(Trace.load(path), tree=True)
    golden = {"frame": frame, "expected": expected}
    (FOLDER / f"{name}.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
