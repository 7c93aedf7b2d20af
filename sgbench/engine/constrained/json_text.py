"""How JSON spells strings and numbers, as terms.

Knows JSON's grammar (RFC 8259) and terms; no schemas. A string without further rules may be spelled in every way that
JSON allows. Where characters are counted by a rule on the value, or a pattern speaks of them, each character has its one
plain spelling (as ``json.dumps(..., ensure_ascii=False)`` writes it): then a rule on the value is a rule on the text.
"""

from __future__ import annotations

import json
import math
from fractions import Fraction
from typing import Any

from sgbench.engine.constrained.char_set import ANY, DIGITS, CharSet
from sgbench.engine.constrained.terms import (
    EMPTY,
    NEVER,
    Alt,
    Both,
    Chars,
    Minus,
    Multiple,
    Repeat,
    Seq,
    Term,
    Text,
    alt,
    optional,
    repeat,
    seq,
)

QUOTE = Text('"')
CONTROLS = CharSet.of([(0, 0x1F)])
RAW = ANY - CONTROLS - CharSet.chars('"\\')
"""Characters that stand for themselves inside a string."""
_SHORT_ESCAPES = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", '"': '"', "\\": "\\"}
_HEX = Chars(CharSet.chars("0123456789abcdefABCDEF"))

_UNICODE_ESCAPE = alt(
    [
        seq(Chars(CharSet.chars("0123456789abcefABCEF")), _HEX, _HEX, _HEX),
        seq(Chars(CharSet.chars("dD")), Chars(CharSet.chars("01234567")), _HEX, _HEX),
        seq(
            Chars(CharSet.chars("dD")),
            Chars(CharSet.chars("89abAB")),
            _HEX,
            _HEX,
            Text("\\u"),
            Chars(CharSet.chars("dD")),
            Chars(CharSet.chars("cdefCDEF")),
            _HEX,
            _HEX,
        ),
    ]
)
ANY_SPELLING = alt(
    [
        Chars(RAW),
        seq(Text("\\"), alt([Chars(CharSet.chars('"\\/bfnrt')), seq(Text("u"), _UNICODE_ESCAPE)])),
    ]
)
"""One character of a string's value, spelled in any way."""


def plain(chars: CharSet) -> Term:
    """One character of the set, in its plain spelling."""
    options: list[Term] = []
    if (chars & RAW).ranges:
        options.append(Chars(chars & RAW))
    escaped = "".join(short for char, short in _SHORT_ESCAPES.items() if char in chars)
    if escaped:
        options.append(seq(Text("\\"), Chars(CharSet.chars(escaped))))
    others = [c for c in range(0x20) if chr(c) in chars and chr(c) not in _SHORT_ESCAPES]
    options += [Text(f"\\u{c:04x}") for c in others]
    return alt(options)


PLAIN = plain(ANY)


def spell(term: Term) -> Term:
    """A term about a string's value as a term about its plain spelling, without quotes."""
    match term:
        case Text(text):
            return Text(json.dumps(text, ensure_ascii=False)[1:-1])
        case Chars(chars):
            return plain(chars)
        case Seq(parts):
            return seq(*map(spell, parts))
        case Alt(parts):
            return alt(map(spell, parts))
        case Repeat(part, least, most, origin):
            return repeat(spell(part), least, most, origin)
        case Both(left, right):
            return Both(spell(left), spell(right))
        case Minus(left, right):
            return Minus(spell(left), spell(right))
        case _:
            raise AssertionError("no pattern has such a term")


def literal(value: Any, item_separator: str, key_separator: str) -> Text:
    """A JSON value in its one plain spelling."""
    return Text(json.dumps(value, ensure_ascii=False, separators=(item_separator, key_separator)))


# --- numbers --------------------------------------------------------------------------------------------------------

_DIGIT = Chars(DIGITS)
_NONZERO = Chars(CharSet.chars("123456789"))
_NATURAL = alt([Text("0"), seq(_NONZERO, repeat(_DIGIT, 0, None))])
FRACTION = seq(Text("."), repeat(_DIGIT, 1, None))
EXPONENT = seq(Chars(CharSet.chars("eE")), optional(Chars(CharSet.chars("+-"))), repeat(_DIGIT, 1, None))
INTEGER = seq(optional(Text("-")), _NATURAL)
NUMBER = seq(INTEGER, optional(FRACTION), optional(EXPONENT))


def integer_between(least: int | None, most: int | None) -> Term:
    """Integers from ``least`` to ``most``, written without leading zeros or a minus before zero."""
    options: list[Term] = []
    if least is None or least < 0:
        low = None if least is None else -least
        high = 1 if most is None or most >= 0 else -most
        options.append(seq(Text("-"), _naturals(high, low)))
    if most is None or most >= 0:
        options.append(_naturals(max(least or 0, 0), most))
    return alt(options)


def _naturals(least: int, most: int | None) -> Term:
    """Whole numbers from ``least`` >= 0 to ``most``."""
    if most is not None and least > most:
        return NEVER
    low = str(least)
    if most is None:
        longer = seq(_NONZERO, repeat(_DIGIT, len(low), None))
        return alt([_same_length(low, "9" * len(low)), longer])
    high = str(most)
    options = []
    for length in range(len(low), len(high) + 1):
        first = low if length == len(low) else "1" + "0" * (length - 1)
        last = high if length == len(high) else "9" * length
        options.append(_same_length(first, last))
    return alt(options)


def _digits(low: str, high: str) -> Term:
    return Text(low) if low == high else Chars(CharSet.of([(ord(low), ord(high))]))


def _same_length(low: str, high: str) -> Term:
    """Digit strings from ``low`` to ``high``, both of the same length."""
    if low > high:
        return NEVER
    if not low:
        return EMPTY
    if low[0] == high[0]:
        return seq(Text(low[0]), _same_length(low[1:], high[1:]))
    rest = len(low) - 1
    first, last = int(low[0]), int(high[0])
    options: list[Term] = []
    if low[1:] != "0" * rest:
        options.append(seq(Text(low[0]), _same_length(low[1:], "9" * rest)))
        first += 1
    tail: list[Term] = []
    if high[1:] != "9" * rest:
        tail.append(seq(Text(high[0]), _same_length("0" * rest, high[1:])))
        last -= 1
    if first <= last:
        options.append(seq(_digits(str(first), str(last)), repeat(_DIGIT, rest, rest)))
    return alt(options + tail)


def multiple_of(divisor: int) -> Term:
    """Integers that ``divisor`` divides."""
    return INTEGER if divisor == 1 else seq(optional(Text("-")), Multiple(divisor))


def number_between(least: Fraction | None, most: Fraction | None, *, above: bool, below: bool) -> Term:
    """Decimal numbers, without exponent, between bounds; ``above`` and ``below`` exclude the bounds themselves."""
    options: list[Term] = []
    if most is None or most > 0 or (most == 0 and not below):
        low, strict = (least, above) if least is not None and least >= 0 else (Fraction(0), False)
        options.append(
            Minus(_at_least(low, strict=strict), EMPTY if most is None else _at_least(most, strict=not below))
        )
    if least is None or least < 0:
        low, strict = (-most, below) if most is not None and most < 0 else (Fraction(0), True)
        far = EMPTY if least is None else _at_least(-least, strict=not above)
        options.append(seq(Text("-"), Minus(_at_least(low, strict=strict), far)))
    return alt(options)


def _at_least(bound: Fraction, *, strict: bool) -> Term:
    """Unsigned decimals that are at least (above) a bound >= 0 that has finitely many decimals."""
    whole = math.floor(bound)
    digits, rest = "", bound - whole
    while rest:
        digits += str(math.floor(rest * 10))
        rest = rest * 10 - math.floor(rest * 10)
    larger = seq(_naturals(whole + 1, None), optional(FRACTION))
    same = seq(Text(str(whole)), _fraction_at_least(digits, strict=strict))
    return alt([larger, same])


def _fraction_at_least(digits: str, *, strict: bool) -> Term:
    """Fractional parts, the point included, of at least (above) ``0.digits``."""
    zeros = repeat(Text("0"), 0, None)
    any_digits = repeat(_DIGIT, 0, None)
    above: list[Term] = []
    for at, digit in enumerate(digits):
        if digit != "9":
            above.append(seq(Text(digits[:at]), _digits(str(int(digit) + 1), "9"), any_digits))
    above.append(seq(Text(digits), zeros, _NONZERO, any_digits))
    more = seq(Text("."), alt(above))
    if strict:
        return more
    if not digits:
        return optional(FRACTION)
    return alt([more, seq(Text("."), Text(digits), zeros)])
