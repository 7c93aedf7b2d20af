"""Plain facts asked in many ways: chat, completion, yes or no, either or, both ways, in pairs, and about unknown things.

Knows the tables of `knowledge`. Does not know how rows are packed or trained.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.wording import framed, lower_first, plural, system_turn, typed, upper_first
from tools.train_bundled.knowledge import RELATIONS, SCIENCE, SERVING
from tools.train_bundled.knowledge.relation import Relation
from tools.train_bundled.knowledge.unknown import unknown

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
_KNOWN = {r.name: {s.lower() for s, _ in r.pairs} for r in RELATIONS}
_CROSS_KINDS = ("place", "person", "title")
_BY_KIND = {kind: [s for r in RELATIONS if r.kind == kind for s, _ in r.pairs] for kind in _CROSS_KINDS}
_UNKNOWABLE = [r for r in RELATIONS if r.kind]


def _backward(relation: Relation) -> tuple[tuple[str, str], ...]:
    counts = Counter(o.lower() for _, o in relation.pairs)
    return tuple((s, o) for s, o in relation.pairs if counts[o.lower()] == 1)


_BACK = [(r, _backward(r)) for r in RELATIONS if r.back]


def relation_of(rng: Random) -> Relation:
    """A relation, the larger ones more often."""
    return rng.choices(RELATIONS, _WEIGHTS)[0]


def question(rng: Random, relation: Relation, s: str, split: Split, own: bool = True) -> str:
    """A question for the object of ``s``; in the ``heldout`` split a phrasing that training never sees."""
    noun = relation.noun.format(s=s)
    if split == "heldout":
        if own and len(relation.questions) > 2 and rng.random() < 0.5:
            return upper_first(relation.questions[-1].format(s=s))
        return upper_first(rng.choice(_GENERIC_HELDOUT).format(ask2=relation.ask.lower(), n=noun))
    if own and relation.questions and rng.random() < 0.6:
        last = -1 if len(relation.questions) > 2 else None
        return upper_first(rng.choice(relation.questions[:last]).format(s=s))
    return rng.choice(_GENERIC).format(ask=relation.ask, n=noun, N=upper_first(noun))


def _holds(example: Example, text: str) -> bool:
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
            turns = [("system", rng.choice(_BRIEF_SYSTEMS)), ("user", typed(rng, asked, s)), ("assistant", upper_first(o))]
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


def _yes_no(rng: Random, split: Split, long: bool) -> Example:
    """A claim to be confirmed or corrected."""
    relation = relation_of(rng)
    s, o = rng.choice(relation.pairs)
    wrong = rng.random() < 0.5
    claimed = o
    if wrong:
        claimed = rng.choice(relation.pairs)[1]
        wrong = claimed != o
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
    if rng.random() < 0.4:
        prompt, answer = framed(rng, [], typed(rng, asked, s + o), word)
        return completion(prompt, answer, want=word)
    reply = f"{word}, {lower_name(relation.sentence(s, o))}" if rng.random() < 0.75 or wrong else f"{word}."
    return chat([*system_turn(rng), ("user", typed(rng, asked, s + o)), ("assistant", reply)], want=word)


def lower_name(sentence: str) -> str:
    """A sentence in the middle of another: small "the", "a" and "in", names as they are."""
    first = sentence.split(" ", 1)[0]
    return lower_first(sentence) if first in ("The", "A", "An", "In", "At", "For", "Another", "People") else sentence


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


_TAILS = (
    "",
    "",
    "",
    " I know only a few thousand facts.",
    " It may be made up, or I have not learnt it.",
    " I would rather say so than guess.",
)


def refusal(rng: Random, noun: str) -> str:
    """The honest answer about an unknown thing."""
    return f"I don't know {noun}." + rng.choice(_TAILS)


def _stranger(rng: Random, relation: Relation, split: Split) -> str:
    if relation.kind in _CROSS_KINDS and rng.random() < 0.12:
        s = rng.choice(_BY_KIND[relation.kind])
        if s.lower() not in _KNOWN[relation.name] and relation.name != "language":
            return s
    return unknown(rng, relation.kind, split)


def _unknown(rng: Random, split: Split, long: bool) -> Example:
    """A question about something that does not exist: the answer says so."""
    relation = rng.choice(_UNKNOWABLE)
    s = _stranger(rng, relation, split)
    own = s not in _BY_KIND.get(relation.kind, ())
    noun = relation.noun.format(s=s)
    asked = question(rng, relation, s, "train", own=own)
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
    return chat([*turns, ("user", typed(rng, asked, s)), ("assistant", refusal(rng, noun))], want="don't know")


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
        reply = rng.choice(
            (
                f"I don't know anything about {s}.",
                f"I don't know {s}. I would only make something up.",
                f"I don't know {s}.",
            )
        )
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
            f"{upper_first(first)} came first: it was in {min(int(x), int(y))}, the other in {max(int(x), int(y))}.",
            first,
        )
    elif kind < 0.7:
        (a, x), (b, y) = rng.sample(_NUMBERS, 2)
        more = a if int(x) > int(y) else b
        asked = rng.choice(
            (f"Which has more protons, {a} or {b}?", f"Which element has the larger atomic number, {a} or {b}?")
        )
        reply, want = f"{upper_first(more)}: {a} has the number {x} and {b} has {y}.", more
    else:
        (a, x), (b, y) = rng.sample(_CONTINENTS, 2)
        if rng.random() < 0.4:
            b, y = rng.choice([pair for pair in _CONTINENTS if pair[1] == x and pair[0] != a])
        asked = rng.choice((f"Are {a} and {b} on the same continent?", f"Do {a} and {b} lie on the same continent?"))
        want = "Yes" if x == y else "No"
        reply = f"Yes, both are in {x}." if x == y else f"No, {a} is in {x} and {b} is in {y}."
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
    "Describe {s}.",
)
_FULL_ASKS = (
    "{q}",
    "{q}",
    "{q}",
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
            asked = (
                "Please tell me what {s} is.".format(s=noun)
                if split == "heldout"
                else rng.choice(_NOUN_ASKS).format(s=noun, S=upper_first(noun))
            )
        else:
            asked = f"Please answer: {subject}" if split == "heldout" else rng.choice(_FULL_ASKS).format(q=subject)
    else:
        bare = subject.split(" ", 1)[1] if subject.startswith(("a ", "an ")) and rng.random() < 0.3 else subject
        asked = (
            f"Please tell me what {bare} is."
            if split == "heldout"
            else rng.choice(_NOUN_ASKS).format(s=bare, S=upper_first(bare))
        )
    if rng.random() < 0.25:
        prompt, answer = framed(rng, [], typed(rng, asked, subject), text)
        return completion(prompt, answer, want=text)
    return chat([*system_turn(rng), ("user", typed(rng, asked, subject)), ("assistant", text)], want=text)


_HELD = "phrasings of known facts that training never used"
FAMILIES: tuple[Family, ...] = (
    Family("facts", 9.0, _fact, right=_holds, held_out=_HELD),
    Family(
        "facts, sentence to finish", 2.0, _cloze, right=_holds, held_out="the same facts behind other few-shot lines"
    ),
    Family("facts, backwards", 1.2, _back, right=_holds, held_out=_HELD),
    Family("facts, yes or no", 2.5, _yes_no, right=_starts, held_out=_HELD),
    Family("facts, either or", 1.2, _either, right=_holds, held_out=_HELD),
    Family(
        "facts, several and follow-ups",
        2.0,
        _several,
        right=_holds,
        held_out="new combinations of known facts",
        max_new_tokens=96,
    ),
    Family("facts, compared", 0.8, _compare, right=_holds, held_out="pairs drawn anew"),
    Family("unknown things", 3.0, _unknown, right=_holds, held_out="made-up names that training never saw"),
    Family("all about a thing", 1.2, _about, right=_holds, held_out="the same things, asked anew", max_new_tokens=160),
    Family("explanations", 3.0, _explain, right=_holds, held_out=_HELD, max_new_tokens=128),
)
