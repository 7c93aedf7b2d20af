"""Lists of things of a kind, in a row or line by line, and one of a kind.

Knows the categories of `knowledge.lists`. Does not know anything about the things.
"""

from __future__ import annotations

import re
from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.wording import form_of, system_turn, typed, upper_first
from tools.train_bundled.knowledge.animals import article
from tools.train_bundled.knowledge.lists import LISTS

_NUMBERED = re.compile(r"^\s*\d+\. ")
_ORDERED = (
    "letters",
    "numbers",
    "planets",
    "months",
    "days of the week",
    "even numbers",
    "odd numbers",
    "prime numbers",
    "seasons",
    "vowels",
)
_COUNTS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}
_LIST = (
    "Name {n} {c}.",
    "List {n} {c}.",
    "Give me {n} {c}.",
    "Tell me {n} {c}.",
    "{n} {c}?",
    "Can you name {n} {c}?",
    "What are {n} {c}?",
    "{n} {c} please",
    "I need {n} {c}.",
    "Name me {n} {c}.",
    "Write down {n} {c}.",
    "Do you know {n} {c}?",
)


def _listed(example: Example, text: str) -> bool:
    count, pool = (example.want or "0|").split("|", 1)
    items = [_NUMBERED.sub("", part).strip(" .").lower() for part in text.strip().replace("\n", ", ").split(",")]
    allowed = {name.lower() for name in pool.split(";")}
    return len(items) == int(count) == len(set(items)) and all(item in allowed for item in items)


def _list(rng: Random, split: Split, long: bool) -> Example:
    """Some things of a kind, in a row or as a numbered list."""
    category = rng.choice(tuple(LISTS))
    pool = LISTS[category]
    count = min(rng.choice((2, 3, 3, 4, 5, 5, 6)), len(pool))
    picked = list(pool[:count])
    want = f"{count}|{';'.join(pool)}"
    number = rng.choice((_COUNTS[count], str(count)))
    ask = form_of(rng, _LIST, category, split)
    asked = upper_first(ask.format(n=number, c=category))
    if split == "train" and category in _ORDERED and rng.random() < 0.3:
        asked = rng.choice(
            ("List the first {n} {c}.", "What are the first {n} {c}?", "Name the first {n} {c}.", "The first {n} {c}?")
        )
        asked = asked.format(n=number, c=category)
    if rng.random() < 0.3 and "," not in "".join(picked):
        asked += rng.choice((" One per line.", " As a numbered list.", " Use a numbered list."))
        text = (
            "\n".join(f"{i}. {name}" for i, name in enumerate(picked, start=1))
            if "numbered" in asked
            else "\n".join(picked)
        )
    else:
        text = upper_first(", ".join(picked)) + "."
    if rng.random() < 0.2:
        return completion(f"Q: {asked}\nA:", " " + text, want=want)
    return chat([*system_turn(rng), ("user", typed(rng, asked, category)), ("assistant", text)], want=want)


def _one_of(rng: Random, split: Split, long: bool) -> Example:
    """One thing of a kind."""
    category = rng.choice([c for c in LISTS if c.endswith("s") and " " not in c and c not in ("clothes", "vowels")])
    pool = LISTS[category]
    one = category[:-3] + "y" if category.endswith("ies") else category[:-1]
    ask = rng.choice(
        (
            "Name {a}.",
            "Give me an example of {a}.",
            "Tell me {a}.",
            "Say {a}.",
            "What is an example of {a}?",
            "Pick {a}.",
            "Choose a random {o}.",
            "Any {o}?",
        )
    )
    return chat(
        [
            *system_turn(rng),
            ("user", typed(rng, ask.format(a=article(one), o=one))),
            ("assistant", upper_first(rng.choice(pool[:3])) + "."),
        ],
        want=f"1|{';'.join(pool)}",
    )


FAMILIES: tuple[Family, ...] = (
    Family(
        "lists of things",
        1.8,
        _list,
        right=_listed,
        held_out="known kinds, each in the one form in which training never asks for it",
        max_new_tokens=64,
    ),
    Family("one of a kind", 1.0, _one_of, certain=False, right=_listed, held_out="the same kinds", max_new_tokens=24),
)
