"""The text of a prompt state, and where each piece of it came from.

Append-only but for the text's use as a plain string. Written by one thread at a time (its executor's), read by any.
Knows roles' texts as text: no backend, no engine.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

from sgbench.lang.spans import Origin, Span


class _Piece(NamedTuple):
    origin: Origin
    length: int
    name: str | None


class Transcript:
    """Text and its pieces; a fork gets a copy of both, so what was read once keeps its origin everywhere.

    Attributes
    ----------
    text
        The whole text so far.
    """

    __slots__ = ("_lock", "_pieces", "_read_chars", "text")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.text = ""
        self._pieces: list[_Piece] = []
        self._read_chars = 0  # a call has read this much: no piece in it is template text any more

    def append(self, text: str, origin: Origin, name: str | None = None) -> None:
        """Append ``text``; joins the last piece where origin and name are the same (a stream's chunks)."""
        if not text:
            return
        with self._lock:
            self.text += text
            last = self._pieces[-1] if self._pieces else None
            if last and (last.origin, last.name) == (origin, name):
                self._pieces[-1] = _Piece(origin, last.length + len(text), name)
            else:
                self._pieces.append(_Piece(origin, len(text), name))

    def mark_read(self, prompt_chars: int, cached_chars: int) -> None:
        """A call read the first ``prompt_chars`` characters, of which the first ``cached_chars`` came from the cache.

        Text that an earlier call read, or that a call wrote, keeps its origin.
        """
        with self._lock:
            if prompt_chars <= self._read_chars:
                return
            pieces: list[_Piece] = []
            position = 0
            for piece in self._pieces:
                end = position + piece.length
                if piece.origin != "template" or position >= prompt_chars:
                    pieces.append(piece)
                else:
                    pieces += self._split(piece, position, prompt_chars, cached_chars)
                position = end
            self._pieces = pieces
            self._read_chars = prompt_chars

    @staticmethod
    def _split(piece: _Piece, start: int, prompt_chars: int, cached_chars: int) -> list[_Piece]:
        cached = max(0, min(piece.length, cached_chars - start))
        read = max(cached, min(piece.length, prompt_chars - start))
        parts: list[tuple[Origin, int]] = [
            ("cached", cached),
            ("prefilled", read - cached),
            ("template", piece.length - read),
        ]
        return [_Piece(origin, length, piece.name) for origin, length in parts if length]

    def since(self, start: int) -> list[Span]:
        """The spans from character ``start`` on."""
        with self._lock:
            text, pieces = self.text, list(self._pieces)
        spans = []
        position = 0
        for piece in pieces:
            end = position + piece.length
            if end > start:
                spans.append(Span(piece.origin, text[max(position, start) : end], piece.name))
            position = end
        return spans

    def replay(self, spans: list[Span]) -> None:
        """Append ``spans`` of another transcript, with their origins; template text stays so until a call reads it here."""
        for span in spans:
            self.append(span.text, span.origin, span.name)

    def copy(self) -> Transcript:
        """An independent copy."""
        twin = Transcript()
        with self._lock:
            twin.text, twin._pieces, twin._read_chars = self.text, list(self._pieces), self._read_chars
        return twin
