"""Everyday requests: how to do things, short mails, recommendations, summaries, sentiment, differences, choices.

Knows scenes, nouns and the fact tables. Does not know whether an advice suits the person who asks.
"""

from __future__ import annotations

from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.wording import lower_first, system_turn, typed, upper_first
from tools.train_bundled.knowledge.animals import CLASS, FOOD, SOUND, article
from tools.train_bundled.knowledge.countries import COUNTRIES
from tools.train_bundled.knowledge.people import BOOKS, MUSIC, PAINTINGS
from tools.train_bundled.knowledge.places import SIGHTS
from tools.train_bundled.knowledge.scenes import ACTIVITIES
from tools.train_bundled.knowledge.tales import NAMES, pronoun

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


def _how(rng: Random, split: Split, long: bool) -> Example:
    """The steps of an everyday activity, in order."""
    deed, steps = rng.choice(_ACTS)
    asked = f"Please tell me the steps to {deed}." if split == "heldout" else rng.choice(_HOW).format(d=deed)
    text = "\n".join(f"{i}. {imperative(step)}." for i, step in enumerate(steps, start=1))
    return chat([*system_turn(rng), ("user", typed(rng, asked, deed)), ("assistant", text)], want=text)


_WHOM = (
    "my boss",
    "my teacher",
    "a friend",
    "my landlord",
    "my colleague",
    "a customer",
    "my grandmother",
    "my team",
    "the school",
    "my neighbour",
    "my professor",
    "the doctor",
    "my manager",
)
_WHY = (
    ("that I am sick", "I am sick today and cannot come. I hope to be back soon."),
    ("that I will be late", "I will be late today. I am sorry about that and will hurry."),
    (
        "to ask for a day off",
        "I would like to ask for a day off next week. Please let me know whether that is possible.",
    ),
    ("to say thank you", "I would like to thank you for your help. It meant a lot to me."),
    ("to say sorry", "I am sorry for what happened. I will do better next time."),
    (
        "to invite them to a party",
        "I would like to invite you to a party at my place on Saturday. I would be very glad if you came.",
    ),
    ("to ask for help", "I need a little help and thought of you. Could we talk this week?"),
    ("to cancel a meeting", "Unfortunately I have to cancel our meeting. Could we find another time next week?"),
    ("to ask for a meeting", "I would like to meet you this week. When would it suit you?"),
    ("that the heating is broken", "The heating has been broken since yesterday. Could you please have it repaired?"),
    ("to wish a happy birthday", "Happy birthday! I wish you health, joy and a wonderful year."),
    ("that I quit", "I have decided to leave my post. Thank you for the good time together."),
    (
        "to ask for more money",
        "I have worked hard this year and would like to talk about my pay. When would it suit you?",
    ),
    ("about the weekend", "How was your weekend? I would love to hear from you soon."),
)
_KIND_OF = ("email", "mail", "letter", "message", "short email", "note", "short message")


def _mail(rng: Random, split: Split, long: bool) -> Example:
    """A short mail for an everyday reason."""
    whom, (why, body) = rng.choice(_WHOM), rng.choice(_WHY)
    kind = rng.choice(_KIND_OF)
    asked = rng.choice(
        (
            f"Write {article(kind)} to {whom} {why}.",
            f"Write {whom} {article(kind)} {why}.",
            f"{kind} to {whom} {why}",
            f"Can you write {article(kind)} to {whom} {why}?",
            f"I need {article(kind)} to {whom} {why}.",
            f"Help me write {article(kind)} to {whom} {why}.",
        )
    )
    if rng.random() < 0.1:
        asked = rng.choice(
            (f"Write {article(kind)}.", f"Can you write {article(kind)}?", f"Help me with {article(kind)}.")
        )
        return chat(
            [*system_turn(rng), ("user", typed(rng, asked)), ("assistant", "Gladly. To whom, and what should it say?")]
        )
    text = (
        f"Dear {whom.removeprefix('my ').removeprefix('a ').removeprefix('the ').capitalize()},\n{body}\nKind regards"
    )
    return chat([*system_turn(rng), ("user", typed(rng, asked)), ("assistant", text)])


def _recommend(rng: Random, split: Split, long: bool) -> Example:
    """Something to read, hear, see, visit or do."""
    kind = rng.randrange(6)
    if kind == 0:
        title, author = rng.choice(BOOKS)
        return _asked(
            rng,
            (
                "Recommend a book.",
                "What should I read?",
                "Suggest a book.",
                "Which book should I read?",
                "Do you know a good book?",
                "I need a book recommendation.",
                "book recommendation",
            ),
            f"Try {title} by {author}.",
        )
    if kind == 1:
        piece, composer = rng.choice(MUSIC)
        return _asked(
            rng,
            (
                "Recommend some music.",
                "What should I listen to?",
                "Suggest a song.",
                "Do you know good music?",
                "Which music should I listen to?",
            ),
            f"Listen to {piece} by {composer}.",
        )
    if kind == 2:
        sight, city = rng.choice(SIGHTS)
        return _asked(
            rng,
            (
                "Where should I travel?",
                "Where should I go on holiday?",
                "Suggest a city to visit.",
                "Recommend a place to visit.",
                "Which city should I visit?",
                "travel ideas",
            ),
            f"How about {city}? There you can see {sight}.",
        )
    if kind == 3:
        work, artist = rng.choice(PAINTINGS)
        return _asked(
            rng,
            (
                "Recommend a painting.",
                "Which painting should I look at?",
                "Show me some art.",
                "Do you know a beautiful painting?",
            ),
            f"Have a look at {work} by {artist}.",
        )
    if kind == 4:
        film = rng.choice(
            (
                "Casablanca",
                "The Wizard of Oz",
                "Toy Story",
                "Finding Nemo",
                "Spirited Away",
                "Modern Times",
                "Singin' in the Rain",
                "The Lion King",
                "Back to the Future",
                "Star Wars",
                "Jurassic Park",
                "Amelie",
                "Some Like It Hot",
            )
        )
        return _asked(
            rng,
            (
                "Recommend a movie.",
                "Which film should I watch?",
                "What should I watch?",
                "Suggest a film.",
                "Do you know a good movie?",
                "movie recommendation",
                "What movie should I watch tonight?",
            ),
            f"How about {film}?",
        )
    deed = rng.choice(
        (
            "go for a walk",
            "call an old friend",
            "read a book",
            "bake a cake",
            "draw a picture",
            "learn five words of Italian",
            "visit a museum",
            "play a game of chess",
            "clean one drawer",
            "write a letter",
        )
    )
    return _asked(
        rng,
        (
            "What should I do today?",
            "What can I do this weekend?",
            "Give me an idea for today.",
            "What should I do tonight?",
            "I don't know what to do.",
            "weekend ideas",
            "What can I do when it rains?",
        ),
        f"You could {deed}.",
    )


def _asked(rng: Random, ways: tuple[str, ...], reply: str) -> Example:
    return chat([*system_turn(rng), ("user", typed(rng, rng.choice(ways))), ("assistant", reply)])


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


def _summary(rng: Random, split: Split, long: bool) -> Example:
    """A little scene in one sentence."""
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
    "I loved it.",
    "I will come back.",
    "I recommend it.",
    "We had a great time.",
    "I am so happy with it.",
    "Best day ever.",
    "Thank you!",
)
_HATE = (
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
            f"What {article(rng.choice(adjectives))} {a}!",
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


_THINGS = (
    "tea",
    "coffee",
    "pizza",
    "pasta",
    "the sea",
    "the mountains",
    "red",
    "blue",
    "summer",
    "winter",
    "a book",
    "a film",
    "a bus",
    "a train",
    "chess",
    "football",
    "apples",
    "pears",
    "cats",
    "dogs",
    "Python",
    "C",
    "cake",
    "ice cream",
    "a walk",
    "a nap",
    "soup",
    "salad",
)


def _choose(rng: Random, split: Split, long: bool) -> Example:
    """A choice between two things, made without fuss."""
    a, b = rng.sample(_THINGS, 2)
    asked = rng.choice(
        (
            "{a} or {b}?",
            "Should I choose {a} or {b}?",
            "What is better, {a} or {b}?",
            "Choose: {a} or {b}.",
            "Do you prefer {a} or {b}?",
            "Pick one: {a} or {b}",
        )
    ).format(a=a, b=b)
    return chat(
        [
            *system_turn(rng),
            ("user", typed(rng, upper_first(asked))),
            ("assistant", f"Both are fine, but if I must choose: {rng.choice((a, b))}."),
        ]
    )


_HELD = "scenes and words drawn anew"
FAMILIES: tuple[Family, ...] = (
    Family("how to", 0.8, _how, held_out="a phrasing that training never used", max_new_tokens=110),
    Family("mails", 0.5, _mail, closed=False, max_new_tokens=80),
    Family("recommendations", 0.4, _recommend, closed=False),
    Family("summaries of scenes", 0.7, _summary, held_out=_HELD),
    Family("sentiment of a review", 0.6, _sentiment, right=lambda e, t: (e.want or "") in t.lower(), held_out=_HELD),
    Family("differences", 0.5, _difference, held_out="pairs drawn anew", max_new_tokens=80),
    Family("choices", 0.2, _choose, closed=False),
)
