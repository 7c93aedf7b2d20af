"""Small numbers: compared, continued, solved for, and little sums of things that somebody has.

Knows whole numbers below a thousand. Word problems of several steps have families of their own.
"""

from __future__ import annotations

from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.wording import framed, system_turn, typed
from tools.train_bundled.knowledge.tales import NAMES


def _reply(rng: Random, asked: str, keep: str, short: str, full: str) -> Example:
    """Completion with the short answer or chat with the full one."""
    if rng.random() < 0.3:
        prompt, answer = framed(rng, [], typed(rng, asked, keep), short)
        return completion(prompt, answer, want=short)
    return chat([*system_turn(rng), ("user", typed(rng, asked, keep)), ("assistant", full)], want=short)


_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97)


def _numbers(rng: Random, split: Split, long: bool) -> Example:
    """Even or odd, prime or not, larger or smaller, between, half and double."""
    kind = rng.randrange(6)
    a, b = rng.sample(range(1000) if rng.random() < 0.4 else range(101), 2)
    if kind == 0:
        even = a % 2 == 0
        claim = rng.random() < 0.5
        verdict = "yes" if even == claim else "no"
        reply = f"{a} is {'even' if even else 'odd'}, so {verdict}."
        return _reply(rng, f"Is {a} {'even' if claim else 'odd'}?", str(a), reply, reply)
    if kind == 1:
        n = rng.randrange(2, 100)
        prime = n in _PRIMES
        divisor = next((d for d in (2, 3, 5, 7) if n % d == 0), n)
        reply = f"{n} is a prime number, so yes." if prime else f"{n} is {divisor} times {n // divisor}, so no."
        asked = rng.choice((f"Is {n} a prime number?", f"Is {n} prime?", f"Is the number {n} a prime?"))
        return _reply(rng, asked, str(n), reply, reply)
    if kind == 2:
        large = rng.random() < 0.6
        best = max(a, b) if large else min(a, b)
        word = "larger" if large else "smaller"
        asked = rng.choice(
            (
                f"Which is {word}, {a} or {b}?",
                f"What is {word}: {a} or {b}?",
                f"Which number is {word}, {a} or {b}?",
                f"{a} or {b}, which is {word}?",
            )
        )
        return _reply(rng, asked, f"{a} {b}", str(best), f"{best} is {word}.")
    if kind == 3:
        bigger = rng.random() < 0.5
        asked = f"Is {a} {'larger' if bigger else 'smaller'} than {b}?"
        verdict = "yes" if (a > b) == bigger else "no"
        reply = f"{a} is {'larger' if a > b else 'smaller'} than {b}, so {verdict}."
        return _reply(rng, asked, f"{a} {b}", reply, reply)
    if kind == 4:
        n = rng.randrange(1, 60)
        name, value = rng.choice(
            (
                (f"twice {n}", 2 * n),
                (f"double {n}", 2 * n),
                (f"half of {2 * n}", n),
                (f"the number after {n}", n + 1),
                (f"the number before {n}", n - 1),
                (f"three times {n}", 3 * n),
            )
        )
        return _reply(rng, f"What is {name}?", name, str(value), f"{name[0].upper() + name[1:]} is {value}.")
    items = rng.sample(range(100), rng.choice((3, 4, 5)))
    biggest = rng.random() < 0.5
    listed = ", ".join(map(str, items))
    best = max(items) if biggest else min(items)
    word = "largest" if biggest else "smallest"
    asked = rng.choice(
        (
            f"Which is the {word} of {listed}?",
            f"What is the {word} number: {listed}?",
            f"Find the {word} number in {listed}.",
        )
    )
    return _reply(rng, asked, listed, str(best), f"The {word} number is {best}.")


def _sequence(rng: Random, split: Split, long: bool) -> Example:
    """A sequence to be continued, in plain text or as a question."""
    kind = rng.randrange(6)
    n = rng.randrange(3, 6)
    if kind < 4:
        step = (1, 1, rng.choice((2, 5, 10, 3)), -1)[kind]
        start = rng.randrange(0, 60) if step != -1 else rng.randrange(20, 60)
        if kind == 0:
            start = 1
        items = [str(start + step * i) for i in range(n + 3)]
    elif kind == 4:
        start = rng.randrange(0, 15)
        items = (
            list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[start : start + n + 3])
            if rng.random() < 0.5
            else list("abcdefghijklmnopqrstuvwxyz"[start : start + n + 3])
        )
    else:
        start = rng.choice((1, 2, 3))
        items = [str(start * 2**i) for i in range(n + 3)]
    if rng.random() < 0.6:
        gap = ", "
        return completion(gap.join(items[:n]) + gap.rstrip(), " " + gap.join(items[n:]), want=gap.join(items[n:]))
    shown = ", ".join(items[:n])
    asked = rng.choice(
        (
            f"What comes next: {shown}?",
            f"Which number or letter comes next? {shown}",
            f"Continue: {shown}",
            f"What is next: {shown}, ...",
            f"{shown}, ?",
        )
    )
    return chat([*system_turn(rng), ("user", asked), ("assistant", items[n])], want=items[n])


def _equation(rng: Random, split: Split, long: bool) -> Example:
    """A linear equation in one step."""
    x = rng.choice(("x", "x", "y", "n"))
    a, b = rng.randrange(1, 50), rng.randrange(1, 50)
    gap = rng.choice((" ", ""))
    left, step, result = rng.choice(
        (
            (f"{x}{gap}+{gap}{a}{gap}={gap}{a + b}", f"{a + b} - {a}", b),
            (f"{x}{gap}-{gap}{a}{gap}={gap}{b}", f"{b} + {a}", a + b),
            (f"{a % 9 + 2}{x}{gap}={gap}{(a % 9 + 2) * (b % 12)}", f"{(a % 9 + 2) * (b % 12)} / {a % 9 + 2}", b % 12),
        )
    )
    asked = rng.choice(
        ("Solve {q}.", "solve {q}", "What is {x} if {q}?", "Solve for {x}: {q}", "Find {x}: {q}", "{q}, what is {x}?")
    ).format(q=left, x=x)
    return chat([*system_turn(rng), ("user", asked), ("assistant", f"{x} = {step} = {result}.")], want=f"= {result}.")


_HAVE = (
    "apples",
    "coins",
    "books",
    "pens",
    "balls",
    "cookies",
    "eggs",
    "stamps",
    "oranges",
    "sweets",
    "marbles",
    "flowers",
    "cups",
    "socks",
    "cards",
    "bananas",
)


_NUMBER_WORDS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def _price(rng: Random) -> Example:
    """What some things cost, from the price of one."""
    thing = rng.choice(_HAVE)
    one = thing.removesuffix("ies") + "y" if thing.endswith("ies") and thing != "cookies" else thing.removesuffix("s")
    price, count = rng.randrange(2, 13), rng.randrange(2, 13)
    unit = rng.choice(("dollars", "euros", "cents", "pounds"))
    head = f"{'An' if one[0] in 'aeiou' else 'A'} {one} costs {price} {unit}."
    tail = rng.choice(
        (
            f"How much do {count} {thing} cost?",
            f"What do {count} {thing} cost?",
            f"What is the price of {count} {thing}?",
        )
    )
    reply = f"{price} * {count} = {price * count}. {count} {thing} cost {price * count} {unit}."
    return chat(
        [*system_turn(rng), ("user", typed(rng, f"{head} {tail}", head + tail)), ("assistant", reply)],
        want=f"= {price * count}.",
    )


_LESS = ("gives {n} to {o}", "eats {n}", "loses {n}", "sells {n}", "gives away {n}", "uses {n}")
_MORE = ("buys {n} more", "gets {n} more", "finds {n}", "gets {n} from {o}", "wins {n}", "buys {n}")


def _two_steps(rng: Random) -> Example:
    """Things that somebody has, and two events in one sentence."""
    name, other = rng.sample(NAMES, 2)
    thing = rng.choice(_HAVE)
    value = rng.randrange(4, 60)
    events, lines, first = [], [], value
    for _ in range(2):
        less = value > 2 and rng.random() < 0.5
        n = rng.randrange(1, value - 1) if less else rng.randrange(1, 40)
        events.append(rng.choice(_LESS if less else _MORE).format(n=n, o=other))
        after = value - n if less else value + n
        lines.append(f"{value} {'-' if less else '+'} {n} = {after}.")
        value = after
    told = rng.choice(
        (
            f"{name} has {first} {thing}, {events[0]} and {events[1]}.",
            f"{name} has {first} {thing}. {name} {events[0]} and {events[1]}.",
            f"{name} has {first} {thing}. {name} {events[0]}, then {events[1]}.",
        )
    )
    tail = rng.choice(
        (
            f"How many {thing} does {name} have now?",
            f"How many does {name} have?",
            "How many are left?",
            f"How many {thing} does {name} have in the end?",
            "How many does he have?",
            "How many does she have now?",
        )
    )
    asked = f"{told} {tail}"
    noun = thing if value != 1 else thing.removesuffix("s")
    reply = f"{' '.join(lines)} {name} has {value} {noun}."
    return chat(
        [*system_turn(rng), ("user", typed(rng, asked, asked)), ("assistant", reply)], want=f"= {value}. {name}"
    )


def _little_sum(rng: Random, split: Split, long: bool) -> Example:
    """Things that somebody has, gets, gives away or buys, in one step."""
    roll = rng.random()
    if roll < 0.45:
        return _price(rng) if roll < 0.2 else _two_steps(rng)
    thing = rng.choice(_HAVE)
    a = rng.randrange(2, 40)
    less = rng.random() < 0.5
    b = rng.randrange(1, a) if less else rng.randrange(1, 40)
    who = rng.choice(("I", "I", rng.choice(NAMES), "You"))
    verbs = (
        (("eat", "eats"), ("lose", "loses"), ("give away", "gives away"), ("sell", "sells"))
        if less
        else (("get", "gets"), ("buy", "buys"), ("find", "finds"), ("win", "wins"))
    )
    plain, third = rng.choice(verbs)
    verb, have = (plain, "have") if who in ("I", "You") else (third, "has")
    do = f"do {'you' if who == 'You' else who}" if who in ("I", "You") else f"does {who}"
    tail = rng.choice(
        (
            f"How many {do} have{' left' if less else ' now'}?",
            "How many are left?" if less else f"How many {thing} are there now?",
            f"How many {thing} {do} have?",
        )
    )
    told = [_NUMBER_WORDS[n] if n <= 12 and rng.random() < 0.3 else str(n) for n in (a, b)]
    asked = f"{who} {have} {told[0]} {thing} and {verb} {told[1]}{'' if less else ' more'}. {tail}"
    sign, result = ("-", a - b) if less else ("+", a + b)
    noun = thing if result != 1 else thing.removesuffix("s")
    subject = "You have" if who == "I" else f"{who} {have}"
    return chat(
        [
            *system_turn(rng),
            ("user", typed(rng, asked, asked)),
            ("assistant", f"{a} {sign} {b} = {result}. {subject} {result} {noun}{' left' if less else ''}."),
        ],
        want=f"= {result}.",
    )


def _first(example: Example, text: str) -> bool:
    want = (example.want or "").lower()
    got = text.strip().lower()
    return got.startswith(want) or f" {want}." in got or f" {want} " in got


def _holds(example: Example, text: str) -> bool:
    return (example.want or "").lower() in text.lower()


def _continues(example: Example, text: str) -> bool:
    """Whether every item of the completion is the right one at its place: no prompt says how many there should be."""
    want, got = (example.want or "").split(", "), text.strip().rstrip(",").split(", ")
    common = min(len(want), len(got))
    return want[:common] == got[:common]


FAMILIES: tuple[Family, ...] = (
    Family("equations", 0.4, _equation, right=lambda e, t: (e.want or "") in t, held_out="numbers drawn anew"),
    Family("numbers compared", 3.0, _numbers, right=_first, held_out="numbers drawn anew"),
    Family("sequences", 1.5, _sequence, certain=False, right=_continues, held_out="sequences drawn anew"),
    Family("little sums", 1.5, _little_sum, right=_holds, held_out="numbers drawn anew"),
)
