"""``sgbench``, or ``python -m sgbench``: the command line.

Knows which subcommand is which module; imports only the one that runs.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from sgbench import __version__
from sgbench.errors import SgbenchError


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(
        prog="sgbench", description="An LM workbench: an engine, its radix cache, its traces."
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    doctor = commands.add_parser("doctor", help="what this machine has, what is missing, and whether a model would run")
    doctor.add_argument("model", nargs="?", help="a model's folder or hub id: would it run here?")
    demo = commands.add_parser(
        "demo", help="a batch that shares its prefix, on the bundled model, with and without the cache"
    )
    demo.add_argument("--requests", type=int, default=32, metavar="N", help="size of the batch (default 32)")
    replay = commands.add_parser("replay", help="print the radix tree of a recorded trace")
    replay.add_argument("trace", help="a .sgtrace file")
    replay.add_argument(
        "--seq", type=int, default=None, metavar="N", help="as it was after event N (default: at the end)"
    )
    from sgbench.cli import bench, serve, what_if

    bench.add_options(commands.add_parser("bench", help="the paper's workloads and ablation, measured here"))
    what_if.add_options(commands.add_parser("what-if", help="a recorded run under other engine options, predicted"))
    serve.add_options(commands.add_parser("serve", help="serve an engine to OpenAI's and SGLang's clients"))
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 well, 1 not, 2 wrong usage."""
    given = parser().parse_args(argv)
    with warnings.catch_warnings():
        warnings.showwarning = _say
        return _run(given)


def _say(message: Warning | str, *_: Any, **__: Any) -> None:
    """A warning as a sentence, without the place in our code that gave it."""
    sys.stderr.write(f"sgbench: {message}\n")


def _run(given: argparse.Namespace) -> int:
    try:
        if given.command == "doctor":
            from sgbench.cli.doctor import main as examined

            return examined(given.model)
        if given.command == "demo":
            from sgbench.cli import demo

            return demo.main(given.requests)
        if given.command == "bench":
            from sgbench.cli import bench

            return bench.main(given)
        if given.command == "what-if":
            from sgbench.cli import what_if

            return what_if.main(given)
        if given.command == "serve":
            from sgbench.cli import serve

            return serve.main(given)
        from sgbench.cli import replay

        return replay.main(given.trace, given.seq)
    except SgbenchError as failure:
        sys.stderr.write(f"sgbench: {failure}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
