"""The regex dialect: what `re` reads under ``re.ASCII`` with ``fullmatch``, cut into tokens; the rest is refused.

Rewrites a pattern to a *skeleton*: groups, alternatives and counted repeats over placeholder characters, one for each atom
(text, class or anchor), so that the grammar's parser needs to know nothing of escapes, classes and flags, and every
atom keeps its place in the pattern. Exact or refused: look-around, back-references, conditionals, word boundaries, atomic
and possessive forms, and the flags L, m, u, x raise `ConstraintError` with position, reason and the nearest supported form.
Expects a pattern that `re.compile` accepts; does not know automata.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from sgbench.engine.constrained.char_set import ANY, DIGITS, SPACE, WORD, CharSet
from sgbench.engine.constrained.terms import Anchor, Chars, Term, Text
from sgbench.errors import ConstraintError

FIRST_PLACEHOLDER = 0x10000
"""Placeholder of atom 0; later atoms follow."""
MAX_ATOMS = 0x110000 - FIRST_PLACEHOLDER

_CATEGORIES = {"d": DIGITS, "D": ~DIGITS, "s": SPACE, "S": ~SPACE, "w": WORD, "W": ~WORD}
_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_HEX_LENGTHS = {"x": 2, "u": 4, "U": 8}
_OCTAL = "01234567"
_REFUSED_FLAGS = {
    "L": "bytes patterns only",
    "m": "^ and $ stand at the ends of the whole text here; write the line breaks as \\n",
    "u": "\\d, \\w and \\s are ASCII here; write the characters as a class such as [a-zà-ÿ]",
    "x": "write the pattern without free spacing",
}
_REFUSED_GROUPS = {
    "(?=": "a look-ahead cannot be expressed; write the alternatives out",
    "(?!": "a look-ahead cannot be expressed; write what may stand there, for instance as a class [^...]",
    "(?<=": "a look-behind cannot be expressed; write the alternatives out",
    "(?<!": "a look-behind cannot be expressed; write the alternatives out",
    "(?>": "an atomic group changes what `re` matches by backtracking; use (?:...)",
    "(?P=": "a back-reference is not regular; write the alternatives out",
    "(?(": "a conditional group is not regular; write the two cases as alternatives",
}
_PLAIN = re.compile(r"[^\\\[\](){}.*+?^$|]+")
"""Characters that stand for themselves wherever they are outside a class."""
_COUNT = re.compile(r"\{(\d*)(?:(,)(\d*))?\}")
_FLAGS = re.compile(r"\(\?([aiLmsux]*)(?:-([imsx]+))?([:)])")


@dataclass(frozen=True, slots=True)
class Flags:
    """The two flags that change the language."""

    fold: bool = False
    dotall: bool = False


@dataclass(slots=True)
class Skeleton:
    """A pattern in tokens.

    Attributes
    ----------
    text
        Placeholders, ``( ) |`` and ``* + ? {m,n}``.
    atoms
        The terms that the placeholders stand for.
    repeats
        Source of each repeated item with its quantifier, in the order of the quantifiers.
    """

    text: str = ""
    atoms: list[Term] = field(default_factory=list)
    repeats: list[str] = field(default_factory=list)


def tokenize(pattern: str) -> Skeleton:
    """Cut a pattern that `re.compile` accepts.

    Raises
    ------
    ConstraintError
        The pattern uses what the machine cannot express exactly; ``position`` says where.
    """
    return _Lexer(pattern).run()


class _Lexer:
    """One pass over one pattern; every method begins at ``self.at`` and leaves it behind what it read."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.flags = Flags()
        self.open: list[tuple[int, Flags]] = []
        self.item_start = 0
        self.run_text = ""
        self.run_start = 0
        self.out: list[str] = []
        self.skeleton = Skeleton()

    def run(self) -> Skeleton:
        while self.at < len(self.pattern):
            plain = None if self.flags.fold else _PLAIN.match(self.pattern, self.at)
            if plain is None:
                self.token(self.pattern[self.at])
            else:
                self.letters(plain[0])
        self.flush()
        self.skeleton.text = "".join(self.out)
        return self.skeleton

    def refuse(self, reason: str, start: int | None = None) -> ConstraintError:
        position = self.at if start is None else start
        return ConstraintError(f"regex not supported at position {position}: {reason} (in {self.pattern!r})", position)

    # -- tokens

    def token(self, char: str) -> None:
        start = self.at
        if char == "(":
            self.group()
        elif char == ")":
            self.flush()
            self.out.append(")")
            self.at += 1
            self.item_start, self.flags = self.open.pop()
        elif char == "|":
            self.flush()
            self.out.append("|")
            self.at += 1
        elif char in "*+?" or (char == "{" and self.counted()):
            self.quantifier()
        elif char in "^$":
            self.at += 1
            self.atom(Anchor(char == "^", start), start)
        elif char == ".":
            self.at += 1
            self.atom(Chars(ANY if self.flags.dotall else ANY - CharSet.chars("\n")), start)
        elif char == "[":
            self.at += 1
            self.atom(Chars(self.char_class()), start)
        elif char == "\\":
            self.escape(start)
        else:
            self.at += 1
            self.letter(char, start)

    def letter(self, char: str, start: int) -> None:
        """A character that stands for itself joins the running text, or is a class of two when case is folded."""
        both = CharSet.chars(char).fold_ascii() if self.flags.fold else None
        if both is not None and len(both) > 1:
            self.atom(Chars(both), start)
            return
        if not self.run_text:
            self.run_start = start
        self.run_text += char
        self.item_start = start

    def letters(self, text: str) -> None:
        """`letter` for each of them, at once."""
        if not self.run_text:
            self.run_start = self.at
        self.run_text += text
        self.at += len(text)
        self.item_start = self.at - 1

    def atom(self, term: Term, start: int) -> None:
        self.flush()
        if len(self.skeleton.atoms) >= MAX_ATOMS:
            raise self.refuse(f"the pattern has more than {MAX_ATOMS} parts", start)
        self.out.append(chr(FIRST_PLACEHOLDER + len(self.skeleton.atoms)))
        self.skeleton.atoms.append(term)
        self.item_start = start

    def flush(self) -> None:
        """The running text becomes an atom."""
        if self.run_text:
            text, self.run_text = self.run_text, ""
            kept = self.item_start
            self.atom(Text(text), self.run_start)
            self.item_start = kept

    def escape(self, start: int) -> None:
        """An escape outside a class."""
        char = self.pattern[self.at + 1]
        if char in "AZ":
            self.at += 2
            self.atom(Anchor(char == "A", start), start)
        elif char in "bB":
            raise self.refuse(f"\\{char}, a word boundary, cannot be expressed; write the neighbouring characters out")
        elif char in "123456789" and not self.octal(self.at + 1, 3):
            raise self.refuse("a back-reference is not regular; write the alternatives out")
        else:
            chars = self.escaped(in_class=False)
            only = chars.single
            if only is not None:
                self.letter(only, start)
            else:
                self.atom(Chars(chars), start)

    def octal(self, at: int, digits: int) -> bool:
        part = self.pattern[at : at + digits]
        return len(part) == digits and all(c in _OCTAL for c in part)

    def escaped(self, *, in_class: bool) -> CharSet:
        """The characters of the escape at ``self.at``, a category or a single one."""
        char = self.pattern[self.at + 1]
        self.at += 2
        if char in _CATEGORIES:
            return _CATEGORIES[char]
        if char in _CONTROLS:
            return CharSet.chars(_CONTROLS[char])
        if char == "b" and in_class:
            return CharSet.chars("\b")
        if char in _HEX_LENGTHS:
            return self.number(self.at, _HEX_LENGTHS[char], 16)
        if char == "N":
            end = self.pattern.index("}", self.at)
            name, self.at = self.pattern[self.at + 1 : end], end + 1
            return CharSet.chars(unicodedata.lookup(name))
        if char in _OCTAL:
            length = 1
            while length < 3 and self.octal(self.at - 1, length + 1):
                length += 1
            return self.number(self.at - 1, length, 8)
        return CharSet.chars(char)

    def number(self, at: int, length: int, base: int) -> CharSet:
        self.at = at + length
        return CharSet.chars(chr(int(self.pattern[at : self.at], base)))

    # -- classes

    def char_class(self) -> CharSet:
        """The rest of ``[...]``; a ``]`` that comes first is a member."""
        negated = self.pattern[self.at] == "^"
        self.at += negated
        chars = self.member()
        while self.pattern[self.at] != "]":
            chars |= self.member()
        self.at += 1
        if self.flags.fold:
            chars = chars.fold_ascii()
        return ~chars if negated else chars

    def member(self) -> CharSet:
        """One member or range of a class."""
        low = self.class_char()
        if self.pattern[self.at] != "-" or self.pattern[self.at + 1] == "]":
            return low
        self.at += 1
        high = self.class_char()
        return CharSet.of([(low.ranges[0][0], high.ranges[0][0])])

    def class_char(self) -> CharSet:
        if self.pattern[self.at] == "\\":
            return self.escaped(in_class=True)
        self.at += 1
        return CharSet.chars(self.pattern[self.at - 1])

    # -- groups and quantifiers

    def group(self) -> None:
        start = self.at
        if self.pattern.startswith("(?#", start):
            self.at = self.pattern.index(")", start) + 1
            return
        for opening, reason in _REFUSED_GROUPS.items():
            if self.pattern.startswith(opening, start):
                raise self.refuse(reason)
        flags = self.flags
        if self.pattern.startswith("(?P<", start):
            self.at = self.pattern.index(">", start) + 1
        elif self.pattern.startswith("(?", start):
            match = _FLAGS.match(self.pattern, start)
            assert match is not None, "re.compile accepts no other group"
            flags = self.changed(match)
            self.at = match.end()
            if match[3] == ")":
                self.flags = flags
                return
        else:
            self.at += 1
        self.flush()
        self.out.append("(")
        self.open.append((start, self.flags))
        self.flags = flags

    def changed(self, match: re.Match[str]) -> Flags:
        added, removed = match[1], match[2] or ""
        for flag, reason in _REFUSED_FLAGS.items():
            if flag in added:
                raise self.refuse(f"flag ({flag}): {reason}")
        fold = ("i" in added or self.flags.fold) and "i" not in removed
        dotall = ("s" in added or self.flags.dotall) and "s" not in removed
        return Flags(fold, dotall)

    def counted(self) -> bool:
        """Is the ``{`` here a quantifier, rather than a character?"""
        match = _COUNT.match(self.pattern, self.at)
        return match is not None and bool(match[1] or match[2])

    def quantifier(self) -> None:
        self.split_run()
        start = self.item_start
        match = _COUNT.match(self.pattern, self.at)
        if match is not None and self.pattern[self.at] == "{":
            least = int(match[1] or 0)
            most = str(int(match[3])) if match[3] else "" if match[2] else str(least)
            self.out.append(f"{{{least},{most}}}")
            self.at = match.end()
        else:
            self.out.append(self.pattern[self.at])
            self.at += 1
        following = self.pattern[self.at : self.at + 1]
        if following == "+":
            raise self.refuse("a possessive repeat changes what `re` matches by backtracking; leave the + out")
        self.at += following == "?"
        self.skeleton.repeats.append(self.pattern[start : self.at])

    def split_run(self) -> None:
        """The quantifier binds to the last character of the running text only."""
        if len(self.run_text) > 1:
            last, start = self.run_text[-1], self.item_start
            self.run_text = self.run_text[:-1]
            self.flush()
            self.run_text, self.run_start, self.item_start = last, start, start
        self.flush()
