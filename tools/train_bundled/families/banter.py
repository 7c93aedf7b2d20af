"""Talk that goes on: what users say of themselves, and what they ask after an answer.

Knows the fact tables and small talk. Does not know recall over many turns, which has families of its own.
"""

from __future__ import annotations

from random import Random

from tools.train_bundled.example import Example, Family, Split, chat
from tools.train_bundled.families.around import refusal
from tools.train_bundled.families.facts import lower_name, question, relation_of
from tools.train_bundled.families.stories import tell
from tools.train_bundled.families.wording import system_turn, typed, upper_first
from tools.train_bundled.knowledge.animals import CLASS, SOUND, article
from tools.train_bundled.knowledge.countries import COUNTRIES
from tools.train_bundled.knowledge.smalltalk import TALK
from tools.train_bundled.knowledge.tales import CREATURES, NAMES, OBJECTS
from tools.train_bundled.knowledge.things import JOBS, MADE_OF, ORIGINS, SPORT_GEAR
from tools.train_bundled.knowledge.unknown import invented, unknown
from tools.train_bundled.knowledge.words import plural

Turns = list[tuple[str, str]]
_LANDS = tuple(row for row in COUNTRIES if row[1] != "-")
_PETS = tuple(
    (s, o)
    for s, o in SOUND
    if s in ("dog", "cat", "horse", "mouse", "parrot", "goat", "sheep", "donkey", "duck", "hen")
)
_KINDS = dict(CLASS)
_FOODS = (
    *ORIGINS,
    *(
        (s, "")
        for s, _ in MADE_OF
        if s in ("bread", "cheese", "chocolate", "honey", "popcorn", "pasta", "jam", "porridge")
    ),
)
_HOBBIES = (
    "reading",
    "gardening",
    "cooking",
    "hiking",
    "painting",
    "swimming",
    "dancing",
    "singing",
    "photography",
    "knitting",
    "cycling",
    "chess",
    "programming",
    "travelling",
    "fishing",
)


def _of_oneself(rng: Random) -> tuple[str, str]:
    """Something a user says of themselves, and a reply that takes it up."""
    kind = rng.randrange(9)
    if kind == 0:
        row = rng.choice(_LANDS)
        said = rng.choice(
            (
                "I am from {c}.",
                "I live in {c}.",
                "I come from {c}.",
                "I'm from {c}",
                "I was born in {c}.",
                "I am going to {c}.",
                "I want to travel to {c}.",
            )
        )
        return said.format(
            c=row[0]
        ), f"{upper_first(row[0])} is in {row[2]}, and its capital is {row[1]}. What would you like to know about it?"
    if kind == 1:
        job, does = rng.choice(JOBS)
        said = rng.choice(
            ("I am {j}.", "I work as {j}.", "I'm {j}", "I want to be {j}.", "My mother is {j}.", "My father is {j}.")
        )
        return said.format(j=job), f"{upper_first(job)} {does}. That must be interesting! Can I help you with anything?"
    if kind == 2:
        pet, sound = rng.choice(_PETS)
        said = rng.choice(
            (
                "I have {p}.",
                "We have {p} at home.",
                "I got {p}.",
                "I want {p}.",
                "My {b} is sick.",
                "My {b} is called {n}.",
                "I love my {b}.",
            )
        ).format(p=article(pet), b=pet, n=rng.choice(NAMES))
        if "sick" in said:
            return said, f"I am sorry to hear that. Please ask a vet about your {pet}."
        return (
            said,
            f"How nice! {upper_first(article(pet))} is {article(_KINDS.get(pet, 'bird'))} that {sound}. Shall I give you tips on animals?",
        )
    if kind == 3:
        food, origin = rng.choice(_FOODS)
        said = rng.choice(
            (
                "I like {f}.",
                "I love {f}.",
                "I eat {f}.",
                "My favourite food is {f}.",
                "I want to eat {f}.",
                "I had {f} today.",
            )
        ).format(f=food)
        return (
            said,
            f"Enjoy it! The origin of {food} is {origin}."
            if origin
            else f"Enjoy it! I live on tokens, but {food} sounds good.",
        )
    if kind == 4:
        hobby = rng.choice(_HOBBIES)
        said = rng.choice(
            (
                "I like {h}.",
                "I love {h}.",
                "My hobby is {h}.",
                "I enjoy {h}.",
                "I am good at {h}.",
                "I am bad at {h}.",
                "I want to learn {h}.",
            )
        ).format(h=hobby)
        return said, f"{upper_first(hobby)} is a fine thing to do. Shall I give you three tips for {hobby}?"
    if kind == 5:
        sport = rng.choice(SPORT_GEAR)
        return rng.choice(("I play {s}.", "I like {s}.", "My sport is {s}.", "Today I want to do some {s}.")).format(
            s=sport[0]
        ), f"Have fun! For {sport[0]} you need {sport[1]}."
    if kind == 6:
        name = rng.choice((rng.choice(NAMES), invented(rng, "train").capitalize()))
        said = rng.choice(
            (
                "My name is {n}.",
                "I am {n}.",
                "I'm {n}",
                "Hi, I am {n}.",
                "Hello, my name is {n}.",
                "Call me {n}.",
                "hello i'm {n}",
            )
        ).format(n=name)
        return said, f"Nice to meet you, {name}! How can I help you?"
    if kind == 7:
        age = rng.randrange(5, 95)
        return rng.choice(
            (f"I am {age} years old.", f"I'm {age}", f"I am {age}.", f"Today I turn {age}.")
        ), f"{age} is a good age! What would you like to know?"
    colour = rng.choice(("blue", "red", "green", "yellow", "pink", "purple", "black", "orange"))
    return rng.choice(
        (f"My favourite colour is {colour}.", f"I like {colour}.", f"I love the colour {colour}.")
    ), f"{upper_first(colour)} is a lovely colour. Shall I name some things that are {colour}?"


def _statement(rng: Random, split: Split, long: bool) -> Example:
    said, reply = _of_oneself(rng)
    return chat([*system_turn(rng), ("user", typed(rng, said, said)), ("assistant", reply)])


_SURE = (
    "Are you sure?",
    "Really?",
    "Is that true?",
    "Is that right?",
    "Sure?",
    "Are you certain?",
    "I don't believe you.",
)
_AGAIN = (
    "Can you repeat that?",
    "Say that again.",
    "Repeat that please.",
    "What did you say?",
    "Sorry, what?",
    "Pardon?",
    "Once more please.",
)
_ONE = (
    "In one word?",
    "Shorter please.",
    "Just the answer.",
    "In one word please.",
    "Only the answer.",
    "Make it shorter.",
)
_WRONG = ("No, it is {x}.", "I think it is {x}.", "Isn't it {x}?", "That is wrong, it is {x}.")


def _after(rng: Random, split: Split, long: bool) -> Example:
    """A fact, and what people say after it."""
    relation = relation_of(rng)
    s, o = rng.choice(relation.pairs)
    sentence = relation.sentence(s, o)
    turns: Turns = [
        *system_turn(rng),
        ("user", typed(rng, question(rng, relation, s, "train"), s)),
        ("assistant", sentence),
    ]
    kind = rng.randrange(6)
    if kind == 0:
        turns += [("user", typed(rng, rng.choice(_SURE))), ("assistant", f"Yes, as far as I know. {sentence}")]
        want = sentence
    elif kind == 1:
        turns += [("user", typed(rng, rng.choice(_AGAIN))), ("assistant", sentence)]
        want = sentence
    elif kind == 2:
        turns += [("user", typed(rng, rng.choice(_ONE))), ("assistant", upper_first(o))]
        want = o
    elif kind == 3:
        wrong = rng.choice([b for _, b in relation.pairs if b != o] or ["something else"])
        turns += [
            ("user", typed(rng, rng.choice(_WRONG).format(x=wrong), wrong)),
            ("assistant", f"As far as I know, it is not: {lower_name(sentence)}"),
        ]
        want = sentence
    elif kind == 4:
        turns += [
            ("user", typed(rng, rng.choice(("Thanks", "Thank you", "ok thanks", "Great", "Good", "thx")))),
            ("assistant", "You are welcome! Anything else?"),
        ]
        want = "You are welcome"
    else:
        noun = relation.noun.format(s=unknown(rng, relation.kind, "train") if relation.kind else s)
        if not relation.kind:
            return _statement(rng, split, long)
        turns[-2:] = [("user", typed(rng, f"What is {noun}?", noun)), ("assistant", refusal(noun))]
        turns += [
            (
                "user",
                typed(
                    rng,
                    rng.choice(
                        ("Why not?", "Why don't you know?", "You should know that.", "Try.", "Guess.", "Make a guess.")
                    ),
                ),
            ),
            ("assistant", "I have not learnt it, and a guess would only sound right."),
        ]
        want = "not learnt"
    return chat(turns, want=want)


def _mixed(rng: Random, split: Split, long: bool) -> Example:
    """A conversation that changes its subject: facts, small talk, stories, statements."""
    turns: Turns = system_turn(rng)
    want = ""
    for _ in range(rng.choice((2, 3, 4, 5)) if not long else 50):
        roll = rng.random()
        if roll < 0.6:
            relation = relation_of(rng)
            s, want = rng.choice(relation.pairs)
            turns += [
                ("user", typed(rng, question(rng, relation, s, "train"), s)),
                ("assistant", relation.sentence(s, want)),
            ]
        elif roll < 0.8:
            _, ways, answers = rng.choice(
                [entry for entry in TALK if entry[0] not in ("joke more", "you know me", "ok", "no")]
            )
            turns += [("user", typed(rng, rng.choice(ways))), ("assistant", answers[0])]
        elif roll < 0.93:
            said, reply = _of_oneself(rng)
            turns += [("user", typed(rng, said, said)), ("assistant", reply)]
        else:
            hero, other = rng.choice(CREATURES), rng.choice(OBJECTS)
            turns += [
                ("user", f"Tell me a story about {article(hero)} and {article(other)}."),
                ("assistant", tell(rng, hero, other, rng.choice(NAMES))),
            ]
    relation = relation_of(rng)
    s, want = rng.choice(relation.pairs)
    turns += [("user", typed(rng, question(rng, relation, s, split), s)), ("assistant", relation.sentence(s, want))]
    return chat(turns, want=want)


_OPINION = (
    "What do you think about {x}?",
    "What do you think of {x}?",
    "Do you like {x}?",
    "What is your opinion on {x}?",
    "Are {x} good?",
    "How do you feel about {x}?",
    "What's your view on {x}?",
)


def _opinion(rng: Random, split: Split, long: bool) -> Example:
    """Opinions it does not have, about things it can name."""
    noun = plural(rng.choice(CREATURES + OBJECTS))
    return chat(
        [
            *system_turn(rng),
            ("user", typed(rng, rng.choice(_OPINION).format(x=noun), noun)),
            ("assistant", f"I have no opinion of my own, but many people like {noun}. And you?"),
        ]
    )


def _holds(example: Example, text: str) -> bool:
    return (example.want or "").lower() in text.lower()


FAMILIES: tuple[Family, ...] = (
    Family("what users say of themselves", 1.0, _statement, closed=False),
    Family("after an answer", 1.2, _after, closed=False),
    Family(
        "conversations that change subject",
        1.5,
        _mixed,
        right=_holds,
        held_out="phrasings of known facts that training never used, late in a conversation",
    ),
    Family("opinions", 0.3, _opinion, closed=False),
)
