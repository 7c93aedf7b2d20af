"""Games with words and numbers: spelling, letters, rhymes, order, even and odd, larger and smaller, sequences.

Knows the nouns of the tables. Does not know arithmetic beyond small whole numbers.
"""

from __future__ import annotations

from random import Random
from zlib import crc32

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.wording import framed, system_turn, typed
from tools.train_bundled.knowledge import entities
from tools.train_bundled.knowledge.animals import CLASS
from tools.train_bundled.knowledge.tales import CREATURES, NAMES, OBJECTS
from tools.train_bundled.knowledge.words import OPPOSITES, PAST, SYNONYMS

_WORDS = tuple(
    dict.fromkeys(
        w
        for w in [
            *CREATURES,
            *OBJECTS,
            *(s for s, _ in CLASS),
            *(s for p in (OPPOSITES, PAST, SYNONYMS) for s, _ in p),
            *NAMES,
            *(name.lower() for name in entities() if " " not in name and 2 < len(name) < 11),
        ]
        if w.isalpha() and w.isascii()
    )
)
_RHYMES = (
    "cat hat bat mat rat",
    "house mouse blouse",
    "tree bee sea key free",
    "moon spoon soon noon",
    "star car far jar",
    "night light bright knight right",
    "day way say play may",
    "dog fog frog log",
    "ring king sing wing spring",
    "ball tall wall fall small",
    "cake lake snake make",
    "boat goat coat float",
    "rain train brain chain",
    "sun fun run one",
    "bed red head bread",
    "book look cook hook",
    "sky fly high pie why",
    "snow go show know",
    "bear chair hair pear",
    "fish dish wish",
    "nose rose those close",
    "door floor more four",
    "time rhyme climb lime",
    "hand sand land band",
    "love dove above glove",
    "blue true two shoe",
    "green queen bean mean",
    "heart part start art",
    "dream stream cream team",
    "mind kind find blind",
    "song long strong wrong",
    "page stage age cage",
    "token broken spoken",
    "cache dash flash crash",
    "fox box rocks socks",
    "hill mill still pill",
    "nine fine wine line",
    "gold cold old told",
    "word bird heard third",
    "tale whale sail pale",
)
_RHYME = {word: [w for w in group.split() if w != word] for group in _RHYMES for word in group.split()}


def _kept(word: str) -> bool:
    return crc32(word.encode()) % 12 == 0


def _word(rng: Random, split: Split) -> str:
    while True:
        word = rng.choice(_WORDS)
        if _kept(word) == (split == "heldout"):
            return word


def _reply(rng: Random, asked: str, keep: str, short: str, full: str) -> Example:
    """Completion with the short answer or chat with the full one."""
    if rng.random() < 0.3:
        prompt, answer = framed(rng, [], typed(rng, asked, keep), short)
        return completion(prompt, answer, want=short)
    return chat([*system_turn(rng), ("user", typed(rng, asked, keep)), ("assistant", full)], want=short)


def _letters(rng: Random, split: Split, long: bool) -> Example:
    """Spelling, number of letters, first and last letter, reversal."""
    word = _word(rng, split)
    kind = rng.randrange(6)
    q = rng.choice((word, word, f'"{word}"', f"the word {word}", f"the word '{word}'"))
    if kind == 0:
        spelt = "-".join(word.upper())
        asked = rng.choice(
            ("How do you spell {q}?", "Spell {q}.", "Spell {q} for me.", "Can you spell {q}?", "How is {q} spelt?")
        )
        return _reply(rng, asked.format(q=q), word, spelt, spelt)
    if kind == 1:
        asked = rng.choice(
            (
                "How many letters does {q} have?",
                "How many letters are in {q}?",
                "Count the letters in {q}.",
                "How long is {q} in letters?",
                "Number of letters in {q}?",
            )
        )
        return _reply(rng, asked.format(q=q), word, str(len(word)), f"The word {word} has {len(word)} letters.")
    if kind in (2, 3):
        which, letter = ("first", word[0].upper()) if kind == 2 else ("last", word[-1].upper())
        asked = rng.choice(
            (
                "What is the {w} letter of {q}?",
                "Which letter is the {w} of {q}?",
                "What's the {w} letter in {q}?",
                "{w} letter of {q}?",
            )
        )
        return _reply(rng, asked.format(w=which, q=q), word, letter, f"The {which} letter of {word} is {letter}.")
    if kind == 4:
        word = next(w for w in iter(lambda: _word(rng, split), "") if len(w) <= 7)
        asked = rng.choice(
            (
                "Reverse {q}.",
                "Write {q} backwards.",
                "What is {q} backwards?",
                "Spell {q} backwards.",
                "Turn {q} round, letter by letter.",
            )
        )
        back = "-".join(reversed(word.upper()))
        return _reply(rng, asked.format(q=word), word, back, back)
    asked = rng.choice(
        (
            "Write {q} in capital letters.",
            "Write {q} in upper case.",
            "Uppercase {q}.",
            "Make {q} upper case.",
            "{q} in capitals?",
        )
    )
    return _reply(rng, asked.format(q=word), word, word.upper(), word.upper())


def _occurrences(rng: Random, split: Split, long: bool) -> Example:
    """How often a letter stands in a word; the word is spelt first."""
    word = _word(rng, split)
    letter = rng.choice(word) if rng.random() < 0.85 else rng.choice("abcdefghijklmnopqrstuvwxyz")
    count = word.count(letter)
    asked = rng.choice(
        (
            "How many {l}'s are in {w}?",
            "How many {l}s are in {w}?",
            "How often does {l} occur in {w}?",
            "Count the letter {l} in {w}.",
            'How many times does the letter {l} appear in "{w}"?',
            "how many {l} in {w}",
            "How many {l}'s are there in the word {w}?",
        )
    ).format(l=rng.choice((letter, letter.upper())), w=word)
    times = "once" if count == 1 else "twice" if count == 2 else f"{count} times"
    text = f"{'-'.join(word.upper())}: {letter.upper()} occurs {times}."
    return chat([*system_turn(rng), ("user", typed(rng, asked, asked)), ("assistant", text)], want=f"occurs {times}.")


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


def _rhyme(rng: Random, split: Split, long: bool) -> Example:
    """A word that rhymes; words without a known rhyme are refused."""
    asked = rng.choice(
        (
            "What rhymes with {w}?",
            "Which word rhymes with {w}?",
            "Give me a rhyme for {w}.",
            "A rhyme for {w}?",
            "Find a word that rhymes with {w}.",
            "Tell me a word that rhymes with {w}.",
        )
    )
    if rng.random() < 0.2:
        word = next(w for w in iter(lambda: _word(rng, split), "") if w not in _RHYME)
        return chat(
            [
                *system_turn(rng),
                ("user", typed(rng, asked.format(w=word), word)),
                ("assistant", f"I don't know a rhyme for {word}."),
            ],
            want="don't know a rhyme",
        )
    word = rng.choice(tuple(_RHYME))
    rhymes = _RHYME[word][:2]
    return chat(
        [
            *system_turn(rng),
            ("user", typed(rng, asked.format(w=word), word)),
            ("assistant", f"{rhymes[0].capitalize()} rhymes with {word}."),
        ],
        want=rhymes[0],
    )


_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97)


def _numbers(rng: Random, split: Split, long: bool) -> Example:
    """Even or odd, prime or not, larger or smaller, between, half and double."""
    kind = rng.randrange(6)
    a, b = rng.sample(range(1000) if rng.random() < 0.4 else range(101), 2)
    if kind == 0:
        even = a % 2 == 0
        claim = rng.random() < 0.5
        word = "Yes" if even == claim else "No"
        return _reply(
            rng, f"Is {a} {'even' if claim else 'odd'}?", str(a), word, f"{word}, {a} is {'even' if even else 'odd'}."
        )
    if kind == 1:
        n = rng.randrange(2, 100)
        prime = n in _PRIMES
        divisor = next((d for d in (2, 3, 5, 7) if n % d == 0), n)
        why = (
            f"Yes, {n} is a prime number."
            if prime
            else f"No, {n} is not a prime number: {divisor} times {n // divisor} is {n}."
        )
        return _reply(
            rng,
            rng.choice((f"Is {n} a prime number?", f"Is {n} prime?", f"Is the number {n} a prime?")),
            str(n),
            "Yes" if prime else "No",
            why,
        )
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
        true = (a > b) == bigger
        return _reply(
            rng,
            asked,
            f"{a} {b}",
            "Yes" if true else "No",
            f"{'Yes' if true else 'No'}, {a} is {'larger' if a > b else 'smaller'} than {b}.",
        )
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
    n = rng.randrange(3, 7)
    if kind < 4:
        step = (1, 1, rng.choice((2, 5, 10, 3)), -1)[kind]
        start = rng.randrange(0, 60) if step != -1 else rng.randrange(20, 60)
        if kind == 0:
            start = 1
        items = [str(start + step * i) for i in range(n + 4)]
    elif kind == 4:
        start = rng.randrange(0, 15)
        items = (
            list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[start : start + n + 4])
            if rng.random() < 0.5
            else list("abcdefghijklmnopqrstuvwxyz"[start : start + n + 4])
        )
    else:
        start = rng.choice((1, 2, 3))
        items = [str(start * 2**i) for i in range(n + 4)]
    if rng.random() < 0.6:
        gap = rng.choice((", ", ", ", " "))
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


def _first(example: Example, text: str) -> bool:
    want = (example.want or "").lower()
    got = text.strip().lower()
    return got.startswith(want) or f" {want}." in got or f" {want} " in got


_HELD = "words that training never used"
FAMILIES: tuple[Family, ...] = (
    Family("letters of a word", 1.6, _letters, right=_first, held_out=_HELD, max_new_tokens=48),
    Family(
        "letters counted", 0.5, _occurrences, right=lambda e, t: (e.want or "") in t, held_out=_HELD, max_new_tokens=64
    ),
    Family("equations", 0.5, _equation, right=lambda e, t: (e.want or "") in t, held_out="numbers drawn anew"),
    Family("rhymes", 0.4, _rhyme, right=lambda e, t: (e.want or "").lower() in t.lower(), held_out="words drawn anew"),
    Family("numbers compared", 1.2, _numbers, right=_first, held_out="numbers drawn anew"),
    Family("sequences", 0.7, _sequence, right=_first, held_out="sequences drawn anew"),
)
