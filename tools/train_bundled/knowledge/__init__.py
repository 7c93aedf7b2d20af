"""What the bundled model is taught: tables of plain facts and short explanations.

Knows which tables there are and which names deserve tokens of their own. Does not know how facts are asked.
"""

from __future__ import annotations

from . import animals, computing, countries, elements, general, history, people, places, potter, things, words
from .general import ASKED
from .phrases import EMOJI, LANGUAGES, PHRASES
from .relation import Relation
from .serving import EXPLAIN
from .why import EXPLAIN as WHY

SERVING: tuple[tuple[str, ...], ...] = EXPLAIN
SCIENCE: tuple[tuple[str, ...], ...] = (*WHY, *ASKED)

RELATIONS: tuple[Relation, ...] = (
    *countries.RELATIONS,
    *places.RELATIONS,
    *elements.RELATIONS,
    *animals.RELATIONS,
    *people.RELATIONS,
    *history.RELATIONS,
    *words.RELATIONS,
    *things.RELATIONS,
    *computing.RELATIONS,
    *potter.RELATIONS,
    *general.RELATIONS,
)
EXPLANATIONS: tuple[tuple[str, ...], ...] = (*SERVING, *SCIENCE)


def entities() -> list[str]:
    """Names that deserve tokens: every short subject and object of the fact tables, once, in order."""
    names = dict.fromkeys(name for relation in RELATIONS for pair in relation.pairs for name in pair)
    return [name for name in names if len(name) <= 24]


def fact_count() -> int:
    """How many plain facts the tables hold."""
    return (
        sum(len(relation.pairs) for relation in RELATIONS)
        + len(EXPLANATIONS)
        + len(PHRASES) * len(LANGUAGES)
        + len(EMOJI)
    )
