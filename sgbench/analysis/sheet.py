"""How plotly figures look in a notebook whose theme they cannot know: no ground of their own, and ink that is read on light and on dark."""

from __future__ import annotations

from typing import Any

INK = "#7b8088"
"""Contrast 4.0 on white and 4.7 on JupyterLab's dark ground."""
_LINE = "rgba(128, 134, 144, 0.28)"
_AXIS = {"gridcolor": _LINE, "zerolinecolor": _LINE, "linecolor": INK, "automargin": True}


def sheet() -> dict[str, Any]:
    """A plotly template: ``Figure(layout={"template": sheet()})``, since a later one is laid over the default's colours."""
    clear = "rgba(0, 0, 0, 0)"
    legend = {"orientation": "h", "y": 1.0, "yanchor": "bottom"}
    return {
        "layout": {
            "paper_bgcolor": clear,
            "plot_bgcolor": clear,
            "font": {"color": INK, "family": "system-ui, sans-serif"},
            "title": {"font": {"size": 15}, "x": 0.0, "xref": "paper"},
            "xaxis": _AXIS,
            "yaxis": {**_AXIS, "title": {"standoff": 12}},
            "legend": legend,
            "margin": {"t": 84, "r": 24, "b": 56, "l": 56},
        }
    }
