"""`Compare`: what did it buy? Knows the comparison; draws its static picture.

Where nobody measured a baseline, one is predicted by running the recording's causes again with the cache off, and says so.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import traitlets

from sgbench.errors import UsageError
from sgbench.trace import Trace
from sgbench.trace.header import TraceHeader
from sgbench.views.compare import Comparison, Figure, of_pairs, of_traces
from sgbench.widgets import assets
from sgbench.widgets.base import SgWidget
from sgbench.widgets.pen import DIM, INK, LINE, WIDTH, Drawing, Pen
from sgbench.widgets.prediction import LiveRun, Recordable

BLUE, GREY = "#0072b2", "#8296ae"


class Compare(SgWidget):
    """A run beside its baseline: time to first token, latency, throughput, forward passes.

    Bars are medians, the thin lines reach from the least to the greatest sample. Predicted runs say so and are hatched.

    Parameters
    ----------
    one
        A `Trace`, the path of a trace file, the result of a cell that ran with ``--baseline`` (``_sgl``), or an engine: then what
        it does from now on, until `finish`, `close`, or for ever.
    other
        The baseline: a `Trace` or a path. Left out for a cell's result, which has its own; left out otherwise, the run without a
        cache is predicted (`Trace.what_if`), which the view says.
    names
        Of the two runs.

    Raises
    ------
    UsageError
        A source is of the wrong kind, or a cell's result has no baseline.

    Examples
    --------
    ::

        sgl.widgets.Compare(_sgl)
        sgl.widgets.Compare("cached.sgtrace", "baseline.sgtrace")
        sgl.widgets.Compare("cached.sgtrace")
    """

    COLUMNS = ("figure", "unit", "one", "other", "gain")

    _esm = assets.module("compare")
    _css = assets.style("base", "shell", "compare")

    data = traitlets.Dict().tag(sync=True)

    def __init__(self, one: Any, other: Any = None, *, names: tuple[str, str] = ("this run", "the baseline")) -> None:
        self._names = names
        self._live: LiveRun | None = None
        live = other is None and isinstance(one, Recordable)
        self.comparison = _against_no_cache(Trace(), names) if live else _compared(one, other, names)
        super().__init__(data=_data(self.comparison, -1))
        if live:
            self._live = LiveRun(one, self._follow, self._engine_stopped)

    def finish(self) -> None:
        """End following an engine: the last state is shown, and stored in the notebook (idempotent)."""
        if self._live is not None:
            self._live.stop()
            self.refresh_picture()

    def close(self) -> None:
        """End following and take the widget away."""
        if self._live is not None:
            self._live.stop()
        super().close()

    def _follow(self, trace: Trace) -> None:
        events = trace.events
        self.comparison = _against_no_cache(Trace(events, trace.header, trace.vocab), self._names)
        self.data = _data(self.comparison, events[-1].seq if events else -1)

    def _engine_stopped(self, reason: str) -> None:
        self.comparison = self.comparison._replace(note=f"{reason}: this is its last state")
        self.data = _data(self.comparison, self.data["seq"])
        self.refresh_picture()

    def table(self) -> Any:
        """One row for each figure: a pandas frame where pandas is installed, else plain text."""
        try:
            import pandas as pd
        except ImportError:
            return self.summary()
        return pd.DataFrame.from_records(self.comparison.rows(), columns=list(self.COLUMNS)).set_index("figure")

    def summary(self) -> str:
        """The comparison in plain text."""
        found = self.comparison
        lines = [f"Compare: {found.verdict()}"]
        lines += [f"  {_side(found.one)} | {_side(found.other)}"]
        for figure in found.figures:
            one, other = (_amount(value, figure.unit) for value in figure.medians)
            lines.append(f"  {figure.name:24} {one:>14} {other:>14} {_gain(figure):>8}")
        return "\n".join([*lines, *([f"  {found.note}"] if found.note else [])])

    def drawing(self) -> Drawing:
        """The comparison as a picture."""
        found = self.comparison
        pen = Pen(92 + 44 * len(found.figures))
        pen.text(16, 18, found.verdict(), 13, INK, WIDTH - 32)
        for x, colour, side in ((200.0, BLUE, found.one), (200.0 + 240, GREY, found.other)):
            pen.rectangle((x, 36, x + 11, 47), 3, colour)
            pen.text(x + 16, 42, _side(side), 11, DIM, 215)
        for i, figure in enumerate(found.figures):
            _draw(pen, figure, 64.0 + 44 * i)
        pen.text(16, 76 + 44 * len(found.figures), found.note, 11, DIM, WIDTH - 32)
        return pen

    def __repr__(self) -> str:
        return f"<Compare {self.comparison.verdict()}>"


def _compared(one: Any, other: Any, names: tuple[str, str]) -> Comparison:
    if isinstance(one, str | Path | Trace):
        first = _trace(one)
        return _against_no_cache(first, names) if other is None else of_traces(first, _trace(other), names)
    if other is not None or not hasattr(one, "comparison"):
        _trace(one)
        raise AssertionError("refused above")
    made = one.comparison
    if made is None:
        raise UsageError("this cell ran without a baseline: run it with --baseline, or give Compare a recording of it")
    gone = made.difference
    difference = f"the texts part at token {gone.token} of state {gone.state}" if gone is not None else ""
    return of_pairs(made.pairs, made.mode, difference)


def _trace(source: Any) -> Trace:
    trace = Trace.load(source) if isinstance(source, str | Path) else source
    if not isinstance(trace, Trace):
        raise UsageError(
            "Compare shows an engine, a trace or the path of a trace file, two of the latter, or the result of a cell that ran with "
            f"--baseline, not {type(trace).__name__}"
        )
    return trace


def _against_no_cache(trace: Trace, names: tuple[str, str]) -> Comparison:
    """The run beside what it would have been with the cache off; a run that cannot be asked stands alone."""
    try:
        other = trace.what_if(radix_cache="off")
    except UsageError as refusal:
        alone = of_traces(trace, Trace((), TraceHeader(predicted={"radix_cache": "off"})), names)
        return alone._replace(note=f"no baseline: {refusal}" if len(trace) else "nothing ran yet")
    return of_traces(trace, other, names)


def _data(found: Comparison, seq: int) -> dict[str, Any]:
    figures = []
    for figure in found.figures:
        medians = [None if math.isnan(value) else value for value in figure.medians]
        spread = [[min(values), max(values)] if values else None for values in (figure.one, figure.other)]
        gain = None if math.isnan(figure.gain) else figure.gain
        shown = [_amount(value, figure.unit) for value in figure.medians]
        figures.append({"name": figure.name, "medians": medians, "spread": spread, "gain": gain, "shown": shown})
    sides = [{"name": side.name, "predicted": side.predicted} for side in (found.one, found.other)]
    return {"sides": sides, "figures": figures, "verdict": found.verdict(), "note": found.note, "seq": seq}


def _side(side: Any) -> str:
    return f"{side.name} (predicted: {side.predicted})" if side.predicted else f"{side.name} (measured)"


def _amount(value: float, unit: str) -> str:
    if math.isnan(value):
        return "–"
    if unit == "ms" and value >= 1000:
        return f"{value / 1000:.2f} s"
    words = f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"
    return f"{words} {unit}".rstrip()


def _gain(figure: Figure) -> str:
    return "" if math.isnan(figure.gain) else f"{figure.gain:.2f}x"


def _draw(pen: Pen, figure: Figure, top: float) -> None:
    most = max((*figure.one, *figure.other), default=1.0) or 1.0
    pen.text(16, top + 16, figure.name, 12, INK)
    for y, colour, value, samples in (
        (top + 4, BLUE, figure.medians[0], figure.one),
        (top + 20, GREY, figure.medians[1], figure.other),
    ):
        pen.rectangle((200, y, 700, y + 12), 2, "#f1f4f8")
        if not math.isnan(value):
            pen.rectangle((200, y, 200 + 500 * value / most, y + 12), 2, colour)
        if len(samples) > 1:
            pen.line([(200 + 500 * bound / most, y + 6) for bound in (min(samples), max(samples))], INK, 1)
        pen.text(710, y + 6, _amount(value, figure.unit), 11, INK)
    pen.text(830, top + 16, _gain(figure), 13, INK)
    pen.line([(16, top + 39), (WIDTH - 16, top + 39)], LINE, 1)
