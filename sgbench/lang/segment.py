"""Which constant text of a prompt could stand before its varying text. Pure: pieces in, pieces out.

Text moves as whole lines or closing sentences, in their order. What only makes sense where it stands does not move: a label
(it ends in a colon), a fence or tag around other text, and the last words before a model writes.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sgbench.lang.ir import SglConstantText, SglExpr

_SENTENCE = re.compile(r"(\s+)(\S.*[.!?])\Z", re.DOTALL)
_FENCE = re.compile(r"[\W_]*\Z|</?[\w-]+>\Z")
_PLACE = re.compile(
    r"\b(above|below|following|preceding|previous|earlier|this|that|these|those|it|its)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Move:
    """A constant text that could stand before the varying text.

    Attributes
    ----------
    text
        What would move.
    cautions
        Words in it that may refer to what stood before it; empty: none was found.
    """

    text: str
    cautions: tuple[str, ...] = ()

    def __str__(self) -> str:
        doubt = f"  (look: it says {', '.join(map(repr, self.cautions))})" if self.cautions else ""
        return f"{self.text!r}{doubt}"


@dataclass(slots=True)
class _Unit:
    pieces: list[SglExpr]

    @property
    def varies(self) -> bool:
        return not all(isinstance(piece, SglConstantText) for piece in self.pieces)

    @property
    def text(self) -> str:
        return "".join(piece.value if isinstance(piece, SglConstantText) else "\0" for piece in self.pieces)

    @property
    def bound(self) -> bool:
        """Is it a fence, which means nothing elsewhere?"""
        return bool(_FENCE.match(self.text))


def rearranged(pieces: Sequence[SglExpr], model_follows: bool) -> tuple[list[SglExpr], list[Move]]:
    """Put the constant text of one turn before its varying text.

    Parameters
    ----------
    pieces
        The turn's nodes: `SglConstantText`, and others, which vary.
    model_follows
        Does a model write directly after them? Then the last unit is its cue, and stays.

    Returns
    -------
    pieces
        In the new order, the same ones where nothing moves.
    moves
        What moved.
    """
    lead, units, gaps, trail = _units(pieces)
    groups, outer = _groups(units, gaps)
    first = next((i for i, group in enumerate(groups) if group.varies), len(groups))
    last = len(groups) - 1 if model_follows else len(groups)
    moving = [i for i in range(first + 1, last) if not (groups[i].varies or groups[i].bound)]
    if not moving:
        return list(pieces), []
    staying = [i for i in range(first, len(groups)) if i not in moving]
    order = [*range(first), *moving, *staying]
    parts: list[SglExpr] = [SglConstantText(lead)]
    for i, gap in zip(order, [*_gaps(order, outer), trail], strict=True):
        parts += [*groups[i].pieces, SglConstantText(gap)]
    return _merged(parts), [Move(groups[i].text, _cautions(groups[i].text)) for i in moving]


def _gaps(order: Sequence[int], outer: Sequence[str]) -> list[str]:
    """Groups that stay neighbours keep the blanks between them; the other gaps take the remaining blanks in order."""
    pairs = list(itertools.pairwise(order))
    kept = {left for left, right in pairs if right == left + 1}
    free = iter([gap for i, gap in enumerate(outer) if i not in kept])
    return [outer[left] if left in kept else next(free) for left, _ in pairs]


def _cautions(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.lower() for word in _PLACE.findall(text)))


def _units(pieces: Sequence[SglExpr]) -> tuple[str, list[_Unit], list[str], str]:
    """The lines and closing sentences of ``pieces``, with the blanks before, between and after them."""
    units: list[_Unit] = []
    gaps = [""]  # gaps[i] stands before unit i
    fresh = True
    for piece in pieces:
        if not isinstance(piece, SglConstantText):
            fresh = _extend(units, gaps, piece, fresh)
            continue
        for part in re.split(r"(\n)", piece.value):
            sentence = None if fresh or not units[-1].varies else _SENTENCE.match(part)
            if part == "\n" or (fresh and not part.strip()):
                fresh = True
                _widen(units, gaps, part)
            elif sentence:
                _widen(units, gaps, sentence[1])
                fresh = _extend(units, gaps, SglConstantText(sentence[2]), True)
            elif part:
                fresh = _extend(units, gaps, SglConstantText(part), fresh)
    gaps += [""] * (len(units) + 1 - len(gaps))
    return gaps[0], units, gaps[1:-1] if units else [], gaps[-1] if units else ""


def _extend(units: list[_Unit], gaps: list[str], piece: SglExpr, fresh: bool) -> bool:
    """Add ``piece`` to the last unit, or to a fresh one; the next is not fresh."""
    if fresh:
        gaps += [""] * (len(units) + 1 - len(gaps))
        units.append(_Unit([]))
    units[-1].pieces.append(piece)
    return False


def _widen(units: list[_Unit], gaps: list[str], blank: str) -> None:
    """Add ``blank`` to the gap after the last unit."""
    gaps += [""] * (len(units) + 1 - len(gaps))
    gaps[len(units)] += blank


def _groups(units: Sequence[_Unit], gaps: Sequence[str]) -> tuple[list[_Unit], list[str]]:
    """Units that belong together, a label with what it labels; and the gaps between them."""
    groups: list[_Unit] = []
    outer: list[str] = []
    joins = False
    for i, unit in enumerate(units):
        if joins:
            groups[-1].pieces += [SglConstantText(gaps[i - 1]), *unit.pieces]
        else:
            if i:
                outer.append(gaps[i - 1])
            groups.append(_Unit(list(unit.pieces)))
        joins = unit.text.rstrip().endswith(":")
    return groups, outer


def _merged(parts: Sequence[SglExpr]) -> list[SglExpr]:
    """Neighbouring constants as one, empty ones left out."""
    merged: list[SglExpr] = []
    for part in parts:
        last = merged[-1] if merged else None
        if isinstance(part, SglConstantText) and isinstance(last, SglConstantText):
            merged[-1] = SglConstantText(last.value + part.value)
        elif not (isinstance(part, SglConstantText) and not part.value):
            merged.append(part)
    return merged
