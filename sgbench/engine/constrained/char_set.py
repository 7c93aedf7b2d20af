"""Sets of characters as sorted code point ranges, and their spelling as UTF-8 byte ranges.

Knows Unicode and UTF-8; does not know regexes or automata. Machines run on bytes because tokens are byte strings that may
end inside a character; classes are written in characters, so this file stands between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

MAX_CODE_POINT = 0x10FFFF
_SURROGATES = (0xD800, 0xDFFF)
_LENGTH_LIMITS = (0x7F, 0x7FF, 0xFFFF, MAX_CODE_POINT)

ByteRange: TypeAlias = tuple[int, int]
"""First and last byte, both included."""


@dataclass(frozen=True, slots=True)
class CharSet:
    """A set of code points: sorted, disjoint, non-adjacent ``(first, last)`` ranges, both ends included."""

    ranges: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, ranges: Iterable[tuple[int, int]]) -> CharSet:
        """The union of any ranges."""
        merged: list[tuple[int, int]] = []
        for low, high in sorted(ranges):
            if merged and low <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], high))
            else:
                merged.append((low, high))
        return cls(tuple(merged))

    @classmethod
    def chars(cls, text: str) -> CharSet:
        """The characters of ``text``."""
        return cls.of((ord(c), ord(c)) for c in text)

    def __or__(self, other: CharSet) -> CharSet:
        return CharSet.of(self.ranges + other.ranges)

    def __invert__(self) -> CharSet:
        gaps: list[tuple[int, int]] = []
        after = 0
        for low, high in self.ranges:
            if after < low:
                gaps.append((after, low - 1))
            after = high + 1
        if after <= MAX_CODE_POINT:
            gaps.append((after, MAX_CODE_POINT))
        return CharSet(tuple(gaps))

    def __and__(self, other: CharSet) -> CharSet:
        return ~(~self | ~other)

    def __sub__(self, other: CharSet) -> CharSet:
        return self & ~other

    def __contains__(self, char: str) -> bool:
        return any(low <= ord(char) <= high for low, high in self.ranges)

    def __len__(self) -> int:
        return sum(high - low + 1 for low, high in self.ranges)

    @property
    def single(self) -> str | None:
        """The only character, if there is exactly one."""
        return chr(self.ranges[0][0]) if len(self) == 1 else None

    def fold_ascii(self) -> CharSet:
        """With the other case of every ASCII letter: ``(?i)`` under ``re.ASCII``."""
        extra = [(c ^ 0x20, c ^ 0x20) for first in (0x41, 0x61) for c in range(first, first + 26) if chr(c) in self]
        return CharSet.of((*self.ranges, *extra))

    def label(self) -> str:
        """As a regex class would show it; a single character stands for itself."""
        only = self.single
        if only is not None:
            return show(only)
        if self | SURROGATES == ANY - CharSet.chars("\n"):
            return "."
        inverse = ~self - SURROGATES
        if self.ranges and self.ranges[-1][1] == MAX_CODE_POINT:
            return f"[^{_members(inverse)}]" if inverse.ranges else "(?s:.)"
        return f"[{_members(self)}]"


ANY = CharSet(((0, MAX_CODE_POINT),))
SURROGATES = CharSet((_SURROGATES,))
DIGITS = CharSet.of([(0x30, 0x39)])
WORD = CharSet.of([(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)])
SPACE = CharSet.chars(" \t\n\r\f\v")

_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\f": r"\f", "\v": r"\v"}


def show(char: str) -> str:
    """A character as people read it: printable ones as they are, others escaped as `re` reads them."""
    if char in _SHORT:
        return _SHORT[char]
    if char.isprintable():
        return char
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _member(code: int) -> str:
    char = chr(code)
    return "\\" + char if char in "\\]^-[" else show(char)


def _members(chars: CharSet) -> str:
    parts = []
    for low, high in chars.ranges:
        dash = "-" if high > low + 1 else ""
        parts.append(_member(low) if low == high else f"{_member(low)}{dash}{_member(high)}")
    return "".join(parts)


def utf8_sequences(chars: CharSet) -> list[tuple[ByteRange, ...]]:
    """Byte-range sequences whose products spell exactly the set's characters; surrogates, which UTF-8 lacks, are left out."""
    sequences: list[tuple[ByteRange, ...]] = []
    for low, high in (chars - SURROGATES).ranges:
        start = low
        for limit in _LENGTH_LIMITS:
            if start <= min(high, limit):
                _split(chr(start).encode(), chr(min(high, limit)).encode(), (), sequences)
                start = limit + 1
    return sequences


def _split(low: bytes, high: bytes, head: tuple[ByteRange, ...], out: list[tuple[ByteRange, ...]]) -> None:
    """Append the sequences from ``low`` to ``high``, byte strings of equal length, all behind ``head``."""
    if len(low) == 1:
        out.append((*head, (low[0], high[0])))
        return
    if low[0] == high[0]:
        _split(low[1:], high[1:], (*head, (low[0], low[0])), out)
        return
    first, last = low[0], high[0]
    least, most = b"\x80" * (len(low) - 1), b"\xbf" * (len(low) - 1)
    if low[1:] != least:
        _split(low[1:], most, (*head, (first, first)), out)
        first += 1
    full_last = high[1:] == most
    inner_last = last if full_last else last - 1
    if first <= inner_last:
        out.append((*head, (first, inner_last), *([(0x80, 0xBF)] * len(least))))
    if not full_last:
        _split(least, high[1:], (*head, (last, last)), out)
