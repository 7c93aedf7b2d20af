"""A prompt state as the turns that a chat server takes. Knows states and templates; knows no server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sgbench.errors import BackendError, UsageError
from sgbench.lang.chat_template import Message

if TYPE_CHECKING:
    from sgbench.lang.executor import StreamExecutor


def messages(s: StreamExecutor, model_name: str, lone_text: bool = False) -> Sequence[Message]:
    """The turns before the open one, which must be the assistant's and still empty.

    Parameters
    ----------
    lone_text
        A text without any turn is one turn of the user.

    Raises
    ------
    BackendError
        The text is more than that: a chat model would not see it.
    """
    if lone_text and not s.messages_ and s.cur_role is None:
        if not s.text_:
            raise UsageError("gen needs some text before it: the prompt is empty")
        return [{"role": "user", "content": s.text_}]
    if s.cur_role != "assistant" or len(s.text_) != s.cur_role_begin_pos:
        raise BackendError(
            f"{model_name} is a chat model and completes whole turns: gen must stand first in an assistant's turn. For "
            "text before it, or several in one turn, make the program with num_api_spec_tokens"
        )
    if not all(isinstance(message["content"], str) for message in s.messages_):
        return s.messages_  # images stand in them, which the text shows otherwise
    prefix, _ = s.chat_template.get_prefix_and_suffix("assistant", s.messages_)
    told = s.chat_template.get_prompt(s.messages_) + prefix
    if told.split() != s.text_.split():
        raise BackendError(f"{model_name} is a chat model: text outside of turns would not reach it")
    return s.messages_
