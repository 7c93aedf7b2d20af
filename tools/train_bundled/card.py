"""The model card's tables from what an evaluation found. Knows the evaluation's result, no model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tools.train_bundled.families import all_families
from tools.train_bundled.problems import VOTED_FROM

PROBE = "probe: "
PASS = 98.0


def percent(score: Mapping[str, Any]) -> float:
    """Accuracy of one score."""
    return 100.0 * int(score["right"]) / max(1, int(score["count"]))


def is_level_for_votes(name: str) -> bool:
    """Whether a family is an arithmetic level whose figure is the vote, not the single answer."""
    return name.startswith("arithmetic_") and int(name.removeprefix("arithmetic_")) >= VOTED_FROM


def cell(score: Mapping[str, Any] | None) -> str:
    """Accuracy as a cell of a table: percent and counts."""
    return f"{percent(score):.1f} % ({score['right']} of {score['count']})" if score else ""


def rows(scores: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line for each family: short and long prompts side by side, the worst first."""
    by_name: dict[str, dict[str, Mapping[str, Any]]] = {}
    for score in scores:
        if int(score["count"]):
            by_name.setdefault(str(score["family"]), {})[str(score["length"])] = score
    worst = sorted(by_name.items(), key=lambda item: (min(percent(s) for s in item[1].values()), item[0]))
    lines = []
    for name, found in worst:
        tokens = f"{found['long']['mean_tokens']:.0f} to {found['long']['longest']}" if "long" in found else ""
        shown = name.removeprefix(PROBE).replace("_", " ")
        lines.append(f"| {shown} | {cell(found.get('short'))} | {cell(found.get('long'))} | {tokens} |")
    return lines


def markdown(result: Mapping[str, Any]) -> str:
    """Families, votes, probes and open answers as one Markdown text."""
    scores = [s for s in result["scores"] if int(s["count"])]
    closed = [s for s in scores if not s["family"].startswith(PROBE) and not is_level_for_votes(s["family"])]
    passed = sum(percent(s) >= PASS for s in closed)
    head = ["| family | right | at the paper's lengths | tokens, mean to longest |", "|---|---|---|---|"]
    out = [f"{passed} of {len(closed)} measurements at {PASS:.0f} % or more.", "", *head, *rows(closed), ""]
    out += ["| arithmetic | greedy | one sample at 0.7 | majority of nine | problems |", "|---|---|---|---|---|"]
    greedy = {s["family"]: s for s in scores if s["length"] == "short"}
    for name, (single, majority, count) in result["votes"].items():
        out.append(
            f"| {name.replace('_', ' ')} | {cell(greedy.get(name))} | {single:.1f} % | {majority:.1f} % | {count} |"
        )
    out += [
        "",
        "Forms that are not in the training text:",
        "",
        *head,
        *rows(s for s in scores if s["family"].startswith(PROBE)),
        "",
    ]
    what = {f.name: f.held_out for f in all_families()}
    out += ["| family | held out |", "|---|---|"]
    out += [f"| {n.removeprefix(PROBE).replace('_', ' ')} | {what[n]} |" for n in sorted({s["family"] for s in scores})]
    out += ["", *(f"* {prompt!r}: {text!r}" for prompt, text in result["open"]), ""]
    return "\n".join(out)
