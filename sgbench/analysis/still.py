"""The static picture of a plotly figure of lines and marks, for readers that run no script (GitHub, a print, a saved notebook).

Draws what the figure holds when it is asked, so what its owner added to it is there too. Knows scatter traces, level lines, titles and
percentages; no other kind of trace.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from sgbench.analysis.canvas import LEFT, RIGHT, WIDTH, Canvas, shown, ticks

_DASHES = {"dash": "9 5", "dot": "2 4", "dashdot": "9 4 2 4"}
_SOFT = "#57606a"


class _Series(NamedTuple):
    name: str
    colour: str
    points: list[tuple[Any, float]]
    drawn: Any  # plotly's trace


class _Axis:
    """Where values along the bottom stand: by their size, or evenly where they are names."""

    def __init__(self, series: Sequence[_Series], from_zero: bool) -> None:
        found = list(dict.fromkeys(x for one in series for x, _ in one.points))
        self._numbers = all(isinstance(x, int | float) for x in found)
        self._names = found
        places = found if self._numbers else list(range(len(found)))
        self._low = min([0.0] if from_zero and self._numbers else places, default=0.0)
        self._high = max(places, default=1.0)

    def place(self, value: Any) -> float:
        """Pixels from the left."""
        at = value if self._numbers else self._names.index(value)
        wide = WIDTH - LEFT - RIGHT - 60
        part = (at - self._low) / (self._high - self._low) if self._high > self._low else 0.5
        return float(LEFT + 30 + wide * part)

    def labels(self) -> list[tuple[float, str]]:
        """Where something is written, and what."""
        if not self._numbers:
            return [(self.place(name), str(name)) for name in self._names]
        if self._high == self._low:
            return [(self.place(self._low), shown(self._low, ""))]
        steps = ticks(self._high - self._low)
        first = math.ceil(self._low / steps[1] - 1e-9)
        values = [(first + i) * steps[1] for i in range(len(steps) + 1)]
        return [(self.place(value), shown(value, "") or "0") for value in values if value <= self._high * (1 + 1e-9)]


def still(figure: Any) -> str:
    """``figure``, a plotly figure of scatter traces, as an SVG element."""
    layout = figure.layout
    unit = "%" if str(layout.yaxis.tickformat or "").endswith("%") else ""
    series = [_series(trace) for trace in figure.data]
    levels = [shape for shape in layout.shapes if shape.y0 is not None and shape.y0 == shape.y1]
    tall = [y for one in series for _, y in one.points] + [float(shape.y0) for shape in levels]
    canvas = Canvas(str(layout.title.text or ""), max(tall, default=0.0), unit)
    canvas.legend([one.name for one in series], [one.colour for one in series])
    axis = _Axis(series, layout.xaxis.rangemode == "tozero")
    for shape in levels:
        canvas.line(
            LEFT, canvas.y(shape.y0), WIDTH - RIGHT, canvas.y(shape.y0), _SOFT, 1, _DASHES.get(shape.line.dash, "")
        )
    for note in layout.annotations:
        canvas.text(WIDTH - RIGHT, canvas.y(float(note.y)) - 5, str(note.text), anchor="end", colour=_SOFT)
    for one in series:
        _draw(canvas, axis, one)
    for x, words in axis.labels():
        canvas.text(x, canvas.floor + 18, words, anchor="middle")
    canvas.text(
        LEFT + (WIDTH - LEFT - RIGHT) / 2, canvas.floor + 40, str(layout.xaxis.title.text or ""), anchor="middle"
    )
    beside = str(layout.yaxis.title.text or "")
    canvas.text(16, (canvas.floor + 76) / 2, beside, anchor="middle", colour=_SOFT, turn=-90)
    return canvas.svg()


def _series(trace: Any) -> _Series:
    colour = trace.line.color if "lines" in trace.mode else trace.marker.color
    # No value (of no request, say) stands nowhere.
    points = [(x, float(y)) for x, y in zip(trace.x, trace.y, strict=True) if y is not None and not math.isnan(y)]
    return _Series(str(trace.name or ""), str(colour), points, trace)


def _draw(canvas: Canvas, axis: _Axis, one: _Series) -> None:
    points = [(axis.place(x), canvas.y(y)) for x, y in one.points]
    if "lines" in one.drawn.mode:
        line = one.drawn.line
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashes = f' stroke-dasharray="{_DASHES[line.dash]}"' if line.dash in _DASHES else ""
        canvas.parts.append(
            f'<polyline points="{path}" fill="none" stroke="{one.colour}" stroke-width="{line.width or 2}" '
            f'stroke-linejoin="round"{dashes}/>'
        )
    if "markers" in one.drawn.mode:
        mark = one.drawn.marker
        paint = _paint(str(mark.symbol or "circle"), one.colour, mark.line)
        radius = float(mark.size or 6) / 2
        canvas.parts += [_mark(str(mark.symbol or "circle"), x, y, radius, paint) for x, y in points]


def _paint(symbol: str, colour: str, edge: Any) -> str:
    if symbol.endswith("-open"):
        return f'fill="none" stroke="{colour}" stroke-width="{edge.width or 1}"'
    return f'fill="{colour}"' + (f' stroke="{edge.color}" stroke-width="{edge.width}"' if edge.width else "")


_CORNERS = {"diamond": (4, 1.3), "triangle": (3, 1.15), "star": (10, 1.4)}
"""Corners, and how much farther than a circle of the same size they reach, as plotly has them."""


def _mark(symbol: str, x: float, y: float, radius: float, paint: str) -> str:
    """A mark as plotly names it: ``circle``, ``diamond-open``, ``triangle-up``, ``star``."""
    if symbol.partition("-")[0] not in _CORNERS:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" {paint}/>'
    corners, far = _CORNERS[symbol.partition("-")[0]]
    reach = [far * radius * (0.4 if symbol == "star" and i % 2 else 1.0) for i in range(corners)]
    turns = [2 * math.pi * i / corners for i in range(corners)]
    path = " ".join(f"{x + r * math.sin(a):.1f},{y - r * math.cos(a):.1f}" for r, a in zip(reach, turns, strict=True))
    return f'<polygon points="{path}" {paint}/>'
