"""What surrounds plain facts: refusals of unknown things, all about one thing, comparisons, explanations.

Knows the tables of `knowledge` and how `facts` asks. Does not know how rows are packed or trained.
"""

from __future__ import annotations

from collections import defaultdict
from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.facts import holds, question
from tools.train_bundled.families.wording import form_of, framed, system_turn, typed, upper_first
from tools.train_bundled.knowledge import RELATIONS, SCIENCE, SERVING
from tools.train_bundled.knowledge.relation import Relation
from tools.train_bundled.knowledge.serving import ALIASES
from tools.train_bundled.knowledge.tales import OBJECTS
from tools.train_bundled.knowledge.unknown import unknown
from tools.train_bundled.knowledge.words import plural

_KNOWN = {r.name: {s.lower() for s, _ in r.pairs} for r in RELATIONS}
_OF_WORDS = ("opposite", "synonym", "past", "participle", "comparative")
_UNKNOWABLE = [r for r in RELATIONS if r.kind]


def refusal(noun: str) -> str:
    """The honest answer about an unknown thing."""
    return f"I don't know {noun}. It may be made up, or I have not learnt it."


def _stranger(rng: Random, relation: Relation, split: Split) -> str:
    if relation.name in _OF_WORDS and rng.random() < 0.3:
        s = rng.choice(OBJECTS)
        if s not in _KNOWN[relation.name]:
            return s
    return unknown(rng, relation.kind, split)


def _unknown(rng: Random, split: Split, long: bool) -> Example:
    """A question about something that does not exist: the answer says so."""
    relation = rng.choice(_UNKNOWABLE)
    s = _stranger(rng, relation, split)
    noun = relation.noun.format(s=s)
    asked = question(rng, relation, s, "train")
    roll = rng.random()
    if roll < 0.25:
        shown = [
            (question(rng, relation, a, "train"), b)
            for a, b in rng.sample(relation.pairs, rng.choice((0, 0, 0, 1, 2)))
            if a != s
        ]
        prompt, answer = framed(rng, shown, typed(rng, asked, s), "I don't know.")
        return completion(prompt, answer, want="don't know")
    turns = system_turn(rng)
    if roll < 0.45:
        a, b = rng.choice(relation.pairs)
        turns += [("user", typed(rng, question(rng, relation, a, "train"), a)), ("assistant", relation.sentence(a, b))]
        if rng.random() < 0.5:
            asked = rng.choice(("And {s}?", "What about {s}?", "and {s}")).format(s=s)
    return chat([*turns, ("user", typed(rng, asked, s)), ("assistant", refusal(noun))], want="don't know")


_ABOUT: dict[str, list[str]] = defaultdict(list)
for _relation in RELATIONS:
    if _relation.kind in ("place", "animal", "person", "title", "gadget") or _relation.subject == "chemistry":
        for _s, _o in _relation.pairs:
            _ABOUT[_s].append(_relation.sentence(_s, _o))
_KINDS = {s for s, _ in next(r for r in RELATIONS if r.name == "kind").pairs}
_ABOUT_NAMES = [s for s, told in _ABOUT.items() if len(told) > 1]
_ABOUT_ASKS = (
    "Tell me about {s}.",
    "What do you know about {s}?",
    "Tell me something about {s}.",
    "Describe {s}.",
    "Facts about {s}?",
    "What can you say about {s}?",
    "Do you know {s}?",
    "Say something about {s}.",
    "Write a paragraph about {s}.",
    "Give me some facts about {s}.",
    "I want to know more about {s}.",
    "Teach me about {s}.",
)


def _about(rng: Random, split: Split, long: bool) -> Example:
    """All that the tables say of one thing; made-up things are refused."""
    if rng.random() < 0.25:
        s = unknown(rng, rng.choice(("place", "person", "animal", "company")), split)
        reply = refusal(s)
        return chat(
            [*system_turn(rng), ("user", typed(rng, rng.choice(_ABOUT_ASKS).format(s=s), s)), ("assistant", reply)],
            want="don't know",
        )
    s = rng.choice(_ABOUT_NAMES)
    told = " ".join(_ABOUT[s][:4])
    ask, shown = rng.choice(_ABOUT_ASKS), s
    if s.startswith(("a ", "an ")):
        bare = s.split(" ", 1)[1]
        shown = rng.choice((s, s, bare, plural(bare), plural(bare)))
        if shown == s and s not in _KINDS and rng.random() < 0.4:
            ask = rng.choice(("What is {s}?", "Explain {s}."))
    if split == "train" and rng.random() < 0.08:
        ask = "{s}"
    return chat(
        [*system_turn(rng), ("user", typed(rng, upper_first(ask.format(s=shown)), shown)), ("assistant", told)],
        want=told,
    )


_YEARS = next(r for r in RELATIONS if r.name == "year").pairs
_NUMBERS = next(r for r in RELATIONS if r.name == "atomic number").pairs
_CONTINENTS = next(r for r in RELATIONS if r.name == "continent").pairs


def _compare(rng: Random, split: Split, long: bool) -> Example:
    """Two known things compared: years, atomic numbers, continents."""
    kind = rng.random()
    if kind < 0.4:
        (a, x), (b, y) = rng.sample(_YEARS, 2)
        if x == y:
            return _compare(rng, split, long)
        first = a if int(x) < int(y) else b
        asked = rng.choice(
            (f"Which came first, {a} or {b}?", f"What was earlier: {a} or {b}?", f"Which was earlier, {a} or {b}?")
        )
        reply, want = (
            f"{upper_first(a)} was in {x} and {b} in {y}, so {first} came first.",
            f"so {first} came first",
        )
    elif kind < 0.7:
        (a, x), (b, y) = rng.sample(_NUMBERS, 2)
        more = a if int(x) > int(y) else b
        asked = rng.choice(
            (f"Which has more protons, {a} or {b}?", f"Which element has the larger atomic number, {a} or {b}?")
        )
        reply, want = f"{upper_first(a)} has the number {x} and {b} has {y}, so it is {more}.", f"so it is {more}"
    else:
        (a, x), (b, y) = rng.sample(_CONTINENTS, 2)
        if rng.random() < 0.4:
            b, y = rng.choice([pair for pair in _CONTINENTS if pair[1] == x and pair[0] != a])
        asked = rng.choice((f"Are {a} and {b} on the same continent?", f"Do {a} and {b} lie on the same continent?"))
        want = "so yes" if x == y else "so no"
        reply = f"{upper_first(a)} is in {x} and {b} is in {y}, {want}."
    return chat([*system_turn(rng), ("user", typed(rng, asked, a + b)), ("assistant", reply)], want=want)


_NOUN_ASKS = (
    "What is {s}?",
    "Explain {s}.",
    "What does {s} mean?",
    "Can you explain {s}?",
    "Explain {s} in simple words.",
    "Tell me about {s}.",
    "What do you mean by {s}?",
    "{S}?",
    "Define {s}.",
    "What's {s}?",
    "Please explain {s} to me.",
    "How would you explain {s}?",
    "Please tell me what {s} is.",
    "Describe {s}.",
)
_WORK_ASKS = (
    *_NOUN_ASKS,
    "How does {s} work?",
    "Why do we need {s}?",
    "What is {s} good for?",
    "What is {s} in LLM serving?",
    "Explain {s} in one sentence.",
    "Explain {s} like I'm five.",
    "ELI5 {s}",
    "what exactly is {s}",
)
_LETTER_ASKS = tuple(ask for ask in _WORK_ASKS if "mean" not in ask)
_ASKED = {row[0] for row in SCIENCE}
_FULL_ASKS = (
    "{q}",
    "Please answer: {q}",
    "Explain: {q}",
    "Can you explain this: {q}",
    "A question: {q}",
    "My child asks: {q}",
    "I wonder: {q}",
    "I always wondered: {q}",
)


def _explain(rng: Random, split: Split, long: bool) -> Example:
    """A short explanation, in chat or completion."""
    subject, text = rng.choice(SERVING if rng.random() < 0.35 else SCIENCE)[:2]
    if subject.endswith("?"):
        noun = subject.removeprefix("What is ").removesuffix("?") if subject.startswith("What is ") else ""
        if noun and rng.random() < 0.6:
            asked = form_of(rng, _NOUN_ASKS, noun, split).format(s=noun, S=upper_first(noun))
        else:
            asked = form_of(rng, _FULL_ASKS, subject, split).format(q=subject)
    else:
        bare = subject.split(" ", 1)[1] if subject.startswith(("a ", "an ")) and rng.random() < 0.3 else subject
        if subject in ALIASES and rng.random() < 0.4:
            bare = rng.choice(ALIASES[subject])
        asks = _LETTER_ASKS if bare.isupper() else _NOUN_ASKS if f"How does {subject} work?" in _ASKED else _WORK_ASKS
        asked = form_of(rng, asks, bare, split).format(s=bare, S=upper_first(bare))
    if rng.random() < 0.25:
        prompt, answer = framed(rng, [], typed(rng, asked, subject), text)
        return completion(prompt, answer, want=text)
    return chat([*system_turn(rng), ("user", typed(rng, asked, subject)), ("assistant", text)], want=text)


_FORM = "known subjects, each in the one form of question in which training never asks for it"
FAMILIES: tuple[Family, ...] = (
    Family("unknown things", 3.0, _unknown, right=holds, held_out="made-up names that training never saw"),
    Family("all about a thing", 1.2, _about, right=holds, held_out="the same things, asked anew", max_new_tokens=160),
    Family("explanations", 3.0, _explain, right=holds, held_out=_FORM, max_new_tokens=128),
    Family("facts, compared", 2.5, _compare, right=holds, held_out="pairs drawn anew"),
)
