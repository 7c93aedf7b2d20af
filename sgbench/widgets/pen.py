"""Drawing the static pictures: shapes and text in one light theme, as PNG or SVG. Knows no view.

A `Pen` keeps what was drawn, in CSS pixels, and renders it when asked: a PNG of `SCALE` times the size, or an SVG without scripts,
styles or anything to fetch.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont

from sgbench.errors import UsageError

SCALE = 2
WIDTH = 920
INK, DIM, LINE = "#1d232b", "#5a6472", "#d5dae1"
_FAMILY = "system-ui, -apple-system, 'Segoe UI', Aileron, 'DejaVu Sans', sans-serif"


class Drawing(Protocol):
    """What a view's still picture is."""

    def png(self) -> bytes:
        """As pixels."""
        ...

    def svg(self) -> str:
        """As shapes."""
        ...


class _Rectangle(NamedTuple):
    box: tuple[float, float, float, float]
    radius: float
    fill: str
    edge: str | None

    def paint(self, draw: ImageDraw.ImageDraw) -> None:
        left, top, right, bottom = (round(v * SCALE) for v in self.box)
        if right > left and bottom > top:
            radius = min(self.radius * SCALE, (right - left) / 2, (bottom - top) / 2)
            draw.rounded_rectangle((left, top, right, bottom), radius, fill=self.fill, outline=self.edge, width=SCALE)

    def markup(self) -> str:
        left, top, right, bottom = self.box
        if right <= left or bottom <= top:
            return ""
        edge = f' stroke="{self.edge}"' if self.edge else ""
        size = f'width="{_number(right - left)}" height="{_number(bottom - top)}"'
        return f'<rect x="{_number(left)}" y="{_number(top)}" {size} rx="{_number(self.radius)}" fill="{self.fill}"{edge}/>'


class _Line(NamedTuple):
    points: list[tuple[float, float]]
    colour: str
    width: float

    def paint(self, draw: ImageDraw.ImageDraw) -> None:
        points = [(x * SCALE, y * SCALE) for x, y in self.points]
        draw.line(points, fill=self.colour, width=round(self.width * SCALE), joint="curve")

    def markup(self) -> str:
        points = " ".join(f"{_number(x)},{_number(y)}" for x, y in self.points)
        return f'<polyline points="{points}" fill="none" stroke="{self.colour}" stroke-width="{_number(self.width)}"/>'


class _Text(NamedTuple):
    x: float
    y: float
    words: str
    size: float
    colour: str
    width: float

    def paint(self, draw: ImageDraw.ImageDraw) -> None:
        draw.text(
            (self.x * SCALE, self.y * SCALE), self.words, fill=self.colour, font=_font(self.size * SCALE), anchor="lm"
        )

    def markup(self) -> str:
        words = "".join(char if char >= " " else "\N{REPLACEMENT CHARACTER}" for char in self.words)
        if not words.strip():
            return ""
        place = f'x="{_number(self.x)}" y="{_number(self.y)}" dominant-baseline="central"'
        # As wide as it was measured, whatever font is there.
        look = f'font-size="{_number(self.size)}" fill="{self.colour}" textLength="{_number(self.width)}"'
        look += ' lengthAdjust="spacingAndGlyphs" xml:space="preserve"'
        return f"<text {place} {look}>{escape(words)}</text>"


_Mark: TypeAlias = "_Rectangle | _Line | _Text"


class Pen:
    """One picture, in CSS pixels."""

    def __init__(self, height: int, width: int = WIDTH) -> None:
        self.size = width, height
        self._marks: list[_Mark] = []
        self.rectangle((0.5, 0.5, width - 1, height - 1), 9, "white", LINE)

    def rectangle(
        self, box: tuple[float, float, float, float], radius: float, fill: str, edge: str | None = None
    ) -> None:
        """A box ``(left, top, right, bottom)`` with round corners."""
        self._marks.append(_Rectangle(box, radius, fill, edge))

    def line(self, points: list[tuple[float, float]], colour: str, width: float) -> None:
        """A line through ``points``."""
        self._marks.append(_Line(points, colour, width))

    def text(self, x: float, y: float, words: str, size: float, colour: str, room: float | None = None) -> float:
        """Write from ``x`` around the middle ``y``, cut to ``room``; returns the width, 0 when nothing fits."""
        font = _font(size * SCALE)
        if room is not None:
            words = _fit(font, words, room * SCALE)
        width = float(font.getlength(words)) / SCALE
        self._marks.append(_Text(x, y, words, size, colour, width))
        return width

    def width(self, words: str, size: float) -> float:
        """How wide ``words`` would be."""
        return float(_font(size * SCALE).getlength(words)) / SCALE

    def image(self) -> Image.Image:
        """The picture in pixels, `SCALE` times as large."""
        width, height = self.size
        image = Image.new("RGB", (width * SCALE, height * SCALE), "white")
        draw = ImageDraw.Draw(image)
        for mark in self._marks:
            mark.paint(draw)
        return image

    def png(self) -> bytes:
        """The picture, with few colours: small enough to store beside every widget."""
        out = io.BytesIO()
        self.image().quantize(96, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        return out.getvalue()

    def markup(self) -> str:
        """The shapes, without the element around them."""
        return "\n".join(filter(None, (mark.markup() for mark in self._marks)))

    def svg(self) -> str:
        """The picture as an SVG document."""
        return _document(self.size, self.markup())


class Stack:
    """Pictures one below the other."""

    def __init__(self, pens: Sequence[Pen]) -> None:
        self._pens = pens
        self._gap = 8

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, CSS pixels."""
        heights = [pen.size[1] for pen in self._pens]
        return max(pen.size[0] for pen in self._pens), sum(heights) + self._gap * (len(heights) - 1)

    def _placed(self) -> list[tuple[int, Pen]]:
        top, found = 0, []
        for pen in self._pens:
            found.append((top, pen))
            top += pen.size[1] + self._gap
        return found

    def png(self) -> bytes:
        """See `Pen.png`."""
        width, height = self.size
        whole = Image.new("RGB", (width * SCALE, height * SCALE), "white")
        for top, pen in self._placed():
            whole.paste(pen.image(), (0, top * SCALE))
        out = io.BytesIO()
        whole.quantize(128, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(out, "PNG")
        return out.getvalue()

    def svg(self) -> str:
        """See `Pen.svg`."""
        groups = [f'<g transform="translate(0 {top})">\n{pen.markup()}\n</g>' for top, pen in self._placed()]
        return _document(self.size, "\n".join(groups))


def save(drawing: Drawing, path: str | Path) -> Path:
    """Write ``drawing`` as PNG or SVG, by the path's suffix; returns the path.

    Raises
    ------
    UsageError
        The suffix is neither.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix == ".png":
        target.write_bytes(drawing.png())
    elif suffix == ".svg":
        target.write_text(drawing.svg(), encoding="utf-8")
    else:
        raise UsageError(f"{target.name}: a picture is written as .png or .svg")
    return target


def _document(size: tuple[int, int], markup: str) -> str:
    width, height = size
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'{head} font-family="{_FAMILY}">\n{markup}\n</svg>\n'


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


@cache
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _fit(font: ImageFont.FreeTypeFont | ImageFont.ImageFont, words: str, room: float) -> str:
    if font.getlength(words[:400]) <= room and len(words) <= 400:
        return words
    low, high = 0, min(len(words), 400)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if font.getlength(words[:middle] + "…") <= room else (low, middle - 1)
    return words[:low] + "…" if low > 1 else ""
