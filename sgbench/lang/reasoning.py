"""Telling a model's thinking from its answer, by the marks of its family. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sgbench.errors import UsageError


@dataclass(frozen=True, slots=True)
class Marks:
    """How a family marks its thinking.

    Attributes
    ----------
    begin, end
        Around the thinking.
    assumed
        Does a completion begin with thinking though ``begin`` is not there?
    tool
        A tool call that begins inside the thinking ends it; None: the family has none.
    """

    begin: str = "<think>"
    end: str = "</think>"
    assumed: bool = False
    tool: str | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """A completion in two: the thinking, and the answer with its place in the completion."""

    thinking: str
    answer: str
    answer_start: int


_FAMILIES = {
    "deepseek-r1": Marks(assumed=True),
    "deepseek-v3": Marks(),
    "glm45": Marks(tool="<tool_call>"),
    "interns1": Marks(tool="<tool_call>"),
    "kimi": Marks("◁think▷", "◁/think▷"),
    "kimi_k2": Marks(tool="<|tool_calls_section_begin|>"),
    "mimo": Marks(tool="<tool_call>"),
    "minimax": Marks(assumed=True, tool="<tool_call>"),
    "mistral": Marks("[THINK]", "[/THINK]"),
    "nemotron_3": Marks(tool="<tool_call>"),
    "qwen3": Marks(tool="<tool_call>"),
    "qwen3-thinking": Marks(assumed=True, tool="<tool_call>"),
    "step3": Marks(assumed=True),
    "step3p5": Marks(assumed=True),
}

_HARMONY = re.compile(r"<\|channel\|>final[^<]*<\|message\|>")
_HARMONY_MARKS = re.compile(r"<\|(?:start|channel|message|end|return|call)\|>")

MODEL_TYPES = tuple(sorted((*_FAMILIES, "gpt-oss")))


def check_model_type(model_type: str | None) -> str:
    """The family that ``model_type`` names.

    Raises
    ------
    UsageError
        It is not; the message lists those that are.
    """
    family = (model_type or "").lower()
    if family not in MODEL_TYPES:
        raise UsageError(
            f"separate_reasoning(model_type={model_type!r}): the families known here are {', '.join(MODEL_TYPES)}"
        )
    return family


def split(completion: str, model_type: str) -> Split:
    """Cut ``completion`` of a model of family ``model_type``. Thinking that does not end is all there is."""
    if model_type == "gpt-oss":
        return _harmony(completion)
    marks = _FAMILIES[model_type]
    start = 0
    while completion.startswith(marks.begin, start):
        start += len(marks.begin)
    if not (start or marks.assumed or marks.begin in completion):
        return Split("", completion, 0)
    end = completion.find(marks.end, start)
    if end >= 0:
        after = end + len(marks.end)
        return Split(completion[start:end], completion[after:], after)
    tool = completion.find(marks.tool, start) if marks.tool else -1
    if tool >= 0:
        return Split(completion[start:tool], completion[tool:], tool)
    return Split(completion[start:], "", len(completion))


def _harmony(completion: str) -> Split:
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
