"""Small favours: short mails, recommendations, choices between two things.

Knows reasons to write and the tables of works and sights. Does not know who asks.
"""

from __future__ import annotations

from random import Random

from tools.train_bundled.example import Example, Family, Split, chat
from tools.train_bundled.families.wording import system_turn, typed, upper_first
from tools.train_bundled.knowledge.animals import article
from tools.train_bundled.knowledge.people import BOOKS, MUSIC, PAINTINGS
from tools.train_bundled.knowledge.places import SIGHTS

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


FAMILIES: tuple[Family, ...] = (
    Family("mails", 0.5, _mail, closed=False, max_new_tokens=80),
    Family("recommendations", 0.4, _recommend, closed=False),
    Family("choices", 0.2, _choose, closed=False),
)
