"""Small talk: greetings, help, who are you, jokes, riddles, thanks, honest limits; over one turn or several.

Knows the texts of `knowledge.smalltalk`. Does not know facts.
"""

from __future__ import annotations

from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.wording import framed, system_turn, typed
from tools.train_bundled.knowledge.smalltalk import JOKES, RIDDLES, TALK
from tools.train_bundled.words import kept

_ASK_JOKE = (
    "Tell me a joke",
    "Do you know a joke?",
    "A joke, please",
    "Make me laugh",
    "Tell a joke",
    "Say something funny",
    "Do you know any jokes?",
    "joke",
    "Tell me another joke",
    "Can you tell me a joke?",
    "I want to hear a joke",
    "Give me a joke",
    "Make a joke",
    "Got any jokes?",
    "I would like a joke.",
)
_ASK_RIDDLE = (
    "Tell me a riddle",
    "Do you know a riddle?",
    "Give me a riddle",
    "A riddle, please",
    "riddle me something",
    "Ask me a riddle",
    "Let's play riddles",
)
_GIVE_UP = (
    "I don't know",
    "I give up",
    "Tell me",
    "What is it?",
    "No idea",
    "What is the answer?",
    "?",
    "say it",
    "I can't guess",
)
_MORE = (
    "Another one",
    "One more",
    "More please",
    "Another joke",
    "Tell me another one",
    "again",
    "another",
    "more",
    "haha, another one",
    "One more joke please",
)
_SMALL = [
    entry
    for entry in TALK
    if entry[0]
    in ("greeting", "how are you", "who", "help", "thanks", "name", "human", "ok", "sgbench", "age", "maker")
]

_ANYWHERE = [entry for entry in TALK if entry[0] != "joke more"]


def _said(rng: Random, ways: tuple[str, ...], split: Split) -> str:
    while True:
        said = typed(rng, rng.choice(ways))
        if kept(said, split):
            return said


def _pick(rng: Random, answers: tuple[str, ...]) -> str:
    return answers[0] if rng.random() < 0.6 else rng.choice(answers)


def _one(rng: Random, split: Split, long: bool) -> Example:
    """One thing said, one answer."""
    _, ways, answers = rng.choice(_SMALL if rng.random() < 0.3 else TALK)
    said, reply = _said(rng, ways, split), _pick(rng, answers)
    want = "\n".join(answers)
    if said.endswith("?") and rng.random() < 0.2:
        prompt, answer = framed(rng, [], said, reply)
        return completion(prompt, answer, want=want)
    return chat([*system_turn(rng), ("user", said), ("assistant", reply)], want=want)


def _among(example: Example, text: str) -> bool:
    return example.want is not None and text.strip() in example.want.split("\n")


def joke_turns(rng: Random) -> list[tuple[str, str]]:
    """A joke asked for and told."""
    return [("user", typed(rng, rng.choice(_ASK_JOKE))), ("assistant", rng.choice(JOKES))]


def _fun(rng: Random, split: Split, long: bool) -> Example:
    """Jokes and riddles, riddles with guesses."""
    turns = system_turn(rng)
    if rng.random() < 0.5:
        turns += joke_turns(rng)
        for _ in range(rng.choice((0, 0, 1, 2))):
            turns += [("user", typed(rng, rng.choice(_MORE))), ("assistant", rng.choice(JOKES))]
        return chat(turns)
    asked, solution = rng.choice(RIDDLES)
    if rng.random() < 0.35:
        return chat([*turns, ("user", typed(rng, asked, asked)), ("assistant", f"It is {solution}.")])
    turns += [("user", typed(rng, rng.choice(_ASK_RIDDLE))), ("assistant", asked)]
    roll = rng.random()
    if roll < 0.4:
        turns += [("user", typed(rng, rng.choice(_GIVE_UP))), ("assistant", f"It is {solution}.")]
    elif roll < 0.7:
        turns += [
            ("user", typed(rng, rng.choice((solution, f"Is it {solution}?", f"It is {solution}")))),
            ("assistant", f"Right, it is {solution}!"),
        ]
    elif roll < 0.9:
        other = rng.choice([s for _, s in RIDDLES if s != solution])
        turns += [
            ("user", typed(rng, rng.choice((other, f"Is it {other}?", f"It is {other}")))),
            ("assistant", f"No, it is {solution}."),
        ]
    return chat(turns)


def _many(rng: Random, split: Split, long: bool) -> Example:
    """A conversation of several small things."""
    turns = system_turn(rng)
    for _ in range(rng.choice((2, 2, 3, 4)) if not long else 60):
        if rng.random() < 0.2:
            turns += joke_turns(rng)
            continue
        _, ways, answers = rng.choice(_SMALL if rng.random() < 0.5 else _ANYWHERE)
        turns += [("user", _said(rng, ways, split)), ("assistant", _pick(rng, answers))]
    return chat(turns)


FAMILIES: tuple[Family, ...] = (
    Family(
        "small talk", 6.0, _one, certain=False, right=_among, held_out="what is said, letter for letter as it is typed"
    ),
    Family("small talk, several turns", 1.0, _many, closed=False),
    Family("jokes and riddles", 0.6, _fun, closed=False),
)
