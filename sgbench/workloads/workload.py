"""A workload: a program, inputs for it, and how it is run and judged. Knows the language and the public engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from sgbench.errors import UsageError
from sgbench.lang.batch import Batch
from sgbench.lang.function import SglFunction
from sgbench.lang.state import ProgramState
from sgbench.workloads.report import RunReport
from sgbench.workloads.witness import Witness, median

if TYPE_CHECKING:
    from sgbench.backends.base import BaseBackend
    from sgbench.backends.local import Engine

Count = Callable[[str], int]
"""Tokens of a text, by the engine's tokenizer."""


@dataclass(frozen=True, slots=True)
class Case:
    """One program's arguments, and what a right answer is judged against."""

    arguments: dict[str, Any]
    want: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A program of the paper's section 6 with a generator of inputs at the paper's token scales.

    Attributes
    ----------
    name, title
        Key, and what it is.
    shares
        Which tokens its requests share, in words.
    program
        The program, one run for each case.
    cases
        ``cases(rng, size, count)`` makes the inputs of ``size`` programs; ``count`` counts tokens.
    answer
        What a finished program answered.
    right
        ``right(answer, want)``; None: answers are neither right nor wrong.
    cpu_size, paper_size
        Programs if nothing else is asked: on a CPU, and as in the paper.
    parallel
        Programs at once.
    """

    name: str
    title: str
    shares: str
    program: SglFunction
    cases: Callable[[Random, int, Count], list[Case]]
    answer: Callable[[ProgramState], str]
    right: Callable[[str, Any], bool] | None = None
    cpu_size: int
    paper_size: int
    parallel: int = 64

    def inputs(self, engine: Engine, size: int | None = None, seed: int = 0) -> list[Case]:
        """The cases of a run, to look at or to run by hand.

        Raises
        ------
        UsageError
            ``size`` is not positive, or the engine has no tokenizer.
        """
        tokenizer: Any = getattr(engine, "tokenizer", None)
        if tokenizer is None:
            raise UsageError(f"workload {self.name} needs an engine in this process that has a tokenizer")
        return self.cases_for(tokenizer, engine.config.device, size, seed)

    def cases_for(self, tokenizer: Any, device: str, size: int | None = None, seed: int = 0) -> list[Case]:
        """As `inputs`, for a tokenizer (``encode``) and a device instead of an engine."""
        self._check_size(size)
        if size is None:
            size = self.cpu_size if device == "cpu" else self.paper_size
        return self.cases(Random(f"{self.name} {seed}"), size, lambda text: len(tokenizer.encode(text)))

    def some(self, cases: list[Case], size: int | None) -> list[Case]:
        """The first ``size`` of ``cases``.

        Raises
        ------
        UsageError
            ``size`` is not positive, or there are fewer.
        """
        self._check_size(size)
        if size is not None and size > len(cases):
            raise UsageError(f"workload {self.name}: size={size}, but the data set holds {len(cases)} programs")
        return cases[:size]

    def _check_size(self, size: int | None) -> None:
        if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
            raise UsageError(f"workload {self.name}: size={size!r}: a whole number of at least 1 is needed")

    def share_right(self, answers: Sequence[str], cases: Sequence[Case]) -> float | None:
        """Share of right answers; None where answers are neither right nor wrong."""
        told = [(answer, case.want) for answer, case in zip(answers, cases, strict=True) if case.want is not None]
        if self.right is None or not told:
            return None
        return sum(self.right(answer, want) for answer, want in told) / len(told)

    def run(
        self,
        engine: Engine,
        size: int | None = None,
        seed: int = 0,
        *,
        parallel: int | None = None,
        frontend_parallelism: bool = True,
        api_speculation: bool = True,
        arm: str = "full",
        cases: list[Case] | None = None,
        backend: BaseBackend | None = None,
    ) -> RunReport:
        """Run it from an empty cache, which is flushed first.

        Parameters
        ----------
        engine
            An `sgbench.Engine`.
        size
            Programs (chat: conversations); None: a size for the CPU or, on a GPU, the paper's.
        seed
            Of the inputs and of sampling.
        parallel
            Programs at once; None: the workload's own. 1 measures latency as the paper does.
        frontend_parallelism
            False executes every program serially, forks too: the paper's ablation.
        api_speculation
            False makes every call of a program that was written for speculative execution.
        arm
            The report's name for this run.
        cases
            Other inputs, such as `sgbench.workloads.datasets` reads; the first ``size`` of them (None: all) are run.
        backend
            Another backend over the same engine, such as `sgbench.workloads.drawn.DrawnBackend`; None: the engine's own.

        Raises
        ------
        UsageError
            ``size`` or ``parallel`` is not positive, or the engine has no tokenizer.
        CapacityError
            The model's context or the pool is too small for one of its prompts.
        """
        cases = self.inputs(engine, size, seed) if cases is None else self.some(cases, size)
        at_once = self.parallel if parallel is None else parallel
        if at_once < 1:
            raise UsageError(f"workload {self.name}: parallel={parallel}: at least 1 is needed")
        engine.flush_cache()
        witness = Witness(engine)
        with witness.watching():
            program = self.program if api_speculation else SglFunction(self.program.func)
            states = self._states(
                program, backend or engine.endpoint, cases, seed, min(at_once, len(cases)), frontend_parallelism
            )
            for state in states:
                failure = state.error()
                if failure is not None:
                    raise failure
            answers = tuple(self.answer(state) for state in states)
        return self._report(engine, cases, seed, at_once, arm, witness, answers)

    def _states(
        self, program: SglFunction, backend: BaseBackend, cases: list[Case], seed: int, threads: int, parallel: bool
    ) -> list[ProgramState]:
        arguments = [case.arguments for case in cases]
        if parallel:
            found: list[ProgramState] = program.run_batch(
                arguments, backend=backend, temperature=0, sampling_seed=seed, num_threads=threads
            )
            return found
        states: dict[int, ProgramState] = {}

        def one(i: int) -> None:
            states[i] = program.bind(**arguments[i]).run(
                backend=backend, temperature=0, sampling_seed=seed, use_thread=False
            )

        batch = Batch(len(arguments), one, None)
        batch.start(threads)
        return [states[i] for i in batch.results(False, lambda _: None)]

    def _report(
        self,
        engine: Engine,
        cases: list[Case],
        seed: int,
        parallel: int,
        arm: str,
        witness: Witness,
        answers: tuple[str, ...],
    ) -> RunReport:
        rows = witness.rows()
        prompt, cached = sum(r.prompt_tokens for r in rows), sum(r.cached_tokens for r in rows)
        return RunReport(
            workload=self.name,
            arm=arm,
            size=len(cases),
            seed=seed,
            parallel=parallel,
            requests=rows,
            hit_rate=cached / prompt if prompt else 0.0,
            optimal_hit_rate=witness.optimal_hit_rate(),
            prompt_tokens=prompt,
            cached_tokens=cached,
            completion_tokens=sum(r.completion_tokens for r in rows),
            jumped_tokens=witness.jumped_tokens,
            forward_passes=witness.forward_passes,
            seconds=witness.seconds,
            programs_per_s=len(cases) / witness.seconds,
            latency_ms=median(witness.latencies_ms) or 0.0,
            first_token_ms=median([r.first_token_ms for r in rows if r.first_token_ms is not None]),
            accuracy=self.share_right(answers, cases),
            answers=answers,
            model=engine.config.model_path,
            device=engine.config.device,
        )
