"""Grouped bars, as the paper draws its figures: live in plotly, and a static picture and a text that stay in a saved notebook.

Knows numbers and names only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sgbench.analysis.canvas import COLOURS, LEFT, RIGHT, WIDTH, Canvas, shown
from sgbench.analysis.sheet import sheet

_LABELLED = 21  # most bars that get their value written above them


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

    def __str__(self) -> str:
        wide = max(map(len, self.groups)) + 2
        columns = {name: max(18, len(name) + 2) for name in self.series}
        lines = [
            f"{self.title} ({self.unit})",
            " " * wide + "".join(f"{name:>{columns[name]}}" for name in self.series),
        ]
        for i, group in enumerate(self.groups):
            values = (f"{shown(v[i], self.unit):>{columns[name]}}" for name, v in self.series.items())
            lines.append(f"{group:{wide}}" + "".join(values))
        return "\n".join(lines)

    def figure(self) -> Any:
        """The plotly figure."""
        import plotly.graph_objects as go

        drawn = go.Figure(layout={"template": sheet()})
        for i, (name, values) in enumerate(self.series.items()):
            drawn.add_bar(x=list(self.groups), y=list(values), name=name, marker_color=COLOURS[i % len(COLOURS)])
        tick = ".0%" if self.unit == "%" else None
        return drawn.update_layout(title=self.title, barmode="group", yaxis={"title": self.unit, "tickformat": tick})

    def svg(self) -> str:
        """The static picture."""
        top = max((v for values in self.series.values() for v in values if v is not None), default=0.0)
        canvas = Canvas(self.title if self.unit == "%" else f"{self.title} ({self.unit})", top, self.unit)
        canvas.legend(list(self.series))
        step = (WIDTH - LEFT - RIGHT) / len(self.groups)
        bar = min(70.0, step * 0.8 / len(self.series))
        inset = (step - bar * len(self.series)) / 2
        few = len(self.groups) * len(self.series) <= _LABELLED
        for i, values in enumerate(self.series.values()):
            for j, value in enumerate(values):
                if value is None:
                    continue
                left, y = LEFT + j * step + inset + i * bar, canvas.y(value)
                canvas.parts.append(
                    f'<rect x="{left:.1f}" y="{y:.1f}" width="{bar * 0.92:.1f}" height="{canvas.floor - y:.1f}" '
                    f'fill="{COLOURS[i % len(COLOURS)]}"/>'
                )
                if few:
                    canvas.text(left + bar * 0.46, y - 4, shown(value, self.unit), size=10, anchor="middle")
        turned = max(map(len, self.groups)) * 6.3 > step
        for j, group in enumerate(self.groups):
            x = LEFT + (j + 0.5) * step
            canvas.text(x, canvas.floor + 18, group, anchor="end" if turned else "middle", turn=-30 if turned else 0)
        return canvas.svg()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        del include, exclude  # IPython chooses itself
        live = self.figure().to_plotly_json() | {"config": {}}
        return {"text/plain": str(self), "image/svg+xml": self.svg(), "application/vnd.plotly.v1+json": live}
