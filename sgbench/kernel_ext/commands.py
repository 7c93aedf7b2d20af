"""What each ``%sgl`` subcommand does: words in, text out.

Knows the session and how a line is read. Prints nothing itself: the magic shows what is returned.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from sgbench.errors import UnknownOptionError, UsageError
from sgbench.kernel_ext.options import watches
from sgbench.kernel_ext.session import Session, as_backend, is_engine
from sgbench.kernel_ext.settings import ENGINE_FIELDS, SETTABLE, Setting, engine_option, resolve
from sgbench.kernel_ext.splitting import split_line, unquote
from sgbench.kernel_ext.subcommands import SUBCOMMANDS, TRACE_ACTIONS

WHERE = "%sgl"


@dataclass(frozen=True, slots=True)
class Desk:
    """What the commands work on.

    Attributes
    ----------
    session
        The engine and what outlives a cell.
    user_ns
        The user's variables.
    evaluate
        Evaluates an expression of the user's.
    configured, configure
        The ``%config`` values, by key, and how one is set.
    """

    session: Session
    user_ns: MutableMapping[str, Any]
    evaluate: Callable[[str], Any]
    configured: Callable[[], Mapping[str, Any]]
    configure: Callable[[str, Any], None]


def run_command(line: str, desk: Desk) -> Any:
    """Do what ``line`` says; returns text to print, a widget to show, or another answer.

    Raises
    ------
    UsageError
        The subcommand does not exist, or its words make no sense.
    """
    words = split_line(line, WHERE)
    name = words.pop(0) if words else "status"
    if name not in SUBCOMMANDS:
        near = difflib.get_close_matches(name, SUBCOMMANDS, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"{WHERE} has no subcommand {name!r}; {hint}there are: {', '.join(SUBCOMMANDS)}")
    most = 1 if name == "doctor" else 0
    if name in ("stop", "flush", "doctor", "status") and len(words) > most:
        takes = "at most one model" if most else "nothing"
        raise UsageError(f"{WHERE} {name} takes {takes}, but was given: {' '.join(words)}")
    return _COMMANDS[name](words, desk)


def _start(words: list[str], desk: Desk) -> str:
    model, options = engine_words(words, "start")
    return desk.session.start(model, options)


def _restart(words: list[str], desk: Desk) -> str:
    model, options = engine_words(words, "restart")
    return desk.session.restart(model, options)


def _stop(words: list[str], desk: Desk) -> str:
    return "stopped" if desk.session.stop() else "no engine of this session runs"


def _status(words: list[str], desk: Desk) -> str:
    lines = engine_lines(desk.session)
    for key, setting in resolve({}, desk.configured()).items():
        lines.append(f"{key.replace('_', '-'):12} {_shown(setting)}")
    for key, value in desk.session.pending.items():
        lines.append(f"{key:12} {value}  (%sgl set; at the next start)")
    return "\n".join(lines)


def _use(words: list[str], desk: Desk) -> str:
    if not words:
        raise UsageError(f"{WHERE} use EXPR: a backend is needed, or None for the engine again")
    backend = desk.evaluate(" ".join(words))
    desk.session.used = None if backend is None else as_backend(backend)
    return "the cells run on the default backend" if backend is None else f"the cells run on {type(backend).__name__}"


def _flush(words: list[str], desk: Desk) -> str:
    engine = desk.session.current()
    if is_engine(engine):
        before = engine.stats()
        engine.flush_cache()
        after = engine.stats()
        kept = f", {after.kv_tokens_used:,} stay with running requests" if after.kv_tokens_used else ""
        return f"flushed {before.kv_tokens_cached - after.kv_tokens_cached:,} cached tokens{kept}"
    engine.flush_cache()
    return "flushed"


def _set(words: list[str], desk: Desk) -> str:
    if not words:
        raise UsageError(f"{WHERE} set OPTION=VALUE: the options are {', '.join((*SETTABLE, *ENGINE_FIELDS))}")
    done = []
    for word in words:
        name, equals, value = word.partition("=")
        key = name.removeprefix("--").replace("-", "_")
        if not equals:
            raise UsageError(f"{WHERE} set: write OPTION=VALUE, not {word!r}")
        if key in SETTABLE:
            try:
                desk.configure(key, None if value == "None" else SETTABLE[key].parse(unquote(value)))
            except ValueError as refusal:
                raise UsageError(f"{WHERE} set {word}: {refusal}") from None
            done.append(f"{key} = {value}")
        elif key in ENGINE_FIELDS:
            desk.session.pending.update([engine_option(key, unquote(value), f"{WHERE} set")])
            done.append(f"{key} = {value} (at the next %sgl start or restart)")
        else:
            raise UnknownOptionError(name, (*SETTABLE, *ENGINE_FIELDS), f"{WHERE} set")
    return "\n".join(done)


def _watch(words: list[str], desk: Desk) -> Any:
    try:
        names = watches(",".join(words) or "tree")
    except ValueError as refusal:
        raise UsageError(f"{WHERE} watch {' '.join(words)}: {refusal}") from None
    engine = desk.session.current()
    if not is_engine(engine):
        raise UsageError(f"{type(engine).__name__} has no radix tree to watch")
    widgets = [watcher(name, engine) for name in names]
    desk.session.widgets += widgets
    for widget in widgets[:-1]:
        widget.show()
    return widgets[-1]


def watcher(name: str, source: Any) -> Any:
    """The widget that ``--watch`` calls ``name``, of an engine or a trace."""
    import sgbench.widgets

    return getattr(sgbench.widgets, _WIDGETS[name])(source)


_WIDGETS = {
    "tree": "RadixTree",
    "stats": "CacheStats",
    "timeline": "Timeline",
    "tokens": "Tokens",
    "fsm": "FSM",
    "dashboard": "Dashboard",
}


def _trace(words: list[str], desk: Desk) -> Any:
    import sgbench

    if not words or words[0] not in TRACE_ACTIONS:
        raise UsageError(f"{WHERE} trace: choose one of {', '.join(TRACE_ACTIONS)}")
    action, rest = words[0], [unquote(word) for word in words[1:]]
    if action == "replay":
        return watcher("tree", rest[0] if rest and rest[0] not in desk.user_ns else _recorded(rest, desk))
    hashed = action == "save" and "--hash-prompts" in rest
    rest = [word for word in rest if not (hashed and word == "--hash-prompts")]
    if not rest or len(rest) > 2:
        raise UsageError(f"{WHERE} trace {action} PATH [NAME]: a path is needed")
    if action == "save":
        trace = _recorded(rest[1:], desk)
        trace.save(rest[0], hash_prompts=hashed)
        return f"saved {len(trace.events):,} events to {rest[0]}"
    if action == "perfetto":
        _recorded(rest[1:], desk).to_perfetto(rest[0])
        return f"wrote {rest[0]}; open it at ui.perfetto.dev or chrome://tracing"
    name = rest[1] if len(rest) == 2 else "trace"
    trace = sgbench.Trace.load(rest[0])
    desk.user_ns[name] = trace
    return f"{name} has {len(trace.events):,} events"


def _recorded(names: list[str], desk: Desk) -> Any:
    """The trace called so, or that of the last run."""
    found = desk.user_ns.get(names[0]) if names else getattr(desk.user_ns.get("_sgl"), "trace", None)
    if found is None or not hasattr(found, "events"):
        what = f"{names[0]!r} is no trace" if names else "the last cell recorded none"
        raise UsageError(f"{what}: record one with %%sgl --record NAME")
    return found


def _question(name: str) -> Callable[[list[str], Desk], Any]:
    def ask(words: list[str], desk: Desk) -> Any:
        from sgbench.kernel_ext import questions

        return getattr(questions, name)(words, desk.user_ns.get, desk.session.history)

    return ask


def _doctor(words: list[str], desk: Desk) -> str:
    from sgbench.cli.doctor import report

    return report(model=words[0] if words else None)


def engine_words(words: list[str], subcommand: str) -> tuple[str | None, dict[str, Any]]:
    """A model and engine options out of ``MODEL name=value --name value --name=value``.

    Raises
    ------
    UsageError, UnknownOptionError
        Two models, a value that is missing or wrong, an option that does not exist.
    """
    where = f"{WHERE} {subcommand}"
    model: str | None = None
    options: dict[str, Any] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        dashed = word.startswith("--")
        name, equals, value = word.removeprefix("--").partition("=")
        if dashed or (equals and name.replace("-", "_").isidentifier()):
            key = name.replace("-", "_")
            if not equals:
                if key not in ENGINE_FIELDS:
                    raise UnknownOptionError(key, ENGINE_FIELDS, where)
                if not rest:
                    raise UsageError(f"{where}: {word} needs a value")
                value = rest.pop(0)
            options.update([engine_option(key, unquote(value), where)])
        elif model is None:
            model = unquote(word)
        else:
            raise UsageError(f"{where} takes one model, not {model!r} and {word!r}")
    return model, options


def engine_lines(session: Session) -> list[str]:
    """The engine in use and its cache, in lines."""
    backend = session.in_use()
    if backend is None:
        return ["engine       none; the first %%sgl cell starts the bundled model"]
    if not is_engine(backend):
        return [f"backend      {type(backend).__name__}"]
    config, stats = backend.config, backend.stats()
    free = stats.kv_tokens_total - stats.kv_tokens_used - stats.kv_tokens_cached
    return [
        f"engine       {config.model_path} on {config.device}, {config.dtype}",
        f"cache        {config.radix_cache}, {config.eviction} eviction, {config.schedule} order",
        f"KV tokens    {stats.kv_tokens_total:,}: {stats.kv_tokens_cached:,} cached, {stats.kv_tokens_used:,} in use, {free:,} free",
        f"hit rate     {stats.hit_rate:.1%} of {stats.prompt_tokens:,} prompt tokens in {stats.finished:,} requests",
        f"evicted      {stats.evicted_tokens:,} tokens",
        f"requests     {stats.running} running, {stats.waiting} waiting",
    ]


def _shown(setting: Setting) -> str:
    value = ",".join(setting.value) if isinstance(setting.value, tuple) else setting.value
    return f"{'not set' if value in (None, '') else value}  ({setting.source})"


_COMMANDS: dict[str, Callable[[list[str], Desk], Any]] = {
    "status": _status,
    "start": _start,
    "stop": _stop,
    "restart": _restart,
    "use": _use,
    "flush": _flush,
    "set": _set,
    "watch": _watch,
    "why": _question("why"),
    "mrc": _question("mrc"),
    "what-if": _question("what_if"),
    "lint": _question("lint"),
    "trace": _trace,
    "doctor": _doctor,
}
