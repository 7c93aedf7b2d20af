"""Plain facts asked in many ways: chat, completion, yes or no, either or, both ways, in pairs.

Knows the tables of `knowledge`. Does not know how rows are packed or trained.
"""

from __future__ import annotations

from collections import Counter
from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.wording import bare, form_of, framed, lower_first, system_turn, typed, upper_first
from tools.train_bundled.knowledge import RELATIONS
from tools.train_bundled.knowledge.relation import Relation

_GENERIC = (
    "{ask} is {n}?",
    "Tell me {n}.",
    "Do you know {n}?",
    "Can you tell me {n}?",
    "Give me {n}.",
    "{N}?",
    "Name {n}.",
    "I forgot {n}, can you help?",
    "Can you name {n}?",
    "I want to know {n}.",
    "Could you tell me what {n} is?",
    "{ask} is {n}",
    "What would be {n}?",
    "Say {n}.",
    "{b}",
    "{B}?",
    "{b} please",
)
_GENERIC_HELDOUT = ("Please remind me: {ask2} is {n}?", "Let me know {n}.")
_BRIEF_SYSTEMS = (
    "Answer in one word.",
    "Reply with the answer only.",
    "Only give the answer, no sentence.",
    "Answer with as few words as possible.",
    "Give short answers without a sentence.",
)
_BRIEF = (
    " Answer in one word.",
    " Just the answer.",
    " Short answer please.",
    " Answer briefly.",
    " One word only.",
    " (short answer)",
    " Only give the answer.",
    " No full sentence, please.",
)
_WEIGHTS = [len(r.pairs) ** 0.75 for r in RELATIONS]


def _backward(relation: Relation) -> tuple[tuple[str, str], ...]:
    counts = Counter(o.lower() for _, o in relation.pairs)
    return tuple((s, o) for s, o in relation.pairs if counts[o.lower()] == 1)


_BACK = [(r, _backward(r)) for r in RELATIONS if r.back]


def _own(relation: Relation) -> tuple[str, ...]:
    """The relation's own questions without those that any noun phrase allows."""
    noun = relation.noun
    common = {
        form.format(ask=relation.ask, n=noun, N=upper_first(noun), b=bare(noun), B=upper_first(bare(noun)))
        for form in _GENERIC
    }
    return tuple(q for q in relation.questions if upper_first(q) not in common)


_OWN = {r.name: _own(r) for r in RELATIONS}


def relation_of(rng: Random) -> Relation:
    """A relation, the larger ones more often."""
    return rng.choices(RELATIONS, _WEIGHTS)[0]


def question(rng: Random, relation: Relation, s: str, split: Split, own: bool = True) -> str:
    """A question for the object of ``s``.

    In the ``heldout`` split it is a phrasing that training never uses, or one of the relation's own in which it never asks for ``s``.
    """
    noun, questions = relation.noun.format(s=s), _OWN[relation.name]
    if split == "heldout":
        if own and len(questions) > 2 and rng.random() < 0.5:
            return upper_first(form_of(rng, questions, s, split).format(s=s))
        return upper_first(rng.choice(_GENERIC_HELDOUT).format(ask2=relation.ask.lower(), n=noun))
    if own and questions and rng.random() < 0.6:
        form = form_of(rng, questions, s, split) if len(questions) > 2 else rng.choice(questions)
        return upper_first(form.format(s=s))
    return rng.choice(_GENERIC).format(
        ask=relation.ask, n=noun, N=upper_first(noun), b=bare(noun), B=upper_first(bare(noun))
    )


def holds(example: Example, text: str) -> bool:
    """Whether a completion names what is wanted."""
    return example.want is not None and example.want.lower() in text.lower()


def _fact(rng: Random, split: Split, long: bool) -> Example:
    """One fact, in chat (full sentence, or brief when asked) or completion (brief)."""
    relation = relation_of(rng)
    s, o = rng.choice(relation.pairs)
    if rng.random() < 0.42:
        shots = rng.choice((0, 0, 0, 1, 2, 3, 5)) if not long else 60
        shown = [
            (question(rng, relation, a, "train"), b)
            for a, b in rng.sample(relation.pairs, min(shots, len(relation.pairs)))
            if a != s
        ]
        prompt, answer = framed(rng, shown, typed(rng, question(rng, relation, s, split), s), o)
        return completion(prompt, answer, want=o)
    asked = question(rng, relation, s, split)
    if rng.random() < 0.2:
        if rng.random() < 0.25:
            turns = [
                ("system", rng.choice(_BRIEF_SYSTEMS)),
                ("user", typed(rng, asked, s)),
                ("assistant", upper_first(o)),
            ]
            return chat(turns, want=o)
        brief = rng.choice(_BRIEF)
        return chat([*system_turn(rng), ("user", typed(rng, asked, s) + brief), ("assistant", upper_first(o))], want=o)
    return chat([*system_turn(rng), ("user", typed(rng, asked, s)), ("assistant", relation.sentence(s, o))], want=o)


def _cloze(rng: Random, split: Split, long: bool) -> Example:
    """A statement to be finished: "The capital of France is"."""
    while True:
        relation = relation_of(rng)
        if not relation.say or relation.say.rstrip(".").endswith("{o}"):
            break
    s, o = rng.choice(relation.pairs)
    sentence = relation.sentence(s, o)
    at = sentence.rindex(o)
    prompt, rest = sentence[:at].rstrip(), sentence[at:]
    shots = rng.choice((0, 0, 0, 2, 4))
    before = "".join(
        relation.sentence(*pair) + rng.choice(("\n", "\n", " "))
        for pair in rng.sample(relation.pairs, min(shots, len(relation.pairs)))
        if pair[0] != s
    )
    if rng.random() < 0.1:
        return completion(before + prompt + " ", rest, want=o)
    return completion(before + prompt, " " + rest, want=o)


def _back(rng: Random, split: Split, long: bool) -> Example:
    """The subject from the object: "Paris is the capital of which country?"."""
    relation, table = rng.choices(_BACK, [len(t) for _, t in _BACK])[0]
    s, o = rng.choice(table)
    asked = upper_first(form_of(rng, relation.back, o, split).format(o=o))
    if rng.random() < 0.35:
        prompt, answer = framed(rng, [], typed(rng, asked, o), s)
        return completion(prompt, answer, want=s)
    reply = relation.sentence(s, o) if relation.say else upper_first(f"{o} is {relation.noun.format(s=s)}.")
    return chat([*system_turn(rng), ("user", typed(rng, asked, o)), ("assistant", reply)], want=s)


_CHECKS = (
    "Is {o} {n}?",
    "Is it true that {n} is {o}?",
    "Is {n} {o}?",
    "{N} is {o}, right?",
    "Am I right that {n} is {o}?",
    "Is it correct that {n} is {o}?",
    "True or false: {n} is {o}.",
)


_LIKE_CAPITALS = [s for r in RELATIONS if r.name == "city country" for s, _ in r.pairs]
_NAMES = [s for r in RELATIONS if r.kind == "person" for s, _ in r.pairs]


def _claim(rng: Random, relation: Relation) -> str:
    """Something that may be claimed, mostly of the relation, at times only of its sort: a city that is no capital."""
    if relation.name in ("capital", "state capital") and rng.random() < 0.4:
        return rng.choice(_LIKE_CAPITALS)
    if relation.ask == "Who" and rng.random() < 0.3:
        return rng.choice(_NAMES)
    return rng.choice(relation.pairs)[1]


def _yes_no(rng: Random, split: Split, long: bool) -> Example:
    """A claim to be confirmed or not: the answer says the fact first, and then whether the claim agrees with it."""
    relation = relation_of(rng)
    s, o = rng.choice(relation.pairs)
    claimed = o if rng.random() < 0.5 else _claim(rng, relation)
    told = claimed.lower() == o.lower()
    noun = relation.noun.format(s=s)
    form = form_of(rng, _checks(relation), s, split)
    asked = upper_first(form.format(s=s, o=claimed, n=noun, N=upper_first(noun)))
    verdict = ("that is true" if told else "that is false") if form.startswith("True") else "yes" if told else "no"
    reply = f"{relation.sentence(s, o).rstrip('.')}, so {verdict}."
    if rng.random() < 0.25:
        prompt, answer = framed(rng, [], typed(rng, asked, s + claimed), reply)
        return completion(prompt, answer, want=f"so {verdict}")
    return chat(
        [*system_turn(rng), ("user", typed(rng, asked, s + claimed)), ("assistant", reply)], want=f"so {verdict}"
    )


def _checks(relation: Relation) -> tuple[str, ...]:
    if relation.say.startswith("{s} is "):
        own = "Is {s} " + relation.say.removeprefix("{s} is ").rstrip(".") + "?"
        return (*_CHECKS, own, own)
    return _CHECKS


_TOLD = (
    "{t}\n{q} Answer yes or no:",
    "Text: {t}\nQuestion: {q}\nAnswer (yes or no):",
    "{t}\n{q} (yes/no)",
    "Read the text and answer yes or no.\nText: {t}\nQ: {q}\nA:",
)
_TOLD_TRUE = (
    "Text: {t}\nStatement: {s}\nTrue or false:",
    "{t}\nTrue or false? {s}\nAnswer:",
    "Text: {t}\nClaim: {s}\nVerdict (true or false):",
)


def _told(rng: Random, split: Split, long: bool) -> Example:
    """A claim to be checked against a sentence in the prompt, answered by the small word that a program selects."""
    relation = relation_of(rng)
    s, o = rng.choice(relation.pairs)
    claimed = o if rng.random() < 0.5 else _claim(rng, relation)
    told = claimed.lower() == o.lower()
    text, noun = relation.sentence(s, o), relation.noun.format(s=s)
    if rng.random() < 0.5:
        prompt = form_of(rng, _TOLD_TRUE, s, split).format(t=text, s=relation.sentence(s, claimed))
        word = "true" if told else "false"
        return completion(prompt, f" {word}", want=word)
    asked = upper_first(rng.choice(_CHECKS[:3]).format(s=s, o=claimed, n=noun, N=upper_first(noun)))
    word = "yes" if told else "no"
    return completion(form_of(rng, _TOLD, s, split).format(t=text, q=asked), f" {word}", want=word)


def lower_name(sentence: str) -> str:
    """A sentence in the middle of another: small "the", "a" and "in", names as they are."""
    first, _, rest = sentence.partition(" ")
    return (
        lower_first(sentence)
        if not rest[:1].isupper() and first in ("The", "A", "An", "In", "At", "For", "Another", "People")
        else sentence
    )


def _either(rng: Random, split: Split, long: bool) -> Example:
    """One of two objects: "Is the capital of France Paris or Rome?"."""
    relation = relation_of(rng)
    s, o = rng.choice(relation.pairs)
    other = rng.choice([b for _, b in relation.pairs if b != o] or ["something else"])
    both = [o, other]
    rng.shuffle(both)
    noun = relation.noun.format(s=s)
    forms = (
        "Is {n} {a} or {b}?",
        "{ask} is {n}: {a} or {b}?",
        "{a} or {b}: {ask2} is {n}?",
        "Which one is {n}, {a} or {b}?",
    )
    form = form_of(rng, forms, s, split)
    asked = upper_first(form.format(n=noun, a=both[0], b=both[1], ask=relation.ask, ask2=relation.ask.lower()))
    if rng.random() < 0.3:
        prompt, answer = framed(rng, [], typed(rng, asked, s + o + other), o)
        return completion(prompt, answer, want=o)
    return chat(
        [*system_turn(rng), ("user", typed(rng, asked, s + o + other)), ("assistant", relation.sentence(s, o))],
        want=relation.sentence(s, o),
    )


def _several(rng: Random, split: Split, long: bool) -> Example:
    """Two facts in one question, or a follow-up that leaves the relation out."""
    relation = relation_of(rng)
    if rng.random() < 0.5 and len(relation.pairs) > 1:
        picked = rng.sample(relation.pairs, rng.choice((2, 2, 3)) if len(relation.pairs) > 2 else 2)
        turns = system_turn(rng)
        for i, (s, o) in enumerate(picked):
            asked = (
                question(rng, relation, s, "train")
                if i == 0
                else rng.choice(
                    ("And {s}?", "What about {s}?", "and {s}", "And for {s}?", "How about {s}?", "and what about {s}?")
                )
            )
            turns += [("user", typed(rng, upper_first(asked.format(s=s)), s)), ("assistant", relation.sentence(s, o))]
        return chat(turns, want=picked[-1][1])
    (s1, o1), other = rng.choice(relation.pairs), relation_of(rng)
    s2, o2 = rng.choice(other.pairs)
    asked = rng.choice(
        (
            "What is {a} and what is {b}?",
            "Tell me {a} and {b}.",
            "I need two things: {a} and {b}.",
            "{A}, and {b}?",
            "Give me {a}, and also {b}.",
        )
    )
    a, b = relation.noun.format(s=s1), other.noun.format(s=s2)
    text = asked.format(a=a, b=b, A=upper_first(a))
    reply = relation.sentence(s1, o1) + " " + other.sentence(s2, o2)
    return chat([*system_turn(rng), ("user", typed(rng, text, s1 + s2)), ("assistant", reply)], want=reply)


def _same(example: Example, text: str) -> bool:
    return text.strip().lower() == example.want


HELD_OUT = "known facts, half in a phrasing that training never uses, half in one in which it never asks for that thing"
_FORM = "known facts, each in the one form of question in which training never asks for that thing"
FAMILIES: tuple[Family, ...] = (
    Family("facts", 14.0, _fact, right=holds, held_out=HELD_OUT),
    Family(
        "facts, sentence to finish", 2.0, _cloze, right=holds, held_out="the same facts behind other few-shot lines"
    ),
    Family("facts, backwards", 2.5, _back, right=holds, held_out=_FORM),
    Family("facts, yes or no", 4.0, _yes_no, right=holds, held_out=_FORM),
    Family("claims checked against a text", 3.0, _told, right=_same, held_out=_FORM, max_new_tokens=4),
    Family("facts, either or", 1.2, _either, right=holds, held_out=_FORM),
    Family(
        "facts, several and follow-ups",
        1.5,
        _several,
        right=holds,
        held_out="new combinations of known facts",
        max_new_tokens=96,
    ),
)
