"""Plain text to be continued: sayings, everyday sentences, openings of stories, small programs.

Knows the texts of `knowledge.sayings`. Does not know chat, except where a program is asked for.
"""

from __future__ import annotations

from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.stories import tell
from tools.train_bundled.families.wording import system_turn, typed
from tools.train_bundled.knowledge.sayings import CODE, CODE_ASKED, FRAMES, SAYINGS, SLOTS
from tools.train_bundled.knowledge.tales import CREATURES, NAMES, OBJECTS, PLOTS


def _cut(rng: Random, text: str, least: int = 2) -> tuple[str, str]:
    """A text parted at a word; the second half begins with the space."""
    spaces = [i for i, c in enumerate(text) if c == " "]
    usable = spaces[least - 1 :] or spaces
    at = rng.choice(usable)
    return text[:at], text[at:]


def _saying(rng: Random, split: Split, long: bool) -> Example:
    text = rng.choice(_PARTED)
    head, rest = _cut(rng, text, 3)
    if rng.random() < 0.25:
        asked = rng.choice(
            (
                "Finish the sentence: {h}",
                "Complete: {h}...",
                "Continue this: {h}",
                "How does it go on: {h} ...",
                "Complete the sentence: {h}",
            )
        )
        return chat([*system_turn(rng), ("user", asked.format(h=head)), ("assistant", text)], want=text)
    return completion(head, rest, want=rest.strip())


_PARTED = tuple(s for s in SAYINGS if s.count(" ") > 2)


def sentence(rng: Random) -> str:
    """An everyday sentence."""
    k, k2 = rng.sample(NAMES, 2)
    o, o2 = rng.sample(SLOTS["o"], 2)
    words = {key: rng.choice(pool) for key, pool in SLOTS.items()}
    return rng.choice(FRAMES).format(**(words | {"k": k, "k2": k2, "o": o, "o2": o2}))


def _everyday(rng: Random, split: Split, long: bool) -> Example:
    """Some everyday sentences, parted anywhere."""
    count = rng.choice((1, 1, 2, 3)) if not long else 120
    before = " ".join(sentence(rng) for _ in range(count - 1))
    head, rest = _cut(rng, sentence(rng), 1)
    return completion((before + " " + head).strip(), rest)


def _opening(rng: Random, split: Split, long: bool) -> Example:
    """The opening of a story, to be continued to its end."""
    text = tell(rng, rng.choice(CREATURES), rng.choice(OBJECTS), rng.choice(NAMES))
    head, rest = _cut(rng, text, 4)
    if rng.random() < 0.5:
        head = rng.choice(("Once upon a time", "Once upon a time there was", "Long ago", "One day", "Once there was"))
        hero = rng.choice(CREATURES)
        begin = {"Once upon a time there was": "", "Once there was": ""}.get(
            head, " there was" if head != "Long ago" else ", there lived"
        )
        article = "an" if hero[0] in "aeiou" else "a"
        name = rng.choice(NAMES)
        told = tell(rng, hero, rng.choice(OBJECTS), name, (PLOTS[0], PLOTS[2])).split(". ", 1)[1]
        rest = f"{begin} {article} {hero} called {name} who wanted to see the world. {told}"
        if rng.random() < 0.2:
            return chat(
                [
                    *system_turn(rng),
                    ("user", rng.choice(("Continue the story: {h}", "{h}...", "Go on: {h}")).format(h=head)),
                    ("assistant", head + rest),
                ]
            )
    return completion(head, rest)


def _program(rng: Random, split: Split, long: bool) -> Example:
    """A small program, asked for or begun."""
    at = rng.randrange(len(CODE))
    code = CODE[at]
    if rng.random() < 0.35 and code.count("\n") > 1:
        lines = code.split("\n")
        head = lines[0] + ("\n" if rng.random() < 0.8 else "")
        return completion(head, code[len(head) :], want=code[len(head) :].strip())
    does, to = CODE_ASKED[at]
    what = "function" if code.startswith("def") else "program"
    forms = (
        f"Write a Python {what} that {does}.",
        f"Write a {what} that {does}.",
        f"write a python {what} {to}",
        f"Python {what} {to}",
        f"Give me Python code that {does}.",
        f"How do I write a {what} {to} in Python?",
        f"Show me a Python {what} that {does}.",
        f"Code {to} in Python, please.",
    )
    asked = f"I need a Python {what} that {does}." if split == "heldout" else rng.choice(forms)
    return chat(
        [*system_turn(rng), ("user", typed(rng, asked, does)), ("assistant", code.rstrip("\n"))], want=code.rstrip("\n")
    )


def _same(example: Example, text: str) -> bool:
    return example.want is not None and example.want.strip() in text


FAMILIES: tuple[Family, ...] = (
    Family("sayings", 1.2, _saying, right=_same, held_out="the same sayings, parted anywhere"),
    Family("everyday sentences", 0.8, _everyday, closed=False),
    Family("openings of stories", 0.7, _opening, closed=False, max_new_tokens=160),
    Family(
        "small programs", 0.8, _program, right=_same, held_out="a phrasing that training never used", max_new_tokens=96
    ),
)
