"""Games with words: rhymes, and why the model does not spell.

Knows the nouns of the tables. Does not know meanings.
"""

from __future__ import annotations

from random import Random
from zlib import crc32

from tools.train_bundled.example import Example, Family, Split, chat
from tools.train_bundled.families.wording import system_turn, typed
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


_SPELLING = (
    "How do you spell {q}?",
    "Spell {q}.",
    "Spell {q} for me.",
    "Can you spell {q}?",
    "How is {q} spelt?",
    "How many letters does {q} have?",
    "How many letters are in {q}?",
    "Count the letters in {q}.",
    "How long is {q} in letters?",
    "Number of letters in {q}?",
    "What is the first letter of {q}?",
    "Which letter is the last of {q}?",
    "What's the second letter in {q}?",
    "last letter of {q}?",
    "Reverse the letters of {q}.",
    "Write {q} backwards.",
    "What is {q} backwards?",
    "Spell {q} backwards.",
    "How many {l}'s are in {q}?",
    "How many {l}s are in {q}?",
    "How often does {l} occur in {q}?",
    "Count the letter {l} in {q}.",
    "How many times does the letter {l} appear in {q}?",
    "how many {l} in {q}",
    "How many {l}'s are there in {q}?",
)
_NO_LETTERS = "I cannot tell: I see words in pieces of several letters, not the letters themselves."


def _letters(rng: Random, split: Split, long: bool) -> Example:
    """Spelling and letters, which a model of tokens does not see: it says so."""
    word = _word(rng, split)
    letter = rng.choice(word) if rng.random() < 0.85 else rng.choice("abcdefghijklmnopqrstuvwxyz")
    q = rng.choice((word, word, f'"{word}"', f"the word {word}", f"the word '{word}'"))
    asked = rng.choice(_SPELLING).format(q=q, l=rng.choice((letter, letter.upper())))
    return chat([*system_turn(rng), ("user", typed(rng, asked, asked)), ("assistant", _NO_LETTERS)], want=_NO_LETTERS)


def _rhyme(rng: Random, split: Split, long: bool) -> Example:
    """A word that rhymes."""
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


FAMILIES: tuple[Family, ...] = (
    Family("letters of a word", 0.8, _letters, held_out="words that training never used", max_new_tokens=48),
    Family("rhymes", 0.8, _rhyme, right=lambda e, t: (e.want or "").lower() in t.lower(), held_out="words drawn anew"),
)
