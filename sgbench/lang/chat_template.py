"""What stands before and after each turn of a chat (paper section 2, roles).

A `ChatTemplate` is a table of prefixes and suffixes. Knows no model and no tokenizer: `sgbench.lang.jinja_template` derives
one from a tokenizer's own template, and the named ones, which SGLang's programs use, are in `sgbench.lang.named_templates`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeAlias

from sgbench.errors import UsageError

Message: TypeAlias = dict[str, Any]


class ChatTemplateStyle(Enum):
    """How turns combine: ``PLAIN``, each by itself; ``LLAMA2``, a first system turn stands inside the first user turn."""

    PLAIN = auto()
    LLAMA2 = auto()


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """Prefix and suffix of each role's turns.

    Attributes
    ----------
    name
        Its name in the registry.
    default_system_prompt
        System text inserted where a chat does not begin with a system turn; None: nothing is inserted.
    role_prefix_and_suffix
        ``{role: (prefix, suffix)}``.
    stop_str
        Strings that end every generation.
    image_token, audio_token
        What stands in the text for an image or a sound.
    style
        See `ChatTemplateStyle`.
    """

    name: str
    default_system_prompt: str | None
    role_prefix_and_suffix: dict[str, tuple[str, str]]
    stop_str: Sequence[str] = ()
    image_token: str = "<image>"
    audio_token: str = "<audio>"
    style: ChatTemplateStyle = ChatTemplateStyle.PLAIN

    def get_prefix_and_suffix(self, role: str, hist_messages: Sequence[Message]) -> tuple[str, str]:
        """What surrounds the next turn, of ``role``, after the turns ``hist_messages``."""
        prefix, suffix = self.role_prefix_and_suffix.get(role, ("", ""))
        if self.style is ChatTemplateStyle.LLAMA2:
            if role == "system" and not hist_messages:
                prefix = self.role_prefix_and_suffix.get("user", ("", ""))[0] + prefix
            elif role == "user" and len(hist_messages) == 1 and hist_messages[0]["role"] == "system":
                prefix = ""
        return prefix, suffix

    def get_prompt(self, messages: Sequence[Message]) -> str:
        """The text of whole turns; a system turn whose content is None takes the default system prompt."""
        text = ""
        for i, message in enumerate(messages):
            role, content = message["role"], message["content"]
            if role == "system" and content is None:
                content = self.default_system_prompt
                if content is None:
                    continue
            prefix, suffix = self.get_prefix_and_suffix(role, messages[:i])
            text += f"{prefix}{content}{suffix}"
        return text


_templates: dict[str, ChatTemplate] = {}
_matchers: list[Callable[[str], str | None]] = []


def register_chat_template(template: ChatTemplate) -> None:
    """Make ``template`` available by its name; a later one of the same name replaces it."""
    _load_named()
    _templates[template.name] = template


def register_chat_template_matching_function(func: Callable[[str], str | None]) -> Callable[[str], str | None]:
    """Ask ``func(model_path)`` for a template's name (None: no opinion) after those registered before. A decorator."""
    _load_named()
    _matchers.append(func)
    return func


def get_chat_template(name: str) -> ChatTemplate:
    """The template registered as ``name``.

    Raises
    ------
    UsageError
        There is none; the message lists the names.
    """
    _load_named()
    if name not in _templates:
        raise UsageError(f"there is no chat template {name!r}; the names are {', '.join(sorted(_templates))}")
    return _templates[name]


def get_chat_template_by_model_path(model_path: str) -> ChatTemplate:
    """The template of the first matching function that knows ``model_path``; ``default`` if none does."""
    _load_named()
    for matcher in _matchers:
        name = matcher(model_path)
        if name is not None:
            return get_chat_template(name)
    return get_chat_template("default")


def _load_named() -> None:
    if "default" not in _templates:
        from sgbench.lang import named_templates

        _templates.update({template.name: template for template in named_templates.TEMPLATES})
        _matchers.append(named_templates.match)
