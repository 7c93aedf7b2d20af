"""``%sgl why | mrc | what-if | lint``: questions to what the cells made the engine do.

Each takes a trace by its name or its path, or, without one, what the cells of this session did. The answers are objects that show
themselves and can be kept: ``found = %sgl mrc``. Knows traces; runs no model.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sgbench.errors import UsageError
from sgbench.kernel_ext.history import History
from sgbench.kernel_ext.splitting import unquote
from sgbench.trace.trace import Trace

Names = Callable[[str], Any]
"""The user's variables: the value of a name, None without one."""


def why(words: list[str], names: Names, history: History) -> Any:
    """``why [N] [TRACE]``: the last N requests; without N those of the last cell."""
    numbers = [int(word) for word in words if word.isdigit()]
    rest = [word for word in words if not word.isdigit()]
    trace = subject("why", rest, names, history)
    last = numbers[-1] if numbers else None if rest else history.requests_of_last_cell()
    return trace.why(last or None)


def mrc(words: list[str], names: Names, history: History) -> Any:
    """``mrc [TRACE]``."""
    return subject("mrc", words, names, history).mrc()


def lint(words: list[str], names: Names, history: History) -> Any:
    """``lint [TRACE]``."""
    return subject("lint", words, names, history).lint()


def what_if(words: list[str], names: Names, history: History) -> Any:
    """``what-if OPTION=VALUE[,VALUE...] ... [arrivals=HOW] [TRACE]``; the trace may be a file of requests (`read_requests`)."""
    from sgbench.what_if import sweep
    from sgbench.what_if.imports import open_trace
    from sgbench.what_if.options import parse

    pairs = [word for word in words if "=" in word and unquote(word) == word]
    rest = [word for word in words if word not in pairs]
    how = [word.partition("=")[2] for word in pairs if word.startswith("arrivals=")]
    grid = parse([word for word in pairs if not word.startswith("arrivals=")], "%sgl what-if")
    if not grid:
        raise UsageError("%sgl what-if OPTION=VALUE[,VALUE...] ...: an option is needed, such as kv_tokens=0.5x,1x,2x")

    def opened(path: str) -> Trace:
        return open_trace(path, grid, "%sgl what-if")

    return sweep(subject("what-if", rest, names, history, opened), grid, arrivals=how[-1] if how else "recorded")


def subject(
    command: str, words: list[str], names: Names, history: History, load: Callable[[str], Trace] = Trace.load
) -> Trace:
    """The trace that is asked about; ``load`` opens a file.

    Raises
    ------
    UsageError
        Several are named, or the word is neither a trace's name nor a file.
    """
    if len(words) > 1:
        raise UsageError(f"%sgl {command} looks at one trace, not at {' and '.join(words)}")
    if not words:
        return history.whole()
    word = unquote(words[0])
    found = names(word)
    if isinstance(found, Trace):
        return found
    if Path(word).is_file():
        return load(word)
    raise UsageError(f"%sgl {command}: {word!r} is neither a trace nor a file: record one with %%sgl --record NAME")
