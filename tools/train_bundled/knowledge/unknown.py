"""Names of things that do not exist, so that the model learns to say that it does not know them.

Knows syllables and a list of places from stories. Does not know any fact.
"""

from __future__ import annotations

import zlib
from random import Random
from typing import Literal

Split = Literal["train", "heldout"]

_START = "b br d dr f fl g gl gr h j k kl kr l m n p pl pr qu r s sch sk sl sp st t th tr v w x y z zh bl cr".split()
_MIDDLE = "a e i o u ai au ea ia ie io oo ou ua y".split()
_END = "b ck d f g k l ll m n nd ng nt p r rk rn s sh st t th v x z".split()
_PLACE_TAIL = (
    "ia",
    "land",
    "stan",
    "ana",
    "ova",
    "or",
    "eth",
    "istan",
    "onia",
    "",
    "",
    "a",
    "o",
    "ville",
    "burg",
    " City",
    "ton",
)
STORY_PLACES = (
    "Wakanda",
    "Narnia",
    "Mordor",
    "Westeros",
    "Atlantis",
    "Gondor",
    "El Dorado",
    "Genovia",
    "Elbonia",
    "Freedonia",
    "Zamunda",
    "Ruritania",
    "Latveria",
    "Sokovia",
    "Arendelle",
    "Oz",
    "Neverland",
    "Lilliput",
    "Panem",
    "Hyrule",
    "Tatooine",
    "Themyscira",
    "Asgard",
    "Utopia",
    "Shangri-La",
    "Gotham City",
    "Metropolis",
    "Springfield",
    "Bikini Bottom",
)
FORENAMES = (
    "Anna Ben Carla David Elsa Frank Greta Hugo Ines Jonas Karin Leo Mira Nils Olga Paul Quentin Rosa Sven Tina Udo Vera Walter "
    "Xenia Yusuf Zara Priya Kenji Amara Omar Lucia Mateo Ingrid Tomas Noor Felix Clara Ivan Sofia Daniel Emma John Mary Bob Alice "
    "Jim Sarah Tom Kate Mike Lisa Peter Jane"
).split()
_ADJECTIVE = (
    "Silent Golden Broken Hidden Crimson Distant Frozen Lonely Burning Velvet Forgotten Restless Painted Hollow Electric "
    "Gentle Midnight Paper Wandering Second Glass Copper Sleeping Borrowed Salted"
).split()
_NOUN = (
    "Garden Harbour Mirror Orchard Window Lantern Compass Staircase Meadow Signal Kitchen Voyage Winter Letter Island Engine Bridge "
    "Shadow Feather Tide Station Carpet Umbrella Horizon Ladder Whisper"
).split()


def invented(rng: Random, split: Split, syllables: int = 2) -> str:
    """A made-up lower-case word; a tenth of all such words are kept for evaluation."""
    while True:
        word = "".join(rng.choice(_START) + rng.choice(_MIDDLE) for _ in range(syllables)) + rng.choice(_END)
        if (zlib.crc32(word.encode()) % 10 == 0) == (split == "heldout"):
            return word


_SURNAMES = (
    "Miller Parker Cooper Baker Walker Turner Harris Morgan Bennett Foster Hughes Carter Murphy Kelly Wagner Fischer "
    "Schmidt Rossi Ferrari Garcia Lopez Silva Santos Kowalski Novak Ivanov Petrov Tanaka Sato Kim Park Chen Wang Singh "
    "Patel Khan Ali Hassan Okafor Mensah Andersen Larsen Virtanen Jansen Dubois Moreau Hill Stone Brooks Reed Fox West"
).split()
_PLACE_HEADS = (
    "River Green Oak Stone Maple Spring Silver Cedar Lake North Red Bright Ash Wood Fair Clear Mill Winter".split()
)
_PLACE_ENDS = "ton ville field burg wood ford dale bury port mouth stead haven".split()


def _plain(rng: Random, kind: str, split: Split) -> str:
    """A thing that sounds real and is in no table: plain words put together."""
    while True:
        if kind == "person":
            name = f"{rng.choice(FORENAMES)} {rng.choice(_SURNAMES)}"
        elif kind == "place":
            name = rng.choice(_PLACE_HEADS) + rng.choice(_PLACE_ENDS)
        else:
            a, b = rng.sample(_NOUN, 2)
            name = rng.choice(
                (
                    f"The {rng.choice(_ADJECTIVE)} {a}",
                    f"{rng.choice(_ADJECTIVE)} {a}s",
                    f"The {a} and the {b}",
                    f"A {a} of {b}s",
                    a,
                    f"{a} in the {b}",
                )
            )
        if (zlib.crc32(name.encode()) % 10 == 0) == (split == "heldout"):
            return name


def unknown(rng: Random, kind: str, split: Split) -> str:
    """A made-up thing of a relation's ``kind``."""
    if kind in ("person", "place", "title") and rng.random() < 0.35:
        return _plain(rng, kind, split)
    word = invented(rng, split, rng.choice((1, 1, 2)))
    name = word.capitalize()
    if kind == "place":
        if rng.random() < 0.12:
            return rng.choice(STORY_PLACES)
        return name + rng.choice(_PLACE_TAIL)
    if kind == "sight":
        return f"the {name} " + rng.choice(("Tower", "Bridge", "Museum", "Palace", "Temple", "Castle", "Gate"))
    if kind == "person":
        return rng.choice(FORENAMES) + " " + name
    if kind == "title":
        if rng.random() < 0.5:
            return f"The {rng.choice(_ADJECTIVE)} {rng.choice(_NOUN)} of {name}"
        return rng.choice(
            (f"The {name} {rng.choice(_NOUN)}", f"{name} and the {rng.choice(_NOUN)}", f"{name}'s {rng.choice(_NOUN)}")
        )
    if kind == "animal":
        return ("an " if word[0] in "aeiou" else "a ") + word
    if kind == "animals":
        return word + "s"
    if kind == "gadget":
        return ("an " if word[0] in "aeiou" else "a ") + word + rng.choice(("", "er", "scope", "tron", "ometer"))
    if kind == "company":
        return name + rng.choice((" Inc", " Labs", " Systems", "", "ify", "soft"))
    if kind == "event":
        return rng.choice(
            (
                f"the Battle of {name}",
                f"the founding of {name}",
                f"the {name} Treaty",
                f"the {name} earthquake",
                f"the fall of {name}",
            )
        )
    if kind == "acronym":
        return "".join(rng.choice("QXZJVWYKH") for _ in range(rng.choice((3, 4))))
    if kind == "count":
        return f"{word}s in a {invented(rng, split, 1)}"
    if kind == "extension":
        return "." + word[:4]
    if kind == "year":
        return str(rng.choice((rng.randrange(2027, 2100), rng.randrange(1400, 1890), rng.randrange(2101, 3000))))
    if kind == "sport":
        return word + "ball" if rng.random() < 0.5 else word
    return word
