"""HellaSwag: which of four endings is likeliest, after many worked scenes (paper section 6). Two levels of sharing."""

from __future__ import annotations

from random import Random
from typing import Any

import sgbench as sgl
from sgbench.lang.state import ProgramState
from sgbench.workloads import lexicon
from sgbench.workloads.workload import Case, Count, Workload

BLOCK_TOKENS = 2000
_PEOPLE = ("A man", "A boy", "An old man", "The father", "A student", "A sailor", "The cook", "A farmer", "The uncle")


@sgl.function
def hellaswag(s: Any, examples: str, context: str, endings: list[str]) -> None:
    """Worked scenes, one more, and the likeliest ending."""
    s += examples + context
    s += sgl.select("ending", choices=endings)


def _scene(rng: Random) -> tuple[str, list[str]]:
    """A scene, and four endings, the sensible one first."""
    table = lexicon.rows("scenes")
    activity, steps = rng.choice(table)
    done = steps.split("; ")
    at = rng.randrange(1, len(done))
    told = " ".join(f"He {step}." for step in done[max(0, at - 2) : at])
    away = rng.sample([row for row in table if row[0] != activity], 3)
    endings = [done[at], *(rng.choice(row[1].split("; ")) for row in away)]
    return f"{rng.choice(_PEOPLE)} is {activity}. {told}", [f" He {ending}." for ending in endings]


def _shot(rng: Random) -> str:
    told, endings = _scene(rng)
    return f"{told}{endings[0]}\n"


def _cases(rng: Random, size: int, count: Count) -> list[Case]:
    examples = "".join(lexicon.as_many(lambda: _shot(rng), BLOCK_TOKENS, count))
    cases = []
    for _ in range(size):
        context, endings = _scene(rng)
        shown = rng.sample(endings, 4)
        cases.append(Case({"examples": examples, "context": context, "endings": shown}, endings[0]))
    return cases


def _answer(state: ProgramState) -> str:
    return str(state["ending"])


WORKLOAD = Workload(
    name="hellaswag",
    title="HellaSwag, few-shot, four endings scored",
    shares="the worked scenes, by everything; each scene, by its four endings",
    program=hellaswag,
    cases=_cases,
    answer=_answer,
    right=lambda answer, want: answer == want,
    cpu_size=12,
    paper_size=200,
)
