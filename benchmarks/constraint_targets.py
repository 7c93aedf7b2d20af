"""What the figures of a run are held against: absolute limits, and geometric means of ratios to other libraries."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from typing import Any

STRINGS = ("email", "url", "summary", "character", "unicode", "jsonstr")
"""Patterns whose masks are wide."""


def targets(patterns: dict[str, dict[str, Any]], stopped_ms: dict[str, float]) -> dict[str, dict[str, Any]]:
    """For each target what was measured, the limit, and whether it holds; a peer that is not there has no line."""
    rows = list(patterns.values())
    lines = {
        "slowest compile, ms": _at_most(max(row["compile_ms"] for row in rows), 500),
        "largest mean of cold masks, us": _at_most(max(row["mask_us_mean"] for row in rows), 1000),
        "largest cold mask, us": _at_most(max(row["mask_us_max"] for row in rows), 3000),
        "slowest cached mask, us": _at_most(max(row["cached_mask_us"] for row in rows), 2),
        "largest machine with its class trie, MB": _at_most(max(row["memory_mb"] for row in rows), 8),
        "largest mean of a cached mask, KB": _at_most(max(row["cached_mask_kb"] for row in rows), 16.5),
        "slowest refusal of a pattern that explodes, ms": _at_most(max(stopped_ms.values()), 1000),
        "sampled tokens on the character sheet, safe": _at_most(patterns["character"]["sampled_safe"], 31),
        "sampled tokens on the character sheet, text": _at_most(patterns["character"]["sampled_text"], 24),
    }
    for peer, most in (("interegular", 0.5), ("outlines-core", 0.05), ("xgrammar", 1.0)):
        lines[f"compile / {peer}"] = _at_most(_mean(_ratios(rows, "compile_ms", peer, "compile_ms")), most)
    for peer, most in (("interegular", 0.02), ("outlines-core", 0.03)):
        lines[f"compile of 1,000 choices / {peer}"] = _at_most(
            _mean(_ratios([patterns["alt1000"]], "compile_ms", peer, "compile_ms")), most
        )
    strings = [patterns[name] for name in STRINGS]
    for peer, some, most in (("llguidance", rows, 6), ("lm-format-enforcer", strings, 0.02)):
        lines[f"cold mask / {peer}"] = _at_most(_mean(_ratios(some, "mask_us_mean", peer, "mask_us_mean")), most)
    for peer, mode in (("llguidance", "safe"), ("xgrammar", "text")):
        pairs = [(row[f"sampled_{mode}"], row[peer]["sampled"]) for row in rows if "sampled" in row.get(peer, {})]
        if pairs:
            equal = sum(ours <= theirs for ours, theirs in pairs) / len(pairs)
            lines[f"{mode}: patterns with no more sampled tokens than {peer}"] = {
                "measured": equal,
                "at_least": 1,
                "holds": equal == 1,
            }
    return {name: line for name, line in lines.items() if line is not None}


def _at_most(value: float, most: float) -> dict[str, Any] | None:
    return None if math.isnan(value) else {"measured": value, "at_most": most, "holds": value <= most}


def _ratios(rows: Iterable[dict[str, Any]], ours: str, peer: str, theirs: str) -> list[float]:
    return [row[ours] / row[peer][theirs] for row in rows if theirs in row.get(peer, {})]


def _mean(ratios: list[float]) -> float:
    return statistics.geometric_mean(ratios) if ratios else math.nan
