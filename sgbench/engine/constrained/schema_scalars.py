"""JSON Schema's strings and numbers, to terms.

Knows the keywords of scalars; objects, arrays and combinations are `json_schema`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sgbench.engine.constrained.formats import FORMATS
from sgbench.engine.constrained.json_text import (
    ANY_SPELLING,
    INTEGER,
    NUMBER,
    PLAIN,
    QUOTE,
    integer_between,
    multiple_of,
    number_between,
    spell,
)
from sgbench.engine.constrained.regex_syntax import parse_regex, parse_search
from sgbench.engine.constrained.schema_keywords import bounds, count, fraction, refuse
from sgbench.engine.constrained.terms import Both, Term, repeat, seq
from sgbench.errors import ConstraintError

MAX_DIVISOR = 2_000
"""Largest multipleOf: the machine has a state for each remainder."""


def both(terms: Sequence[Term]) -> Term:
    """Texts that are in every language of ``terms``."""
    result = terms[0]
    for term in terms[1:]:
        result = Both(result, term)
    return result


def string_term(schema: Mapping[str, Any], at: str, *, plain_only: bool = False) -> Term:
    """A string, quotes included; ``plain_only`` leaves each character its one plain spelling."""
    least, most = count(schema, "minLength", at) or 0, count(schema, "maxLength", at)
    rules: list[Term] = []
    if "pattern" in schema:
        rules.append(spell(_pattern(schema["pattern"], parse_search, at)))
    if "format" in schema:
        if schema["format"] not in FORMATS:
            known = ", ".join(sorted(FORMATS))
            raise refuse(at, f"format {schema['format']!r} is not supported", f"use a pattern, or one of {known}")
        rules.append(spell(parse_regex(FORMATS[schema["format"]])))
    char = PLAIN if rules or plain_only else ANY_SPELLING
    if least or most is not None or not rules:
        rules.append(repeat(char, least, most, f"string of length {least} to {most}" if most else ""))
    return seq(QUOTE, both(rules), QUOTE)


def _pattern(pattern: Any, parse: Callable[[str], Term], at: str) -> Term:
    if not isinstance(pattern, str):
        raise refuse(at, "pattern is a string")
    try:
        return parse(pattern)
    except ConstraintError as error:
        raise ConstraintError(f"JSON schema at {at}/pattern: {error}", error.position) from None


def integer_term(schema: Mapping[str, Any], at: str) -> Term:
    """An integer, written without fraction and exponent."""
    low, high, above, below = bounds(schema, at)
    least = None if low is None else -(-low.numerator // low.denominator) + (above and low.denominator == 1)
    most = None if high is None else high.numerator // high.denominator - (below and high.denominator == 1)
    term = INTEGER if least is None and most is None else integer_between(least, most)
    if "multipleOf" not in schema:
        return term
    divisor = fraction(schema["multipleOf"], "multipleOf", at)
    if divisor <= 0:
        raise refuse(at, "multipleOf is a number above 0")
    if divisor.numerator > MAX_DIVISOR:
        raise refuse(
            at, f"multipleOf {schema['multipleOf']} needs a state for each remainder", f"at most {MAX_DIVISOR}"
        )
    multiples = multiple_of(divisor.numerator)  # an integer is a multiple of p/q (in lowest terms) if p divides it
    return both([term, multiples]) if least is not None or most is not None else multiples


def number_term(schema: Mapping[str, Any], at: str) -> Term:
    """A number; with bounds, without exponent."""
    if "multipleOf" in schema:
        raise refuse(at, "multipleOf of a number is not supported", "use type integer")
    low, high, above, below = bounds(schema, at)
    if low is None and high is None:
        return NUMBER
    return number_between(low, high, above=above, below=below)
