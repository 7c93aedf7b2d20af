"""Stories and poems about what is asked.

Knows the nouns and plots of `knowledge.tales`. Does not know whether a story is good.
"""

from __future__ import annotations

from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.wording import system_turn, typed, upper_first
from tools.train_bundled.knowledge.animals import article
from tools.train_bundled.knowledge.tales import CREATURES, NAMES, OBJECTS, PLACES, PLOTS, POEMS
from tools.train_bundled.knowledge.unknown import invented
from tools.train_bundled.knowledge.words import plural

Plot = tuple[tuple[str, ...], ...]
_WHO = (
    "who learns to love",
    "who can fly",
    "who is afraid of the dark",
    "who finds a friend",
    "who wants to see the sea",
    "who lost the way",
    "that can talk",
    "who saves the world",
    "who goes to school",
    "that nobody wanted",
    "who could not sleep",
    "in space",
    "in the forest",
    "who loves music",
    "who travels in time",
    "who learns to dance",
    "on a long journey",
    "at night",
    "for children",
    "in the snow",
)
_ONE = (
    "Tell me a story about {a}.",
    "Write a story about {a}.",
    "A story about {a}, please.",
    "Can you tell me a story about {a}?",
    "Write a short story about {a}.",
    "story about {a}",
    "I want a story about {a}.",
    "Tell a short story about {a}.",
    "Make up a story about {a}.",
    "Tell me about {a} in a story.",
    "Tell my child a story about {a}.",
    "Write me a tale about {a}.",
)
_TWO = (
    "Tell me a story about {a} and {b}.",
    "Write a story about {a} and {b}.",
    "A story with {a} and {b}, please.",
    "Can you tell me a story about {a} and {b}?",
    "Write a short story about {a} and {b}.",
    "story about {a} and {b}",
    "Make up a story with {a} and {b}.",
    "Tell a story in which {a} finds {b}.",
    "I want a story about {a} and {b}.",
    "A bedtime story about {a} and {b}.",
)
_NONE = (
    "Tell me a story.",
    "Write a story.",
    "A story, please.",
    "Can you tell me a story?",
    "Tell me a short story.",
    "I want to hear a story.",
    "Tell me a bedtime story.",
    "Write something creative.",
    "story",
    "another story",
)


def _thing(rng: Random, pool: list[str], split: Split) -> str:
    return invented(rng, split) if rng.random() < 0.05 else rng.choice(pool)


def tell(rng: Random, hero: str, other: str, name: str, plots: tuple[Plot, ...] = PLOTS) -> str:
    """A story of six sentences about two nouns, by one of the plots."""
    friend = rng.choice([c for c in CREATURES if c not in (hero, other)])
    words = {
        "a": article(hero),
        "A": upper_first(article(hero)),
        "ta": "the " + hero,
        "Ta": "The " + hero,
        "b": article(other),
        "tb": "the " + other,
        "Tb": "The " + other,
        "pb": plural(other),
        "n": name,
        "p": rng.choice(PLACES),
        "f": article(friend),
        "tf": "the " + friend,
    }
    text = " ".join(rng.choice(ways).format(**words) for ways in rng.choice(plots))
    at = text.find(words["p"]) + len(words["p"])
    return text[:at] + text[at:].replace(words["p"], "the " + words["p"].split(" ", 1)[1])


def _story(rng: Random, split: Split, long: bool) -> Example:
    """A story about one, two or no given things."""
    hero, other = _thing(rng, CREATURES, split), _thing(rng, OBJECTS, split)
    name = rng.choice(NAMES)
    roll = rng.random()
    if roll < 0.12:
        asked = rng.choice(_NONE)
    elif roll < 0.5:
        shown = rng.choice((article(other), article(other), article(hero), article(hero), hero))
        if rng.random() < 0.3 and shown.startswith(("a ", "an ")):
            shown += f" named {name}" if shown == article(hero) else ""
        if rng.random() < 0.25:
            shown += " " + rng.choice(_WHO)
        asked = rng.choice(_ONE).format(a=shown)
    else:
        plain = rng.random() < 0.15
        asked = rng.choice(_TWO).format(a=hero if plain else article(hero), b=other if plain else article(other))
    text = tell(rng, hero, other, name)
    if rng.random() < 0.2:
        head = rng.choice(
            (
                f"A story about {article(hero)} and {article(other)}:\n",
                f"Write a story about {article(hero)} and {article(other)}.\nStory:",
                f"{asked}\n\n",
            )
        )
        return completion(head, text if head.endswith("\n") else " " + text)
    return chat([*system_turn(rng), ("user", typed(rng, asked)), ("assistant", text)])


_POEM = (
    "Write a poem about {a}.",
    "A poem about {a}, please.",
    "poem about {a}",
    "Can you write a poem about {a}?",
    "Write a short poem about {a}.",
    "Tell me a poem about {a}.",
    "Make a rhyme about {a}.",
    "I need four lines about {a}.",
)
_NO_POEM = ("Write a poem.", "Tell me a poem.", "A poem, please.", "poem", "Can you write a poem?")
_HAIKU = "{A} in the wind,\nquiet morning, quiet light,\nand the day begins."


def _poem(rng: Random, split: Split, long: bool) -> Example:
    noun = _thing(rng, CREATURES + OBJECTS, split)
    asked = (
        rng.choice(_NO_POEM)
        if rng.random() < 0.1
        else rng.choice(_POEM).format(a=rng.choice((article(noun), article(noun), noun, plural(noun))))
    )
    text = rng.choice(POEMS)[0]
    if rng.random() < 0.1:
        asked, text = (
            rng.choice(
                (f"Write a haiku about {article(noun)}.", f"A haiku about {noun}", f"haiku about {article(noun)}")
            ),
            _HAIKU,
        )
    return chat(
        [
            *system_turn(rng),
            ("user", typed(rng, asked)),
            ("assistant", text.format(a=article(noun), A=upper_first(article(noun)))),
        ]
    )


FAMILIES: tuple[Family, ...] = (
    Family("stories", 2.5, _story, closed=False, held_out="made-up nouns", max_new_tokens=200),
    Family("poems", 0.6, _poem, closed=False, held_out="made-up nouns", max_new_tokens=100),
)
