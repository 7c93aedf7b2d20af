"""Games with words: spelling, letters and their number, rhymes.

Knows the nouns of the tables. Does not know meanings.
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
    Family("rhymes", 0.4, _rhyme, right=lambda e, t: (e.want or "").lower() in t.lower(), held_out="words drawn anew"),
)
