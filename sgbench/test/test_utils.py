"""Command-line options that SGLang's benchmark programs share, and the backend that they choose."""

from __future__ import annotations

import argparse
from typing import Any

from sgbench.errors import UsageError
from sgbench.lang.global_config import global_config

__all__ = ["add_common_sglang_args_and_parse", "select_sglang_backend"]


def add_common_sglang_args_and_parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Add ``--parallel``, ``--host``, ``--port``, ``--backend`` and ``--result-file``, and parse the command line."""
    parser.add_argument("--parallel", type=int, default=64, help="programs that run at once")
    parser.add_argument("--host", default="http://127.0.0.1", help="address of the server")
    parser.add_argument("--port", type=int, default=30000, help="port of the server")
    parser.add_argument(
        "--backend", default="srt", help="srt, srt-no-parallel: a server; gpt-...: OpenAI; engine: in this process"
    )
    parser.add_argument("--result-file", default="result.jsonl", help="where results are appended")
    return parser.parse_args()


def select_sglang_backend(args: argparse.Namespace) -> Any:
    """The backend that ``args.backend`` names.

    ``srt``: the server at ``args.host`` and ``args.port``; ``srt-no-parallel``: the same, and branches' KV is never
    concatenated; ``gpt-...``: that model of OpenAI; ``engine``: the bundled model in this process (sgbench only).

    Raises
    ------
    UsageError
        Another name.
    """
    if args.backend.startswith("srt"):
        if args.backend == "srt-no-parallel":
            global_config.enable_parallel_encoding = False
        from sgbench.backends.runtime_endpoint import RuntimeEndpoint

        return RuntimeEndpoint(f"{args.host}:{args.port}")
    if args.backend.startswith("gpt-"):
        from sgbench.backends.openai_api import OpenAI

        return OpenAI(args.backend)
    if args.backend == "engine":
        from sgbench.backends.local import Engine

        return Engine()
    raise UsageError(f"--backend {args.backend}: use srt, srt-no-parallel, gpt-..., or engine")
