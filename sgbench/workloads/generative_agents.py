"""Generative agents: five short questions about what an agent does, replayed one after another (paper section 6)."""

# ruff: noqa: SIM905 - lists of words read better as words
from __future__ import annotations

from random import Random
from typing import Any

import sgbench as sgl
from sgbench.lang.state import ProgramState
from sgbench.workloads import lexicon
from sgbench.workloads.workload import Case, Count, Workload

PERSONA_TOKENS = 260
SHOTS_TOKENS = 260
AGENTS = 5
POIGNANCY = (
    "On a scale of 1 to 10, where 1 is purely mundane (for example brushing teeth, making the bed) and 10 is extremely "
    "poignant (for example a break-up, a college acceptance), rate the likely poignancy of the following event for {n}.\n"
)
_TRAITS = (
    "friendly curious patient busy kind shy cheerful quiet ambitious thoughtful organised funny calm helpful".split()
)


@sgl.function
def agent_call(s: Any, prompt: str, max_tokens: int, stop: str | None) -> None:
    """One call of an agent's mind: a rating, a triple, an emoji, a place or an object."""
    s += prompt
    s += sgl.gen("answer", max_tokens=max_tokens, stop=stop)


def _persona(rng: Random, name: str, count: Count) -> str:
    table = lexicon.rows("actions")
    first = name.split(maxsplit=1)[0]
    head = (
        f"Name: {name}\nAge: {rng.randint(18, 80)}\nTraits: {', '.join(rng.sample(_TRAITS, 3))}\n"
        f"{name} is a {rng.choice(lexicon.JOBS)} who lives alone in a small town. "
        f"{first} likes {rng.choice(table)[0]} and {rng.choice(table)[0]}.\n"
    )

    def memory() -> str:
        action = rng.choice(table)
        return f"Yesterday at {rng.randint(6, 22)}:00 {first} was {action[0]} at the {action[4]}.\n"

    return head + "".join(lexicon.as_many(memory, PERSONA_TOKENS - count(head), count))


def _triples(rng: Random, count: Count) -> str:
    def shot() -> str:
        action, name = rng.choice(lexicon.rows("actions")), lexicon.person(rng)
        return f"Input: {name} is {action[0]}.\nOutput: ({name}, {action[1]}, {action[2]})\n---\n"

    head = "Task: Turn the input into (subject, predicate, object).\n\n"
    return head + "".join(lexicon.as_many(shot, SHOTS_TOKENS, count))


def _choice(rng: Random, right: str, column: int) -> str:
    others = sorted({row[column] for row in lexicon.rows("actions")} - {right})
    options = rng.sample(others, 5)
    options.insert(rng.randrange(6), right)
    return "{" + ", ".join(options) + "}"


def _call(rng: Random, kind: int, name: str, persona: str, triples: str) -> Case:
    """Call number ``kind`` of 5, about an action of ``name``."""
    doing, verb, thing, emoji, place, spot, poignancy = rng.choice(lexicon.rows("actions"))
    if kind == 0:
        prompt = (
            f"{persona}\n{POIGNANCY.format(n=name)}Event: {name} is {doing}\nRate (return a number between 1 and 10):"
        )
        return Case({"prompt": prompt, "max_tokens": 2, "stop": None}, poignancy)
    if kind == 1:
        prompt = f"{triples}Input: {name} is {doing}.\nOutput: ({name},"
        return Case({"prompt": prompt, "max_tokens": 20, "stop": ")"}, f"{verb}, {thing}")
    if kind == 2:
        prompt = f"Convert an action description to an emoji.\n\nAction description: {name} is {doing}\nEmoji:"
        return Case({"prompt": prompt, "max_tokens": 6, "stop": None}, emoji)
    wanted, column, noun, room = (place, 4, "place", 10) if kind == 3 else (spot, 5, "object", 5)
    prompt = (
        f"{persona}\nOptions: {_choice(rng, wanted, column)}\n{name} is {doing}. Pick the most fitting {noun} from the list, "
        "word for word.\nAnswer: {"
    )
    return Case({"prompt": prompt, "max_tokens": room, "stop": "}"}, wanted)


def _cases(rng: Random, size: int, count: Count) -> list[Case]:
    triples = _triples(rng, count)
    names = [lexicon.person(rng) for _ in range(min(AGENTS, -(-size // 5)))]
    personas = [_persona(rng, name, count) for name in names]
    cases = []
    for i in range(size):
        who = rng.randrange(len(names))
        cases.append(_call(rng, i % 5, names[who], personas[who], triples))
    return cases


def _answer(state: ProgramState) -> str:
    return str(state["answer"]).strip()


WORKLOAD = Workload(
    name="generative_agents",
    title="Generative agents, replayed calls, one at a time",
    shares="each function's template, each agent's persona",
    program=agent_call,
    cases=_cases,
    answer=_answer,
    right=lambda answer, want: answer == want,
    cpu_size=40,
    paper_size=1000,
    parallel=1,
)
