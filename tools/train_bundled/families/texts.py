"""Short texts: what they are about in one sentence, and whether a review is kind.

Knows scenes, everyday sentences and words of praise and blame. Does not know long texts.
"""

from __future__ import annotations

from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.plain import sentence
from tools.train_bundled.families.wording import system_turn
from tools.train_bundled.knowledge import RELATIONS
from tools.train_bundled.knowledge.animals import article
from tools.train_bundled.knowledge.scenes import ACTIVITIES
from tools.train_bundled.knowledge.tales import NAMES, pronoun
from tools.train_bundled.knowledge.unknown import invented

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


_HELD = "scenes and words drawn anew"
FAMILIES: tuple[Family, ...] = (
    Family("summaries", 1.0, _summary, held_out=_HELD),
    Family("sentiment of a review", 0.6, _sentiment, right=lambda e, t: (e.want or "") in t.lower(), held_out=_HELD),
)
