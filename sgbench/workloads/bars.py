"""Grouped bars, as the paper draws its figures: live in plotly, and a static picture and a text that stay in a saved notebook.

Knows numbers and names only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999")
"""Okabe and Ito's palette: told apart by everybody."""
_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 900, 360, 60, 60, 90


@dataclass(frozen=True, slots=True)
class Bars:
    """A figure of grouped bars.

    Attributes
    ----------
    title
        What it shows.
    groups
        Names along the axis.
    series
        By name, one value for each group; None: no bar.
    unit
        What is measured; ``%`` prints shares as percentages.
    """

    title: str
    groups: Sequence[str]
    series: Mapping[str, Sequence[float | None]]
    unit: str = "%"

    def _shown(self, value: float | None) -> str:
        if value is None:
            return ""
        if self.unit == "%":
            return f"{value:.1%}"
        return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"

    def __str__(self) -> str:
        wide = max(map(len, self.groups)) + 2
        lines = [f"{self.title} ({self.unit})", " " * wide + "".join(f"{name:>18}" for name in self.series)]
        for i, group in enumerate(self.groups):
            lines.append(f"{group:{wide}}" + "".join(f"{self._shown(v[i]):>18}" for v in self.series.values()))
        return "\n".join(lines)

    def figure(self) -> Any:
        """The plotly figure."""
        import plotly.graph_objects as go

        drawn = go.Figure()
        for i, (name, values) in enumerate(self.series.items()):
            drawn.add_bar(x=list(self.groups), y=list(values), name=name, marker_color=COLOURS[i % len(COLOURS)])
        tick = ".0%" if self.unit == "%" else None
        return drawn.update_layout(
            title=self.title, barmode="group", yaxis={"title": self.unit, "tickformat": tick}, template="plotly_white"
        )

    def svg(self) -> str:
        """The static picture."""
        top = max((v for values in self.series.values() for v in values if v is not None), default=0.0) or 1.0
        step = (_WIDTH - _LEFT - 10) / len(self.groups)
        bar = step * 0.8 / len(self.series)
        floor, high = float(_HEIGHT - _BOTTOM), float(_HEIGHT - _BOTTOM - _TOP)
        parts = [f'<text x="{_LEFT}" y="20" font-size="15">{escape(self.title)}</text>']
        for i, (name, values) in enumerate(self.series.items()):
            colour, x = COLOURS[i % len(COLOURS)], float(_LEFT + i * 125)
            parts.append(f'<rect x="{x}" y="32" width="11" height="11" fill="{colour}"/>')
            parts.append(f'<text x="{x + 15}" y="42" font-size="11">{escape(name)}</text>')
            for j, value in enumerate(values):
                if value is not None:
                    tall, left = high * value / top, _LEFT + j * step + i * bar
                    parts.append(
                        f'<rect x="{left:.1f}" y="{floor - tall:.1f}" width="{bar:.1f}" height="{tall:.1f}" fill="{colour}"/>'
                    )
        for j, group in enumerate(self.groups):
            x = _LEFT + (j + 0.4) * step
            parts.append(
                f'<text x="{x:.1f}" y="{floor + 14}" font-size="11" text-anchor="end" '
                f'transform="rotate(-30 {x:.1f} {floor + 14})">{escape(group)}</text>'
            )
        for share in (0.0, 0.5, 1.0):
            y = floor - high * share
            parts.append(
                f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" font-size="11" text-anchor="end">{self._shown(top * share)}</text>'
            )
            parts.append(
                f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#bbb" stroke-width="0.5"/>'
            )
        body = "".join(parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
            f'font-family="sans-serif"><rect width="100%" height="100%" fill="white"/>{body}</svg>'
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        del include, exclude  # IPython chooses itself
        live = self.figure().to_plotly_json() | {"config": {}}
        return {"text/plain": str(self), "image/svg+xml": self.svg(), "application/vnd.plotly.v1+json": live}
