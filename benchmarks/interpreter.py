"""What the interpreter itself costs: host time for each primitive, with many programs at once and a backend that answers at once.

The issue is the language's share of a step: a backend's own work (tokenizing, batching, the device) is not in it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sgbench as sgl
from sgbench.lang.choices import ChoicesDecision

PROGRAMS = 64
REPEATS_IN_A_PROGRAM = 20


class Instant(sgl.BaseBackend):
    """Answers at once, and keeps nothing."""

    def generate(self, s: Any, sampling_params: Any) -> tuple[str, dict[str, Any]]:
        """A word."""
        return "word", {}

    def generate_stream(self, s: Any, sampling_params: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        """A word in one piece."""
        yield "word", {}

    def select(self, s: Any, choices: Sequence[str], temperature: float, choices_method: Any = None) -> ChoicesDecision:
        """The first choice."""
        return ChoicesDecision(choices[0], {})


def _bodies() -> dict[str, tuple[int, Callable[[Any], None]]]:
    """Of each kind: primitives in one pass of the body, and the body."""

    def text(s: Any) -> None:
        s += "some words of a prompt\n"

    def gen(s: Any) -> None:
        s += sgl.gen("x", max_tokens=8)

    def gen_read(s: Any) -> None:
        s += sgl.gen("x", max_tokens=8)
        s["x"]

    def select(s: Any) -> None:
        s += sgl.select("x", ["yes", "no"])

    def turn(s: Any) -> None:
        s += sgl.user("a question")

    def scope(s: Any) -> None:
        with s.var_scope("x"):
            s += "text"

    def fork_join(s: Any) -> None:
        forks = s.fork(2)
        forks += sgl.gen("y", max_tokens=8)
        forks.join()

    def chat(s: Any) -> None:
        s += sgl.user("a question") + sgl.assistant(sgl.gen("x", max_tokens=8))
        s["x"]

    return {
        "text": (1, text),
        "gen": (1, gen),
        "gen and reading it": (2, gen_read),
        "select": (1, select),
        "a user's turn (begin, text, end)": (3, turn),
        "var_scope (begin, text, end)": (3, scope),
        "fork of two, a gen each, join": (4, fork_join),
        "a question and its answer, read": (7, chat),
    }


def measure(repeats: int) -> dict[str, Any]:
    """Microseconds of host time for each primitive: CPU time of the process / primitives, median of ``repeats``."""
    backend = Instant()
    found: dict[str, Any] = {"programs at once": PROGRAMS}
    for name, (count, body) in _bodies().items():

        def program(s: Any, i: int, body: Callable[[Any], None] = body) -> None:
            s += "begin\n"
            for _ in range(REPEATS_IN_A_PROGRAM):
                body(s)

        function = sgl.function(program)
        items = [{"i": i} for i in range(PROGRAMS)]
        primitives = PROGRAMS * REPEATS_IN_A_PROGRAM * count
        function.run_batch(items, backend=backend, num_threads=PROGRAMS)
        host, wall = [], []
        for _ in range(max(repeats, 3)):
            began, cpu = time.perf_counter(), time.process_time()
            function.run_batch(items, backend=backend, num_threads=PROGRAMS)
            host.append((time.process_time() - cpu) / primitives * 1e6)
            wall.append((time.perf_counter() - began) / primitives * 1e6)
        found[name] = {"host us a primitive": statistics.median(host), "wall us a primitive": statistics.median(wall)}
    found["worst host us a primitive"] = max(v["host us a primitive"] for v in found.values() if isinstance(v, dict))
    return found
