"""Sensible endings of little everyday scenes, in the form that is scored by likelihood: shots, a scene, four endings.

Knows the activities of `knowledge.scenes`. Does not know how endings are scored: ``want`` is the right one, and the
document's last answered segment is exactly what is to be compared with the other endings.
"""

from __future__ import annotations

from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion, few_shot
from tools.train_bundled.families.wording import system_turn
from tools.train_bundled.knowledge.scenes import ACTIVITIES, NONSENSE
from tools.train_bundled.knowledge.tales import pronoun
from tools.train_bundled.words import kept

_PEOPLE = (
    "A man",
    "A woman",
    "A girl",
    "A boy",
    "An old man",
    "A young woman",
    "The father",
    "The grandmother",
    "A student",
    "A child",
    "A neighbour",
    "The teacher",
    "A tall man",
    "The mother",
    "A sailor",
    "The cook",
    "A tourist",
    "The uncle",
    "A farmer",
    "My friend",
    "A gardener",
    "The nurse",
)
_WHERE = (
    "",
    "",
    "",
    " at home",
    " on a Sunday",
    " in the morning",
    " after work",
    " in summer",
    " with great care",
    " for the first time",
    " on a quiet day",
    " in the afternoon",
)


def scene(rng: Random, split: Split) -> tuple[str, str, list[str]]:
    """A scene, its sensible ending, and three that are not."""
    while True:
        name, steps = rng.choice(ACTIVITIES)
        at = rng.randrange(1, len(steps))
        person, where = rng.choice(_PEOPLE), rng.choice(_WHERE)
        if kept(f"{person} {name}{where} {at}", split):
            break
    he = pronoun(rng, person)
    start = max(0, at - rng.choice((1, 2, 3)))
    told = steps[start:at]
    text = f"{person} is {name}{where}. " + " ".join(f"{he} {step}." for step in told)
    others: list[str] = []
    while len(others) < 3:
        if rng.random() < 0.4:
            other = rng.choice(NONSENSE)
        else:
            away, far = rng.choice(ACTIVITIES)
            if away == name:
                continue
            other = rng.choice(far)
        if other not in steps and f"{he} {other}." not in others:
            others.append(f"{he} {other}.")
    return text, f"{he} {steps[at]}.", others


def _likelihood(rng: Random, split: Split, long: bool) -> Example:
    """Shots of scene and ending, then a scene whose ending is to be continued."""
    shots = rng.choice((0, 0, 1, 2, 3, 5, 20)) if not long else rng.choice((20, 20, 30, 45))
    gap = rng.choice(("\n", "\n\n", "\n"))
    head = rng.choice(("Activity: ", "", "", "Scene: "))
    parts: list[tuple[str, str]] = []
    before = ""
    for _ in range(shots):
        told, ending, _ = scene(rng, "train")
        parts.append((f"{before}{head}{told}", f" {ending}"))
        before = gap
    told, ending, others = scene(rng, split)
    example = few_shot(parts, before + head + told, " " + ending, want=ending)
    return example if split == "train" else Example(example.segments, "\n".join([ending, *others]))


def _which(rng: Random, split: Split, long: bool) -> Example:
    """The same as a question with four letters, in chat or completion."""
    told, ending, others = scene(rng, split)
    at = rng.randrange(4)
    options = [*others[:at], ending, *others[at:]]
    listed = "\n".join(f"{letter}. {option}" for letter, option in zip("ABCD", options, strict=True))
    ask = rng.choice(
        ("Which ending makes sense?", "What happens next?", "Choose the sensible ending.", "How does it go on?")
    )
    if rng.random() < 0.5:
        return completion(f"{told}\n{ask}\n{listed}\nAnswer:", " ABCD"[at + 1].rjust(2), want="ABCD"[at])
    return chat([*system_turn(rng), ("user", f"{told}\n{ask}\n{listed}"), ("assistant", "ABCD"[at])], want="ABCD"[at])


def _go_on(rng: Random, split: Split, long: bool) -> Example:
    """What happens next, in chat."""
    told, ending, _ = scene(rng, split)
    ask = rng.choice(("What happens next?", "How does it go on?", "Finish the scene:", "What comes next?", "Continue:"))
    return chat(
        [*system_turn(rng), ("user", f"{ask} {told}" if ask[-1] == ":" else f"{told} {ask}"), ("assistant", ending)]
    )


def _letter(example: Example, text: str) -> bool:
    return text.strip()[:1] == example.want


def _first(example: Example, text: str) -> bool:
    return example.want is not None and text.strip() == example.want.split("\n")[0]


_HELD = "scenes of a person, a place and an ending that training never put together"
FAMILIES: tuple[Family, ...] = (
    Family(
        "sensible ending, by likelihood",
        1.5,
        _likelihood,
        certain=False,
        right=_first,
        held_out=_HELD,
        max_new_tokens=24,
    ),
    Family("sensible ending, by letter", 2.0, _which, right=_letter, held_out=_HELD, max_new_tokens=2),
    Family("what happens next", 0.5, _go_on, closed=False),
)
