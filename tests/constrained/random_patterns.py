"""Random regexes of the supported dialect, and texts that come close to matching them."""

from __future__ import annotations

import random
import re

ALPHABET = 'abcAB01 _\n-é中😀"\\]'
CLASSES = [
    "[abc]", "[^a]", "[a-c0-1]", "[^\\n]", "\\d", "\\w", "\\s", "\\D", "\\W", "\\S", ".", "[]a]", "[^]a]", "[\\w-]",
    "[é-ü]", "[一-龥]", "[^中]", "[a\\-c]", "[\\]\\\\]", "[\\d\\s]", "[^\\W\\d]", "[😀-😂]", "[\\x41-\\u00e9]", "[--a]",
    "[+--]", "[\\b]", "[\\101]",
]  # fmt: skip
LITERALS = [
    "a", "b", "c", "A", "é", "中", "😀", "\\.", "\\n", "\\x61", "\\u00e9", "\\U0001F600", "\\N{LATIN SMALL LETTER A}",
    "\\141", "\\0", "{", "}", "a{", "{a}", "a{,", "]", "-", "ab", "aé", "\"", "\\\\", "(?#note)", "\\x2d", "{}",
]  # fmt: skip
QUANTIFIERS = [
    "*",
    "+",
    "?",
    "{2}",
    "{1,2}",
    "{,2}",
    "{1,}",
    "{0}",
    "{,}",
    "*?",
    "+?",
    "??",
    "{1,3}?",
    "{0,0}",
    "{2,3}",
]
GROUPS = ["(", "(?:", "(?P<n{}>", "(?i:", "(?s:", "(?-i:", "(?is:", "(?s-i:"]


class Patterns:
    """A seeded source of patterns."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.names = 0

    def pattern(self) -> str:
        self.names = 0
        body = self.alternatives(3)
        if self.random.random() < 0.2:
            body = self.random.choice(["(?i)", "(?s)", "(?a)", "(?is)"]) + body
        elif self.random.random() < 0.1:
            body = self.random.choice(["^", "\\A"]) + body if "|" not in body else body
        elif self.random.random() < 0.1 and "|" not in body:
            body += self.random.choice(["$", "\\Z"])
        return body

    def alternatives(self, depth: int) -> str:
        return "|".join(self.sequence(depth) for _ in range(self.random.choice([1, 1, 1, 2, 2, 3])))

    def sequence(self, depth: int) -> str:
        return "".join(self.item(depth) for _ in range(self.random.choice([0, 1, 1, 2, 2, 3])))

    def item(self, depth: int) -> str:
        roll = self.random.random()
        if depth and roll < 0.3:
            opening = self.random.choice(GROUPS).format(self.names)
            self.names += 1
            atom = f"{opening}{self.alternatives(depth - 1)})"
        else:
            atom = self.random.choice(CLASSES if roll < 0.6 else LITERALS)
        if self.random.random() < 0.35 and not atom.startswith("(?#"):
            atom += self.random.choice(QUANTIFIERS)
        return atom

    def texts(self, count: int) -> list[str]:
        choose = self.random.choice
        return ["".join(choose(ALPHABET) for _ in range(choose([0, 1, 1, 2, 2, 3, 4, 6]))) for _ in range(count)]


def valid(pattern: str) -> bool:
    """Does `re` accept the pattern?"""
    try:
        re.compile(pattern, re.ASCII)
    except re.error:
        return False
    return True
