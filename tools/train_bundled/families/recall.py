"""Conversations that refer back: names, numbers and lists told earlier, corrected, or never told."""

from __future__ import annotations

from random import Random

from tools.train_bundled import words as w
from tools.train_bundled.example import Example, Family, Split, chat

Told = tuple[str, str, str]


def _name(r: Random, s: Split) -> str:
    return r.choice(w.FIRST) if r.random() < 0.4 else w.made(r, s)


KINDS: dict[str, tuple[object, tuple[str, ...], tuple[str, ...], str]] = {
    "name": (
        _name,
        ("My name is {v}.", "I'm {v}.", "Hi, I am {v}.", "hello my name is {v}", "Call me {v}.", "im {v}"),
        ("What is my name?", "what's my name", "Do you remember my name?", "Who am I?", "whats my name?"),
        "Your name is {v}.",
    ),
    "dog": (
        _name,
        ("My dog is called {v}.", "I have a dog named {v}.", "my dog's name is {v}"),
        ("What is my dog called?", "what's my dog's name?", "Do you remember the name of my dog?"),
        "Your dog is called {v}.",
    ),
    "cat": (
        _name,
        ("My cat is called {v}.", "I have a cat named {v}."),
        ("What is my cat called?", "what's the name of my cat"),
        "Your cat is called {v}.",
    ),
    "city": (
        w.place,
        ("I live in {v}.", "I am from {v}.", "My home is {v}.", "i live in {v}"),
        ("Where do I live?", "Which city do I live in?", "where am I from"),
        "You live in {v}.",
    ),
    "color": (
        lambda r, s: r.choice(w.COLOURS),
        ("My favorite color is {v}.", "I love the color {v}.", "my favourite colour is {v}"),
        ("What is my favorite color?", "which color do I like?", "what's my favourite colour"),
        "Your favorite color is {v}.",
    ),
    "number": (
        lambda r, s: r.randint(2, 9999),
        ("My favorite number is {v}.", "Remember the number {v}.", "my number is {v}", "Please remember {v}."),
        ("What is my number?", "Which number did I tell you?", "what number did I ask you to remember"),
        "Your number is {v}.",
    ),
    "code": (
        lambda r, s: w.code(r),
        ("The code is {v}.", "My password hint is {v}.", "Remember this code: {v}", "The secret code is {v}."),
        ("What is the code?", "Which code did I give you?", "what was the code", "Repeat the code."),
        "The code is {v}.",
    ),
    "job": (
        lambda r, s: r.choice(w.JOBS),
        ("I work as a {v}.", "My job is {v}.", "I am a {v} by profession."),
        ("What is my job?", "what do I do for a living", "What do I work as?"),
        "You work as a {v}.",
    ),
    "food": (
        lambda r, s: r.choice(w.FOODS),
        ("My favorite food is {v}.", "I love to eat {v}."),
        ("What is my favorite food?", "what do I love to eat?"),
        "Your favorite food is {v}.",
    ),
    "age": (
        lambda r, s: r.randint(8, 95),
        ("I am {v} years old.", "My age is {v}.", "im {v} years old"),
        ("How old am I?", "What is my age?", "do you know how old I am"),
        "You are {v} years old.",
    ),
    "sister": (
        _name,
        ("My sister's name is {v}.", "I have a sister called {v}."),
        ("What is my sister's name?", "what is my sister called"),
        "Your sister is called {v}.",
    ),
    "friend": (
        w.person,
        ("My best friend is {v}.",),
        ("Who is my best friend?", "what's the name of my best friend"),
        "Your best friend is {v}.",
    ),
    "day": (
        lambda r, s: r.choice(w.DAYS),
        ("My meeting is on {v}.", "The meeting is on {v}."),
        ("When is my meeting?", "On which day is the meeting?"),
        "Your meeting is on {v}.",
    ),
    "hobby": (
        lambda r, s: r.choice(w.HOBBIES),
        ("My hobby is {v}.", "I enjoy {v}.", "i like {v}"),
        ("What is my hobby?", "what do I enjoy?"),
        "Your hobby is {v}.",
    ),
    "instrument": (
        lambda r, s: r.choice("piano violin flute guitar harp cello".split()),
        ("I play the {v}.",),
        ("Which instrument do I play?", "what instrument do I play"),
        "You play the {v}.",
    ),
    "list": (
        lambda r, s: w.listed(r.sample(w.ITEMS + w.FOODS, r.randint(2, 5))),
        ("My shopping list is: {v}.", "I need to buy {v}.", "Put {v} on my shopping list."),
        ("What is on my shopping list?", "what do I need to buy?", "Repeat my shopping list."),
        "Your shopping list: {v}.",
    ),
}
ACKNOWLEDGE = (
    "Okay.",
    "Got it.",
    "Noted.",
    "Thanks for telling me.",
    "I will remember that.",
    "All right.",
    "Good to know.",
)
NICE = {"name": "Nice to meet you, {v}!", "dog": "{v} is a lovely name for a dog.", "city": "{v} sounds nice."}
SMALL = (
    ("What is 2 + 2?", "4"),
    ("Name a color.", "Blue."),
    ("Say hello.", "Hello!"),
    ("Thanks!", "You're welcome!"),
    ("thank you", "You're welcome!"),
    ("What is the capital of France?", "The capital of France is Paris."),
    ("How are you?", "I am doing well, thank you. How can I help you?"),
    ("What is 10 - 3?", "7"),
    ("Name a fruit.", "Apple."),
    ("Count to three.", "1, 2, 3"),
    ("What is the opposite of hot?", "The opposite of hot is cold."),
    ("Say yes.", "Yes."),
    ("What sound does a cow make?", "A cow says moo."),
    ("ok", "Okay! What would you like to do next?"),
)
BULK = (
    "Here is some text: {t}",
    "Remember this for later, no comment needed: {t}",
    "{t}",
    "Read this: {t}",
    "Just say ok. {t}",
)


def _tell(rng: Random, split: Split, kind: str) -> tuple[str, str, list[tuple[str, str]]]:
    make, ways, _, _ = KINDS[kind]
    value = str(make(rng, split))  # type: ignore[operator]
    said = w.put(rng.choice(ways), value)
    reply = NICE[kind].format(v=value) if kind in NICE and rng.random() < 0.6 else rng.choice(ACKNOWLEDGE)
    return kind, value, [("user", said), ("assistant", reply)]


def _bulk(rng: Random, split: Split, size: int) -> list[tuple[str, str]]:
    text = w.alphanumeric(rng, size // 3) if rng.random() < 0.3 else " ".join(w.filler(rng, size))
    return [("user", rng.choice(BULK).format(t=text)), ("assistant", rng.choice(("Okay.", "Got it.", "Noted.", "ok")))]


def recall(rng: Random, split: Split, long: bool) -> Example:
    """Facts told over several turns; one is asked back, sometimes one that was never told or was corrected."""
    kinds = rng.sample(list(KINDS), rng.randint(1, 4) + (2 if long else 0))
    turns: list[tuple[str, str]] = []
    known: dict[str, str] = {}
    budget = w.long_size(rng) if long else 0
    together = len(kinds) > 1 and not long and rng.random() < 0.3
    if together:
        told = [_tell(rng, split, k) for k in kinds]
        known = {k: v for k, v, _ in told}
        turns = [("user", " ".join(t[0][1] for _, _, t in told)), ("assistant", rng.choice(ACKNOWLEDGE))]
    for kind in () if together else kinds:
        if long and budget:
            turns += _bulk(rng, split, budget // len(kinds))
        _, known[kind], said = _tell(rng, split, kind)
        turns += said
        if rng.random() < 0.35:
            ask, reply = rng.choice(SMALL)
            turns += [("user", ask), ("assistant", reply)]
    if rng.random() < 0.12:
        kind = rng.choice(kinds)
        make, _, _, _ = KINDS[kind]
        known[kind] = str(make(rng, split))  # type: ignore[operator]
        thing = {"name": "name", "list": "shopping list", "color": "favorite color"}.get(kind, kind)
        turns += [
            (
                "user",
                rng.choice(
                    (f"Actually, my {thing} is {known[kind]}.", f"Sorry, I meant {known[kind]} for the {thing}.")
                ),
            ),
            ("assistant", "Okay, I have changed that."),
        ]
    if rng.random() < 0.1:
        kind = rng.choice([k for k in KINDS if k not in known])
        answer = "You have not told me that."
    else:
        kind = rng.choice(kinds)
        answer = w.put(KINDS[kind][3], known[kind])
    ask = w.casual(rng, rng.choice(KINDS[kind][2])).strip()
    if len(turns) == 2 and rng.random() < 0.4:
        turns, ask = [], f"{turns[0][1]}{rng.choice((' ', chr(10)))}{ask}"
    turns += [("user", ask), ("assistant", answer)]
    return chat(w.with_system(rng, turns), want=answer)


def back(rng: Random, split: Split, long: bool) -> Example:
    """Questions about the conversation itself: the first message, the last one, what the assistant said, how many."""
    count = rng.randint(2, 4)
    exchanges: list[tuple[str, str]] = []
    for i in range(count):
        if long:
            exchanges.append((_bulk(rng, split, w.long_size(rng) // count)[0][1], "Okay."))
        elif rng.random() < 0.5:
            _, _, said = _tell(rng, split, rng.choice(list(KINDS)))
            exchanges.append((said[0][1], said[1][1]))
        else:
            exchanges.append(rng.choice(SMALL))
        if long and i < count:
            _, _, said = _tell(rng, split, rng.choice(list(KINDS)))
            exchanges.append((said[0][1], said[1][1]))
    kind = rng.randrange(4 if not long else 3)
    users = [u for u, _ in exchanges]
    if kind == 0:
        ask, answer = (
            rng.choice(
                (
                    "What was my last message?",
                    "What did I just say?",
                    "Repeat my last message.",
                    "what did i say before this",
                )
            ),
            users[-1],
        )
    elif kind == 1:
        ask, answer = (
            rng.choice(("Repeat your last answer.", "What did you just say?", "Say that again.", "again please")),
            exchanges[-1][1],
        )
    elif kind == 2:
        exchanges[0] = (f"Remember the word {rng.choice(w.WORDS)}.", "Okay.")
        answer = exchanges[0][0].split()[-1].rstrip(".")
        ask = rng.choice(
            ("Which word should you remember?", "What was the word?", "what word did I tell you to remember")
        )
    else:
        ask, answer = (
            rng.choice(("What was my first message?", "What did I say first?", "Repeat my first message.")),
            users[0],
        )
    turns = [t for u, a in exchanges for t in (("user", u), ("assistant", a))]
    turns += [("user", ask), ("assistant", answer)]
    return chat(w.with_system(rng, turns), want=answer)


HELD = "names, towns and codes never seen"
FAMILIES = (
    Family("recall", 3.0, recall, held_out=HELD, max_new_tokens=40),
    Family("referring_back", 1.0, back, held_out=HELD, max_new_tokens=60),
)
