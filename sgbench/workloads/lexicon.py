"""Names and things that the workloads' inputs are made of, and the tables of what the bundled model knows.

Knows text and randomness, no program. Made-up names keep answers from being known beforehand.
"""

# ruff: noqa: SIM905 - lists of words read better as words
from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import resources
from random import Random

Count = Callable[[str], int]

FIRST = (
    "Anna Ben Carla David Emma Felix Grace Henry Iris Jack Kate Liam Mia Noah Olivia Peter Quinn Rosa Sam Tara Uma Victor "
    "Wendy Yara Zoe Ali Bea Chen Dora Elif Gus Hana Ivan Jaya Kofi Lena Marco Nina Omar Priya Raj Sara Tom Vera Will"
).split()
JOBS = (
    "teacher nurse baker pilot farmer lawyer painter plumber chef librarian dentist gardener carpenter singer journalist "
    "sailor tailor translator vet photographer programmer judge waiter potter biologist surgeon poet mechanic miner weaver"
).split()
THINGS = "apple pear lemon book pencil lamp chair marble stamp shell coin ticket card brick bottle candle button plate".split()
ANIMALS = "dog cat horse cow goat pig duck rabbit fox bear owl frog turtle parrot hamster otter camel tiger lion zebra".split()
FOODS = (
    "pizza soup bread rice pasta salad cheese noodles pancakes sushi tacos stew waffles pie lasagna beans cake".split()
)
COLOURS = "red blue green yellow black white purple orange pink brown grey silver golden".split()
ADJECTIVES = (
    "small large new bright dark quiet loud warm cold soft hard heavy round tall clean dusty shiny wooden old".split()
)
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTHS = "January February March April May June July August September October November December".split()
COUNTRIES = (
    "France Spain Italy Germany Poland Norway Sweden Greece Turkey Egypt Kenya India China Japan Brazil Peru Chile Mexico "
    "Canada Ireland Portugal Austria Hungary Finland Denmark Morocco Ghana Vietnam Thailand Nepal Cuba Iceland"
).split()
_SYLLABLES = (
    "ka lo mi ren tas vor bel dun fi gra hal jor kel lan mor nev ol pra ros sel tor ul ven wyn yor zel bri cor del em fen "
    "gil hes jal kri lum mar nor os per rin sto tal ur vik wes yan da ne su gle ta ri mo be"
).split()
_TOWN_ENDS = "ville ton burg stad ford mouth holm port field dale haven wick mere ham minster shire stone".split()
_FILLER = (
    "The market in {town} opens at {n} o'clock and sells mostly {things}.",
    "Most visitors come by train, though a {adjective} bus leaves every {n} minutes.",
    "On {day}s the bakery gives away {things} to children from {town}.",
    "Nobody remembers why the {adjective} bell rings {n} times in the evening.",
    "A local legend tells of a {colour} {animal} that guards the bridge of {town}.",
    "The library lends {things} as well as books, which surprises guests from {town}.",
    "Every {month} there is a fair with {food}, music and {adjective} lanterns.",
    "The {adjective} tower has {n} steps and a view over the whole valley.",
    "People say that the {food} here tastes best in {month}.",
    "The road to {town} is {adjective}, and it takes {n} hours by cart.",
)


def rows(table: str, folder: str = "tables") -> list[list[str]]:
    """Lines of one of the package's tables, split at ``|``."""
    text = resources.files("sgbench.workloads").joinpath(folder, f"{table}.txt").read_text(encoding="utf-8")
    return [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if not line.startswith("#")]


@functools.cache
def facts() -> dict[str, list[tuple[str, list[tuple[str, str]]]]]:
    """By school subject: questions with ``{s}`` and their ``(thing, answer)`` pairs."""
    found: dict[str, list[tuple[str, list[tuple[str, str]]]]] = {}
    for subject, question, pairs in rows("facts"):
        known = [(thing, answer) for thing, _, answer in (pair.strip().partition("=") for pair in pairs.split(";"))]
        found.setdefault(subject, []).append((question, known))
    return found


def word(rng: Random) -> str:
    """A made-up capitalised word."""
    return "".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(2, 3))).capitalize()


def person(rng: Random) -> str:
    """A full name with a made-up surname."""
    return f"{rng.choice(FIRST)} {word(rng)}"


def town(rng: Random) -> str:
    """A made-up town."""
    return "".join(rng.choice(_SYLLABLES) for _ in range(2)).capitalize() + rng.choice(_TOWN_ENDS)


def with_article(noun: str) -> str:
    """The noun behind "a" or "an"."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def filler(rng: Random) -> str:
    """A sentence that answers no question."""
    return rng.choice(_FILLER).format(
        town=town(rng),
        n=rng.randint(2, 60),
        things=rng.choice(THINGS) + "s",
        adjective=rng.choice(ADJECTIVES),
        day=rng.choice(DAYS),
        colour=rng.choice(COLOURS),
        animal=rng.choice(ANIMALS),
        food=rng.choice(FOODS),
        month=rng.choice(_MONTHS),
    )


def woven(rng: Random, told: list[str], tokens: int, count: Count) -> str:
    """A text that tells ``told`` in order among other sentences, about ``tokens`` long."""
    sentences = list(told)
    have = count(" ".join(told))
    while have < tokens:
        sentence = filler(rng)
        sentences.insert(rng.randint(0, len(sentences)), sentence)
        have += count(f" {sentence}")
    return " ".join(sentences)


def as_many(make: Callable[[], str], tokens: int, count: Count) -> list[str]:
    """Texts of ``make`` until they are about ``tokens`` long together; at least one."""
    made = [make()]
    have = count(made[0])
    while have < tokens:
        made.append(make())
        have += count(made[-1])
    return made
