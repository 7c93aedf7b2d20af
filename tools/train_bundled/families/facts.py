"""Plain facts asked in many ways: chat, completion, yes or no, either or, both ways, in pairs.

Knows the tables of `knowledge`. Does not know how rows are packed or trained.
"""

from __future__ import annotations

from collections import Counter
from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.wording import bare, framed, lower_first, system_turn, typed, upper_first
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
    """A question for the object of ``s``; in the ``heldout`` split a phrasing that training never sees."""
    noun, questions = relation.noun.format(s=s), _OWN[relation.name]
    if split == "heldout":
        if own and len(questions) > 2 and rng.random() < 0.5:
            return upper_first(questions[-1].format(s=s))
        return upper_first(rng.choice(_GENERIC_HELDOUT).format(ask2=relation.ask.lower(), n=noun))
    if own and questions and rng.random() < 0.6:
        last = -1 if len(questions) > 2 else None
        return upper_first(rng.choice(questions[:last]).format(s=s))
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
    asked = relation.back[-1] if split == "heldout" else rng.choice(relation.back[:-1])
    asked = upper_first(asked.format(o=o))
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
    "True or false: {n} is {o}.",
    "Am I right that {n} is {o}?",
    "Is it correct that {n} is {o}?",
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
    """A claim to be confirmed or corrected."""
    relation = relation_of(rng)
    s, o = rng.choice(relation.pairs)
    wrong = rng.random() < 0.5
    claimed = o
    if wrong:
        claimed = _claim(rng, relation)
        wrong = claimed.lower() != o.lower()
    noun = relation.noun.format(s=s)
    form = _CHECKS[-1] if split == "heldout" else rng.choice(_CHECKS[:-1])
    if split == "train" and relation.say.startswith("{s} is ") and rng.random() < 0.5:
        form = "Is {s} " + relation.say.removeprefix("{s} is ").rstrip(".") + "?"
    asked = upper_first(form.format(s=s, o=claimed, n=noun, N=upper_first(noun)))
    word = (
        "False"
        if wrong and form.startswith("True")
        else "True"
        if form.startswith("True")
        else "No"
        if wrong
        else "Yes"
    )
    if split == "train" and rng.random() < 0.15:
        asked = f"{relation.sentence(s, o)} {asked}"
    if split == "train" and rng.random() < 0.25:
        return _small_word(rng, relation.sentence(s, claimed), asked, word)
    if rng.random() < 0.4:
        prompt, answer = framed(rng, [], typed(rng, asked, s + o), word)
        return completion(prompt, answer, want=word)
    reply = f"{word}, {lower_name(relation.sentence(s, o))}" if rng.random() < 0.75 or wrong else f"{word}."
    return chat([*system_turn(rng), ("user", typed(rng, asked, s + o)), ("assistant", reply)], want=word)


def _small_word(rng: Random, statement: str, asked: str, word: str) -> Example:
    """The answer as a program selects it: one small word after a plain prompt."""
    told = word in ("Yes", "True")
    if asked.startswith("True or") or rng.random() < 0.4:
        form = rng.choice(
            (
                "Statement: {s}\nTrue or false:",
                "{s}\nTrue or false? Answer:",
                "Is this true or false? {s}\nAnswer:",
                "Claim: {s}\nVerdict (true or false):",
            )
        )
        return completion(form.format(s=statement), " true" if told else " false", want="true" if told else "false")
    form = rng.choice(
        ("{q} Answer yes or no:", "Question: {q}\nAnswer (yes or no):", "{q} (yes/no)", "Answer yes or no.\nQ: {q}\nA:")
    )
    return completion(form.format(q=asked), " yes" if told else " no", want="yes" if told else "no")


def lower_name(sentence: str) -> str:
    """A sentence in the middle of another: small "the", "a" and "in", names as they are."""
    first, _, rest = sentence.partition(" ")
    return (
        lower_first(sentence)
        if not rest[:1].isupper() and first in ("The", "A", "An", "In", "At", "For", "Another", "People")
        else sentence
    )


def _starts(example: Example, text: str) -> bool:
    return example.want is not None and text.strip().lower().startswith(example.want.lower())


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
    form = forms[-1] if split == "heldout" else rng.choice(forms[:-1])
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


HELD_OUT = "phrasings of known facts that training never used"
FAMILIES: tuple[Family, ...] = (
    Family("facts", 14.0, _fact, right=holds, held_out=HELD_OUT),
    Family(
        "facts, sentence to finish", 2.0, _cloze, right=holds, held_out="the same facts behind other few-shot lines"
    ),
    Family("facts, backwards", 1.2, _back, right=holds, held_out=HELD_OUT),
    Family("facts, yes or no", 8.0, _yes_no, right=_starts, held_out=HELD_OUT),
    Family("facts, either or", 1.2, _either, right=holds, held_out=HELD_OUT),
    Family(
        "facts, several and follow-ups",
        2.0,
        _several,
        right=holds,
        held_out="new combinations of known facts",
        max_new_tokens=96,
    ),
)
