"""``sgbench serve``: an engine behind OpenAI's and SGLang's routes, until Ctrl-C. Knows the public names and the server."""

from __future__ import annotations

import argparse
import ast
import os
import sys
import threading
from collections.abc import Sequence
from typing import Any

import sgbench as sgl
from sgbench.errors import UsageError

KEY_VARIABLE = "SGBENCH_API_KEY"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("model", nargs="?", default="bundled", help="bundled (default), a folder, or a hub id")
    parser.add_argument("--port", type=int, default=30000, help="0: any free one (default 30000)")
    parser.add_argument("--host", default="127.0.0.1", help="other machines are let in only with a key")
    parser.add_argument(
        "--api-key",
        default=None,
        metavar="K",
        help=f"clients must give it (default: the variable {KEY_VARIABLE}, if set)",
    )
    parser.add_argument("--served-model-name", default=None, metavar="NAME", help="what clients call the model")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        help="an option of the engine, such as kv_tokens=8192",
    )


def main(given: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from sgbench.server.reach import check_reach

    options = engine_options(given.set)
    key = given.api_key if given.api_key is not None else os.environ.get(KEY_VARIABLE)
    check_reach(given.host, key)  # before a model is loaded
    with sgl.Engine(given.model, **options) as engine:
        server = sgl.server.Server(engine, given.port, host=given.host, api_key=key, model_name=given.served_model_name)
        with server:
            told = "a key is needed" if key is not None else "no key; this machine only"
            sys.stdout.write(f"{engine!r} at {server.url} ({told}); Ctrl-C ends it\n")
            sys.stdout.flush()
            threading.Event().wait()
    return 0


def engine_options(words: Sequence[str]) -> dict[str, Any]:
    """``OPTION=VALUE`` words as options of the engine, which checks the names.

    Raises
    ------
    UsageError
        A word has another form.
    """
    options: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise UsageError(f"--set {word}: write OPTION=VALUE")
        try:
            options[name.replace("-", "_")] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            options[name.replace("-", "_")] = value
    return options
