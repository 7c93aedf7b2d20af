"""Lines over a measured quantity, as in Figure 8a, b: live in plotly, and a static picture and a text that stay in a saved notebook.

Knows numbers and names only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sgbench.analysis.canvas import COLOURS, LEFT, RIGHT, WIDTH, Canvas, shown
from sgbench.analysis.sheet import sheet


@dataclass(frozen=True, slots=True)
class Lines:
    """A figure of lines with a mark at each point.

    Attributes
    ----------
    title
        What it shows.
    x
        Where the points stand, in ascending order.
    series
        By name, one value for each ``x``; None: no point.
    x_title, x_unit, unit
        What is along the axis, and the units; ``%`` prints shares as percentages.
    names
        Of the points, where their distances mean nothing: they stand evenly, in the order given.
    """

    title: str
    x: Sequence[float]
    series: Mapping[str, Sequence[float | None]]
    x_title: str = ""
    x_unit: str = "%"
    unit: str = ""
    names: Sequence[str] = ()

    def _name(self, i: int) -> str:
        if self.names:
            return self.names[i]
        return f"{self.x[i]:.0%}" if self.x_unit == "%" else shown(self.x[i], self.x_unit)

    def __str__(self) -> str:
        columns = {name: max(18, len(name) + 2) for name in self.series}
        wide = max(12, len(self.x_title) + 2)
        lines = [
            f"{self.title} ({self.unit})",
            f"{self.x_title:{wide}}" + "".join(f"{name:>{columns[name]}}" for name in self.series),
        ]
        for i in range(len(self.x)):
            values = (f"{shown(v[i], self.unit):>{columns[name]}}" for name, v in self.series.items())
            lines.append(f"{self._name(i):{wide}}" + "".join(values))
        return "\n".join(lines)

    def figure(self) -> Any:
        """The plotly figure."""
        import plotly.graph_objects as go

        drawn = go.Figure(layout={"template": sheet()})
        for i, (name, values) in enumerate(self.series.items()):
            drawn.add_scatter(
                x=list(self.names or self.x),
                y=list(values),
                name=name,
                mode="lines+markers",
                line={"color": COLOURS[i % len(COLOURS)]},
            )
        return drawn.update_layout(
            title=self.title,
            xaxis={"title": self.x_title, "tickformat": ".0%" if self.x_unit == "%" and not self.names else None},
            yaxis={
                "title": self.unit,
                "tickformat": ".0%" if self.unit == "%" else None,
                "rangemode": "tozero",
            },
            showlegend=len(self.series) > 1,
        )

    def svg(self) -> str:
        """The static picture."""
        top = max((v for values in self.series.values() for v in values if v is not None), default=0.0)
        canvas = Canvas(self.title if self.unit == "%" else f"{self.title} ({self.unit})", top, self.unit)
        if len(self.series) > 1:
            canvas.legend(list(self.series))
        xs = [float(i) for i in range(len(self.x))] if self.names else self.x
        low, high = min(xs), max(xs)
        wide = WIDTH - LEFT - RIGHT - 60

        def place(x: float) -> float:
            return LEFT + 30 + (wide * (x - low) / (high - low) if high > low else wide / 2)

        for i, values in enumerate(self.series.values()):
            colour = COLOURS[i % len(COLOURS)]
            points = [(place(x), canvas.y(v)) for x, v in zip(xs, values, strict=True) if v is not None]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            canvas.parts.append(
                f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>'
            )
            canvas.parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points]
        self._axis(canvas, [place(x) for x in xs])
        return canvas.svg()

    def _axis(self, canvas: Canvas, places: Sequence[float]) -> None:
        last = -1e9
        for i, x in enumerate(places):
            if x - last > 34:  # names that would touch are left out
                last = x
                canvas.text(x, canvas.floor + 18, self._name(i), anchor="middle")
        canvas.text(LEFT + (WIDTH - LEFT - RIGHT) / 2, canvas.floor + 40, self.x_title, anchor="middle")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        del include, exclude  # IPython chooses itself
        live = self.figure().to_plotly_json() | {"config": {}}
        return {"text/plain": str(self), "image/svg+xml": self.svg(), "application/vnd.plotly.v1+json": live}
