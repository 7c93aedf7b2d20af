"""Results as tables for a terminal and for a page. Knows rows as data (`RunReport.to_dict`, `PeerReport.to_dict`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_COLUMNS = (
    "workload",
    "arm",
    "size",
    "at once",
    "hit",
    "optimal",
    "programs/s",
    "spread",
    "latency ms",
    "first token ms",
    "passes",
    "right",
)


@dataclass(frozen=True, slots=True)
class Form:
    """How a table looks; ``head`` is its first lines."""

    head: str


def _cells(found: Mapping[str, Any]) -> tuple[str, ...]:
    def shown(name: str, form: str) -> str:
        value = found.get(name)
        return "" if value is None else format(value, form)

    return (
        str(found["workload"]),
        str(found["arm"]),
        shown("size", "d"),
        shown("parallel", "d"),
        shown("hit_rate", ".1%"),
        shown("optimal_hit_rate", ".1%"),
        shown("programs_per_s", ".2f"),
        shown("spread", ".0%"),
        shown("latency_ms", ".0f"),
        shown("first_token_ms", ".0f"),
        shown("forward_passes", "d"),
        shown("accuracy", ".0%"),
    )


def _line(cells: Sequence[str]) -> str:
    return f"{cells[0]:20} {cells[1]:18} " + " ".join(f"{cell:>11}" for cell in cells[2:])


FORMS = {
    "text": Form(_line(_COLUMNS)),
    "markdown": Form(f"| {' | '.join(_COLUMNS)} |\n|{'---|' * len(_COLUMNS)}"),
}


def row(found: Mapping[str, Any], form: str) -> str:
    """One arm of one workload."""
    cells = _cells(found)
    return f"| {' | '.join(cells)} |" if form == "markdown" else _line(cells)


def markdown(
    machine: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    left_out: Sequence[Mapping[str, str]],
    shortened: Sequence[Mapping[str, str]] = (),
) -> str:
    """A page: where it was measured, the rows, how much faster the full system was, what is smaller than the paper's, what was left out."""
    lines = ["# Workloads of the paper", "", *(f"- {name}: {value}" for name, value in machine.items()), ""]
    lines += [FORMS["markdown"].head, *(row(found, "markdown") for found in rows)]
    gains = [told for found in rows if (told := _gain(found, rows))]
    if gains:
        lines += ["", "## The full system against the others", "", *gains]
    if shortened:
        lines += ["", "## Less than the paper's, for time", ""]
        lines += [f"- {one['workload']}, {one['what']}" for one in shortened]
    if left_out:
        lines += ["", "## Left out", ""]
        lines += [f"- {one['workload']} ({one['arm']}): {one['error']}" for one in left_out]
    return "\n".join(lines) + "\n"


def _gain(found: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str | None:
    """How the full system compares with one other row of the same kind."""
    alike = ("workload", "size", "parallel")
    full = next((r for r in rows if r["arm"] == "full" and all(r[name] == found[name] for name in alike)), None)
    if full is None or found["arm"] == "full":
        return None
    what = f"- {found['workload']}, full against {found['arm']}, {found['parallel']} at once: "
    return (
        f"{what}{full['programs_per_s'] / found['programs_per_s']:.2f} times the throughput, "
        f"{found['latency_ms'] / full['latency_ms']:.2f} times lower latency"
    )
