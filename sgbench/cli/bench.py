"""``sgbench bench``: the paper's workloads and arms, measured here. Knows the public names and how rows are printed."""

from __future__ import annotations

import argparse
import functools
import json
import sys
from collections.abc import Iterator

import sgbench as sgl
from sgbench import workloads
from sgbench.cli.serve import engine_options
from sgbench.errors import SgbenchError
from sgbench.workloads.arms import Arm, ArmResult, arms, compare
from sgbench.workloads.workload import Workload

_COLUMNS = (
    "workload",
    "arm",
    "size",
    "hit",
    "optimal",
    "programs/s",
    "latency ms",
    "first token ms",
    "passes",
    "right",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    known = ", ".join(workloads.names())
    parser.add_argument("names", nargs="+", metavar="NAME", help=f"all, or some of {known}")
    parser.add_argument(
        "--arms", nargs="+", default=["full"], metavar="ARM", help="all: the seven of the paper's ablation"
    )
    parser.add_argument(
        "--size", type=int, default=None, metavar="N", help="programs (default: small on a CPU, else the paper's)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the inputs and of sampling (default 0)")
    parser.add_argument("--parallel", type=int, default=None, metavar="N", help="programs at once; 1 measures latency")
    parser.add_argument(
        "--repeats", type=int, default=1, metavar="N", help="runs of each arm, in turn; the median is told"
    )
    parser.add_argument("--model", default="bundled", help="bundled (default), a folder, or a hub id")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one line of JSON for each workload and arm")
    form.add_argument("--markdown", action="store_true", help="a Markdown table")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        help="an option of the engine, such as kv_tokens=8192",
    )


def main(given: argparse.Namespace) -> int:
    """Run; 0 if every row could be measured. A workload that fails is named, and the others are still measured."""
    names = workloads.names() if "all" in given.names else given.names
    chosen, wanted = arms(given.arms), [workloads.get(name) for name in names]
    form = "json" if given.json else "markdown" if given.markdown else "text"
    failures = []
    if form != "json":
        _say(header(form))
    for workload in wanted:
        try:
            for result in _measured(workload, chosen, given):
                _say(json.dumps(result.to_dict(), ensure_ascii=False) if form == "json" else row(result, form))
        except SgbenchError as failure:
            failures.append((workload.name, str(failure)))
            if form == "json":
                _say(json.dumps({"workload": workload.name, "error": str(failure)}, ensure_ascii=False))
    for name, why in failures:
        sys.stderr.write(f"sgbench: {name} was left out: {why}\n")
    return 1 if failures else 0


def _measured(workload: Workload, chosen: list[Arm], given: argparse.Namespace) -> Iterator[ArmResult]:
    make = functools.partial(_engine, given.model, engine_options(given.set))
    return compare(
        workload, chosen, make, size=given.size, seed=given.seed, repeats=given.repeats, parallel=given.parallel
    )


def _engine(model: str, base: dict[str, object], **options: object) -> sgl.Engine:
    return sgl.Engine(model, **{**base, **options})


def header(form: str) -> str:
    """The table's head."""
    if form == "markdown":
        return f"| {' | '.join(_COLUMNS)} |\n|{'---|' * len(_COLUMNS)}"
    return _line(_COLUMNS)


def row(result: ArmResult, form: str) -> str:
    """One arm of one workload."""
    report = result.report
    first = "" if report.first_token_ms is None else f"{report.first_token_ms:.0f}"
    cells = (
        report.workload,
        report.arm,
        str(report.size),
        f"{report.hit_rate:.1%}",
        f"{report.optimal_hit_rate:.1%}",
        f"{report.programs_per_s:.2f}",
        f"{report.latency_ms:.0f}",
        first,
        str(report.forward_passes),
        "" if report.accuracy is None else f"{report.accuracy:.0%}",
    )
    return f"| {' | '.join(cells)} |" if form == "markdown" else _line(cells)


def _line(cells: tuple[str, ...]) -> str:
    return f"{cells[0]:20} {cells[1]:18} " + " ".join(f"{cell:>14}" for cell in cells[2:])


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
