"""How long the texts of a term are, in bytes, and which repeat makes them long; known before any automaton is built.

A machine that still has n bytes before it is in another state with n - 1: so one whose shortest text has n bytes has more than n
states, and so has one whose longest text has n. What would be stopped by the number of its states only after all of them were
made is refused here at once, and nothing else. Knows terms and UTF-8.
"""

from __future__ import annotations

from typing import NamedTuple

from sgbench.engine.constrained.char_set import SURROGATES, CharSet
from sgbench.engine.constrained.limits import Limits, too_large
from sgbench.engine.constrained.terms import Alt, Chars, Joined, Multiple, Repeat, Seq, Term, Text

_SURROGATES = range(SURROGATES.ranges[0][0], SURROGATES.ranges[0][1] + 1)


class Lengths(NamedTuple):
    """Bytes of the shortest text, at least, and of the longest; no longest: endless, or not known."""

    shortest: int
    longest: int | None


def check_lengths(term: Term, limits: Limits) -> None:
    """Refuse a term whose texts alone need more states than there may be.

    Raises
    ------
    ConstraintError
        The message names the repeat that adds the most.
    """
    found = lengths(term)
    bytes_needed = 0 if found is None else max(found.shortest, found.longest or 0)
    if bytes_needed >= limits.states:
        what = f"a text of it has {bytes_needed:,} bytes, which takes more than {limits.states:,} states"
        raise too_large(what, [_longest_repeat(term)])


def lengths(term: Term) -> Lengths | None:
    """Of the texts of a term; None if it has no text."""
    match term:
        case Text(text):
            try:
                return Lengths(len(text.encode()), len(text.encode()))
            except UnicodeEncodeError:
                return None
        case Chars(chars):
            return _of_chars(chars)
        case Seq(parts):
            found = [lengths(part) for part in parts]
            known = [one for one in found if one is not None]
            return _sum(known) if len(known) == len(found) else None
        case Alt(parts):
            known = [one for one in map(lengths, parts) if one is not None]
            ends = [one.longest for one in known if one.longest is not None]
            least = min((one.shortest for one in known), default=0)
            return Lengths(least, max(ends) if len(ends) == len(known) else None) if known else None
        case Repeat(part, least, most):
            return _repeated(lengths(part), least, most)
        case Joined(part):
            once = lengths(part)
            return None if once is None else Lengths(once.shortest, None)
        case Multiple():
            return Lengths(1, None)
        case _:
            return Lengths(0, None)


def _of_chars(chars: CharSet) -> Lengths | None:
    if not chars.ranges:
        return None
    (first, _), (_, last) = chars.ranges[0], chars.ranges[-1]
    if first in _SURROGATES or last in _SURROGATES:
        return _of_chars(chars - SURROGATES)
    return Lengths(_n_bytes(first), _n_bytes(last))


def _n_bytes(code: int) -> int:
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4


def _sum(parts: list[Lengths]) -> Lengths:
    ends = [one.longest for one in parts if one.longest is not None]
    return Lengths(sum(one.shortest for one in parts), sum(ends) if len(ends) == len(parts) else None)


def _repeated(once: Lengths | None, least: int, most: int | None) -> Lengths | None:
    if once is None:
        return None if least else Lengths(0, 0)
    if once.longest == 0:
        return once
    longest = None if most is None or once.longest is None else most * once.longest
    return Lengths(least * once.shortest, longest)


def _longest_repeat(term: Term) -> str:
    """The source of the innermost counted repeat on the way of the longest text; ``""`` if there is none."""
    match term:
        case Seq(parts) | Alt(parts) if parts:
            return _longest_repeat(max(parts, key=_size))
        case Repeat(part, least, most, origin):
            return _longest_repeat(part) or (origin if max(least, most or 0) > 1 else "")
        case Joined(part):
            return _longest_repeat(part)
        case _:
            return ""


def _size(term: Term) -> int:
    found = lengths(term)
    return 0 if found is None else max(found.shortest, found.longest or 0)
