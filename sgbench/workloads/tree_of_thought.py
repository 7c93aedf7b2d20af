"""Tree of thought: three plans, three executions of each, three reflections on each of those (paper section 6)."""

from __future__ import annotations

import re
from collections import Counter
from random import Random
from typing import Any

import sgbench as sgl
from sgbench.lang.state import ProgramState
from sgbench.workloads import lexicon
from sgbench.workloads.workload import Case, Count, Workload

BRANCHES = 3
TEMPERATURE = 0.3
_STAGES = (
    "Please generate a high-level plan for solving the following question. Say what method you will use. Do not do the "
    "calculation yet. Keep it under 80 words. Question: {q}",
    "The plan looks good! Now use real numbers and do the calculation. Solve the question step by step according to the plan. "
    "Give me the final answer. Keep it short.",
    "Okay. Now evaluate your own solution and give it a score on a scale of 1 to 5. Please check its correctness rigorously.",
)

_NAMES = ("plan", "solution", "reflection")


@sgl.function
def tree_of_thought(s: Any, question: str) -> None:
    """Plan, execute, reflect; each stage in several branches of the one before."""
    _grow(s, question, 0)


def _grow(s: Any, question: str, stage: int) -> None:
    s += sgl.user(_STAGES[stage].format(q=question))
    forks = s.fork(BRANCHES)
    forks += sgl.assistant(sgl.gen(_NAMES[stage], max_tokens=256, temperature=TEMPERATURE))
    if stage + 1 < len(_STAGES):
        for fork in forks:
            _grow(fork, question, stage + 1)
    forks.join()


def problem(rng: Random) -> tuple[str, int]:
    """A word problem of three steps, and its answer."""
    who, other = rng.sample(lexicon.FIRST, 2)
    things = rng.choice(lexicon.THINGS) + "s"
    have, more = rng.randint(20, 99), rng.randint(5, 99)
    boxes, each = rng.randint(2, 9), rng.randint(2, 9)
    less = rng.randint(2, have - 1)
    events = [
        (f"{who} gets {more} more {things}.", more),
        (f"{who} gives {less} {things} to {other}.", -less),
        (f"{who} buys {boxes} boxes of {each} {things} each.", boxes * each),
    ]
    rng.shuffle(events)
    story = [f"{who} has {have} {things}.", *(told for told, _ in events), f"How many {things} does {who} have now?"]
    return " ".join(story), have + sum(change for _, change in events)


def _cases(rng: Random, size: int, count: Count) -> list[Case]:
    del count  # problems have the length they have
    made = [problem(rng) for _ in range(size)]
    return [Case({"question": question}, answer) for question, answer in made]


def leaves(value: Any) -> list[str]:
    """The texts in nested lists, from left to right."""
    return [text for part in value for text in leaves(part)] if isinstance(value, list | tuple) else [str(value)]


def last_number(text: str) -> str | None:
    """The last number in a text."""
    found = re.findall(r"-?\d+", text)
    return found[-1] if found else None


def _answer(state: ProgramState) -> str:
    """The most frequent last number of the executions; of equals, the first."""
    numbers = [last_number(text) for text in leaves(state["solution"])]
    voted = Counter(number for number in numbers if number is not None)
    return voted.most_common(1)[0][0] if voted else ""


WORKLOAD = Workload(
    name="tree_of_thought",
    title="Tree of thought, 39 calls a question",
    shares="the question, and every branch's ancestors",
    program=tree_of_thought,
    cases=_cases,
    answer=_answer,
    right=lambda answer, want: answer == str(want),
    cpu_size=3,
    paper_size=32,
    parallel=16,
)
