"""Telling a model's thinking from its answer, by the marks of its family. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sgbench.errors import UsageError
from sgbench.lang import reasoning_blocks
from sgbench.lang.reasoning_blocks import Split

__all__ = ["MODEL_TYPES", "Marks", "Split", "check_model_type", "split"]


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
    prompted
        May the prompt hold ``begin``, so that ``end`` alone tells that there was thinking?
    unended
        What thinking that does not end is: ``thinking``, or ``answer``.
    stray
        May a completion without thinking begin with ``end``? It is dropped then.
    """

    begin: str = "<think>"
    end: str = "</think>"
    assumed: bool = False
    tool: str | None = None
    prompted: bool = False
    unended: str = "thinking"
    stray: bool = False


_FAMILIES = {
    "deepseek-r1": Marks(assumed=True),
    "deepseek-v3": Marks(tool="<tool_call>"),
    "deepseek-v4": Marks(),
    "gemma4": Marks("<|channel>thought\n", "<channel|>"),
    "glm45": Marks(tool="<tool_call>"),
    "hunyuan": Marks(tool="<tool_calls>"),
    "interns1": Marks(tool="<tool_call>"),
    "kimi": Marks("◁think▷", "◁/think▷"),
    "kimi_k2": Marks(tool="<|tool_calls_section_begin|>"),
    "mimo": Marks(tool="<tool_call>"),
    "minimax": Marks(assumed=True, tool="<tool_call>"),
    "minimax-m3": Marks("<mm:think>", "</mm:think>", stray=True),
    "mistral": Marks("[THINK]", "[/THINK]"),
    "nemotron_3": Marks(tool="<tool_call>"),
    "poolside_v1": Marks(tool="<tool_call>"),
    "qwen3": Marks(tool="<tool_call>"),
    "qwen3-thinking": Marks(assumed=True, tool="<tool_call>"),
    "step3": Marks(assumed=True),
    "step3p5": Marks(assumed=True),
    "telechat4": Marks(prompted=True, unended="answer"),
}

_BLOCKS: Mapping[str, Callable[[str], Split]] = {
    "apertus2509": reasoning_blocks.inner_blocks,
    "cohere_command4": reasoning_blocks.thinking_then_block,
    "gpt-oss": reasoning_blocks.harmony,
    "inkling": reasoning_blocks.typed_blocks,
    "kimi_k3": reasoning_blocks.open_and_close,
    "minimax-append-think": reasoning_blocks.marked_but_kept,
}
"""Families whose completions are more than thinking between two marks."""

MODEL_TYPES = tuple(sorted((*_FAMILIES, *_BLOCKS)))
"""Every family that SGLang names."""


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
    """Cut ``completion`` of a model of family ``model_type``. Thinking that does not end is all there is, but for `Marks.unended`."""
    if model_type in _BLOCKS:
        return _BLOCKS[model_type](completion)
    marks = _FAMILIES[model_type]
    start = 0
    if marks.stray and completion.lstrip().startswith(marks.end):
        start = completion.index(marks.end) + len(marks.end)
        if marks.begin not in completion[start:]:
            return Split("", completion[start:], start)
    first = start
    while completion.startswith(marks.begin, start):
        start += len(marks.begin)
    end = completion.find(marks.end, start)
    thinks = start > first or marks.assumed or marks.begin in completion or (marks.prompted and end >= 0)
    if not thinks:
        return Split("", completion, 0)
    if end >= 0:
        after = end + len(marks.end)
        return Split(completion[start:end], completion[after:], after)
    tool = completion.find(marks.tool, start) if marks.tool else -1
    if tool >= 0:
        return Split(completion[start:tool], completion[tool:], tool)
    if marks.unended == "answer":
        return Split("", completion[start:], start)
    return Split(completion[start:], "", len(completion))
