"""A `ChatTemplate` out of a tokenizer's own Jinja template, so that programs talk to a model as it was trained.

A program appends piece by piece, a Jinja template renders whole conversations: this renders a few with marked contents, cuts
the markers out and checks that prefix + content + suffix gives the same text again. Templates that do more than put text
around turns are refused. Knows no tokenizer beyond the template's source and the special tokens' texts.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from sgbench.lang.chat_template import ChatTemplate, ChatTemplateStyle, Message

_SYSTEM, _USER, _ASSISTANT, _AGAIN = "sgbSYSTEMsgb", "sgbUSERsgb", "sgbASSISTANTsgb", "sgbAGAINsgb"


class _Refused(Exception):  # noqa: N818 - control flow inside this module
    """The template does not fit a table of prefixes and suffixes."""


def template_from_jinja(source: str, special_tokens: Mapping[str, str], name: str = "tokenizer") -> ChatTemplate | None:
    """The template's turns as prefixes and suffixes; None if it is more than that.

    Parameters
    ----------
    source
        Jinja source, rendered in a sandbox.
    special_tokens
        Texts by name, such as ``bos_token``. A BOS that the template puts in front is left to the tokenizer.
    name
        Of the result.
    """
    try:
        return _derive(_Renderer(source, special_tokens), name)
    except Exception:  # whatever a template raises, on purpose or not
        return None


class _Renderer:
    def __init__(self, source: str, special_tokens: Mapping[str, str]) -> None:
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        environment.globals["raise_exception"] = _raise
        environment.globals["strftime_now"] = lambda form: datetime.datetime.now().strftime(form)
        self._template = environment.from_string(source)
        self._special_tokens = dict(special_tokens)

    def __call__(self, *contents: str, prompt: bool = False) -> str:
        """The conversation whose turns are ``contents``, BOS removed; ``prompt`` adds the assistant's prefix."""
        roles = {_SYSTEM: "system", _USER: "user", _ASSISTANT: "assistant", _AGAIN: "user"}
        messages: list[Message] = [{"role": roles[content], "content": content} for content in contents]
        text: str = self._template.render(messages=messages, add_generation_prompt=prompt, **self._special_tokens)
        return text.removeprefix(self._special_tokens.get("bos_token", ""))


def _raise(message: str) -> Any:
    raise _Refused(message)


def _derive(render: _Renderer, name: str) -> ChatTemplate:
    user_suffix = _after(render(_USER), _USER)
    assistant_prefix = _after(render(_USER, prompt=True), _USER).removeprefix(user_suffix)
    talk = render(_USER, _ASSISTANT, _AGAIN)
    history_prefix = _minus_prefix(_between(talk, _USER, _ASSISTANT), user_suffix)
    assistant_suffix = _after(render(_USER, _ASSISTANT), _ASSISTANT)
    user_prefix = _minus_prefix(_between(talk, _ASSISTANT, _AGAIN), assistant_suffix)
    if not assistant_prefix.startswith(history_prefix):
        raise _Refused
    system, style = _system(render, user_prefix)
    turns = {
        "system": system,
        "user": (user_prefix, user_suffix),
        "assistant": (assistant_prefix, assistant_suffix),
    }
    end = assistant_suffix.strip()
    default = _default_system(render(_USER), system, user_prefix)
    template = ChatTemplate(name, default, turns, (end,) if end else (), style=style)
    _check(template, render)
    return template


def _system(render: _Renderer, user_prefix: str) -> tuple[tuple[str, str], ChatTemplateStyle]:
    """Prefix and suffix of a system turn, and whether it stands inside the first user turn."""
    try:
        text = render(_SYSTEM, _USER)
        before, middle = text[: text.index(_SYSTEM)], _between(text, _SYSTEM, _USER)
    except Exception:  # no system turns: their text then stands bare, as in SGLang's templates of such models
        return ("", ""), ChatTemplateStyle.PLAIN
    if middle.endswith(user_prefix):
        return (before, middle.removesuffix(user_prefix)), ChatTemplateStyle.PLAIN
    return (_minus_prefix(before, user_prefix), middle), ChatTemplateStyle.LLAMA2


def _default_system(alone: str, system: tuple[str, str], user_prefix: str) -> str | None:
    """The system text that the template inserts where a conversation begins with the user."""
    head = alone[: alone.index(_USER)]
    if head == user_prefix:
        return None
    prefix, suffix = system
    turn = head.removesuffix(user_prefix)
    if not (turn.startswith(prefix) and turn.endswith(suffix) and len(turn) >= len(prefix) + len(suffix)):
        raise _Refused
    return turn[len(prefix) : len(turn) - len(suffix)]


def _check(template: ChatTemplate, render: _Renderer) -> None:
    has_system = any(template.role_prefix_and_suffix["system"])
    talks = [(_USER, _ASSISTANT, _AGAIN)] + (
        [(_SYSTEM, _USER), (_SYSTEM, _USER, _ASSISTANT, _AGAIN)] if has_system else []
    )
    roles = {_SYSTEM: "system", _USER: "user", _ASSISTANT: "assistant", _AGAIN: "user"}
    for talk in talks:
        messages: list[Message] = [{"role": roles[content], "content": content} for content in talk]
        if talk[0] == _USER and template.default_system_prompt is not None:
            messages.insert(0, {"role": "system", "content": None})
        if template.get_prompt(messages) != render(*talk):
            raise _Refused


def _after(text: str, mark: str) -> str:
    return text[text.index(mark) + len(mark) :]


def _between(text: str, left: str, right: str) -> str:
    return _after(text, left)[: _after(text, left).index(right)]


def _minus_prefix(text: str, prefix: str) -> str:
    if not text.startswith(prefix):
        raise _Refused
    return text.removeprefix(prefix)
