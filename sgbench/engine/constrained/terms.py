"""The terms of a language of texts: what a regex or a schema means, before any automaton.

Knows characters only. `regex_syntax` and `json_schema` build terms; `nfa` gives them states. `Both` and `Minus` go beyond
what a regex can say; they become products of automata.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from sgbench.engine.constrained.char_set import CharSet


@dataclass(frozen=True, slots=True)
class Text:
    """Exactly this text."""

    text: str


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set."""

    chars: CharSet


@dataclass(frozen=True, slots=True)
class Seq:
    """The parts, one after the other; none: the empty text."""

    parts: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Alt:
    """Any one of the parts; none: nothing at all."""

    parts: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """``least`` to ``most`` times the part (None: without end); ``origin`` names it in the source, for messages."""

    part: Term
    least: int
    most: int | None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Joined:
    """The part once or more often, ``between`` standing between two."""

    part: Term
    between: Term


@dataclass(frozen=True, slots=True)
class Multiple:
    """Decimal digits, without sign or leading zeros, of a number that ``divisor`` divides."""

    divisor: int


@dataclass(frozen=True, slots=True)
class Both:
    """Texts that are in both languages."""

    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Minus:
    """Texts of ``left`` that are not in ``right``."""

    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Anchor:
    """``^`` or ``$``, at ``position`` of the pattern; resolved before an automaton is built."""

    start: bool
    position: int


Term: TypeAlias = Text | Chars | Seq | Alt | Repeat | Joined | Multiple | Both | Minus | Anchor

EMPTY = Seq(())
NEVER = Alt(())


def seq(*parts: Term) -> Term:
    """A sequence with nested ones flattened and neighbouring texts joined; `NEVER` in it makes all of it `NEVER`."""
    flat: list[Term] = []
    for part in parts:
        for item in part.parts if isinstance(part, Seq) else (part,):
            if item == NEVER:
                return NEVER
            if isinstance(item, Text) and flat and isinstance(flat[-1], Text):
                flat[-1] = Text(flat[-1].text + item.text)
            else:
                flat.append(item)
    return flat[0] if len(flat) == 1 else Seq(tuple(flat))


def alt(parts: Iterable[Term]) -> Term:
    """An alternative with nested ones flattened, `NEVER` and doubles left out."""
    kept = tuple(dict.fromkeys(p for part in parts for p in (part.parts if isinstance(part, Alt) else (part,))))
    return kept[0] if len(kept) == 1 else Alt(kept)


def optional(part: Term) -> Term:
    """The part or nothing."""
    return EMPTY if part == NEVER else Repeat(part, 0, 1)


def repeat(part: Term, least: int, most: int | None, origin: str = "") -> Term:
    """The part ``least`` to ``most`` times."""
    if most is not None and most < least:
        return NEVER
    if part == NEVER or most == 0:
        return NEVER if least else EMPTY
    return Repeat(part, least, most, origin)


def joined(part: Term, between: Term) -> Term:
    """A list of at least one part."""
    return NEVER if part == NEVER else Joined(part, between)
