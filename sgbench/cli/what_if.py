"""``sgbench what-if FILE OPTION=VALUE[,VALUE...]``: a recorded run, or somebody else's requests, under other engine options.

Needs no model and no GPU.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sgbench.errors import UsageError
from sgbench.trace.trace import Trace


def add_options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("trace", help="a .sgtrace file, or requests: OpenAI-style JSON Lines, a Mooncake trace")
    parser.add_argument("options", nargs="*", metavar="OPTION=VALUE[,VALUE...]", help="such as kv_tokens=0.5x,1x,2x")
    parser.add_argument(
        "--arrivals",
        default="recorded",
        metavar="HOW",
        help="when requests come that waited for none: recorded (default), closed, at-once, lockstep",
    )
    parser.add_argument("--workers", type=int, default=None, metavar="N", help="processes (default: one a core)")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    parser.add_argument("--save", metavar="PATH", help="write the predicted run as a trace (one configuration only)")
    parser.add_argument("--why", action="store_true", help="instead: why each request missed")
    parser.add_argument("--mrc", action="store_true", help="instead: hit rate against cache size")
    parser.add_argument("--lint", action="store_true", help="instead: what in the prompts breaks sharing")


def main(given: argparse.Namespace) -> int:
    """Print the answer.

    Raises
    ------
    UsageError
        There is no such file, or the trace cannot answer.
    """
    if not Path(given.trace).is_file():
        raise UsageError(f"{given.trace}: there is no such file")
    asked = [name for name in ("why", "mrc", "lint") if getattr(given, name)]
    if asked:
        if given.options or len(asked) > 1:
            raise UsageError(f"--{asked[0]} is a question of its own: no options and no other question beside it")
        sys.stdout.write(f"{getattr(Trace.load(given.trace), asked[0])()}\n")
        return 0
    sys.stdout.write(_answer(given) + "\n")
    return 0


def _answer(given: argparse.Namespace) -> str:
    from sgbench.what_if import predict, sweep
    from sgbench.what_if.imports import open_trace
    from sgbench.what_if.options import combinations, parse
    from sgbench.what_if.sweep import dumped

    grid = parse(given.options, "sgbench what-if")
    trace = open_trace(given.trace, grid, "sgbench what-if")
    if given.workers is not None and given.workers < 1:
        raise UsageError(f"--workers {given.workers}: at least 1")
    saved = ""
    if given.save:
        points = combinations(grid)
        if len(points) != 1:
            raise UsageError(f"--save writes one run; the options make {len(points)}")
        saved = f"\nsaved to {predict(trace, arrivals=given.arrivals, **points[0])[0].save(given.save)}"
    found = sweep(trace, grid, arrivals=given.arrivals, workers=given.workers)
    return dumped(found) if given.json else str(found) + saved
