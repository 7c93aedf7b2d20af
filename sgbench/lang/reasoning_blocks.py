"""Completions that are made of marked blocks: thinking, answers and calls of tools, in the form of each such family. Pure.

Calls of tools belong to the answer, with their marks, for whoever reads them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Split:
    """A completion in two.

    Attributes
    ----------
    thinking, answer
        The parts.
    answer_start
        Character of the completion at which the answer stands; the completion's end, if the answer is empty or made of several
        of its pieces.
    """

    thinking: str
    answer: str
    answer_start: int


def _placed(completion: str, thinking: str, answer: str) -> Split:
    """The parts, with the answer's place: the last one, as answers come last."""
    at = completion.rfind(answer)
    return Split(thinking, answer, len(completion) if at < 0 else at)


# --- gpt-oss: channels ----------------------------------------------------------------------------------------------

_HARMONY = re.compile(r"<\|channel\|>final[^<]*<\|message\|>")
_HARMONY_MARKS = re.compile(r"<\|(?:start|channel|message|end|return|call)\|>")


def harmony(completion: str) -> Split:
    """Channels: what is in the final one is the answer, what came before it the thinking."""
    final = _HARMONY.search(completion)
    if final is None:
        thinks = "<|channel|>" in completion
        return Split(_words(completion), "", len(completion)) if thinks else Split("", completion, 0)
    answer = completion[final.end() :]
    closing = _HARMONY_MARKS.search(answer)
    return Split(_words(completion[: final.start()]), answer[: closing.start()] if closing else answer, final.end())


def _words(channels: str) -> str:
    """The messages in ``channels``, without the marks and names around them."""
    messages = re.findall(r"<\|message\|>(.*?)(?=<\|(?:end|return|call|start|channel)\|>|$)", channels, re.DOTALL)
    return "\n".join(messages) if messages else _HARMONY_MARKS.sub("", channels)


# --- apertus2509: thinking anywhere, tools inside it -----------------------------------------------------------------

_INNER = re.compile(r"<\|inner_prefix\|>(.*?)(?:<\|inner_suffix\|>|\Z)", re.DOTALL)
_INNER_TOOL = re.compile(r"<\|tools_prefix\|>\[.*?(?:<\|tools_suffix\|>|\Z)", re.DOTALL)


def inner_blocks(completion: str) -> Split:
    """Any number of thinking blocks between pieces of the answer; a tool called inside one belongs to the answer."""
    thinking: list[str] = []
    answer: list[str] = []
    at = 0
    for block in _INNER.finditer(completion):
        answer.append(completion[at : block.start()])
        inside = block[1]
        thinking.append(_INNER_TOOL.sub("", inside))
        answer += _INNER_TOOL.findall(inside)
        at = block.end()
    answer.append(completion[at:])
    return _placed(completion, "".join(thinking), "".join(answer))


# --- inkling: typed blocks ------------------------------------------------------------------------------------------

_TYPED = re.compile(
    r"<\|(?:message_model|content_thinking|content_text|content_invoke_tool_json|content_invoke_tool_text"
    r"|content_model_end_sampling|end_message)\|>"
)
_KINDS = {"<|content_thinking|>": "thinking", "<|content_text|>": "answer"}
_TYPED_ENDS = ("<|end_message|>", "<|content_model_end_sampling|>")


def typed_blocks(completion: str) -> Split:
    """Blocks that each begin with their type; text in none is answer."""
    parts: dict[str, list[str]] = {"thinking": [], "answer": [], "header": []}
    kind = "answer"
    at = 0
    for mark in _TYPED.finditer(completion):
        parts["answer" if kind == "tool" else kind].append(completion[at : mark.start()])
        at = mark.end()
        if mark[0] in _TYPED_ENDS:
            parts["answer"] += [mark[0]] if kind == "tool" else []
            kind = "answer"
        elif mark[0] in _KINDS and kind != "tool":
            kind = _KINDS[mark[0]]
        elif mark[0].startswith("<|content_invoke"):
            named = parts["header"][-1:] if kind == "header" else []
            parts["answer"] += ["<|message_model|>" if named else "", *named, mark[0]]
            kind = "tool"
        elif mark[0] == "<|message_model|>" and kind not in ("thinking", "tool"):
            kind = "header"
        else:
            parts["answer" if kind == "tool" else kind].append(mark[0])  # said, not meant
    parts["answer" if kind == "tool" else kind].append(completion[at:])
    return _placed(completion, "".join(parts["thinking"]), "".join(parts["answer"]))


# --- cohere_command4: thinking, then a block of text or of actions ----------------------------------------------------


def thinking_then_block(completion: str) -> Split:
    """Thinking from the first token on, though its mark may be there; then one block, of text or of actions."""
    end, text, action = (completion.find(f"<|{name}|>") for name in ("END_THINKING", "START_TEXT", "START_ACTION"))
    if end < 0:
        end = min((at for at in (text, action) if at >= 0), default=len(completion))
    thinking = completion[:end].removeprefix("<|START_THINKING|>")
    rest = completion[end:].removeprefix("<|END_THINKING|>")
    _, begun, inside = rest.partition("<|START_TEXT|>")
    if begun:
        return _placed(completion, thinking, inside.partition("<|END_TEXT|>")[0])
    return _placed(completion, thinking, rest if "<|START_ACTION|>" in rest else "")


# --- kimi_k3: blocks that open and close ------------------------------------------------------------------------------

_THINK = ("<|open|>think<|sep|>", "<|close|>think<|sep|>")
_RESPONSE = ("<|open|>response<|sep|>", "<|close|>response<|sep|>")
_TOOLS = "<|open|>tools<|sep|>"
_CUT_MARK = re.compile(r"<\|(?:open|close)\|>(?:think|response|tools|message)?\Z")


def open_and_close(completion: str) -> Split:
    """Thinking from the first token on, unless an answer or tools begin; an answer has marks around it."""
    opened = completion.find(_THINK[0])
    start = opened + len(_THINK[0]) if opened >= 0 else 0
    end = completion.find(_THINK[1], start)
    if end >= 0:
        thinking, rest = completion[start:end], completion[end + len(_THINK[1]) :]
    else:
        begun = [at for mark in (_RESPONSE[0], _TOOLS) if (at := completion.find(mark, start)) >= 0]
        end = min(begun, default=len(completion))
        thinking, rest = _CUT_MARK.sub("", completion[start:end]), completion[end:]
    said, tools, calls = rest.partition(_TOOLS)
    return _placed(completion, thinking, _unwrapped(said) + tools + calls)


def _unwrapped(said: str) -> str:
    _, opened, inside = said.partition(_RESPONSE[0])
    inside = (inside if opened else said).partition(_RESPONSE[1])[0]
    return _CUT_MARK.sub("", inside.replace("<|close|>message<|sep|>", ""))


# --- minimax-append-think ---------------------------------------------------------------------------------------------


def marked_but_kept(completion: str) -> Split:
    """The prompt ended with the thinking's mark: it is put back, and nothing is cut off."""
    return Split("", "<think>" + completion, len(completion))
