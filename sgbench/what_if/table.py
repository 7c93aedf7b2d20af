"""A sweep as a table: text, HTML, a pandas frame. Says of every row whether it was measured or predicted."""

from __future__ import annotations

import html as markup
import math
from typing import TYPE_CHECKING, Any

from sgbench.what_if.figures import Figures

if TYPE_CHECKING:
    import pandas

    from sgbench.what_if.sweep import Sweep

COLUMNS: dict[str, tuple[str, str]] = {
    "hit_rate": ("hit rate", "{:.1%}"),
    "first_token_p50_ms": ("first token p50 ms", "{:,.0f}"),
    "first_token_p99_ms": ("p99 ms", "{:,.0f}"),
    "latency_p50_ms": ("latency p50 ms", "{:,.0f}"),
    "latency_p99_ms": ("p99 ms", "{:,.0f}"),
    "fairness": ("fairness", "{:.2f}"),
    "total_ms": ("total ms", "{:,.0f}"),
    "forward_passes": ("passes", "{:,}"),
    "evicted_tokens": ("evicted", "{:,}"),
    "preempted": ("preempted", "{:,}"),
}
"""Field of `Figures`: heading and format."""


def rows(sweep: Sweep) -> list[tuple[str, dict[str, Any], Figures, int]]:
    """``(kind, options, figures, refused)``: measured if it was, the same configuration predicted, then each point."""
    recorded = dict(sweep.recorded)
    measured = [] if sweep.measured is None else [("measured", recorded, sweep.measured, 0)]
    return [
        *measured,
        ("predicted, as recorded" if measured else "predicted, as imported", recorded, sweep.same, 0),
        *(("predicted", {**recorded, **p.options}, p.figures, p.refused) for p in sweep.points if p.options),
    ]


def notes(sweep: Sweep) -> list[str]:
    """What must be said with the table."""
    said = [str(sweep.calibration)]
    if sweep.measured is None:
        said.append("imported requests: nothing of this was measured, so the predictor's error cannot be told")
    else:
        said.append(_error(sweep.error))
    if sweep.left_out:
        said.append(f"{sweep.left_out} requests were on their way when the recording began and are left out")
    if not any(point.options for point in sweep.points):
        said.append("no option is changed: give some, such as kv_tokens=0.5x,2x or eviction=lru,lfu")
    refused = sum(point.refused > 0 for point in sweep.points)
    if refused:
        said.append(
            f"in {refused} configurations some requests do not fit into the pool and are left out (column refused)"
        )
    return said


def _error(off: dict[str, float]) -> str:
    shown = ", ".join(
        f"{name.removesuffix('_ms').replace('_', ' ')} {value:+.0%}"
        for name, value in off.items()
        if name != "hit_rate"
    )
    hits = f"the predictor's error on the recorded configuration: hit rate {off['hit_rate'] * 100:+.1f} points"
    return hits + (f", {shown}" if shown else "")


def _cells(sweep: Sweep) -> tuple[list[str], list[list[str]]]:
    found = rows(sweep)
    names = list(sweep.recorded)
    refused = any(n for *_, n in found)
    heads = ["", *names, *(head for head, _ in COLUMNS.values()), *(["refused"] if refused else [])]
    lines = []
    for kind, options, figures, n in found:
        values = [_formatted(form, getattr(figures, name)) for name, (_, form) in COLUMNS.items()]
        lines.append([kind, *(_option(options[name]) for name in names), *values, *([f"{n:,}"] if refused else [])])
    return heads, lines


def _option(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _formatted(form: str, value: float) -> str:
    return "-" if isinstance(value, float) and math.isnan(value) else form.format(value)


def text(sweep: Sweep) -> str:
    """The table in columns, and the notes."""
    heads, lines = _cells(sweep)
    widths = [max(len(line[i]) for line in [heads, *lines]) for i in range(len(heads))]
    shown = [
        "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True)))
        for line in [heads, *lines]
    ]
    return "\n".join([*(line.rstrip() for line in shown), *notes(sweep)])


def html(sweep: Sweep) -> str:
    """The same for a notebook; follows its theme."""
    heads, lines = _cells(sweep)

    def row(cells: list[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{markup.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    body = "".join(row(line, "td") for line in lines)
    said = "".join(f"<br>{markup.escape(note)}" for note in notes(sweep)).removeprefix("<br>")
    return f"<table><thead>{row(heads, 'th')}</thead><tbody>{body}</tbody></table><p><small>{said}</small></p>"


def frame(sweep: Sweep) -> pandas.DataFrame | str:
    """A pandas frame with a row for each configuration; the text where pandas is missing."""
    try:
        import pandas
    except ImportError:
        return text(sweep)
    data = [{"kind": kind, **options, **figures.as_data(), "refused": n} for kind, options, figures, n in rows(sweep)]
    return pandas.DataFrame(data)
