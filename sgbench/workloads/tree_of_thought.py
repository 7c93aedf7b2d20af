"""Tree of thought: three plans, three executions of each, three reflections on each of those (paper section 6).

How long the paper's prompt is, its hit rate tells: 98 to 99 % means that a call reads about a hundred tokens for each that is new, which
three short turns alone cannot give (97 %). So GSM-8K's usual eight worked questions, about a thousand tokens, stand before the stages.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
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
EXAMPLES_TOKENS = 1000
"""Worked questions before every question: eight to ten of them."""
_HEAD = "You solve word problems in stages: a plan, a solution, a reflection. These are worked problems.\n\n"


@sgl.function
def tree_of_thought(s: Any, examples: str, question: str) -> None:
    """Plan, execute, reflect; each stage in several branches of the one before. A stage of one branch waits for no other branch's."""
    s += sgl.system(examples)
    level, grown = [s], []
    for name, told in zip(_NAMES, _STAGES, strict=True):
        for state in level:
            _say(state, sgl.user(told.format(q=question)))
        groups = [state.fork(BRANCHES) for state in level]
        for forks in groups:
            _say(forks, sgl.assistant(sgl.gen(name, max_tokens=256, temperature=TEMPERATURE)))
        grown += groups
        level = [fork for forks in groups for fork in forks]
    for forks in reversed(grown):  # inner first
        forks.join()


def _say(s: Any, what: Any) -> None:
    """Append ``what`` to a state, or to each of a group."""
    s += what


@dataclass(frozen=True, slots=True)
class Problem:
    """A word problem, its events as ``(operation, result)`` lines in order, and the answer."""

    question: str
    lines: tuple[str, ...]
    answer: int


def problem(rng: Random) -> Problem:
    """A word problem of three steps."""
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
    lines, total = [f"{who} starts with {have} {things}."], have
    for told, change in events:
        if "boxes" in told:
            lines.append(f"{boxes} * {each} = {change}.")
        lines.append(f"{total} {'-' if change < 0 else '+'} {abs(change)} = {total + change}.")
        total += change
    return Problem(" ".join(story), tuple(lines), total)


def _worked(rng: Random) -> str:
    """A problem with its solution."""
    made = problem(rng)
    return f"Question: {made.question}\nAnswer: {' '.join(made.lines)} The answer is {made.answer}."


def worked_examples(rng: Random, count: Count) -> str:
    """What comes before every question, about `EXAMPLES_TOKENS` long."""
    return _HEAD + "\n\n".join(lexicon.as_many(lambda: _worked(rng), EXAMPLES_TOKENS, count))


def _cases(rng: Random, size: int, count: Count) -> list[Case]:
    examples = worked_examples(rng, count)
    made = [problem(rng) for _ in range(size)]
    return [Case({"examples": examples, "question": one.question}, one.answer) for one in made]


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
