"""LLM judge, branch-solve-merge: an article judged in six dimensions at once, then one score (paper section 6)."""

# ruff: noqa: SIM905 - lists of words read better as words
from __future__ import annotations

import re
from random import Random
from typing import Any

import sgbench as sgl
from sgbench.lang.state import ProgramState
from sgbench.workloads import lexicon
from sgbench.workloads.workload import Case, Count, Workload

ARTICLE_TOKENS = 700
_MARKS = {
    "clarity": ("Somehow {t} is that which it, as it were, is.", "Put plainly, {t} does one job and does it well."),
    "evidence": (
        "Everybody knows that {t} is like this, no proof is needed.",
        "Two studies, with 310 and 42 participants, measured the effect of {t}.",
    ),
    "originality": (
        "At the end of the day, {t} is a double-edged sword.",
        "My own idea is to turn the question around and ask what {t} thinks of us.",
    ),
    "organization": (
        "Anyway, where was I with {t}?",
        "The essay has three parts: what {t} is, why it matters, and what follows.",
    ),
    "grammar": (
        "He don't never not likes {t}.",
        "Having seen {t} myself, I can say that it exceeds its reputation.",
    ),
    "tone": (
        "Only a fool would disagree with me about {t}.",
        "Reasonable people differ about {t}, and I have learnt from all of them.",
    ),
}
_SCORES = (2, 9)
_TOPICS = "tea coffee chess bread radio sailing cooking football music painting rain snow cycling gardening poetry jazz".split()


@sgl.function
def llm_judge(s: Any, article: str) -> None:
    """One branch for each dimension; their judgments come back and are merged into a score."""
    s += f"Please judge the following essay.\n\nEssay: {article}\n"
    forks = s.fork(len(_MARKS))
    for i, dimension in enumerate(_MARKS):
        forks[i] += f"Judge the {dimension} of this essay. When you are done, write END.\nJudgment:"
        forks[i] += sgl.gen("judgment", max_tokens=256, stop="END")
    forks.join()
    s += "\nJudgments:\n"
    for dimension, judgment in zip(_MARKS, s["judgment"], strict=True):
        s += f"- {dimension.capitalize()}: {judgment.strip()}\n"
    s += "\nNow merge the judgments into one final score from 1 to 10.\nFinal score:"
    s += sgl.gen("score", max_tokens=2)


def _cases(rng: Random, size: int, count: Count) -> list[Case]:
    cases = []
    for _ in range(size):
        topic = rng.choice(_TOPICS)
        levels = [rng.randrange(2) for _ in _MARKS]
        told = [
            f"{sentence[0].upper()}{sentence[1:]}"
            for sentence in (marks[level].format(t=topic) for marks, level in zip(_MARKS.values(), levels, strict=True))
        ]
        rng.shuffle(told)
        article = woven_essay(rng, topic, told, count)
        cases.append(Case({"article": article}, [_SCORES[level] for level in levels]))
    return cases


def woven_essay(rng: Random, topic: str, told: list[str], count: Count) -> str:
    """An article of `ARTICLE_TOKENS` about ``topic``."""
    return lexicon.woven(rng, [f"This is my essay about {topic}.", *told], ARTICLE_TOKENS, count)


def _answer(state: ProgramState) -> str:
    """The six scores and the merged one."""
    found = [re.search(r"Score: *(\d+)", text) for text in state["judgment"]]
    return " ".join([*(match[1] if match else "?" for match in found), "->", str(state["score"]).strip()])


def _right(answer: str, want: list[int]) -> bool:
    """All six dimensions judged right; the merged score is a mean that a small model often misses."""
    return answer.split()[: len(want)] == [str(score) for score in want]


WORKLOAD = Workload(
    name="llm_judge",
    title="LLM judge, six dimensions and a merge",
    shares="the article, by its six judgments and the merge",
    program=llm_judge,
    cases=_cases,
    answer=_answer,
    right=_right,
    cpu_size=6,
    paper_size=25,
    parallel=8,
)
