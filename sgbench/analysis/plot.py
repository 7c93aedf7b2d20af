"""plotly figures of the analyses. Imported only when a figure is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sgbench.analysis.sheet import INK

if TYPE_CHECKING:
    from sgbench.analysis.figure import SavedFigure
    from sgbench.analysis.mrc import MissRatioCurve

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
"""Of Okabe and Ito's palette."""


def curve(found: MissRatioCurve) -> SavedFigure:
    """The miss-ratio curve with its marks."""
    from sgbench.analysis.figure import SavedFigure

    drawn = SavedFigure.saying(str(found))
    end = max(float(found.capacities[-1]), found.present_tokens, found.longest_tokens) * 1.08
    x = [at for at in found.capacities.tolist() if at >= found.longest_tokens]
    x = [found.longest_tokens, *x, end]
    size = [found.gigabytes(int(at)) for at in x]
    drawn.add_scatter(
        x=x,
        y=[found.hit_rate(at) for at in x],
        customdata=["" if gb is None else f", {gb:.2f} GB" for gb in size],
        hovertemplate="%{x:,.0f} tokens%{customdata}: %{y:.1%}<extra></extra>",
        name="LRU, exact",
        mode="lines",
        line={"color": BLUE, "width": 2},
    )
    if found.points:
        drawn.add_scatter(
            x=[at for at, _ in found.points],
            y=[rate for _, rate in found.points],
            name="run again (predicted)",
            mode="markers",
            marker={"color": ORANGE, "size": 9, "symbol": "diamond-open", "line": {"width": 2}},
        )
    if found.present_tokens:
        drawn.add_scatter(
            x=[found.present_tokens],
            y=[found.present_hit_rate],
            name="measured, present pool",
            mode="markers",
            marker={"color": RED, "size": 13, "symbol": "star"},
        )
    drawn.add_scatter(
        x=[found.knee],
        y=[found.hit_rate(found.knee)],
        name=f"knee, {found.knee:,} tokens",
        mode="markers",
        marker={"color": GREEN, "size": 11, "symbol": "triangle-up"},
    )
    drawn.add_hline(y=found.ceiling, line={"dash": "dot", "color": INK}, annotation_text=f"ceiling {found.ceiling:.1%}")
    drawn.update_layout(
        title="Hit rate against cache size",
        xaxis={"title": "KV pool, tokens", "rangemode": "tozero"},
        yaxis={"title": "hit rate", "tickformat": ".0%", "rangemode": "tozero"},
    )
    return drawn
