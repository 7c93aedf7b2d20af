"""Terms back to regex text in the dialect that `regex_syntax` reads, where a regex can say them."""

from __future__ import annotations

from sgbench.engine.constrained.char_set import CharSet, show
from sgbench.engine.constrained.terms import Alt, Anchor, Both, Chars, Joined, Minus, Multiple, Repeat, Seq, Term, Text
from sgbench.errors import ConstraintError

_SPECIAL = frozenset("\\.^$*+?{}[]|()")


def print_regex(term: Term) -> str:
    """A regex for the term's texts.

    Raises
    ------
    ConstraintError
        The term is an intersection or a difference, or has no texts at all: a machine can hold these, a regex cannot.
    """
    match term:
        case Text(text):
            return "".join("\\" + c if c in _SPECIAL else show(c) for c in text)
        case Chars(chars):
            return _class(chars)
        case Seq(parts):
            return "".join(f"(?:{print_regex(p)})" if isinstance(p, Alt) else print_regex(p) for p in parts)
        case Alt(()):
            raise ConstraintError("a regex cannot express the empty language; no JSON text satisfies this schema")
        case Alt(parts):
            return "|".join(map(print_regex, parts))
        case Repeat(part, least, most):
            return _atom(part) + _quantifier(least, most)
        case Joined(part, between):
            return f"{_atom(part)}(?:{print_regex(between)}{_atom(part)})*"
        case Both() | Minus() | Multiple():
            reason = (
                "it combines rules (such as pattern with maxLength, bounds of a number, or 'not') or counts remainders"
            )
            raise ConstraintError(f"no regex can be given for this schema: {reason}; use compile_json_schema")
        case Anchor():
            raise AssertionError("anchors are resolved by the parser")


def _class(chars: CharSet) -> str:
    label = chars.label()
    return "\\" + label if label in _SPECIAL and chars.single is not None else label


def _atom(term: Term) -> str:
    text = print_regex(term)
    single = isinstance(term, Chars) or (isinstance(term, Text) and len(term.text) == 1)
    return text if single else f"(?:{text})"


def _quantifier(least: int, most: int | None) -> str:
    short = {(0, None): "*", (1, None): "+", (0, 1): "?", (1, 1): ""}.get((least, most))
    if short is not None:
        return short
    if least == most:
        return f"{{{least}}}"
    return f"{{{least},{'' if most is None else most}}}"
