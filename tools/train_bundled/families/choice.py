"""Multiple choice over the fact tables: 0 to 5 shots, more in long prompts, answered by a letter.

Knows the tables and the form of few-shot exams. Does not know how letters are scored.
"""

from __future__ import annotations

from functools import cache
from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, few_shot
from tools.train_bundled.families.facts import question
from tools.train_bundled.families.wording import bare, form_of, system_turn
from tools.train_bundled.knowledge import RELATIONS, SCIENCE, SERVING
from tools.train_bundled.knowledge.relation import Relation

_LETTERS = "ABCD"
_SHORT = 3
_NUMBERS_ASKED = ("atomic number", "count", "year")
_OBJECTS = {r.name: sorted({o for _, o in r.pairs}) for r in RELATIONS}


def _long_words(text: str) -> set[str]:
    return {word for word in text.lower().split() if len(word) > 3}


@cache
def _others(name: str, o: str) -> list[str]:
    """Wrong options beside ``o``: what shares no longer word with it, so that one option is right."""
    words = _long_words(o)
    return [other for other in _OBJECTS[name] if other != o and not words & _long_words(other)]


def _askable(relation: Relation) -> bool:
    """Whether each answer has three wrong ones beside it, and the answers are not all numbers, but for a few relations."""
    numbers = all(o[:1].isdigit() for _, o in relation.pairs) and relation.name not in _NUMBERS_ASKED
    return not numbers and all(len(_others(relation.name, o)) > 2 for o in _OBJECTS[relation.name])


_USABLE = [r for r in RELATIONS if _askable(r)]
_LISTABLE = [r for r in _USABLE if sum(len(o) <= _SHORT for _, o in r.pairs) < len(r.pairs) / 4]
_SUBJECTS = sorted({r.subject for r in _USABLE})
_OF_SUBJECT = {subject: [r for r in _USABLE if r.subject == subject] for subject in _SUBJECTS}
_SUBJECT_WEIGHTS = [sum(len(r.pairs) for r in _OF_SUBJECT[subject]) ** 0.6 for subject in _SUBJECTS]


_TEXTS = {
    "computer science": tuple(row for row in SERVING if not row[0].endswith("?")),
    "science": tuple(row for row in SCIENCE if row[0].startswith(("Why", "What is a", "How do", "What is the"))),
}


_TEXT_ASKS = ("What is {x}?", "What is true of {x}?", "Which text explains {x}?", "Which statement fits {x}?")


def _text_item(rng: Random, subject: str, split: Split) -> tuple[str, list[str], int]:
    """A question whose options are first sentences of explanations."""
    picked = rng.sample(_TEXTS[subject], 4)
    at = rng.randrange(4)
    asked = picked[at][0]
    if not asked.endswith("?"):
        asked = form_of(rng, _TEXT_ASKS, asked, split).format(x=asked)
    return asked, [text.split(". ")[0].rstrip(".") for _, text in picked], at


def _options(rng: Random, relation: Relation, o: str) -> tuple[list[str], int]:
    picked = rng.sample(_others(relation.name, o), 3)
    at = rng.randrange(4)
    return [*picked[:at], o, *picked[at:]], at


def item(rng: Random, relation: Relation, split: Split) -> tuple[str, list[str], int]:
    """A question with four options and the place of the right one."""
    s, o = rng.choice(relation.pairs)
    options, at = _options(rng, relation, o)
    asked = question(rng, relation, s, split)
    if rng.random() < 0.7:
        options = [bare(option) for option in options]
    if split == "train" and rng.random() < 0.15:
        asked = f"{relation.sentence(s, o)} {asked}"
    return asked, options, at


def _block(asked: str, options: list[str], marks: str) -> str:
    return (
        asked
        + "\n"
        + "\n".join(f"{letter}{marks} {option}" for letter, option in zip(_LETTERS, options, strict=True))
        + "\nAnswer:"
    )


def _relation(rng: Random, subject: str) -> Relation:
    relations = _OF_SUBJECT[subject]
    return rng.choices(relations, [len(r.pairs) ** 0.7 for r in relations])[0]


def _of(rng: Random, subject: str, split: Split) -> tuple[str, list[str], int]:
    return _text_item(rng, subject, split) if subject in _TEXTS else item(rng, _relation(rng, subject), split)


def _exam(rng: Random, split: Split, long: bool) -> Example:
    """The exam form: a header that names the subject, shots of the same subject, a letter to be continued."""
    subject = rng.choices(_SUBJECTS, _SUBJECT_WEIGHTS)[0]
    if rng.random() < 0.08:
        subject = rng.choice(tuple(_TEXTS))
    shots = rng.randrange(6) if not long else rng.randrange(20, 70)
    header = (
        f"The following are multiple choice questions (with answers) about {subject}.\n\n" if rng.random() < 0.8 else ""
    )
    marks = "." if rng.random() < 0.75 else rng.choice((")", ":"))
    lead = "Question: " if rng.random() < 0.2 else ""
    parts: list[tuple[str, str]] = []
    size, before = 0, header
    for _ in range(shots):
        asked, options, at = _of(rng, subject, "train")
        parts.append((f"{before}{lead}{_block(asked, options, marks)}", f" {_LETTERS[at]}"))
        before = "\n\n"
        size += len(parts[-1][0])
        if size > 11000:
            break
    asked, options, at = _of(rng, subject, split)
    prompt = before + lead + _block(asked, options, marks)
    if rng.random() < 0.1:
        return few_shot(parts, prompt + " ", _LETTERS[at], want=_LETTERS[at])
    return few_shot(parts, prompt, " " + _LETTERS[at], want=_LETTERS[at])


_ASKS = (
    "Answer with the letter only.",
    "Which letter is right?",
    "Only give the letter.",
    "Answer with A, B, C or D.",
    "",
    "",
)


def _listing(rng: Random, split: Split, long: bool) -> Example:
    """Which letter an option has, or which option a letter: what choosing is built on, without any knowledge."""
    relation = rng.choice(_LISTABLE)
    options = rng.sample(_OBJECTS[relation.name], 4)
    at = rng.randrange(4)
    marks = rng.choice((".", ")", ":"))
    lines = "\n".join(f"{letter}{marks} {option}" for letter, option in zip(_LETTERS, options, strict=True))
    if rng.random() < 0.7:
        ask, answer = (
            rng.choice(("Which letter is {o}?", "Where is {o}?", "Find {o} in the list.")),
            _LETTERS[at],
        )
    else:
        ask, answer = rng.choice(("What is {l}?", "Which option is {l}?", "Read out {l}.")), options[at]
    ask = ask.format(o=options[at], l=_LETTERS[at])
    body = f"{lines}\n{ask}" if rng.random() < 0.5 else f"{ask}\n{lines}"
    if rng.random() < 0.6:
        return few_shot([], f"{body}\nAnswer:", f" {answer}", want=answer)
    return chat([*system_turn(rng), ("user", body), ("assistant", answer)], want=answer)


def _talk(rng: Random, split: Split, long: bool) -> Example:
    """The same questions inside a chat."""
    relation = rng.choices(_USABLE, [len(r.pairs) ** 0.6 for r in _USABLE])[0]
    asked, options, at = item(rng, relation, split)
    ask = rng.choice(_ASKS)
    marks = rng.choice((".", ")", "."))
    body = _block(asked, options, marks).removesuffix("\nAnswer:")
    text = (
        f"{body}\n{ask}"
        if ask
        else f"{body}\n" + rng.choice(("Which one is right?", "What is the answer?", "Choose the right one."))
    )
    reply = _LETTERS[at] if ask else f"{_LETTERS[at]}{marks} {options[at]}"
    if rng.random() < 0.3 and ask:
        text = f"{ask}\n\n{body}"
    return chat([*system_turn(rng), ("user", text), ("assistant", reply)], want=_LETTERS[at])


def _letter(example: Example, text: str) -> bool:
    return text.strip()[:1] == example.want


_HELD = "phrasings in which training never asks for that thing, half of them never used at all, with options drawn anew"
FAMILIES: tuple[Family, ...] = (
    Family("multiple choice", 12.0, _exam, right=_letter, held_out=_HELD, max_new_tokens=2),
    Family("letters of options", 6.0, _listing, held_out="options drawn anew", max_new_tokens=24),
    Family("multiple choice in chat", 4.0, _talk, right=_letter, held_out=_HELD, max_new_tokens=16),
)
