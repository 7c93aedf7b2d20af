"""How everyday things are done, and how two things differ.

Knows scenes and the fact tables. Does not know whether an advice suits the person who asks.
"""

from __future__ import annotations

from random import Random

from tools.train_bundled.example import Example, Family, Split, chat
from tools.train_bundled.families.wording import form_of, lower_first, system_turn, typed, upper_first
from tools.train_bundled.knowledge.animals import CLASS, FOOD, SOUND, article
from tools.train_bundled.knowledge.countries import COUNTRIES
from tools.train_bundled.knowledge.scenes import ACTIVITIES
from tools.train_bundled.knowledge.tales import CREATURES, OBJECTS

_BASE = {
    "goes": "go",
    "does": "do",
    "is": "be",
    "watches": "watch",
    "brushes": "brush",
    "presses": "press",
    "pushes": "push",
    "washes": "wash",
    "rinses": "rinse",
    "reaches": "reach",
    "catches": "catch",
    "finishes": "finish",
    "polishes": "polish",
    "mixes": "mix",
    "fixes": "fix",
    "searches": "search",
    "dries": "dry",
    "carries": "carry",
    "fries": "fry",
    "ties": "tie",
    "empties": "empty",
    "throws": "throw",
    "stitches": "stitch",
    "stretches": "stretch",
    "crosses": "cross",
    "switches": "switch",
    "sketches": "sketch",
    "has": "have",
    "unties": "untie",
    "touches": "touch",
}


def imperative(step: str) -> str:
    """ "fills the kettle and waits" as "Fill the kettle and wait"."""
    words = step.split(" ")
    words[0] = _base(words[0])
    for i in range(1, len(words) - 1):
        if words[i] == "and" and words[i + 1].endswith("s") and words[i + 1] not in ("milk", "peas", "vinegar", "eggs"):
            words[i + 1] = _base(words[i + 1])
    return upper_first(" ".join(words))


def _base(verb: str) -> str:
    return _BASE.get(verb, verb[:-1] if verb.endswith("s") else verb)


_GERUND = {
    "making": "make",
    "frying": "fry",
    "washing": "wash",
    "brushing": "brush",
    "planting": "plant",
    "painting": "paint",
    "baking": "bake",
    "posting": "post",
    "building": "build",
    "changing": "change",
    "cutting": "cut",
    "catching": "catch",
    "riding": "ride",
    "going": "go",
    "taking": "take",
    "getting": "get",
    "playing": "play",
    "shopping": "shop",
    "borrowing": "borrow",
    "travelling": "travel",
    "walking": "walk",
    "lighting": "light",
    "sewing": "sew",
    "wrapping": "wrap",
    "cleaning": "clean",
    "pitching": "pitch",
    "doing": "do",
    "ironing": "iron",
    "giving": "give",
    "climbing": "climb",
    "feeding": "feed",
    "repairing": "repair",
    "shovelling": "shovel",
    "running": "run",
    "visiting": "visit",
    "throwing": "throw",
    "opening": "open",
    "drawing": "draw",
}
_HOW = (
    "How do I {d}?",
    "How do you {d}?",
    "How to {d}",
    "Tell me how to {d}.",
    "What are the steps to {d}?",
    "Explain how to {d}.",
    "how can i {d}",
    "Give me instructions to {d}.",
    "What do I do to {d}?",
    "Steps to {d}?",
    "I want to {d}. How?",
    "Please tell me the steps to {d}.",
)
_ACTS = [
    (f"{_GERUND[name.split(' ')[0]]} {' '.join(name.split(' ')[1:])}", steps)
    for name, steps in ACTIVITIES
    if name.split(" ")[0] in _GERUND and len(name.split(" ")) > 1
]


_DO = (
    "fix",
    "build",
    "repair",
    "clean",
    "paint",
    "sell",
    "move",
    "open",
    "train",
    "assemble",
    "install",
    "design",
    "program",
    "catch",
    "weld",
    "tune",
)


def _how(rng: Random, split: Split, long: bool) -> Example:
    """The steps of an everyday activity, in order; unknown deeds are refused."""
    if rng.random() < 0.25:
        thing = rng.choice(CREATURES + OBJECTS)
        deed = f"{rng.choice(_DO)} {rng.choice(('a', 'my', 'the', 'a'))} {thing}".replace(
            f" a {thing}", f" {article(thing)}"
        )
        asked, want = rng.choice(_HOW).format(d=deed), f"I don't know how to {deed}."
        return chat(
            [*system_turn(rng), ("user", typed(rng, asked, deed)), ("assistant", want.replace(" my ", " your "))],
            want=want.replace(" my ", " your "),
        )
    deed, steps = rng.choice(_ACTS)
    asked = form_of(rng, _HOW, deed, split).format(d=deed)
    text = "\n".join(f"{i}. {imperative(step)}." for i, step in enumerate(steps, start=1))
    return chat([*system_turn(rng), ("user", typed(rng, asked, deed)), ("assistant", text)], want=text)


_SOUNDS, _FOODS, _CLASSES = dict(SOUND), dict(FOOD), dict(CLASS)


def _difference(rng: Random, split: Split, long: bool) -> Example:
    """Two animals or two countries beside each other."""
    if rng.random() < 0.5:
        a, b = rng.sample([s for s in _CLASSES if s in _SOUNDS or s in _FOODS], 2)
        told = [
            f"{upper_first(article(x))} is {article(_CLASSES[x])} that "
            + (f"{_SOUNDS[x]}" if x in _SOUNDS else f"eats {_FOODS[x]}")
            for x in (a, b)
        ]
        first, second, reply = article(a), article(b), f"{told[0]}, and {lower_first(told[1])}."
    else:
        x, y = rng.sample([row for row in COUNTRIES if row[1] != "-"], 2)
        first, second = x[0], y[0]
        reply = f"{upper_first(first)} is in {x[2]} and has the capital {x[1]}, {second} is in {y[2]} and has the capital {y[1]}."
    asked = rng.choice(
        (
            "What is the difference between {a} and {b}?",
            "Compare {a} and {b}.",
            "How do {a} and {b} differ?",
            "{a} vs {b}",
            "difference between {a} and {b}?",
        )
    ).format(a=first, b=second)
    return chat(
        [*system_turn(rng), ("user", typed(rng, upper_first(asked), first + second)), ("assistant", reply)], want=reply
    )


_HELD = "scenes and words drawn anew"
FAMILIES: tuple[Family, ...] = (
    Family(
        "how to",
        1.0,
        _how,
        held_out="known deeds, each in the one form in which training never asks for it",
        max_new_tokens=110,
    ),
    Family("differences", 0.5, _difference, held_out="pairs drawn anew", max_new_tokens=80),
)
