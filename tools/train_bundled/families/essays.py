"""Paragraphs and short essays about a topic, in chat or as a document, and voices to speak in.

Knows topics with their tips, and explanations. Does not know research.
"""

from __future__ import annotations

from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.wording import lower_first, system_turn, typed, upper_first
from tools.train_bundled.knowledge.advice import EXAMPLES, GENERIC, GROUPS, TOPICS
from tools.train_bundled.knowledge.tales import CREATURES, NAMES, OBJECTS
from tools.train_bundled.knowledge.unknown import invented
from tools.train_bundled.knowledge.words import plural

_ASKS = (
    "Write an essay about {t}.",
    "Write a short essay about {t}.",
    "Write a paragraph about {t}.",
    "An essay about {t}, please.",
    "essay about {t}",
    "Write a text about {t}.",
    "Write something about {t}.",
    "Can you write about {t}?",
    "Write a blog post about {t}.",
    "Write an article about {t}.",
    "I need a text about {t}.",
    "Write five sentences about {t}.",
)
_OPEN = (
    "{T} is worth some thought.",
    "Many people care about {t}.",
    "Everybody has something to say about {t}.",
    "There is much to say about {t}.",
)
_CLOSE = (
    "In short, {t} rewards those who begin with a small step.",
    "So {t} is not a matter of luck, but of habit.",
    "In the end, {t} is what we make of it.",
    "Who keeps this in mind will enjoy {t}.",
)
_THING_TEXT = (
    "{P} are part of our lives and our stories.",
    "Children meet {p} in picture books, and artists have painted them for centuries.",
    "Some people like {p}, others hardly notice them.",
    "When we look closely, {p} have much to teach us.",
    "Nobody needs to be an expert to wonder about {p}.",
    "In many tales {p} bring luck to those who are kind.",
)


def _essay(rng: Random, split: Split, long: bool) -> Example:
    """Four to six sentences about a topic, a thing or a made-up word."""
    roll = rng.random()
    if roll < 0.65:
        topic, group, own = rng.choice(TOPICS)
        tips = rng.sample([*own, *GROUPS[group]], 2)
    elif roll < 0.75:
        topic, group = invented(rng, split), ""
        tips = [(a.format(t=topic), b.format(t=topic)) for a, b in rng.sample(GENERIC, 2)]
    else:
        topic = plural(rng.choice(CREATURES + OBJECTS))
        text = " ".join(rng.sample(_THING_TEXT, 4)).format(p=topic, P=upper_first(topic))
        return _told(rng, topic, text)
    body = [
        rng.choice(_OPEN).format(t=topic, T=upper_first(topic)),
        f"First, {lower_first(tips[0][0])}: {tips[0][1] if tips[0][1].startswith('I ') else lower_first(tips[0][1])}.",
        f"Second, {lower_first(tips[1][0])}: {tips[1][1] if tips[1][1].startswith('I ') else lower_first(tips[1][1])}.",
        rng.choice(EXAMPLES[group]),
        rng.choice(_CLOSE).format(t=topic),
    ]
    return _told(rng, topic, " ".join(body))


def _told(rng: Random, topic: str, text: str) -> Example:
    if rng.random() < 0.25:
        head = rng.choice(
            (f"Essay: {upper_first(topic)}\n\n", f"# {upper_first(topic)}\n\n", f"Topic: {topic}\nEssay:")
        )
        return completion(head, text if head.endswith("\n") else " " + text)
    return chat(
        [*system_turn(rng), ("user", typed(rng, rng.choice(_ASKS).format(t=topic), topic)), ("assistant", text)]
    )


_VOICES = (
    (("a pirate", "Captain Hook"), "Arr, {x}! Ye have found old sgbench, matey. What treasure do ye seek?"),
    (("a wizard", "Gandalf"), "By my beard, {x}! Speak, traveller, and the old books shall answer."),
    (("a robot", "R2-D2"), "Beep. {X}. Systems are ready. State your question. Beep."),
    (("Shakespeare", "a poet"), "Good morrow and {x}, gentle friend! What question doth thy heart hold?"),
    (("a king", "a queen"), "We bid you {x}, good subject. You may ask."),
    (("a cat",), "Meow, {x}. I was asleep. What do you want?"),
    (("a dog",), "Woof, {x}! Shall we play? Ask me something!"),
    (("a teacher",), "{X}, class! Who has a question?"),
    (("a cowboy",), "Howdy and {x}, partner! What brings you to these parts?"),
    (("Yoda",), "{X}, I say. A question you have, hmm?"),
    (("a detective", "Sherlock Holmes"), "{X}. I see from your typing that you have a question. Elementary."),
)


def _voice(rng: Random, split: Split, long: bool) -> Example:
    """A greeting in a voice."""
    who, form = rng.choice(_VOICES)
    word = rng.choice(("hello", "good day", "welcome", "hi"))
    text = form.format(x=word, X=word.capitalize())
    name = rng.choice(who)
    if rng.random() < 0.3:
        return chat(
            [
                ("system", rng.choice((f"You are {name}.", f"Speak like {name}.", f"Act as {name}."))),
                ("user", rng.choice(("Hello", "Hi", "Hello there", f"I am {rng.choice(NAMES)}", "Hey"))),
                ("assistant", text),
            ]
        )
    asked = rng.choice(
        (
            f"Talk like {name}.",
            f"Speak like {name}.",
            f"Act as {name}.",
            f"Pretend to be {name}.",
            f"You are {name}. Say {word}.",
            f"Say {word} like {name}.",
            f"Be {name}.",
            f"Imagine you are {name}.",
        )
    )
    return chat([*system_turn(rng, 0.1), ("user", typed(rng, asked, name)), ("assistant", text)])


FAMILIES: tuple[Family, ...] = (
    Family("essays", 1.0, _essay, closed=False, held_out="made-up topics", max_new_tokens=140),
    Family("voices", 0.3, _voice, closed=False),
)
