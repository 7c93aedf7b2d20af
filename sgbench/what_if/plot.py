"""A sweep as a plotly figure. Imported only when a figure is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sgbench.analysis.sheet import INK
from sgbench.errors import UnknownOptionError, UsageError
from sgbench.what_if.table import COLUMNS

if TYPE_CHECKING:
    from sgbench.analysis.figure import SavedFigure
    from sgbench.what_if.sweep import Point, Sweep

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
"""Okabe and Ito's palette: told apart by everybody."""
DASHES = ("solid", "dash", "dot", "dashdot")


def figure(sweep: Sweep, x: str | None, y: str) -> SavedFigure:
    """See `Sweep.figure`.

    Raises
    ------
    UnknownOptionError
        ``y`` is no figure, or ``x`` no option of the sweep.
    UsageError
        The sweep varies nothing.
    """
    from sgbench.analysis.figure import SavedFigure

    if y not in COLUMNS:
        raise UnknownOptionError(y, COLUMNS, "Sweep.figure(y=...)")
    x = x or _first_varied(sweep)
    if x not in sweep.recorded:
        raise UnknownOptionError(x, sweep.recorded, "Sweep.figure(x=...)")
    series: dict[str, list[Point]] = {}
    for point in sweep.points:
        rest = ", ".join(f"{name} {value}" for name, value in point.options.items() if name != x)
        series.setdefault(rest or "predicted", []).append(point)
    head, form = COLUMNS[y]
    drawn = SavedFigure.saying(str(sweep))
    for i, (name, points) in enumerate(series.items()):
        ordered = sorted(points, key=lambda p: p.options[x]) if _numeric(points, x) else points
        drawn.add_scatter(
            x=[p.options[x] for p in ordered],
            y=[getattr(p.figures, y) for p in ordered],
            name=name,
            mode="lines+markers",
            # The first are the widest, so that a line shows below another that hides it.
            line={
                "color": COLOURS[i % len(COLOURS)],
                "dash": DASHES[i // len(COLOURS) % len(DASHES)],
                "width": 1.5 + 5 * (len(series) - 1 - i) / max(len(series) - 1, 1),
            },
            marker={"size": 5 + 8 * (len(series) - 1 - i) / max(len(series) - 1, 1)},
        )
    if sweep.measured is not None:
        drawn.add_scatter(
            x=[sweep.recorded[x]],
            y=[getattr(sweep.measured, y)],
            name="measured",
            mode="markers",
            marker={"symbol": "star", "size": 15, "color": INK, "line": {"color": "white", "width": 1}},
        )
    drawn.update_layout(
        xaxis_title=x.replace("_", " "),
        yaxis_title=f"{y.replace('_', ' ').removesuffix(' ms')}{', ms' if y.endswith('_ms') else ''}",
        title=f"What if: {head} (lines predicted{', star measured' if sweep.measured else ''})",
        yaxis_tickformat=".0%" if "%" in form else None,
    )
    return drawn


def _first_varied(sweep: Sweep) -> str:
    for name in sweep.recorded:
        if len({p.options.get(name) for p in sweep.points}) > 1:
            return name
    if not sweep.recorded:
        raise UsageError("the sweep varies no option")
    return next(iter(sweep.recorded))


def _numeric(points: list[Point], x: str) -> bool:
    return all(isinstance(p.options[x], int | float) for p in points)
