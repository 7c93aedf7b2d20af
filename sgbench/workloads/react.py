"""ReAct agents: recorded thoughts, actions and observations, with the model asked before each step (paper section 6)."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

import sgbench as sgl
from sgbench.lang.state import ProgramState
from sgbench.workloads import lexicon
from sgbench.workloads.workload import Case, Count, Workload

EXAMPLES_TOKENS = 1500
STEPS = 3
"""Of every trace."""
INSTRUCTION = (
    "Solve a question answering task with interleaving Thought, Action, Observation steps. Thought can reason about the "
    "current situation, and Action can be of two types: (1) Search[entity], which returns what is known about the entity; "
    "(2) Finish[answer], which returns the answer and finishes the task. Here are some examples.\n"
)
_SOUGHT = {
    "mayor": "Who is the mayor of the town where {n} was born?",
    "river": "On which river lies the town where {n} was born?",
    "country": "In which country was {n} born?",
}


@dataclass(frozen=True, slots=True)
class Trace:
    """A question, its steps as ``(thought, action, observation)``, and the answer."""

    question: str
    steps: tuple[tuple[str, str, str], ...]
    answer: str


@sgl.function
def react(s: Any, examples: str, question: str, steps: list[tuple[str, str, str]]) -> None:
    """Before each recorded step the model says what it would do, on a branch of its own; the record goes on."""
    s += examples
    s += f"Question: {question}\n"
    for i, (thought, action, observation) in enumerate(steps, start=1):
        s += f"Thought {i}:"
        branch = s.fork(1)
        branch[0] += sgl.gen(f"said_{i}", max_tokens=200, stop="Observation")
        branch.join()
        s += f" {thought}\nAction {i}: {action}\n"
        if observation:
            s += f"Observation {i}: {observation}\n"


def trace(rng: Random) -> Trace:
    """A question about a person's birthplace, answered in two searches."""
    name, town, mayor, river = lexicon.person(rng), lexicon.town(rng), lexicon.person(rng), lexicon.word(rng)
    country = rng.choice(lexicon.COUNTRIES)
    key = rng.choice(sorted(_SOUGHT))
    answer = {"mayor": mayor, "river": river, "country": country}[key]
    job, year = rng.choice(lexicon.JOBS), rng.randint(1820, 2005)
    known = f"The {rng.choice(lexicon.ADJECTIVES).title()} {rng.choice(lexicon.THINGS).title()}"
    about = f"{name} (born {year} in {town}) is {lexicon.with_article(job)} known for {known}."
    people = rng.randint(1000, 900000)
    place = f"{town} is a town in {country} on the river {river}. It has {people} inhabitants. The mayor is {mayor}."
    first = f"I need to search {name} and find the birthplace, then find its {key}."
    second = f"{name} was born in {town}. I need to search {town} and find its {key}."
    third = f"The {key} of {town} is {answer}. So the answer is {answer}."
    steps = (
        (first, f"Search[{name}]", about),
        (second, f"Search[{town}]", place),
        (third, f"Finish[{answer}]", ""),
    )
    return Trace(_SOUGHT[key].format(n=name), steps, answer)


def worked(made: Trace) -> str:
    """A trace as the prompt shows it."""
    text = f"Question: {made.question}\n"
    for i, (thought, action, observation) in enumerate(made.steps, start=1):
        text += f"Thought {i}: {thought}\nAction {i}: {action}\n"
        text += f"Observation {i}: {observation}\n" if observation else "\n"
    return text


def worked_examples(rng: Random, count: Count) -> str:
    """The instruction and worked traces."""
    return INSTRUCTION + "".join(lexicon.as_many(lambda: worked(trace(rng)), EXAMPLES_TOKENS, count))


def _cases(rng: Random, size: int, count: Count) -> list[Case]:
    examples = worked_examples(rng, count)
    made = [trace(rng) for _ in range(size)]
    return [
        Case({"examples": examples, "question": one.question, "steps": list(one.steps)}, f"Finish[{one.answer}]")
        for one in made
    ]


def _answer(state: ProgramState) -> str:
    """What the model would have done last."""
    said = state.stream_executor.variables
    last = max((name for name in said if name and name.startswith("said_")), key=lambda name: int(str(name)[5:]))
    return str(state[last][0]).strip()


WORKLOAD = Workload(
    name="react",
    title="ReAct agents, replayed traces",
    shares="instruction and examples, by all; an agent's own history, by its next calls",
    program=react,
    cases=_cases,
    answer=_answer,
    right=lambda answer, want: want in answer,
    cpu_size=8,
    paper_size=100,
)
