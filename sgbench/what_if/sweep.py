"""Many configurations over one trace, side by side.

The work is split over processes of its own (``python -m sgbench.what_if.worker``), which import neither the caller's main module nor
torch, so a notebook, a script and a command line may all sweep.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sgbench.engine.runner.cost import StepCost
from sgbench.errors import IntegrityError, UsageError
from sgbench.trace.trace import Trace
from sgbench.what_if import table
from sgbench.what_if.calibration import Calibration
from sgbench.what_if.figures import Figures
from sgbench.what_if.options import changed_config, combinations
from sgbench.what_if.predict import Question, errors

if TYPE_CHECKING:
    import pandas
    import plotly.graph_objects

_WORTH_A_PROCESS = 2_000
"""Requests times configurations below which starting processes costs more than it saves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One configuration: what was changed, what came out, and how many requests did not fit."""

    options: Mapping[str, Any]
    figures: Figures
    refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sweep:
    """Predicted figures of several configurations, beside the measured ones.

    Attributes
    ----------
    points
        Predicted, in the order of the grid.
    measured
        Of the recording; None: imported, not measured.
    same
        Predicted for the recorded configuration.
    recorded
        The recorded values of the options that were changed.
    calibration
        The cost model.
    left_out
        Requests of the recording whose prompts it does not hold.
    """

    points: tuple[Point, ...]
    measured: Figures | None
    same: Figures
    recorded: Mapping[str, Any]
    calibration: Calibration
    left_out: int = 0

    @property
    def error(self) -> dict[str, float]:
        """The predictor's error on the recorded configuration; see `Prediction.error`."""
        return errors(self.same, self.measured)

    def table(self) -> pandas.DataFrame | str:
        """A row for each configuration, the measured one first: a pandas frame, or text without pandas."""
        return table.frame(self)

    def figure(self, x: str | None = None, y: str = "hit_rate") -> plotly.graph_objects.Figure:
        """``y`` (a name of `Figures`) against option ``x`` (None: the first that has several values), a line for each other setting."""
        from sgbench.what_if.plot import figure

        return figure(self, x, y)

    def as_data(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "measured": None if self.measured is None else self.measured.as_data(),
            "predicted_for_recorded": self.same.as_data(),
            "error": self.error,
            "cost_model": self.calibration.as_data(),
            "left_out": self.left_out,
            "predicted": [
                {"options": dict(p.options), "refused": p.refused, **p.figures.as_data()} for p in self.points
            ],
        }

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return table.text(self)

    def _repr_html_(self) -> str:
        return table.html(self)


def sweep(
    trace: Trace,
    grid: Mapping[str, Any] | Iterable[Mapping[str, Any]],
    *,
    arrivals: str = "recorded",
    cost: StepCost | None = None,
    workers: int | None = None,
) -> Sweep:
    """Predict every configuration of ``grid``.

    Parameters
    ----------
    trace, arrivals, cost
        As for `predict`.
    grid
        Options to lists of values, all combinations; or a list of option dicts. Numbers may be multiples of the recorded value, ``"2x"``.
    workers
        Processes; None: one for each core where it is worth it, 1: this one.

    Raises
    ------
    UsageError, UnknownOptionError
        As `predict`, or the grid is empty.
    """
    question = Question.about(trace, arrivals, cost)
    wanted = combinations(grid)
    if not wanted:
        raise UsageError("what-if: no option is varied; give OPTION=VALUE,VALUE")
    for options in wanted:
        changed_config(question.config, options)  # refuse before anything runs
    if workers is None:
        worth = len(wanted) * len(question.causes.requests) // _WORTH_A_PROCESS
        workers = max(1, min(_cores(), len(wanted), worth))
    runs: list[Mapping[str, Any]] = [{}, *wanted]
    found = run_all(question, runs) if workers == 1 else _in_processes(question, runs, workers)
    names = dict.fromkeys(name for options in wanted for name in options)
    return Sweep(
        points=tuple(found[1:]),
        measured=question.measured,
        same=found[0].figures,
        recorded={name: getattr(question.config, name) for name in names},
        calibration=question.calibration,
        left_out=question.causes.left_out,
    )


def run_all(question: Question, runs: Sequence[Mapping[str, Any]]) -> list[Point]:
    """One simulation after the other."""
    points = []
    for options in runs:
        config = changed_config(question.config, options)
        run = question.simulation(options)
        shown = {name: getattr(config, name) for name in options}
        points.append(Point(options=shown, figures=run.run(), refused=run.refused))
    return points


def _in_processes(question: Question, runs: Sequence[Mapping[str, Any]], workers: int) -> list[Point]:
    """`run_all`, dealt out to ``workers`` processes."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    processes = []
    try:
        for i in range(workers):
            process = subprocess.Popen(
                [sys.executable, "-m", "sgbench.what_if.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
            )
            processes.append(process)
            assert process.stdin is not None
            with process.stdin as pipe:
                pickle.dump((question, list(runs[i::workers])), pipe)
        found: list[Point] = [*([None] * len(runs))]  # type: ignore[list-item]  # each place is filled below
        for i, process in enumerate(processes):
            assert process.stdout is not None
            data = process.stdout.read()
            if process.wait() != 0:
                raise IntegrityError(f"a process of the sweep ended with status {process.returncode}; see its output")
            found[i::workers] = pickle.loads(data)  # from our own child
        return found
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
            process.wait()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def dumped(found: Sweep) -> str:
    """The sweep as JSON text."""
    return json.dumps(found.as_data(), indent=2)
