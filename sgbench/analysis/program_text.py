"""Which part of which program wrote a place in a prompt, folded from the language's events. Knows texts, no tokens."""

from __future__ import annotations

from typing import NamedTuple

from sgbench.trace.events import BranchForked, Event, ProgramStarted, SpanAppended

_EXCERPT = 60


class _Piece(NamedTuple):
    end: int
    origin: str
    text: str
    name: str


class ProgramTexts:
    """The text of every prompt state, in pieces."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._pieces: dict[tuple[int, int], list[_Piece]] = {}

    def apply(self, event: Event) -> None:
        """Fold one event in."""
        match event:
            case ProgramStarted():
                self._names[event.program] = event.name
            case BranchForked():
                pieces = self._pieces.get((event.program, event.parent), [])
                for branch in event.branches:
                    self._pieces[event.program, branch] = list(pieces)
            case SpanAppended():
                pieces = self._pieces.setdefault((event.program, event.branch), [])
                end = (pieces[-1].end if pieces else 0) + len(event.text)
                pieces.append(_Piece(end, event.origin, event.text, event.name))

    def name(self, program: int) -> str:
        """Name of a program; empty: none."""
        return self._names.get(program, "")

    def writer(self, program: int, branch: int, offset: int) -> str:
        """What wrote the character at ``offset``: a piece of the template, or the variable that was generated; empty: not known."""
        for piece in self._pieces.get((program, branch), ()):
            if offset < piece.end:
                begin = piece.end - len(piece.text)
                if piece.name:
                    return f"variable {piece.name!r}"
                line = piece.text[: offset - begin].count("\n")
                whole = piece.text.split("\n")[line].strip() or piece.text.strip()
                return f"the text {whole[:_EXCERPT]!r}" + ("..." if len(whole) > _EXCERPT else "")
        return ""
