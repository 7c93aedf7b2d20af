"""Completion for the magics and for a state's variables, through IPython's matcher API.

Knows the options, the subcommands and the user's namespace. Where it has nothing to offer, Python's own completion goes on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

from sgbench.engine.config import CHOICES
from sgbench.kernel_ext.options import OPTIONS, WATCHES
from sgbench.kernel_ext.settings import ENGINE_FIELDS, SETTABLE
from sgbench.kernel_ext.subcommands import SUBCOMMANDS, TRACE_ACTIONS

_KEY = re.compile(r"(\w+)\[\s*[\"']([^\"'\]]*)$")
_NAMED = re.compile(r"\b(?:gen|gen_int|gen_string|select|var_scope)\(\s*(?:name\s*=\s*)?[\"'](\w+)[\"']")

Matcher = Callable[[CompletionContext], SimpleMatcherResult]


def make_matcher(user_ns: Mapping[str, Any]) -> Matcher:
    """A matcher that reads variables of ``user_ns``."""

    @context_matcher(identifier="sgbench.sgl", priority=200)  # type: ignore[untyped-decorator, unused-ignore]
    def sgl_matcher(context: CompletionContext) -> SimpleMatcherResult:
        before = context.line_with_cursor[: context.cursor_position]
        key = _KEY.search(before)
        if key:
            return _result(_variables(key[1], context.full_text, user_ns), key[2], "variable")
        words = before.split(" ")
        stripped = before.lstrip()
        if stripped.startswith("%%sgl ") and context.cursor_line == 0:
            return _result(cell_words(words[1:], user_ns), _fragment(words[-1]), "option")
        if stripped.startswith("%sgl "):
            return _result(line_words(stripped.split(" ")[1:]), _fragment(words[-1]), "option")
        return _result((), "", "")

    matcher: Matcher = sgl_matcher
    return matcher


def cell_words(words: list[str], user_ns: Mapping[str, Any]) -> Iterable[str]:
    """What may stand at the end of a ``%%sgl`` line; ``words`` ends with what is typed so far."""
    last = words[-1]
    previous = words[-2].removeprefix("--") if len(words) > 1 else ""
    option = OPTIONS.get(previous)
    if last.startswith("-"):
        return [f"--{name}" for name in OPTIONS if f"--{name}" not in words[:-1]]
    if option is not None and option.values:
        return option.values
    if option is not None and option.metavar == "EXPR":
        return [name for name in user_ns if not name.startswith("_")]
    return [f"--{name}" for name in OPTIONS] if not last else ()


def line_words(words: list[str]) -> Iterable[str]:
    """What may stand at the end of a ``%sgl`` line; ``words`` ends with what is typed so far."""
    if len(words) == 1:
        return SUBCOMMANDS
    subcommand, last = words[0], words[-1]
    if subcommand in ("start", "restart"):
        name, equals, _ = last.removeprefix("--").partition("=")
        if equals:
            return CHOICES.get(name.replace("-", "_"), ())
        previous = words[-2].removeprefix("--").replace("-", "_")
        if previous in CHOICES and words[-2].startswith("--"):
            return CHOICES[previous]
        if last.startswith("-"):
            return [f"--{field}" for field in ENGINE_FIELDS]
        return model_names() if len(words) == 2 else [f"{field}=" for field in ENGINE_FIELDS]
    if subcommand == "set":
        return [f"{key}=" for key in (*SETTABLE, *ENGINE_FIELDS)]
    if subcommand == "what-if":
        from sgbench.what_if.options import PREDICTABLE  # brings the scheduler: only who asks waits for it

        return [f"{name}=" for name in PREDICTABLE]
    if subcommand == "watch":
        return WATCHES
    if subcommand == "trace" and len(words) == 2:
        return TRACE_ACTIONS
    return ()


def model_names() -> list[str]:
    """Models that start without a download: the bundled one and those in the Hugging Face cache."""
    hub = Path.home() / ".cache" / "huggingface" / "hub"
    cached = [folder.name.removeprefix("models--").replace("--", "/") for folder in sorted(hub.glob("models--*"))]
    return ["bundled", *cached]


def _variables(name: str, text: str, user_ns: Mapping[str, Any]) -> Iterable[str]:
    """Variables of the state called ``name``: those it has, and in a ``%%sgl`` cell those its body will write."""
    found: dict[str, None] = {}
    if name == "s" and text.lstrip().startswith("%%sgl"):
        found.update(dict.fromkeys(_NAMED.findall(text)))
    state = user_ns.get(name)
    executor = getattr(state, "stream_executor", None)
    found.update(dict.fromkeys(key for key in getattr(executor, "variables", ()) if isinstance(key, str)))
    return found


def _fragment(word: str) -> str:
    """The part of ``word`` that a completion replaces: after the last comma or equals sign."""
    return re.split(r"[,=]", word)[-1]


def _result(candidates: Iterable[str], fragment: str, kind: str) -> SimpleMatcherResult:
    fitting = [SimpleCompletion(text=c, type=kind) for c in candidates if c.startswith(fragment)]
    return {"completions": fitting, "matched_fragment": fragment, "suppress": bool(fitting)}
