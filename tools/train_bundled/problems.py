"""Arithmetic word problems with their worked chains, at ten levels.

Knows no prompt format. A level fixes how many steps a problem has and how large its numbers and products get.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from zlib import crc32

from tools.train_bundled import words as w
from tools.train_bundled.example import Split


@dataclass(frozen=True, slots=True)
class Level:
    """Bounds of one level: steps, largest plain number, largest factors of a product, odds of a distractor.

    ``ways``: a product is worked in one of several ways, so that samples go wrong at different places.
    """

    steps: tuple[int, int]
    number: int
    factors: tuple[int, int]
    distractor: float
    ways: bool = False


LEVELS: dict[int, Level] = {
    1: Level((1, 1), 20, (0, 0), 0.0),
    2: Level((2, 2), 50, (0, 0), 0.0),
    3: Level((2, 3), 100, (9, 9), 0.1),
    4: Level((3, 4), 300, (12, 20), 0.4),
    5: Level((3, 5), 999, (9, 99), 0.5),
    6: Level((4, 5), 5_000, (30, 99), 0.5),
    7: Level((4, 5), 9_999, (60, 99), 0.5),
    8: Level((4, 6), 9_999, (99, 99), 0.5, ways=True),
    9: Level((5, 6), 9_999, (99, 199), 0.5, ways=True),
    10: Level((13, 16), 9_999, (60, 99), 0.5),
}
VOTED_FROM = 7
"""The first of the levels that are for votes."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A question, the lines of its worked chain, the answer, and the plan in words."""

    question: str
    chain: tuple[str, ...]
    answer: int
    plan: str

    @property
    def worked(self) -> str:
        """The chain in one paragraph, with the answer last."""
        return f"{' '.join(self.chain)} The answer is {self.answer}."


ADD = (
    "{s} {gets} {n} more {things}.",
    "Then {s} buys {n} {things}.",
    "{o} gives {s} {n} {things}.",
    "{s} finds another {n} {things}.",
    "After that {s} collects {n} {things} more.",
    "{n} more {things} arrive for {s}.",
)
SUB = (
    "{s} gives {n} {things} to {o}.",
    "Then {s} loses {n} {things}.",
    "{s} sells {n} {things}.",
    "{o} takes {n} of the {things}.",
    "{n} {things} are thrown away.",
    "{s} uses up {n} {things}.",
)
ADD_PRODUCT = (
    "{s} buys {a} {packs} of {b} {things} each.",
    "{o} brings {a} {packs} with {b} {things} in each.",
    "Then {a} {packs} of {b} {things} are delivered to {s}.",
    "On each of {a} days {s} collects {b} {things}.",
)
SUB_PRODUCT = (
    "{s} gives {b} {things} to each of {a} friends.",
    "{s} sells {a} {packs} of {b} {things} each.",
    "On each of {a} days {s} uses {b} {things}.",
)
DOUBLE = (
    "Then the number of {things} doubles.",
    "{s} doubles the number of {things}.",
    "By luck {s} ends up with twice as many {things}.",
)
HALF = ("{s} gives half of the {things} to {o}.", "Half of the {things} are sold.", "{s} loses half of the {things}.")
SHARE = (
    "The {things} are shared equally among {k} children. How many does each child get?",
    "{s} packs the {things} into {k} equal bags. How many are in each bag?",
)
ASK = (
    "How many {things} does {s} have now?",
    "How many {things} does {s} have in the end?",
    "How many {things} are left?",
    "How many {things} does {s} have?",
    "What is the number of {things} now?",
)
DISTRACT = (
    "{o} has {n} {other}.",
    "It is {n} degrees outside.",
    "{o} is {n} years old.",
    "The shop is {n} metres away.",
    "{s} also sees {n} {other}.",
    "A {other1} costs {n} cents.",
)
START = (
    "{s} has {n} {things}.",
    "{s} starts with {n} {things}.",
    "There are {n} {things} in {s}'s box.",
    "At first {s} owns {n} {things}.",
    "In the morning {s} has {n} {things}.",
)
PACKS = "boxes bags packs baskets crates".split()


def _product(rng: Random, level: Level) -> tuple[int, int]:
    a, b = level.factors
    return rng.randint(max(2, a // 4), a), rng.randint(max(2, b // 4), b)


def _multiplied(rng: Random, level: Level, a: int, b: int) -> list[str]:
    """The lines that work out ``a * b``: at once, or at the levels of several ways either way round or in tens and ones."""
    if level.ways:
        if rng.random() < 0.5:
            a, b = b, a
        tens, ones = b // 10 * 10, b % 10
        if tens and ones and rng.random() < 0.5:
            parts = [f"{a} * {tens} = {a * tens}.", f"{a} * {ones} = {a * ones}."]
            return [*parts, f"{a * tens} + {a * ones} = {a * b}."]
    return [f"{a} * {b} = {a * b}."]


def _step(rng: Random, level: Level, value: int) -> tuple[str, dict[str, int], list[str], int, str]:
    """One event: template, its numbers, chain lines, new value, plan words."""
    kinds = ["add", "sub"]
    if level.factors[0]:
        kinds += ["addp", "subp", "addp"]
    if level.steps[1] > 1:
        kinds += ["double", "half"]
    for _ in range(20):
        kind = rng.choice(kinds)
        if kind == "add":
            n = rng.randint(max(1, level.number // 20), level.number)
            return rng.choice(ADD), {"n": n}, [f"{value} + {n} = {value + n}."], value + n, "add what comes in"
        if kind == "sub" and value > 1:
            n = rng.randint(max(1, min(level.number // 20, value - 1)), min(level.number, value - 1))
            return rng.choice(SUB), {"n": n}, [f"{value} - {n} = {value - n}."], value - n, "subtract what goes away"
        if kind == "addp":
            a, b = _product(rng, level)
            lines = [*_multiplied(rng, level, a, b), f"{value} + {a * b} = {value + a * b}."]
            return rng.choice(ADD_PRODUCT), {"a": a, "b": b}, lines, value + a * b, "multiply the groups and add them"
        if kind == "subp":
            a, b = _product(rng, level)
            if a * b < value:
                lines = [*_multiplied(rng, level, a, b), f"{value} - {a * b} = {value - a * b}."]
                return (
                    rng.choice(SUB_PRODUCT),
                    {"a": a, "b": b},
                    lines,
                    value - a * b,
                    "multiply the groups and subtract them",
                )
        if kind == "double" and value <= 4 * level.number:
            return rng.choice(DOUBLE), {}, [f"{value} * 2 = {value * 2}."], value * 2, "double it"
        if kind == "half" and value % 2 == 0 and value > 2:
            return rng.choice(HALF), {}, [f"{value} / 2 = {value // 2}."], value // 2, "halve it"
    n = rng.randint(1, level.number)
    return rng.choice(ADD), {"n": n}, [f"{value} + {n} = {value + n}."], value + n, "add what comes in"


def problem(rng: Random, split: Split, number: int) -> Problem:
    """A problem of level ``number`` whose numbers, by hash, belong to ``split``."""
    while True:
        made = _problem(rng, number)
        told = made.question if LEVELS[number].ways else "".join(made.chain)
        if (crc32(told.encode()) % 16 == 0) == (split == "heldout"):
            return made


def _problem(rng: Random, number: int) -> Problem:
    level = LEVELS[number]
    s, o = rng.sample(w.FIRST, 2)
    item, other = rng.sample(w.ITEMS, 2)
    names = {
        "s": s,
        "o": o,
        "things": w.plural(item),
        "other": w.plural(other),
        "other1": other,
        "packs": rng.choice(PACKS),
        "gets": rng.choice(("gets", "receives", "picks up")),
    }
    value = rng.randint(max(2, level.number // 10), level.number)
    story = [rng.choice(START).format(n=value, **names)]
    chain = [f"{s} starts with {value} {names['things']}."]
    plan: list[str] = []
    for _ in range(rng.randint(*level.steps)):
        template, numbers, lines, value, words = _step(rng, level, value)
        story.append(template.format(**names, **numbers))
        chain += lines
        plan.append(words)
    if rng.random() < level.distractor:
        story.insert(rng.randint(1, len(story)), rng.choice(DISTRACT).format(n=rng.randint(2, level.number), **names))
    divisors = [k for k in range(2, 10) if value % k == 0 and value > k]
    if number >= 3 and divisors and rng.random() < 0.2:
        k = rng.choice(divisors)
        story.append(rng.choice(SHARE).format(k=k, **names))
        chain.append(f"{value} / {k} = {value // k}.")
        plan.append("divide it into equal parts")
        value //= k
    else:
        story.append(rng.choice(ASK).format(**names))
    steps = ", then ".join(plan)
    return Problem(
        " ".join(story), tuple(chain), value, f"Start from the first number of {names['things']}, then {steps}."
    )
