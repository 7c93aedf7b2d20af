"""A plain SVG canvas with a legend and a grid: the static pictures of figures. Knows numbers and names only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999")
"""Okabe and Ito's palette: told apart by everybody."""
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 900, 360, 64, 16, 76, 84
_INK, _SOFT, _GRID = "#24292f", "#57606a", "#d8dee4"
_LETTER = 6.3  # mean width of a letter at 11 px, for the legend's layout


def shown(value: float | None, unit: str) -> str:
    """A value as a reader wants it: shares as percentages, large numbers in full."""
    if value is None:
        return ""
    if unit == "%":
        return f"{value:.1%}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def ticks(top: float) -> list[float]:
    """Round values from 0 to at least ``top``, four to seven of them."""
    if top <= 0:
        return [0.0, 1.0]
    raw = top / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * nice for nice in (1, 2, 2.5, 5, 10) if power * nice >= raw * 0.999)
    return [i * step for i in range(math.ceil(top / step - 1e-9) + 1)]


class Canvas:
    """A titled plot area with values from 0 up the left side.

    Parameters
    ----------
    title
        What is shown.
    top
        Largest value.
    unit
        Of the values; ``%`` writes shares as percentages.
    """

    def __init__(self, title: str, top: float, unit: str) -> None:
        self.parts: list[str] = []
        self._ticks = ticks(top)
        self._unit = unit
        self.floor = float(HEIGHT - BOTTOM)
        self.text(LEFT, 24, title, size=15, weight="600")
        for value in self._ticks:
            y = self.y(value)
            self.line(LEFT, y, WIDTH - RIGHT, y, _GRID, 1)
            self.text(LEFT - 8, y + 4, self._tick(value), anchor="end", colour=_SOFT)

    def _tick(self, value: float) -> str:
        if self._unit == "%":
            return f"{value:.0%}"
        return f"{value:,.0f}" if value >= 1000 else f"{value:g}" if value < 1e-3 else f"{round(value, 6):g}"

    def y(self, value: float) -> float:
        """Where ``value`` stands."""
        return self.floor - (self.floor - TOP) * value / self._ticks[-1]

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: int = 11,
        anchor: str = "start",
        colour: str = _INK,
        weight: str = "400",
        turn: float = 0.0,
    ) -> None:
        """Words at a point."""
        turned = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
            f'fill="{colour}"{turned}>{escape(words)}</text>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str, width: float, dashes: str = "") -> None:
        """A straight line."""
        broken = f' stroke-dasharray="{dashes}"' if dashes else ""
        ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
        self.parts.append(f'<line {ends} stroke="{colour}" stroke-width="{width}"{broken}/>')

    def legend(self, names: Sequence[str], colours: Sequence[str] = COLOURS) -> None:
        """The series' names in their colours, in rows below the title."""
        x, y = float(LEFT), 46.0
        for i, name in enumerate(names):
            wide = 24 + _LETTER * len(name)
            if x + wide > WIDTH - RIGHT and x > LEFT:
                x, y = float(LEFT), y + 16
            self.parts.append(
                f'<rect x="{x:.1f}" y="{y - 9:.1f}" width="11" height="11" rx="2" fill="{colours[i % len(colours)]}"/>'
            )
            self.text(x + 16, y, name)
            x += wide + 10

    def svg(self) -> str:
        """The picture. White behind it, so that it reads on a dark page too."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
            'style="max-width:100%;height:auto" font-family="system-ui, sans-serif">'
            f'<rect width="{WIDTH}" height="{HEIGHT}" rx="6" fill="white"/>{"".join(self.parts)}</svg>'
        )
