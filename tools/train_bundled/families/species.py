"""Animals in the plural: what they eat, how they sound, where they live, what they are.

Knows the tables of animals. Does not know single animals' names.
"""

from __future__ import annotations

from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.facts import holds
from tools.train_bundled.families.wording import form_of, framed, system_turn, typed, upper_first
from tools.train_bundled.knowledge.animals import CLASS, FOOD, LEGS, LIVES, SOUND, YOUNG, article
from tools.train_bundled.knowledge.unknown import invented
from tools.train_bundled.knowledge.words import plural

_ASKS: tuple[tuple[dict[str, str], tuple[str, ...], str], ...] = (
    (
        dict(FOOD),
        (
            "What do {p} eat?",
            "What do {p} feed on?",
            "What is the food of {p}?",
            "what do {p} like to eat",
            "Tell me what {p} eat.",
        ),
        "{S} eats {o}.",
    ),
    (
        dict(LIVES),
        (
            "Where do {p} live?",
            "Where are {p} found?",
            "Where do I find {p}?",
            "In which part of the world do {p} live?",
            "Tell me where {p} live.",
        ),
        "In nature {s} lives in {o}.",
    ),
    (
        dict(SOUND),
        (
            "What sound do {p} make?",
            "What noise do {p} make?",
            "What do {p} say?",
            "How do {p} sound?",
            "Tell me what sound {p} make.",
        ),
        "{S} {o}.",
    ),
    (
        dict(LEGS),
        (
            "How many legs do {p} have?",
            "How many legs have {p} got?",
            "How many legs do {p} stand on?",
            "Tell me how many legs {p} have.",
        ),
        "{S} has {o} legs.",
    ),
    (
        {s: article(o) for s, o in YOUNG},
        (
            "What are young {p} called?",
            "What do you call baby {p}?",
            "What are the young of {p} called?",
            "what are baby {p} called",
            "Tell me what baby {p} are called.",
        ),
        "The young of {s} is called {o}.",
    ),
    (
        {s: article(o) for s, o in CLASS},
        (
            "What are {p}?",
            "What kind of animals are {p}?",
            "What type of animal are {p}?",
            "Which class of animals are {p}?",
            "Tell me what {p} are.",
        ),
        "{S} is {o}.",
    ),
)
_CLASSES = dict(CLASS)
_GROUPS = sorted(set(_CLASSES.values()))


def _species(rng: Random, split: Split, long: bool) -> Example:
    """One fact about all animals of a kind."""
    table, asks, say = rng.choice(_ASKS)
    s = rng.choice(tuple(table))
    form = form_of(rng, asks, s, split)
    asked = upper_first(form.format(p=plural(s)))
    o = table[s]
    if rng.random() < 0.3:
        prompt, answer = framed(rng, [], typed(rng, asked, plural(s)), o)
        return completion(prompt, answer, want=o)
    if split == "train" and rng.random() < 0.12:
        made = invented(rng, split) + "s"
        return chat(
            [
                *system_turn(rng),
                ("user", typed(rng, form.format(p=made), made)),
                ("assistant", f"I don't know what {made} are."),
            ],
            want="don't know",
        )
    text = say.format(s=article(s), S=upper_first(article(s)), o=o)
    return chat([*system_turn(rng), ("user", typed(rng, asked, plural(s))), ("assistant", text)], want=o)


def _are(rng: Random, split: Split, long: bool) -> Example:
    """Whether animals of a kind belong to a class."""
    s = rng.choice(tuple(_CLASSES))
    right = _CLASSES[s]
    claimed = right if rng.random() < 0.5 else rng.choice([g for g in _GROUPS if g != right])
    form = rng.choice(("Are {p} {g}?", "Is {a} {b}?", "Do {p} belong to the {g}?", "{P} are {g}, right?"))
    asked = form.format(p=plural(s), P=upper_first(plural(s)), g=plural(claimed), a=article(s), b=article(claimed))
    verdict = "so yes" if claimed == right else "so no"
    reply = f"{upper_first(article(s))} is {article(right)}, {verdict}."
    if rng.random() < 0.3:
        prompt, answer = framed(rng, [], typed(rng, asked, plural(s)), reply)
        return completion(prompt, answer, want=verdict)
    return chat(
        [
            *system_turn(rng),
            ("user", typed(rng, upper_first(asked), s)),
            ("assistant", reply),
        ],
        want=verdict,
    )


FAMILIES: tuple[Family, ...] = (
    Family(
        "animals in the plural",
        1.5,
        _species,
        right=holds,
        held_out="known animals, each in the one form in which training never asks for it",
    ),
    Family(
        "animals and their classes",
        1.5,
        _are,
        right=holds,
        held_out="pairs drawn anew",
    ),
)
