"""A workload on a peer: the same programs, the same inputs, timed from outside. Knows backends, no peer by name."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sgbench.backends.base import BaseBackend
from sgbench.engine.hub import find_model
from sgbench.errors import BackendError, CapacityError, SgbenchError
from sgbench.lang.batch import Batch
from sgbench.workloads.peers.peer import Peer

if TYPE_CHECKING:
    from sgbench.lang.state import ProgramState
    from sgbench.workloads.workload import Case, Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerReport:
    """Runs of a workload on a peer.

    Attributes
    ----------
    workload, peer
        What ran where.
    size, seed, parallel
        As in `RunReport`.
    seconds, all_seconds
        Of the run of median duration, and of all.
    programs_per_s, latency_ms
        As in `RunReport`.
    accuracy, answers
        As in `RunReport`.
    """

    workload: str
    peer: str
    size: int
    seed: int
    parallel: int
    seconds: float
    all_seconds: tuple[float, ...]
    programs_per_s: float
    latency_ms: float
    accuracy: float | None
    answers: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data; the peer stands where an arm of the engine stands."""
        data = dataclasses.asdict(self)
        return {"workload": data.pop("workload"), "arm": data.pop("peer"), **data}


def measure(
    workload: Workload,
    peer: Peer,
    model: str = "bundled",
    *,
    device: str = "cpu",
    size: int | None = None,
    seed: int = 0,
    repeats: int = 1,
    parallel: int | None = None,
    cases: list[Case] | None = None,
) -> PeerReport:
    """Run ``workload`` on ``peer``, after one program as a warm-up.

    Raises
    ------
    BackendError
        The peer is not installed, or failed.
    UsageError, CapacityError
        The peer cannot run a program.
    """
    from sgbench.engine.tokenizer import Tokenizer

    peer.check_installed()
    folder = str(find_model(model))
    tokenizer = Tokenizer(find_model(model, weights=False))
    given = cases
    cases = workload.cases_for(tokenizer, device, size, seed) if given is None else workload.some(given, size)
    at_once = min(parallel or workload.parallel, len(cases))
    runs: list[tuple[float, list[float], list[ProgramState]]] = []
    try:
        with peer.open(folder, device) as backend:
            _run(workload, backend, cases[:1], 1, seed)
            runs += [_run(workload, backend, cases, at_once, seed) for _ in range(repeats)]
        seconds, latencies, states = sorted(runs, key=lambda run: run[0])[(len(runs) - 1) // 2]
        answers = tuple(workload.answer(state) for state in states)
    except SgbenchError:
        raise
    except Exception as failure:  # whatever another library raises, the rows beside it must still be measured
        words = (str(failure).strip().splitlines() or [""])[0]
        raise BackendError(f"the peer {peer.name} failed: {type(failure).__name__}: {words:.300}") from failure
    return PeerReport(
        workload=workload.name,
        peer=peer.name,
        size=len(cases),
        seed=seed,
        parallel=at_once,
        seconds=seconds,
        all_seconds=tuple(run[0] for run in runs),
        programs_per_s=len(cases) / seconds,
        latency_ms=statistics.median(latencies),
        accuracy=workload.share_right(answers, cases),
        answers=answers,
    )


def _run(
    workload: Workload, backend: BaseBackend, cases: Sequence[Case], at_once: int, seed: int
) -> tuple[float, list[float], list[ProgramState]]:
    """Duration, each program's milliseconds, and the final states."""
    states: dict[int, ProgramState] = {}
    latencies: list[float] = []

    def one(i: int) -> None:
        began = time.perf_counter()
        bound = workload.program.bind(**cases[i].arguments)
        states[i] = bound.run(backend=backend, temperature=0, sampling_seed=seed)
        states[i].sync()
        latencies.append((time.perf_counter() - began) * 1e3)

    began = time.perf_counter()
    batch = Batch(len(cases), one, None)
    batch.start(at_once)
    order = list(batch.results(False, lambda _: None))
    seconds = time.perf_counter() - began
    for state in states.values():
        failure = state.error()
        if failure is not None:
            raise failure
    return seconds, latencies, [states[i] for i in order]


def check_fits(prompt_tokens: int, room_tokens: int, context_tokens: int) -> None:
    """Does a call fit into a model's context?

    Raises
    ------
    CapacityError
        It does not.
    """
    if prompt_tokens + room_tokens > context_tokens:
        raise CapacityError(
            f"the prompt has {prompt_tokens:,} tokens and up to {room_tokens:,} may follow: the model's context holds {context_tokens:,}"
        )
