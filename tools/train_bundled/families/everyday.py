"""How everyday things are done, summaries of little scenes, sentiment of reviews, differences.

Knows scenes, nouns and the fact tables. Does not know whether an advice suits the person who asks.
"""

from __future__ import annotations

from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.plain import sentence
from tools.train_bundled.families.wording import lower_first, system_turn, typed, upper_first
from tools.train_bundled.knowledge import RELATIONS
from tools.train_bundled.knowledge.animals import CLASS, FOOD, SOUND, article
from tools.train_bundled.knowledge.countries import COUNTRIES
from tools.train_bundled.knowledge.scenes import ACTIVITIES
from tools.train_bundled.knowledge.tales import CREATURES, NAMES, OBJECTS, pronoun
from tools.train_bundled.knowledge.unknown import invented

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
    asked = f"Please tell me the steps to {deed}." if split == "heldout" else rng.choice(_HOW).format(d=deed)
    text = "\n".join(f"{i}. {imperative(step)}." for i, step in enumerate(steps, start=1))
    return chat([*system_turn(rng), ("user", typed(rng, asked, deed)), ("assistant", text)], want=text)


_SHORT = (
    "Summarize: {t}",
    "Summarise this text: {t}",
    "Summarize the following text in one sentence.\n\n{t}",
    "What is this text about? {t}",
    "Give me a short summary: {t}",
    "tl;dr: {t}",
    "Sum this up: {t}",
    "{t}\n\nSummarize this.",
    "{t}\n\nWhat is this about?",
    "Shorten this: {t}",
)


def _gist(rng: Random, split: Split) -> Example:
    """A text of sentences that have little in common: its first sentence is what it is about."""
    relation = rng.choice(RELATIONS)
    sentences = [
        sentence(rng) if rng.random() < 0.5 else relation.sentence(*rng.choice(relation.pairs))
        for _ in range(rng.choice((1, 2, 3, 4)))
    ]
    if rng.random() < 0.5:
        name = invented(rng, split).capitalize()
        sentences[0] = rng.choice(
            (
                "The company {n} sold more this year.",
                "The town of {n} opens a new school.",
                "Doctor {n} has found a new medicine.",
                "The team of {n} won the game.",
                "The museum of {n} shows old maps.",
                "A storm hit the coast near {n}.",
                "The book by {n} is a success.",
                "Scientists from {n} study the sea.",
                "The bridge at {n} is closed.",
                "Prices in {n} rise again.",
            )
        ).format(n=name)
    want, text = sentences[0], " ".join(sentences)
    if rng.random() < 0.25:
        return completion(f"{text}\n\n{rng.choice(('Summary:', 'TL;DR:', 'In one sentence:'))}", " " + want, want=want)
    return chat([*system_turn(rng), ("user", rng.choice(_SHORT).format(t=text)), ("assistant", want)], want=want)


def _summary(rng: Random, split: Split, long: bool) -> Example:
    """A little scene in one sentence."""
    if rng.random() < 0.45:
        return _gist(rng, split)
    name, steps = rng.choice(ACTIVITIES)
    who = rng.choice((*NAMES, "A man", "A woman", "The girl", "The boy", "My neighbour"))
    he = pronoun(rng, who)
    first, *rest = steps
    tail = rng.choice(
        ("", " It was a quiet day.", f" {he} was happy.", " The sun was shining.", " It took half an hour.")
    )
    text = (
        f"{who} {first}. "
        + " ".join(f"Then {he.lower()} {step}." if rng.random() < 0.4 else f"{he} {step}." for step in rest)
        + tail
    )
    want = f"{who} is {name}."
    asked = rng.choice(_SHORT).format(t=text)
    if rng.random() < 0.25:
        return completion(f"{text}\n\n{rng.choice(('Summary:', 'TL;DR:', 'In one sentence:'))}", " " + want, want=want)
    return chat([*system_turn(rng), ("user", asked), ("assistant", want)], want=want)


_GOOD = (
    "marvellous",
    "a masterpiece",
    "charming",
    "outstanding",
    "the best ever",
    "a joy",
    "a delight",
    "wonderful",
    "excellent",
    "great",
    "lovely",
    "delicious",
    "friendly",
    "fantastic",
    "perfect",
    "amazing",
    "very good",
    "brilliant",
    "superb",
    "beautiful",
    "pleasant",
)
_BAD = (
    "dreadful",
    "a disaster",
    "the worst ever",
    "dull",
    "a mess",
    "overpriced",
    "noisy",
    "terrible",
    "awful",
    "bad",
    "horrible",
    "disgusting",
    "rude",
    "boring",
    "broken",
    "disappointing",
    "very bad",
    "slow",
    "dirty",
    "useless",
    "annoying",
)
_OF = (
    "film",
    "food",
    "hotel",
    "book",
    "service",
    "room",
    "phone",
    "restaurant",
    "game",
    "concert",
    "waiter",
    "soup",
    "trip",
    "app",
    "coffee",
    "teacher",
    "museum",
    "bed",
    "show",
    "story",
)
_LOVE = (
    "I adored it.",
    "I enjoyed every minute.",
    "A masterpiece!",
    "Simply the best.",
    "I absolutely loved it.",
    "Highly recommended.",
    "I loved it.",
    "I will come back.",
    "I recommend it.",
    "We had a great time.",
    "I am so happy with it.",
    "Best day ever.",
    "Thank you!",
)
_HATE = (
    "I disliked it.",
    "I fell asleep.",
    "A disaster!",
    "Simply the worst.",
    "I absolutely hated it.",
    "Not recommended.",
    "I hated it.",
    "I will never come back.",
    "I want my money back.",
    "What a waste of time.",
    "I am so angry.",
    "Never again.",
    "Avoid it.",
)


def _sentiment(rng: Random, split: Split, long: bool) -> Example:
    """Is a review positive or negative?"""
    good = rng.random() < 0.5
    adjectives, feelings = (_GOOD, _LOVE) if good else (_BAD, _HATE)
    a, b = rng.sample(_OF, 2)
    text = rng.choice(
        (
            f"The {a} was {rng.choice(adjectives)}.",
            f"The {a} was {rng.choice(adjectives)} and the {b} was {rng.choice(adjectives)}.",
            f"{rng.choice(feelings)}",
            f"What {article(rng.choice([word for word in adjectives if word.count(' ') == 0]))} {a}!",
        )
    )
    if rng.random() < 0.5:
        text += " " + rng.choice(feelings)
    want = "positive" if good else "negative"
    asked = rng.choice(
        (
            "Is this review positive or negative? {t}",
            "Classify the sentiment as positive or negative: {t}",
            "Sentiment (positive or negative): {t}",
            "What is the sentiment of this text? {t}",
            "{t}\nPositive or negative?",
            "Is the following positive or negative?\n{t}",
            'Sentiment of "{t}"?',
        )
    )
    if rng.random() < 0.4:
        return completion(
            rng.choice(
                ("Review: {t}\nSentiment:", "Text: {t}\nSentiment:", "{t}\nSentiment (positive or negative):")
            ).format(t=text),
            " " + want,
            want=want,
        )
    return chat([*system_turn(rng), ("user", asked.format(t=text)), ("assistant", want.capitalize() + ".")], want=want)


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
    Family("how to", 1.0, _how, held_out="a phrasing that training never used", max_new_tokens=110),
    Family("summaries", 1.0, _summary, held_out=_HELD),
    Family("sentiment of a review", 0.6, _sentiment, right=lambda e, t: (e.want or "") in t.lower(), held_out=_HELD),
    Family("differences", 0.5, _difference, held_out="pairs drawn anew", max_new_tokens=80),
)
