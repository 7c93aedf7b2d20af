"""The subcommands of ``%sgl`` by name, with the line that the help shows."""

from __future__ import annotations

SUBCOMMANDS: dict[str, str] = {
    "status": "the engine, its cache, and every default with its source (also bare %sgl)",
    "start": "start [MODEL] [OPTION=VALUE ...]: load a model; the options are those of sgl.Engine",
    "stop": "shut the engine down and free its memory",
    "restart": "restart [MODEL] [OPTION=VALUE ...]: the same model and options, but for those given",
    "use": "use EXPR: run the cells on this backend; use None: on the engine again",
    "flush": "drop everything that is cached",
    "set": "set OPTION=VALUE ...: defaults of the cells, or of the next engine",
    "watch": "watch [tree|stats|timeline|tokens|fsm|dashboard]: live widgets of the engine",
    "why": "why [N] [TRACE]: why the last requests missed, token by token",
    "mrc": "mrc [TRACE]: hit rate against cache size; how large a cache is enough",
    "what-if": "what-if OPTION=VALUE[,VALUE...] ... [TRACE]: the same requests under other engine options, predicted",
    "lint": "lint [TRACE]: what in the prompts breaks sharing",
    "trace": "trace save PATH [NAME] [--hash-prompts] | perfetto PATH [NAME] | load PATH [NAME] | replay [PATH or NAME]",
    "doctor": "doctor [MODEL]: what this machine has, what is missing, and whether a model would run",
}

TRACE_ACTIONS = ("save", "load", "replay", "perfetto")
