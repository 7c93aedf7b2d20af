"""What a run cost, in one line; and what its baseline cost, in another.

Knows measured numbers only: nothing here estimates. The words are the same in the HTML and in the plain twin.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from sgbench.lang.spans import Usage

NO_GAIN = 1.05
"""Below this ratio the line says so."""
_STUDENT = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093),
)
"""Student's t for 95 %, two-sided, by degrees of freedom from 1; beyond the last it hardly changes."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """One run.

    Attributes
    ----------
    usage
        Tokens of all its calls.
    forward_passes
        Device steps of the engine while it ran; None where the backend is no engine.
    total_ms
        Wall time from the body's first line to the last token.
    """

    usage: Usage
    forward_passes: int | None
    total_ms: float

    @property
    def prefilled_tokens(self) -> int:
        """Prompt tokens that had to be computed."""
        return self.usage.prompt_tokens - self.usage.cached_tokens

    def entries(self) -> list[tuple[str, str]]:
        """``(kind, words)`` in order; ``kind`` is an origin, or empty where the entry is none."""
        used = self.usage
        shown = [("", f"{used.prompt_tokens:,} prompt")]
        shown.append(("cached", f"{used.cached_tokens:,} cached ({used.hit_rate:.0%})"))
        shown.append(("prefilled", f"{self.prefilled_tokens:,} prefilled"))
        shown.append(("decoded", f"{used.completion_tokens - used.jumped_tokens:,} decoded"))
        shown.append(("jumped", f"{used.jumped_tokens:,} jumped"))
        if used.calls_saved:
            shown.append(("", f"{used.calls_saved:,} calls saved"))
        if self.forward_passes is not None:
            shown.append(("", f"{self.forward_passes:,} forward passes"))
        if used.first_token_ms is not None:
            shown.append(("", f"first token {duration(used.first_token_ms)}"))
        shown.append(("", f"total {duration(self.total_ms)}"))
        return shown


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where two runs' texts part.

    ``state`` counts the states of a batch, ``token`` the tokens of the text before the place; ``with_cache`` and
    ``baseline`` are the tokens there. ``logit_gap`` is how far the model holds the first above the second behind what both have in
    common, nats; None: not known.
    """

    state: int
    token: int
    with_cache: str
    baseline: str
    logit_gap: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Paired runs of one program: with the cache as it is, and without it.

    Attributes
    ----------
    mode
        ``force-miss`` (every prefix match refused) or ``off`` (nothing kept).
    pairs
        ``(with the cache, baseline)``, in the order they ran.
    difference
        Where the texts of a pair first differed; None: they were equal.
    """

    mode: str
    pairs: tuple[tuple[Ledger, Ledger], ...]
    difference: Difference | None

    @property
    def ratios(self) -> tuple[float, ...]:
        """Baseline's time over the cached run's, for each pair."""
        return tuple(base.total_ms / max(run.total_ms, 1e-6) for run, base in self.pairs)

    @property
    def ratio(self) -> float:
        """Median of `ratios`: how many times faster the cache made it."""
        return statistics.median(self.ratios)

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % confidence interval of the ratio (Student's t on the pairs' log ratios); None: one pair has none."""
        n = len(self.pairs)
        if n < 2:
            return None
        logs = [math.log(ratio) for ratio in self.ratios]
        half = _STUDENT[min(n - 1, len(_STUDENT)) - 1] * statistics.stdev(logs) / math.sqrt(n)
        middle = statistics.fmean(logs)
        return math.exp(middle - half), math.exp(middle + half)

    def verdict(self) -> str:
        """The ratio in words, with its confidence interval; says so where there is no gain, or none that can be told from noise."""
        interval = self.interval
        spread = ""
        if interval is not None:
            spread = f" (95 % confidence {interval[0]:.2f} to {interval[1]:.2f}, {len(self.pairs)} pairs)"
        if self.ratio < 1 / NO_GAIN:
            return f"no gain here: {1 / self.ratio:.2f}x slower with the cache{spread}"
        if self.ratio < NO_GAIN or (interval is not None and interval[0] < 1):
            return f"no gain here: {self.ratio:.2f}x{spread}"
        return f"{self.ratio:.2f}x faster with the cache{spread}"

    def sentences(self) -> list[str]:
        """The comparison, a phrase each."""
        runs = [run.total_ms for run, _ in self.pairs]
        bases = [base.total_ms for _, base in self.pairs]
        said = {"force-miss": "every prefix match refused", "off": "cache off"}[self.mode]
        median = "median " if len(self.pairs) > 1 else ""
        first = self.pairs[0][1]
        shown = [
            f"baseline, {said}: {median}{duration(statistics.median(bases))} against {duration(statistics.median(runs))}",
            f"{first.prefilled_tokens:,} prefilled",
        ]
        if first.forward_passes is not None:
            shown.append(f"{first.forward_passes:,} forward passes")
        if first.usage.first_token_ms is not None:
            shown.append(f"first token {duration(first.usage.first_token_ms)}")
        return [*shown, self.verdict(), self.equality()]

    def equality(self) -> str:
        """Was the text the same?"""
        if self.difference is None:
            return "same text"
        d = self.difference
        where = f"state {d.state}, " if d.state else ""
        gap = "" if d.logit_gap is None else f", logits {abs(d.logit_gap):.3f} apart"
        return (
            f"text differs from {where}token {d.token} on: {d.with_cache!r} with the cache, {d.baseline!r} without{gap}"
        )


def duration(ms: float) -> str:
    """Milliseconds for people: three figures, seconds from one second on."""
    if ms >= 1000:
        return f"{ms / 1000:.2f} s"
    return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms"


def plain_ledger(ledger: Ledger) -> str:
    """The ledger as a line."""
    return " · ".join(words for _, words in ledger.entries())


def plain_comparison(comparison: Comparison) -> str:
    """The comparison as a line."""
    return " · ".join(comparison.sentences())
