"""Regex text to terms: `re` for syntax errors, `dialect` for exactness, interegular's parser for the grammar.

Knows patterns and terms, no automata. interegular (imported lazily) parses the skeleton only, so of its syntax tree four
node types can occur; its own machines are an oracle in the tests, not a part of this path.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

from sgbench.engine.constrained.char_set import ANY
from sgbench.engine.constrained.dialect import FIRST_PLACEHOLDER, Skeleton, tokenize
from sgbench.engine.constrained.terms import EMPTY, Alt, Anchor, Chars, Repeat, Seq, Term, alt, repeat, seq
from sgbench.errors import ConstraintError

ANYTHING = Repeat(Chars(ANY), 0, None)
_ATOMS = re.compile(r"(?<![^(|])[\U00010000-\U0010ffff](?:\|[\U00010000-\U0010ffff])+(?![^|)])")
"""In a skeleton: two or more alternatives side by side, each of one placeholder."""


def parse_regex(pattern: str) -> Term:
    """The texts that ``re.fullmatch(pattern, text, re.ASCII)`` matches.

    Raises
    ------
    ConstraintError
        The pattern is malformed, or outside the dialect; ``position`` says where.
    """
    return _resolve(_parse(pattern), True, True, pattern)


def parse_search(pattern: str) -> Term:
    """The texts in which ``re.search(pattern, text, re.ASCII)`` finds a match (JSON Schema's reading of ``pattern``)."""
    term = _reach_out(_reach_out(_parse(pattern), start=True), start=False)
    return _resolve(term, True, True, pattern)


def _parse(pattern: str) -> Term:
    check_syntax(pattern)
    skeleton = tokenize(pattern)
    _join_atoms(skeleton)
    from interegular.patterns import parse_pattern

    try:
        return _Reader(skeleton).read(parse_pattern(skeleton.text))
    except RecursionError:
        limit = sys.getrecursionlimit()
        raise ConstraintError(f"regex not supported: its groups nest too deeply (recursion limit {limit})") from None


def check_syntax(pattern: str) -> None:
    """Raise `ConstraintError` for what `re.compile` does not accept, and for what is no text."""
    given: object = pattern
    if not isinstance(given, str):
        hint = "; write its .pattern, and flags into it as (?i)" if isinstance(given, re.Pattern) else ""
        raise ConstraintError(f"a regex is a str, not {type(given).__name__}{hint}")
    try:
        re.compile(pattern)
    except re.error as error:
        at = "" if error.pos is None else f" at position {error.pos}"
        raise ConstraintError(f"malformed regex{at}: {error.msg} (in {pattern!r})", error.pos) from None
    except (OverflowError, RecursionError, ValueError) as error:
        raise ConstraintError(f"malformed regex: {error} (in {pattern!r})") from None


def _join_atoms(skeleton: Skeleton) -> None:
    """Make one atom of neighbouring alternatives that are an atom each: the parser need not see a list of a thousand words."""

    def join(run: re.Match[str]) -> str:
        places = [ord(char) - FIRST_PLACEHOLDER for char in run[0][::2]]
        skeleton.atoms[places[0]] = alt([skeleton.atoms[place] for place in places])
        return run[0][0]

    skeleton.text = _ATOMS.sub(join, skeleton.text)


class _Reader:
    """Walks interegular's tree; quantifiers come in the order in which the lexer saw them, inner before outer."""

    def __init__(self, skeleton: Skeleton) -> None:
        self.atoms = skeleton.atoms
        self.repeats: Iterator[str] = iter(skeleton.repeats)

    def read(self, node: Any) -> Term:
        kind = type(node).__name__
        if kind == "Pattern":
            return alt([self.read(option) for option in node.options])
        if kind == "_Concatenation":
            return seq(*[self.read(part) for part in node.parts])
        if kind == "_Repeated":
            part = self.read(node.base)
            return repeat(part, node.min, node.max, next(self.repeats))
        if kind == "_CharGroup":
            (char,) = node.chars
            return self.atoms[ord(char) - FIRST_PLACEHOLDER]
        raise AssertionError(f"interegular gave an unexpected {kind}; the skeleton cannot hold one")


def _anchored(term: Term, start: bool) -> bool:
    """Is there an anchor of this kind in the term?"""
    if isinstance(term, Anchor):
        return term.start == start
    if isinstance(term, Seq | Alt):
        return any(_anchored(part, start) for part in term.parts)
    return isinstance(term, Repeat) and _anchored(term.part, start)


def _resolve(term: Term, at_start: bool, at_end: bool, pattern: str) -> Term:
    """Drop anchors that stand at the ends of the whole text, where they say nothing; refuse all others."""
    if isinstance(term, Anchor):
        if at_start if term.start else at_end:
            return EMPTY
        name, where = ("^", "beginning") if term.start else ("$", "end")
        reason = f"{name} not at the {where} of the pattern can match nothing, or depends on what stands beside it"
        message = f"regex not supported at position {term.position}: {reason}; leave it out (in {pattern!r})"
        raise ConstraintError(message, term.position)
    if isinstance(term, Alt):
        return alt([_resolve(part, at_start, at_end, pattern) for part in term.parts])
    if isinstance(term, Repeat):
        once = term.most == 1
        part = _resolve(term.part, at_start and once, at_end and once, pattern)
        return repeat(part, term.least, term.most, term.origin)
    if isinstance(term, Seq):
        solid = [i for i, part in enumerate(term.parts) if not isinstance(part, Anchor)]
        first, last = (solid[0], solid[-1]) if solid else (len(term.parts), -1)
        parts = [
            _resolve(part, at_start and i <= first, at_end and i >= last, pattern) for i, part in enumerate(term.parts)
        ]
        return seq(*parts)
    return term


def _reach_out(term: Term, *, start: bool) -> Term:
    """Let anything stand before (after) the term wherever it is not anchored there; the anchors themselves are dropped."""
    if not _anchored(term, start):
        return seq(ANYTHING, term) if start else seq(term, ANYTHING)
    if isinstance(term, Anchor):
        return EMPTY
    if isinstance(term, Alt):
        return alt([_reach_out(part, start=start) for part in term.parts])
    if isinstance(term, Repeat) and term.most == 1:
        inner = _reach_out(term.part, start=start)
        return inner if term.least else alt([ANYTHING, inner])
    if isinstance(term, Seq):
        if start and _anchored(term.parts[0], start):
            return seq(_reach_out(term.parts[0], start=start), *term.parts[1:])
        if not start and _anchored(term.parts[-1], start):
            return seq(*term.parts[:-1], _reach_out(term.parts[-1], start=start))
        return seq(ANYTHING, term) if start else seq(term, ANYTHING)  # an anchor further in: refused by `_resolve`
    return term
