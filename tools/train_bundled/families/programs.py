"""Prompts as language-model programs write them: choice of a tool, follow-up lists, fields, records as JSON, labels.

Knows the fact tables. Does not know the language in which such programs are written.
"""

from __future__ import annotations

import json
from collections import defaultdict
from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.facts import question, relation_of
from tools.train_bundled.families.tips import paragraph
from tools.train_bundled.families.wording import form_of, lower_first, system_turn, typed, upper_first
from tools.train_bundled.knowledge.advice import GROUPS, TOPICS
from tools.train_bundled.knowledge.animals import CLASS, FOOD, SOUND
from tools.train_bundled.knowledge.countries import COUNTRIES
from tools.train_bundled.knowledge.elements import ELEMENTS
from tools.train_bundled.knowledge.people import BOOKS
from tools.train_bundled.knowledge.places import SIGHTS
from tools.train_bundled.knowledge.things import KINDS
from tools.train_bundled.knowledge.unknown import FORENAMES, invented

_TOOLS = ("calculator", "search engine")
_ASK_TOOL = (
    "To answer this question: {q} I need to use a",
    "Question: {q}\nTool (calculator or search engine):",
    "Which tool helps here, calculator or search engine? {q}\nTool:",
    "Q: {q}\nI need a",
)


def _sum(rng: Random) -> tuple[str, str]:
    a, b, c = (rng.randrange(2, 100) for _ in range(3))
    return rng.choice(
        (
            (f"What is {a} + {b}?", f"{a} + {b}"),
            (f"What is {a} * {b}?", f"{a} * {b}"),
            (f"What is {a} times {b} plus {c}?", f"{a} * {b} + {c}"),
            (f"How much is {a} minus {b}?", f"{a} - {b}"),
            (f"A ticket costs {a} dollars. How much do {b} tickets cost?", f"{a} * {b}"),
            (f"Tom has {a} apples and gets {b} more. How many has he?", f"{a} + {b}"),
            (f"What is ({a} + {b}) * {c}?", f"({a} + {b}) * {c}"),
        )
    )


def _tool(rng: Random, split: Split, long: bool) -> Example:
    """Choosing between a calculator and a search engine, and what is typed into it."""
    if rng.random() < 0.5:
        asked, typed_in = _sum(rng)
        tool, tail = _TOOLS[0], f". The math expression is {typed_in}"
    else:
        relation = relation_of(rng)
        s, _ = rng.choice(relation.pairs)
        asked = question(rng, relation, s, "train")
        tool, tail = _TOOLS[1], f". The key word to search is {s}"
    prompt = form_of(rng, _ASK_TOOL, asked, split).format(q=asked)
    if rng.random() < 0.5:
        head, rest = tail.rsplit(" is ", 1)
        return completion(f"{prompt} {tool}{head} is", " " + rest, want=rest)
    return completion(prompt, " " + tool, want=tool)


_IN_CITY: dict[str, list[str]] = defaultdict(list)
for _sight, _city in SIGHTS:
    _IN_CITY[_city].append(_sight)
_CAPITAL_OF = {row[1]: row[0] for row in COUNTRIES}
_ATTRACT = (
    "List two local attractions.",
    "What can I see there?",
    "Name two sights there.",
    "What are two attractions there?",
    "Which sights are there?",
)


def _attractions(rng: Random, split: Split, long: bool) -> Example:
    """Sights of a city, asked alone or after the capital was named; unknown ones are refused."""
    turns = system_turn(rng)
    if rng.random() < 0.7:
        city = rng.choice([c for c in _IN_CITY if len(_IN_CITY[c]) > 1])
        reply = f"{upper_first(_IN_CITY[city][0])} and {_IN_CITY[city][1]}."
    else:
        city = rng.choice([row[1] for row in COUNTRIES if row[1] != "-" and row[1] not in _IN_CITY])
        reply = f"I don't know any sights of {city}."
    if city in _CAPITAL_OF and rng.random() < 0.7:
        country = _CAPITAL_OF[city]
        turns += [
            ("user", typed(rng, f"What is the capital of {country}?", country)),
            ("assistant", f"The capital of {country} is {city}."),
            ("user", typed(rng, rng.choice(_ATTRACT))),
        ]
    else:
        turns.append(
            (
                "user",
                typed(
                    rng,
                    rng.choice(
                        (
                            f"List two attractions of {city}.",
                            f"What can I see in {city}?",
                            f"Name two sights of {city}.",
                            f"What should I visit in {city}?",
                        )
                    ),
                    city,
                ),
            )
        )
    return chat([*turns, ("assistant", reply)], want=reply)


def _two_tips(rng: Random, split: Split, long: bool) -> Example:
    """Two tips, each expanded in a branch of its own, and a summary at the end."""
    topic, group, own = rng.choice(TOPICS)
    pool = [*own, *GROUPS[group]]
    tips = rng.sample(pool, 2)
    head = f"Here are two tips for {topic}: 1. {tips[0][0]}. 2. {tips[1][0]}.\n\n"
    texts = [paragraph(rng, topic, group, tip) for tip in tips]
    if rng.random() < 0.6:
        at = rng.randrange(2)
        ask = rng.choice(
            (
                f"Now, expand tip {at + 1} into a paragraph:\n",
                f"Expand tip {at + 1} into a paragraph:\n",
                f"Tip {at + 1} as a paragraph:\n",
            )
        )
        return completion(head + ask, texts[at], end="\n\n<|endoftext|>")
    joined = f"Tip 1: {texts[0]}\nTip 2: {texts[1]}\n"
    return completion(
        head + joined + "In summary,",
        f" {topic} is helped by two things: {lower_first(tips[0][0])}, and {lower_first(tips[1][0])}.",
    )


_LANDS = tuple(row for row in COUNTRIES if row[1] != "-" and row[4] != "-")


def _record(rng: Random, split: Split) -> tuple[str, dict[str, object]]:
    kind = rng.randrange(5)
    if kind == 0:
        row = rng.choice(_LANDS)
        return row[0], {
            "name": upper_first(row[0]),
            "capital": row[1],
            "continent": row[2],
            "language": row[3],
            "currency": row[4].removeprefix("the "),
        }
    if kind == 1:
        name, symbol, number = rng.choice(ELEMENTS)
        return name, {"name": name, "symbol": symbol, "number": int(number)}
    if kind == 2:
        title, author = rng.choice(BOOKS)
        return title, {"title": title, "author": author}
    if kind == 3:
        animal, family = rng.choice(CLASS)
        record: dict[str, object] = {"name": animal, "class": family}
        if animal in _SOUNDS:
            record["sound"] = _SOUNDS[animal]
        if animal in _FOODS:
            record["food"] = _FOODS[animal]
        return animal, record
    name = rng.choice((f"{rng.choice(FORENAMES)} {invented(rng, split).capitalize()}", rng.choice(FORENAMES)))
    return name, {"name": name, "age": rng.randrange(18, 80), "job": rng.choice(_JOBS), "city": rng.choice(_CITIES)}


_SOUNDS, _FOODS = dict(SOUND), dict(FOOD)
_JOBS = (
    "teacher",
    "baker",
    "doctor",
    "painter",
    "engineer",
    "gardener",
    "writer",
    "nurse",
    "pilot",
    "student",
    "farmer",
    "cook",
)
_CITIES = tuple(row[1] for row in COUNTRIES if row[2] == "Europe")
_AS_JSON = (
    "Describe {s} as JSON.",
    "{S} as JSON, please.",
    "Give me a JSON record of {s}.",
    "Write JSON about {s}.",
    "Write facts about {s} as JSON.",
    "describe {s} in json",
    "JSON for {s}",
    "Return a JSON object that describes {s}.",
)


def _json(rng: Random, split: Split, long: bool) -> Example:
    """A known thing, or a person, as a JSON object."""
    s, record = _record(rng, split)
    text = json.dumps(record, ensure_ascii=False)
    if rng.random() < 0.25:
        return completion(rng.choice((f"{upper_first(s)} as JSON:\n", f"Describe {s} as JSON:\n")), text)
    asked = (
        f"Please turn what you know of {s} into JSON."
        if split == "heldout"
        else rng.choice(_AS_JSON).format(s=s, S=upper_first(s))
    )
    return chat([*system_turn(rng), ("user", asked), ("assistant", text)])


_FIELDS = ("Country", "Capital", "Continent", "Language", "Currency")


def _fields(rng: Random, split: Split, long: bool) -> Example:
    """Facts as lines "Field: value", begun and to be continued."""
    if rng.random() < 0.7:
        count = rng.choice((0, 0, 1, 2, 3)) if not long else 60
        blocks = [
            "".join(f"{field}: {upper_first(value)}\n" for field, value in zip(_FIELDS, row, strict=False)) + "\n"
            for row in rng.sample(_LANDS, count)
        ]
        row = rng.choice(_LANDS)
        fields = [0, *sorted(rng.sample((1, 2, 3, 4), rng.choice((1, 2, 3, 4))))] if count == 0 else [0, 1, 2, 3, 4]
        until = rng.randrange(1, len(fields))
        known = "".join(f"{_FIELDS[i]}: {upper_first(row[i])}\n" for i in fields[:until])
        want = upper_first(row[fields[until]])
        rest = "\n" + "".join(f"{_FIELDS[i]}: {upper_first(row[i])}\n" for i in fields[until + 1 :]) if count else "\n"
        return completion("".join(blocks) + known + f"{_FIELDS[fields[until]]}:", f" {want}{rest}", want=want)
    title, author = rng.choice(BOOKS)
    return completion(f"Book: {title}\nAuthor:", f" {author}\n", want=author)


_LABELS = {
    "animal": tuple(s for s, _ in CLASS),
    "plant": tuple(s.split(" ", 1)[-1] for s, o in KINDS if o in ("flower", "tree", "vegetable", "fruit", "herb")),
    "vehicle": ("car", "bus", "bicycle", "lorry", "train", "tram", "ship", "plane", "motorbike"),
    "tool": ("hammer", "saw", "drill", "spade", "wrench", "axe", "screwdriver", "chisel"),
    "country": tuple(row[0] for row in COUNTRIES),
    "city": tuple(row[1] for row in COUNTRIES if row[1] not in ("-", row[0])),
    "colour": ("red", "blue", "green", "yellow", "purple", "pink", "brown", "black"),
    "drink": ("tea", "coffee", "milk", "juice", "wine", "beer", "lemonade"),
    "furniture": ("chair", "table", "sofa", "bed", "shelf", "wardrobe", "desk"),
    "clothing": ("shirt", "coat", "hat", "scarf", "sock", "glove", "skirt"),
    "instrument": ("violin", "piano", "flute", "drum", "guitar", "harp", "trumpet"),
    "element": tuple(e[0] for e in ELEMENTS[:60]),
}


def _label(rng: Random, split: Split, long: bool) -> Example:
    """One of given labels for a word."""
    labels = rng.sample(tuple(_LABELS), rng.choice((2, 3, 4, 5)))
    want = rng.choice(labels)
    word = rng.choice(_LABELS[want])
    listed = ", ".join(labels[:-1]) + " or " + labels[-1]
    if rng.random() < 0.5:
        form = rng.choice(
            (
                "Is {w} a kind of {l}?\nAnswer:",
                "Word: {w}\nLabel ({l}):",
                "Classify the word as {l}.\nWord: {w}\nClass:",
                "{w}: {l}?\nAnswer:",
            )
        )
        return completion(form.format(w=word, l=listed), " " + want, want=want)
    asked = rng.choice(
        ("Is {w} an example of {l}?", "Classify as {l}: {w}", "Which label fits {w}: {l}?", "What is {w}: {l}?")
    ).format(w=word, l=listed)
    return chat([*system_turn(rng), ("user", asked), ("assistant", upper_first(want) + ".")], want=want)


def _holds(example: Example, text: str) -> bool:
    return (example.want or "").lower() in text.lower()


FAMILIES: tuple[Family, ...] = (
    Family(
        "choice of a tool",
        0.6,
        _tool,
        right=_holds,
        held_out="a form of prompt that training never used",
        max_new_tokens=24,
    ),
    Family("sights of a city", 0.4, _attractions, right=_holds, held_out="the same cities, asked anew"),
    Family("two tips, branches and summary", 0.5, _two_tips, closed=False, max_new_tokens=128),
    Family("things as JSON", 0.8, _json, closed=False, max_new_tokens=96),
    Family("facts as fields", 0.9, _fields, right=_holds, held_out="other fields shown before", max_new_tokens=16),
    Family("labels of words", 0.7, _label, right=_holds, held_out="labels drawn anew", max_new_tokens=8),
)
