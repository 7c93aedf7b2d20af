"""Text by origin as a picture. Knows the fold; needs no browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sgbench.views.tokens import Branch, TokensFold
from sgbench.widgets.pen import DIM, INK, LINE, WIDTH, Pen

TINT = {
    "template": ("#ffffff", "#ffffff"),
    "cached": ("#d3e6f2", "#0072b2"),
    "prefilled": ("#fbeed2", "#e69f00"),
    "decoded": ("#d6f0e8", "#009e73"),
    "jumped": ("#eedbe9", "#b0579b"),
    "selected": ("#f8dfcd", "#d55e00"),
}
"""Ground and underline of each origin."""
LINE_HEIGHT, SIZE, LEFT, INDENT = 21, 12.0, 18.0, 26.0
MAX_LINES = 40


class Word(NamedTuple):
    """A run of characters of one origin within a line."""

    x: float
    line: int
    text: str
    width: float
    origin: str


class _Layout:
    """Breaks text into lines."""

    def __init__(self, pen: Pen) -> None:
        self._pen = pen
        self.words: list[Word] = []
        self.rules: list[tuple[float, int, int]] = []
        self.line = 0
        self.indent = 0.0
        self._x = LEFT

    @property
    def last(self) -> int:
        """The last line that has something on it."""
        return self.words[-1].line if self.words else 0

    def new_line(self) -> None:
        """Go to the next line."""
        self.line += 1
        self._x = LEFT + self.indent

    def put(self, text: str, origin: str) -> None:
        """Write ``text``, breaking where it is full."""
        for i, part in enumerate(text.split("\n")):
            if i:
                self.new_line()
            for word in _words(part):
                width = self._pen.width(word, SIZE)
                if self._x + width > WIDTH - LEFT and self._x > LEFT + self.indent:
                    self.new_line()
                self.words.append(Word(self._x, self.line, word, width, origin))
                self._x += width

    def begin(self, indent: float) -> None:
        """Begin a block on a line of its own."""
        full = self._x > LEFT + self.indent
        self.indent = indent
        if full:
            self.new_line()
        self._x = LEFT + indent


def tokens_picture(fold: TokensFold) -> Pen:
    """A picture of the program that wrote last."""
    layout = _Layout(Pen(10))
    roots = [branch for branch in fold.branches.values() if branch.parent < 0]
    if roots:
        _branch(layout, fold, roots[-1], 0.0)
    lines = min(layout.line + 1, MAX_LINES)
    pen = Pen(74 + lines * LINE_HEIGHT + (LINE_HEIGHT if layout.line >= MAX_LINES else 0))
    pen.text(16, 18, fold.summary(), 13, INK)
    x = LEFT
    for origin, (ground, edge) in list(TINT.items())[1:]:
        pen.rectangle((x, 34, x + 12, 46), 3, ground, edge)
        x += 17 + pen.text(x + 17, 40, origin, 11, DIM) + 14
    for left, first, last in layout.rules:
        if first < MAX_LINES:
            top, bottom = (60.0 + line * LINE_HEIGHT for line in (first, min(last + 1, MAX_LINES)))
            pen.rectangle((left, top, left + 3, bottom), 1, LINE)
    for word in layout.words:
        if word.line < MAX_LINES:
            _word(pen, word)
    if layout.line >= MAX_LINES:
        pen.text(LEFT, 62 + lines * LINE_HEIGHT, f"… {layout.line + 1 - MAX_LINES} more lines", 11, DIM)
    return pen


def _word(pen: Pen, word: Word) -> None:
    ground, edge = TINT.get(word.origin, TINT["template"])
    top = 60.0 + word.line * LINE_HEIGHT
    pen.rectangle((word.x, top + 1, word.x + word.width, top + LINE_HEIGHT - 3), 0, ground)
    pen.rectangle((word.x, top + LINE_HEIGHT - 5, word.x + word.width, top + LINE_HEIGHT - 3), 0, edge)
    pen.text(word.x, top + 8, word.text, SIZE, DIM if word.origin == "template" else INK)


def _branch(layout: _Layout, fold: TokensFold, branch: Branch, indent: float) -> None:
    forks = [b for b in fold.branches.values() if b.program == branch.program and b.parent == branch.number]
    for i in range(len(branch.spans) + 1):
        here = [fork for fork in forks if fork.at == i]
        for fork in here:
            layout.begin(indent + INDENT)
            first = layout.line
            _branch(layout, fold, fork, indent + INDENT)
            layout.rules.append((LEFT + indent + INDENT - 10, first, layout.last))
        if here and i < len(branch.spans):
            layout.begin(indent)
        if i < len(branch.spans):
            start = 0
            for origin, length in branch.spans[i].pieces:
                layout.put(branch.spans[i].text[start : start + length], origin)
                start += length


def _words(text: str) -> Iterator[str]:
    """Pieces to break at: words with the space behind them, long ones cut."""
    start = 0
    for i, char in enumerate(text):
        if char == " " or i - start > 60:
            yield text[start : i + 1]
            start = i + 1
    if start < len(text):
        yield text[start:]
