"""Character sheets as the paper's JSON workload asks for them: a name in, a nested JSON object out.

Facts about characters of the Harry Potter novels; a made-up name gets a made-up sheet.
"""

from __future__ import annotations

import json
from random import Random

from tools.train_bundled import words as w
from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.wording import form_of

COLUMNS = ("house", "blood status", "occupation", "wood", "core", "length", "alive", "patronus", "bogart")
CHARACTERS: dict[str, tuple[str, str, str, str, str, float, str, str, str]] = {
    "Harry Potter": (
        "Gryffindor",
        "Half-blood",
        "auror",
        "holly",
        "phoenix feather",
        11.0,
        "Alive",
        "stag",
        "Dementor",
    ),
    "Hermione Granger": (
        "Gryffindor",
        "Muggle-born",
        "ministry of magic",
        "vine",
        "dragon heartstring",
        10.75,
        "Alive",
        "otter",
        "failure",
    ),
    "Ron Weasley": ("Gryffindor", "Pure-blood", "auror", "willow", "unicorn hair", 14.0, "Alive", "terrier", "spider"),
    "Draco Malfoy": (
        "Slytherin",
        "Pure-blood",
        "death eater",
        "hawthorn",
        "unicorn hair",
        10.0,
        "Alive",
        "none",
        "Voldemort",
    ),
    "Albus Dumbledore": (
        "Gryffindor",
        "Half-blood",
        "teacher",
        "elder",
        "thestral tail hair",
        15.0,
        "Deceased",
        "phoenix",
        "his sister",
    ),
    "Severus Snape": ("Slytherin", "Half-blood", "teacher", "unknown", "unknown", 13.5, "Deceased", "doe", "Voldemort"),
    "Minerva McGonagall": (
        "Gryffindor",
        "Half-blood",
        "teacher",
        "fir",
        "dragon heartstring",
        9.5,
        "Alive",
        "cat",
        "Voldemort",
    ),
    "Rubeus Hagrid": ("Gryffindor", "Half-blood", "teacher", "oak", "unknown", 16.0, "Alive", "none", "Voldemort"),
    "Sirius Black": (
        "Gryffindor",
        "Pure-blood",
        "order of the phoenix",
        "unknown",
        "unknown",
        13.0,
        "Deceased",
        "dog",
        "Azkaban",
    ),
    "Remus Lupin": (
        "Gryffindor",
        "Half-blood",
        "teacher",
        "cypress",
        "unicorn hair",
        10.25,
        "Deceased",
        "wolf",
        "full moon",
    ),
    "Luna Lovegood": ("Ravenclaw", "Pure-blood", "student", "unknown", "unknown", 11.0, "Alive", "hare", "unknown"),
    "Neville Longbottom": (
        "Gryffindor",
        "Pure-blood",
        "teacher",
        "cherry",
        "unicorn hair",
        13.0,
        "Alive",
        "none",
        "Severus Snape",
    ),
    "Ginny Weasley": ("Gryffindor", "Pure-blood", "student", "yew", "unknown", 11.0, "Alive", "horse", "Tom Riddle"),
    "Tom Riddle": (
        "Slytherin",
        "Half-blood",
        "death eater",
        "yew",
        "phoenix feather",
        13.5,
        "Deceased",
        "none",
        "his own death",
    ),
    "Bellatrix Lestrange": (
        "Slytherin",
        "Pure-blood",
        "death eater",
        "walnut",
        "dragon heartstring",
        12.75,
        "Deceased",
        "none",
        "unknown",
    ),
    "Cedric Diggory": (
        "Hufflepuff",
        "Pure-blood",
        "student",
        "ash",
        "unicorn hair",
        12.25,
        "Deceased",
        "unknown",
        "unknown",
    ),
    "Cho Chang": ("Ravenclaw", "Half-blood", "student", "unknown", "unknown", 11.0, "Alive", "swan", "unknown"),
    "Nymphadora Tonks": (
        "Hufflepuff",
        "Half-blood",
        "auror",
        "unknown",
        "unknown",
        11.0,
        "Deceased",
        "wolf",
        "unknown",
    ),
    "Lucius Malfoy": (
        "Slytherin",
        "Pure-blood",
        "death eater",
        "elm",
        "dragon heartstring",
        18.0,
        "Alive",
        "none",
        "unknown",
    ),
    "Molly Weasley": (
        "Gryffindor",
        "Pure-blood",
        "order of the phoenix",
        "unknown",
        "unknown",
        11.0,
        "Alive",
        "unknown",
        "dead family",
    ),
    "Arthur Weasley": (
        "Gryffindor",
        "Pure-blood",
        "ministry of magic",
        "unknown",
        "unknown",
        11.0,
        "Alive",
        "weasel",
        "unknown",
    ),
    "Fred Weasley": (
        "Gryffindor",
        "Pure-blood",
        "order of the phoenix",
        "unknown",
        "unknown",
        11.0,
        "Deceased",
        "magpie",
        "unknown",
    ),
    "George Weasley": (
        "Gryffindor",
        "Pure-blood",
        "order of the phoenix",
        "unknown",
        "unknown",
        11.0,
        "Alive",
        "magpie",
        "unknown",
    ),
    "Dolores Umbridge": (
        "Slytherin",
        "Half-blood",
        "ministry of magic",
        "birch",
        "dragon heartstring",
        8.0,
        "Alive",
        "cat",
        "unknown",
    ),
}
ASK = (
    "{n} is a character in Harry Potter. Please fill in the following information about this character.\n",
    "Please fill in the following information about {n}, a character in Harry Potter.\n",
    "Give the character sheet of {n} as JSON.\n",
    "{n} is a character in Harry Potter. Describe the character in JSON.\n",
    "Character sheet (JSON) of {n}:\n",
    "Fill in the sheet for the Harry Potter character {n}.\n",
    "JSON character sheet for {n}\n",
    "Write the Harry Potter character sheet of {n} in JSON format.\n",
    "Information about {n} from Harry Potter, as JSON:\n",
)


def _made_up(rng: Random) -> tuple[str, str, str, str, str, float, str, str, str]:
    return (
        rng.choice(("Gryffindor", "Slytherin", "Ravenclaw", "Hufflepuff")),
        rng.choice(("Pure-blood", "Half-blood", "Muggle-born")),
        rng.choice(("student", "teacher", "auror", "ministry of magic", "death eater", "order of the phoenix")),
        rng.choice("holly vine willow oak ash elm yew cherry fir".split()),
        rng.choice(("phoenix feather", "dragon heartstring", "unicorn hair")),
        rng.choice((9.5, 10.0, 10.5, 11.0, 12.0, 13.0)),
        rng.choice(("Alive", "Deceased")),
        rng.choice(w.ANIMALS),
        rng.choice(("Dementor", "spider", "Voldemort")),
    )


def sheet(rng: Random, split: Split, long: bool) -> Example:
    """One sheet, indented, in completion or chat form."""
    del long
    known = split == "heldout" or rng.random() < 0.95
    name = rng.choice(list(CHARACTERS)) if known else w.person(rng, split)
    values = dict(zip(COLUMNS, CHARACTERS[name] if known else _made_up(rng), strict=True))
    wand = {k: values.pop(k) for k in ("wood", "core", "length")}
    whole = {"name": name}
    for key, value in values.items():
        whole[key] = value  # type: ignore[assignment]
        if key == "occupation":
            whole["wand"] = wand  # type: ignore[assignment]
    answer = json.dumps(whole, indent=4)
    ask = form_of(rng, ASK, name, split).format(n=name)
    if rng.random() < 0.65:
        return completion(ask, answer + "\n", want=answer)
    return chat(w.with_system(rng, [("user", ask.strip()), ("assistant", answer)]), want=answer)


def same_sheet(example: Example, text: str) -> bool:
    """Equal values; the boggart may be spelt either way."""
    try:
        return bool(
            json.loads(text.replace('"boggart"', '"bogart"'))
            == json.loads((example.want or "").replace('"boggart"', '"bogart"'))
        )
    except ValueError:
        return False


FAMILIES = (
    Family(
        "character_sheet",
        2.0,
        sheet,
        right=same_sheet,
        held_out="known characters, each in the one form in which training never asks for it",
        max_new_tokens=230,
    ),
)
