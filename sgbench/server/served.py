"""What is served: an engine, under a name. Knows chat templates and requests; knows no HTTP."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sgbench.backends.local import Engine
from sgbench.engine.generate import GenerateCall
from sgbench.engine.handle import Handle
from sgbench.errors import UsageError
from sgbench.lang.chat_template import ChatTemplate, Message

ROLES = ("system", "user", "assistant")
_JSON_DEPTH = 4
"""Of any JSON object, as a finite machine: some 1,600 states."""


@dataclass(frozen=True, slots=True)
class ServedEngine:
    """An engine and the name that clients know it by.

    Attributes
    ----------
    engine
        Not owned: whoever made it shuts it down.
    name
        Name of the model.
    created
        When serving began, seconds since 1970.
    """

    engine: Engine
    name: str
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def template(self) -> ChatTemplate:
        """The template of a chat's turns: the model's own."""
        return self.engine.chat_template

    @property
    def json_depth(self) -> int | None:
        """How deep any JSON object may nest; None where constraints need no bound."""
        return None if self.engine.config.grammar_backend == "llguidance" else _JSON_DEPTH

    def check_model(self, name: str | None) -> None:
        """Refuse a request for another model.

        Raises
        ------
        UsageError
            ``name`` is neither the served name nor the model's path.
        """
        if name not in (None, "", "default", self.name, self.engine.config.model_path):
            raise UsageError(f"the model {name!r} is not served here; {self.name!r} is")

    def prompt_of(self, messages: Sequence[Message], continues: bool = False) -> str:
        """The text of a chat up to where the assistant speaks.

        The same text as that of a program whose turns have these contents, so that both share it in the cache.

        Parameters
        ----------
        messages
            ``role`` and ``content`` of each turn.
        continues
            The last turn is the assistant's and not finished: go on with it.

        Raises
        ------
        UsageError
            No turn, a role that does not exist, a content that is no text, or nothing to continue.
        """
        turns = [_turn(message) for message in messages]
        if not turns:
            raise UsageError("messages is empty: at least one turn is needed")
        open_turn = turns.pop() if continues else None
        if open_turn is not None and open_turn["role"] != "assistant":
            raise UsageError("continue_final_message needs a last turn of the assistant")
        if not turns or turns[0]["role"] != "system":
            turns.insert(0, {"role": "system", "content": None})
        prefix, _ = self.template.get_prefix_and_suffix("assistant", turns)
        return self.template.get_prompt(turns) + prefix + (open_turn["content"] if open_turn else "")

    def submit(self, call: GenerateCall) -> list[Handle]:
        """Queue ``call``; see `EngineCore.submit_call`. May compile a constraint: not for an event loop's thread."""
        return self.engine.submit_call(call)

    def info(self) -> dict[str, Any]:
        """SGLang's facts about the model, and the table of its turns for programs that run on it from afar."""
        config = self.engine.config
        table = dataclasses.asdict(self.template)
        table["style"] = self.template.style.name
        return {
            "model_path": config.model_path,
            "tokenizer_path": config.tokenizer_path or config.model_path,
            "is_generation": True,
            "preferred_sampling_params": None,
            "served_model_name": self.name,
            "max_context_length": config.context_length,
            "chat_turns": table,
        }


def _turn(message: Message) -> Message:
    role = {"developer": "system"}.get(message["role"], message["role"])
    if role not in ROLES:
        raise UsageError(f"the role {message['role']!r} does not exist here; there are {', '.join(ROLES)}")
    content = message["content"]
    if isinstance(content, str):
        return {"role": role, "content": content}
    texts = []
    for part in content or ():
        if part.get("type") != "text" or not isinstance(part.get("text"), str):
            raise UsageError(f"the served model reads text only, not a part of type {part.get('type')!r}")
        texts.append(part["text"])
    return {"role": role, "content": "".join(texts)}
