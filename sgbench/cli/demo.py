"""``sgbench demo``: a few-shot batch that shares its prefix, with and without the radix cache, in a terminal.

Every figure is measured while it runs. Knows the public names only.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sgbench as sgl
from sgbench.cli.replay import tree_text
from sgbench.errors import UsageError

SHOTS = {
    "Japan": "Tokyo",
    "Italy": "Rome",
    "Egypt": "Cairo",
    "Canada": "Ottawa",
    "Poland": "Warsaw",
    "Peru": "Lima",
    "Norway": "Oslo",
    "Kenya": "Nairobi",
    "China": "Beijing",
    "Australia": "Canberra",
    "Colombia": "Bogota",
    "Netherlands": "Amsterdam",
    "Iceland": "Reykjavik",
    "Morocco": "Rabat",
    "Ghana": "Accra",
    "Nigeria": "Abuja",
    "Mexico": "Mexico City",
    "Venezuela": "Caracas",
    "Uruguay": "Montevideo",
    "Ecuador": "Quito",
    "Pakistan": "Islamabad",
    "Bangladesh": "Dhaka",
}

# fmt: off
COUNTRIES = (
    "France", "Spain", "Germany", "Portugal", "Greece", "Austria", "Hungary", "Ireland",
    "Finland", "Sweden", "Denmark", "Belgium", "Cuba", "Chile", "Argentina", "Brazil",
    "India", "Thailand", "Iran", "Iraq", "Turkey", "Russia", "Ukraine", "Romania",
    "Bulgaria", "Croatia", "Serbia", "Jordan", "Lebanon", "Syria", "Vietnam", "Nepal",
)
# fmt: on

PAIRS = 3
"""Measured pairs; the median is shown."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One run of the batch."""

    seconds: float
    answers: tuple[str, ...]
    hit_rate: float
    forward_passes: int
    prefill_tokens: int


def program() -> Any:
    """The few-shot program: the same examples for every country."""
    examples = "".join(f"Q: What is the capital of {country}?\nA: {city}\n" for country, city in SHOTS.items())

    @sgl.function
    def capital(s: Any, country: str) -> None:
        s += f"Answer the question with one name.\n\n{examples}"
        s += f"Q: What is the capital of {country}?\nA:" + sgl.gen("city", max_tokens=8, stop="\n")

    return capital


def main(requests: int = 32) -> int:
    """Run the demo; 0 if the answers were the same with and without the cache.

    Raises
    ------
    UsageError
        ``requests`` is not positive.
    """
    if requests < 1:
        raise UsageError("--requests: at least 1 is needed")
    paint = Paint(sys.stdout.isatty())
    countries = [COUNTRIES[i % len(COUNTRIES)] for i in range(requests)]
    began = time.perf_counter()
    with sgl.Engine() as engine:
        ready = time.perf_counter() - began
        say(f"{paint.bold('sgbench')}  the bundled model on {engine.config.device}, ready in {ready:.1f} s\n")
        capital = program()
        with engine.record() as trace:
            first = measure(engine, capital, countries)
        say_answers(paint, countries, first)
        say(f"{paint.bold('The radix tree')}  + new in the last step, * accessed; a number is a node's tokens")
        say(tree_text(trace, rows=12).partition("\n")[2] + "\n")
        cached, bare = [], []
        for _ in range(PAIRS):
            engine.flush_cache()
            cached.append(measure(engine, capital, countries))
            engine.flush_cache()
            with engine.without_cache("force-miss"):
                bare.append(measure(engine, capital, countries))
    return say_verdict(paint, requests, cached, bare)


def measure(engine: Any, capital: Any, countries: Sequence[str]) -> Arm:
    """Run the batch once."""
    before = engine.stats()
    began = time.perf_counter()
    states = capital.run_batch([{"country": country} for country in countries], backend=engine, temperature=0)
    answers = tuple(state["city"].strip() for state in states)
    seconds = time.perf_counter() - began
    after = engine.stats()
    prompt = after.prompt_tokens - before.prompt_tokens
    return Arm(
        seconds,
        answers,
        (after.cached_tokens - before.cached_tokens) / prompt if prompt else 0.0,
        after.forward_passes - before.forward_passes,
        after.prefill_tokens - before.prefill_tokens,
    )


@dataclass(frozen=True, slots=True)
class Paint:
    """ANSI colours where the output is a terminal."""

    colour: bool

    def bold(self, text: str) -> str:
        """Emphasised text."""
        return f"\x1b[1m{text}\x1b[0m" if self.colour else text

    def green(self, text: str) -> str:
        """Text for what the cache gave."""
        return f"\x1b[32m{text}\x1b[0m" if self.colour else text

    def dim(self, text: str) -> str:
        """Text that stands back."""
        return f"\x1b[2m{text}\x1b[0m" if self.colour else text


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def say_answers(paint: Paint, countries: Sequence[str], arm: Arm) -> None:
    """The answers, in columns."""
    heading = f"{len(countries)} programs that share {len(SHOTS)} worked examples"
    say(f"{paint.bold(heading)}  {paint.dim('Q: What is the capital of ...?')}")
    cells = [f"{country:>10}  {answer[:14]:<14}" for country, answer in zip(countries, arm.answers, strict=True)]
    for row in range(0, len(cells), 3):
        say("  " + "".join(cells[row : row + 3]))
    say("")


def say_verdict(paint: Paint, requests: int, cached: Sequence[Arm], bare: Sequence[Arm]) -> int:
    """The two arms side by side; 0 if they answered alike."""
    say(
        f"{paint.bold('With and without the cache')}  measured now, median of {len(cached)} pairs, each from an empty cache"
    )
    for name, arms in (("radix cache", cached), ("no cache", bare)):
        seconds = statistics.median(arm.seconds for arm in arms)
        arm = arms[0]
        say(
            f"  {name:12} {seconds:6.2f} s  {requests / seconds:6.1f} programs/s   hit rate {arm.hit_rate:4.0%}   "
            f"{arm.prefill_tokens:6,} tokens prefilled   {arm.forward_passes:4} forward passes"
        )
    ratios = [b.seconds / a.seconds for a, b in zip(cached, bare, strict=True)]
    ratio = statistics.median(ratios)
    same = all(arm.answers == cached[0].answers for arm in (*cached, *bare))
    gain = f"{ratio:.1f}x the throughput" if ratio >= 1.05 else f"no gain here ({ratio:.2f}x)"
    spread = paint.dim(f"({min(ratios):.1f} to {max(ratios):.1f})")
    say(f"  {paint.green(paint.bold(gain))} {spread}, {'the same answers' if same else 'DIFFERENT answers'}")
    return int(not same)
