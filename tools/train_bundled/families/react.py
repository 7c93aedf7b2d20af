"""ReAct: thoughts, searches and observations over a small made-up world, after zero to six worked traces."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tools.train_bundled import words as w
from tools.train_bundled.example import DOCUMENT_END, Example, Family, Split

INSTRUCTION = (
    "Solve a question answering task with interleaving Thought, Action, Observation steps. Thought can reason about the current situation, and Action can be of two types: (1) Search[entity], which returns what is known about the entity; (2) Finish[answer], which returns the answer and finishes the task. Here are some examples.\n",
    "Answer the question with Thought, Action and Observation steps. Actions are Search[entity] and Finish[answer].\n",
    "Use Search[...] to look things up and Finish[...] to answer.\n",
    "You can search with Search[entity] and answer with Finish[answer]. Think before you act.\n",
    "",
)


@dataclass(frozen=True, slots=True)
class Trace:
    """A question, its ``(thought, action, observation)`` steps (the last without observation), and the answer."""

    question: str
    steps: tuple[tuple[str, str, str], ...]
    answer: str


def _person(rng: Random, split: Split) -> dict[str, str]:
    return {
        "name": w.person(rng, split),
        "town": w.place(rng, split),
        "year": str(rng.randint(1820, 2005)),
        "job": rng.choice(w.JOBS),
        "work": f"The {rng.choice(w.ADJECTIVES).title()} {rng.choice(w.COMMON).title()}",
    }


def _told(rng: Random, p: dict[str, str]) -> str:
    return rng.choice(
        (
            f"{p['name']} (born {p['year']} in {p['town']}) is {w.a(p['job'])} known for {p['work']}.",
            f"{p['name']} was {w.a(p['job'])} born in {p['town']} in {p['year']}, the author of {p['work']}.",
            f"{p['name']}, born in {p['year']}, grew up in {p['town']} and became {w.a(p['job'])}. Known for: {p['work']}.",
        )
    )


def _town(rng: Random, split: Split, name: str) -> tuple[dict[str, str], str]:
    t = {
        "country": rng.choice((rng.choice(w.COUNTRIES), w.made(rng, split))),
        "river": w.made(rng, split),
        "people": str(rng.randint(1000, 900000)),
        "mayor": w.person(rng, split),
    }
    text = rng.choice(
        (
            f"{name} is a town in {t['country']} on the river {t['river']}. It has {t['people']} inhabitants. The mayor is {t['mayor']}.",
            f"{name} lies on the {t['river']} in {t['country']} and has {t['people']} inhabitants. Its mayor is {t['mayor']}.",
        )
    )
    return t, text


HOPS = {
    "country": (
        "In which country was {n} born?",
        "Which country does {n} come from?",
        "{n} was born in a town of which country?",
    ),
    "river": ("On which river lies the town where {n} was born?", "Which river flows through the birthplace of {n}?"),
    "people": (
        "How many inhabitants does the birthplace of {n} have?",
        "How many people live in the town where {n} was born?",
    ),
    "mayor": ("Who is the mayor of the town where {n} was born?", "Who is mayor of {n}'s birthplace?"),
}
DIRECT = {
    "job": ("What is the profession of {n}?", "What does {n} do for a living?", "What was {n}'s job?"),
    "year": ("In which year was {n} born?", "When was {n} born?"),
    "town": ("In which town was {n} born?", "Where was {n} born?"),
    "work": ("What is {n} known for?", "Which work is {n} known for?"),
}
SOUGHT = {
    "country": "country",
    "river": "river",
    "people": "number of inhabitants",
    "mayor": "mayor",
    "job": "profession",
    "year": "year of birth",
    "town": "birthplace",
    "work": "best known work",
}


def _two_hops(rng: Random, split: Split) -> Trace:
    p, key = _person(rng, split), rng.choice(list(HOPS))
    town, town_text = _town(rng, split, p["town"])
    what, answer = SOUGHT[key], town[key]
    return Trace(
        rng.choice(HOPS[key]).format(n=p["name"]),
        (
            (
                f"I need to search {p['name']} and find the birthplace, then find its {what}.",
                f"Search[{p['name']}]",
                _told(rng, p),
            ),
            (
                f"{p['name']} was born in {p['town']}. I need to search {p['town']} and find its {what}.",
                f"Search[{p['town']}]",
                town_text,
            ),
            (f"The {what} of {p['town']} is {answer}. So the answer is {answer}.", f"Finish[{answer}]", ""),
        ),
        answer,
    )


def _one_hop(rng: Random, split: Split) -> Trace:
    p, key = _person(rng, split), rng.choice(list(DIRECT))
    what, answer = SOUGHT[key], p[key]
    return Trace(
        rng.choice(DIRECT[key]).format(n=p["name"]),
        (
            (f"I need to search {p['name']} and find the {what}.", f"Search[{p['name']}]", _told(rng, p)),
            (f"The {what} of {p['name']} is {answer}. So the answer is {answer}.", f"Finish[{answer}]", ""),
        ),
        answer,
    )


def _comparison(rng: Random, split: Split) -> Trace:
    a, b = _person(rng, split), _person(rng, split)
    while a["year"] == b["year"]:
        b = _person(rng, split)
    first, later = rng.choice((("earlier", False), ("later", True), ("first", False)))
    if rng.random() < 0.3:
        same = a["job"] == b["job"]
        if rng.random() < 0.5:
            b["job"], same = a["job"], True
        answer = "yes" if same else "no"
        question = f"Do {a['name']} and {b['name']} have the same profession?"
        verdict = "they have the same profession" if same else "they do not have the same profession"
        seek, fact = "profession", f"{a['name']} is {w.a(a['job'])} and {b['name']} is {w.a(b['job'])}, so {verdict}."
        known = a["job"]
    else:
        winner = a if (int(a["year"]) > int(b["year"])) == later else b
        answer, seek, known = winner["name"], "year of birth", a["year"]
        question = rng.choice(
            (
                f"Who was born {first}, {a['name']} or {b['name']}?",
                f"Which of the two was born {first}: {a['name']} or {b['name']}?",
            )
        )
        fact = (
            f"{a['name']} was born in {a['year']} and {b['name']} in {b['year']}, so {winner['name']} was born {first}."
        )
    return Trace(
        question,
        (
            (
                f"I need to search {a['name']} and {b['name']}, and compare their {seek}.",
                f"Search[{a['name']}]",
                _told(rng, a),
            ),
            (
                f"The {seek} of {a['name']} is {known}. I need to search {b['name']} next.",
                f"Search[{b['name']}]",
                _told(rng, b),
            ),
            (f"{fact} So the answer is {answer}.", f"Finish[{answer}]", ""),
        ),
        answer,
    )


def trace(rng: Random, split: Split) -> Trace:
    """A worked trace of one of three kinds."""
    return rng.choice((_two_hops, _two_hops, _one_hop, _comparison))(rng, split)


def _render(made: Trace, gap: str) -> list[tuple[str, bool]]:
    """A worked trace; what the agent says in it is learnt too."""
    parts = [(f"Question: {made.question}\n", False)]
    for i, (thought, action, seen) in enumerate(made.steps, 1):
        said = f"Thought {i}: {thought}\nAction {i}: {action}\n"
        parts.append((said + f"Observation {i}:" if seen else said, True))
        parts.append((f" {seen}\n" if seen else gap, False))
    return parts if gap else parts[:-1]


def _prompt(rng: Random, split: Split, long: bool) -> tuple[list[tuple[str, bool]], Trace]:
    shots = 6 if long or rng.random() < 0.1 else rng.choice((0, 1, 1, 2, 3))
    gap = rng.choice(("", "\n"))
    if long and rng.random() < 0.5:
        shots += rng.randint(1, 12)
    shown = [part for _ in range(shots) for part in _render(trace(rng, "train"), gap)]
    head = rng.choice(INSTRUCTION[:4] if shots == 0 else INSTRUCTION)
    return ([(head, False)] if head else []) + shown, trace(rng, split)


def whole(rng: Random, split: Split, long: bool) -> Example:
    """A whole trace; the evaluation judges its end, after the last observation."""
    prompt, made = _prompt(rng, split, long)
    segments = [*prompt, (f"Question: {made.question}\n", False)]
    given = rng.random() < 0.5
    for i, (thought, action, seen) in enumerate(made.steps, 1):
        lead = f"Thought {i}:"
        if given:
            segments.append((lead, False))
        body = ("" if given else lead) + f" {thought}\nAction {i}: {action}\n"
        if seen:
            segments.append((body + f"Observation {i}:", True))
            segments.append((f" {seen}\n", False))
        else:
            segments.append((body + DOCUMENT_END, True))
    return Example(tuple(segments), f"Finish[{made.answer}]")


def first_step(rng: Random, split: Split, long: bool) -> Example:
    """The first thought and action alone."""
    prompt, made = _prompt(rng, split, long)
    thought, action, _ = made.steps[0]
    asked = (f"Question: {made.question}\nThought 1:", False)
    return Example((*prompt, asked, (f" {thought}\nAction 1: {action}\nObservation 1:", True)), action)


def has_action(example: Example, completion_: str) -> bool:
    """The completion's first action is the one wanted."""
    _, _, rest = completion_.partition("\nAction ")
    return rest.split("\n")[0].partition(": ")[2].strip() == example.want


HELD = "people and towns never seen"
FAMILIES = (
    Family("react", 2.0, whole, right=has_action, held_out=HELD, max_new_tokens=110),
    Family("react_first", 0.5, first_step, right=has_action, held_out=HELD, max_new_tokens=110),
)
