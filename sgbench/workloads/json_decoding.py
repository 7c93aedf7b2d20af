"""JSON decoding: a city's facts from a page field by field, and whole character sheets from one regex (paper section 6).

The sheets are what jump-forward is for: most of their text is forced.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

import sgbench as sgl
from sgbench.lang.state import ProgramState
from sgbench.workloads import lexicon
from sgbench.workloads.workload import Case, Count, Workload

PAGE_TOKENS = 900
_NAME = r' "[^"\\\n]{1,40}",\n'
_THREE = r' \["[^"\\\n]{1,40}"(, "[^"\\\n]{1,40}"){2}\]\n'
"""A value with what follows it: the model has tokens that join a closing quote, a comma and a new line (paper section 6, appendix B)."""
_SHEET_KEYS = ("house", "blood status", "occupation", "wood", "core", "length", "alive", "patronus", "bogart")
SHEET = (
    r'\{\n    "name": "[\w \']{1,24}",\n    "house": "(Gryffindor|Slytherin|Ravenclaw|Hufflepuff)",\n'
    r'    "blood status": "(Pure-blood|Half-blood|Muggle-born)",\n'
    r'    "occupation": "(student|teacher|auror|ministry of magic|death eater|order of the phoenix)",\n'
    r'    "wand": \{\n        "wood": "[\w ]{1,16}",\n        "core": "[\w ]{1,24}",\n        "length": [0-9]{1,2}\.[0-9]{0,2}\n'
    r'    \},\n    "alive": "(Alive|Deceased)",\n    "patronus": "[\w ]{1,16}",\n    "bogart": "[\w \']{1,20}"\n\}'
)
"""A character sheet, after the paper's: ten values, one object within."""


@sgl.function
def city_facts(s: Any, page: str) -> None:
    """Constants and constrained values in turn."""
    s += f"Please extract the information of a city from the following page.\nPage begin.\n{page}\nPage end.\n"
    s += "Here is the name, country, latitude, population and top 3 landmarks of the city in JSON format.\n"
    with s.var_scope("facts"):
        s += '{\n    "name":' + sgl.gen("name", max_tokens=20, regex=_NAME)
        s += '    "country":' + sgl.gen("country", max_tokens=20, regex=_NAME)
        s += '    "latitude":' + sgl.gen("latitude", max_tokens=10, regex=r" -?[0-9]{1,2}\.[0-9]{1,2},\n")
        s += '    "population":' + sgl.gen("population", max_tokens=12, regex=r" [1-9][0-9]{1,6},\n")
        s += '    "top 3 landmarks":' + sgl.gen("landmarks", max_tokens=64, regex=_THREE)
        s += "}\n"


@sgl.function
def character_sheet(s: Any, name: str) -> None:
    """The whole object from one regex."""
    s += f"{name} is a character in Harry Potter. Please fill in the following information about this character.\n"
    s += sgl.gen("facts", max_tokens=256, regex=SHEET)


def _city(rng: Random, count: Count) -> Case:
    name, country = lexicon.town(rng), rng.choice(lexicon.COUNTRIES)
    latitude, population = round(rng.uniform(-70, 70), 2), rng.randint(10_000, 9_000_000)
    kinds = rng.sample(("Castle", "Bridge", "Museum", "Tower", "Park", "Market"), 3)
    marks = [f"{lexicon.word(rng)} {kind}" for kind in kinds]
    told = [
        f"{name} is a city in {country}.",
        f"Its latitude is {latitude} degrees.",
        f"It has a population of {population}.",
        f"Visitors admire {marks[0]}, {marks[1]} and {marks[2]}.",
    ]
    page = lexicon.woven(rng, told, PAGE_TOKENS, count)
    want = {"name": name, "country": country, "latitude": latitude, "population": population, "top 3 landmarks": marks}
    return Case({"page": page}, want)


def _cities(rng: Random, size: int, count: Count) -> list[Case]:
    return [_city(rng, count) for _ in range(size)]


def _sheets(rng: Random, size: int, count: Count) -> list[Case]:
    del count  # sheets have the length they have
    table = lexicon.rows("characters")
    cases = []
    for i in range(size):
        if i % len(table) == 0:
            rng.shuffle(table)
        name, *values = table[i % len(table)]
        flat = dict(zip(_SHEET_KEYS, values, strict=True))
        cases.append(Case({"name": name}, {"name": name, **flat, "length": float(flat["length"])}))
    return cases


def _city_answer(state: ProgramState) -> str:
    return str(state["facts"])


def _sheet_answer(state: ProgramState) -> str:
    return str(state["facts"])


def _same_city(answer: str, want: dict[str, Any]) -> bool:
    """Equal as JSON values."""
    try:
        return bool(json.loads(answer) == want)
    except ValueError:
        return False


def _same_sheet(answer: str, want: dict[str, Any]) -> bool:
    """Equal values, the wand's too."""
    try:
        found = json.loads(answer)
        return bool({**{k: v for k, v in found.items() if k != "wand"}, **found["wand"]} == want)
    except (ValueError, KeyError, TypeError):
        return False


CITY = Workload(
    name="json_decoding",
    title="JSON decoding, a city's facts field by field",
    shares="a page, by its five fields",
    program=city_facts,
    cases=_cities,
    answer=_city_answer,
    right=_same_city,
    cpu_size=6,
    paper_size=10,
)
SHEETS = Workload(
    name="json_jump_forward",
    title="JSON decoding, a character sheet from one regex",
    shares="almost nothing: a sentence and a name",
    program=character_sheet,
    cases=_sheets,
    answer=_sheet_answer,
    right=_same_sheet,
    cpu_size=8,
    paper_size=50,
)
