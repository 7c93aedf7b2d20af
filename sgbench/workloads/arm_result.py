"""What the runs of one arm come to: the median run, every run's duration, and whether the answers are the others'. Plain data."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sgbench.workloads.report import RunReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmResult:
    """An arm's runs of one workload.

    Attributes
    ----------
    report
        The run of median duration.
    seconds
        Duration of every run.
    same_answers
        Are the answers those of the first arm that ran? None for that arm itself.
    """

    report: RunReport
    seconds: tuple[float, ...]
    same_answers: bool | None

    @property
    def spread(self) -> float | None:
        """(longest - shortest) / median duration; None of one run."""
        if len(self.seconds) < 2:
            return None
        return (max(self.seconds) - min(self.seconds)) / statistics.median(self.seconds)

    def to_dict(self) -> dict[str, Any]:
        """The report's fields and these, as JSON-able data."""
        repeats = {"repeats": len(self.seconds), "all_seconds": list(self.seconds), "spread": self.spread}
        return {**self.report.to_dict(), **repeats, "same_answers": self.same_answers}


def summed(runs: Mapping[str, list[RunReport]]) -> Iterator[ArmResult]:
    """Each arm's runs as one result; the first arm is the one whose answers the others' are compared with."""
    first: tuple[str, ...] | None = None
    for reports in runs.values():
        ordered = sorted(reports, key=lambda report: report.seconds)
        yield ArmResult(
            report=ordered[(len(ordered) - 1) // 2],
            seconds=tuple(report.seconds for report in reports),
            same_answers=None if first is None else all(report.answers == first for report in reports),
        )
        first = first or reports[0].answers
