"""Skeleton of thought: five short tips, each expanded by a program of its own while the next is written (paper section 6)."""

from __future__ import annotations

from random import Random
from typing import Any

import sgbench as sgl
from sgbench.lang.state import ProgramState
from sgbench.workloads import lexicon
from sgbench.workloads.workload import Case, Count, Workload

TIPS = 5
_EXAMPLES = (
    ("staying healthy", "Drink enough water"),
    ("learning a language", "Speak from the first day"),
    ("saving money", "Compare prices"),
)
_MIDDLE = (
    "It sounds simple, yet it makes a great difference. Do it step by step, and do not worry about small failures."
)


@sgl.function
def expand_tip(s: Any, examples: str, topic: str, tip: str) -> None:
    """One tip as a paragraph, after three worked ones."""
    s += f"{examples}Topic: {topic}\nTip: {tip}.\nParagraph:"
    s += sgl.gen("paragraph", max_tokens=128, stop="\n\n")


@sgl.function
def skeleton_of_thought(s: Any, examples: str, topic: str) -> None:
    """Tips one after another; each is expanded at the same time."""
    s += f"You give people useful tips.\nUSER: Give some tips for {topic}.\n"
    s += f"ASSISTANT: Okay. Here are {TIPS} concise tips, each under 8 words:\n"
    expanded = []
    for i in range(TIPS):
        s += f"{i + 1}."
        s += sgl.gen(f"tip_{i + 1}", max_tokens=24, stop=[".", "\n"])
        s += ".\n"
        expanded.append(expand_tip(examples=examples, topic=topic, tip=s[f"tip_{i + 1}"].strip()))
    for i, paragraph in enumerate(expanded):
        s += f"Tip {i + 1}:" + paragraph["paragraph"] + "\n"


def worked_paragraphs() -> str:
    """The prompt of an expansion, up to its topic."""
    reasons = {
        tip.partition(":")[0]: tip.partition(":")[2] for row in lexicon.rows("tips") for tip in row[1].split("; ")
    }
    text = "Please expand a tip for a topic into a detailed paragraph.\n\n"
    for topic, tip in _EXAMPLES:
        why = reasons.get(tip, " It helps").strip()
        told = f"When it comes to {topic}, {tip[0].lower()}{tip[1:]}. {why}, and that matters for {topic}. {_MIDDLE}"
        text += f"Topic: {topic}\nTip: {tip}.\nParagraph: {told}\n\n"
    return text


def _cases(rng: Random, size: int, count: Count) -> list[Case]:
    del count  # topics have the length they have
    topics = [row[0] for row in lexicon.rows("tips") if row[0] not in dict(_EXAMPLES)]
    rng.shuffle(topics)
    examples = worked_paragraphs()
    return [Case({"examples": examples, "topic": topics[i % len(topics)]}) for i in range(size)]


def _answer(state: ProgramState) -> str:
    return str(state.text())


WORKLOAD = Workload(
    name="skeleton_of_thought",
    title="Skeleton of thought, five tips expanded side by side",
    shares="the worked paragraphs, by all expansions; the list so far, by the next tip",
    program=skeleton_of_thought,
    cases=_cases,
    answer=_answer,
    cpu_size=6,
    paper_size=64,
)
