"""Where the host's time goes: programs against one call, and what listeners to events cost; with a profile of each.

python -m benchmarks.host [--device cuda] [--rounds N] [--only programs events steps] [--workload NAME] [--out FOLDER]

``steps`` says which steps a workload takes on the paced device, and when that had nothing to do.

On ``--device paced`` (the default) the device is `benchmarks.paced`: it waits as long as a GPU computes, so that what is measured is the
host. On ``cuda`` the shapes are Llama-3.2-1B's (programs) and Llama-3.1-8B's (events), with random weights.
"""

from __future__ import annotations

import argparse
import functools
import gc
import itertools
import json
import resource
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.gpu_engine import Bench, Clock
from benchmarks.gpu_programs import LLAMA_1B, Contest, shape_folder
from benchmarks.gpu_workloads import FewShot, MultiTurn, NoSharing, Tree, Workload
from benchmarks.paced import PACE_1B, PACE_8B, PacedRunner

_WATCHED: dict[str, Callable[[], Workload]] = {
    "few_shot": FewShot,
    "multi_turn": MultiTurn,
    "no_sharing": NoSharing,
    "tree": Tree,
}
_SETTINGS: dict[str, Any] = {"max_running": 256, "max_prefill_tokens": 8192, "context_length": 4096}


@contextmanager
def started(device: str, wide: bool) -> Iterator[Any]:
    """An engine of the 1B shape with the bundled tokenizer, or (``wide``) of the 8B shape on token ids."""
    from sgbench.backends.local import Engine
    from sgbench.engine.config import EngineConfig
    from sgbench.engine.engine import EngineCore
    from sgbench.engine.hub import find_model
    from sgbench.engine.tokenizer import Tokenizer

    began = time.perf_counter()
    engine: EngineCore
    if device == "paced":
        config = EngineConfig.from_options("bundled", _SETTINGS | {"overlap": True})
        tokenizer = None if wide else Tokenizer(find_model("bundled", weights=False))
        engine = EngineCore(config, PacedRunner(PACE_8B if wide else PACE_1B, kv_tokens=900_000), tokenizer)
    elif wide:
        from sgbench.engine.runner.torch_runner import TorchRunner
        from tests.gpu.test_llama_8b_shape import LLAMA_31_8B

        options = _SETTINGS | {"load_format": "dummy", "device": device}
        runner = TorchRunner(EngineConfig.from_options(str(shape_folder(LLAMA_31_8B)), options))
        engine = EngineCore(runner.config, runner, None)
    else:
        options = {"load_format": "dummy", "tokenizer_path": "bundled", "context_length": 4096, "kv_tokens": 200_000}
        engine = Engine(str(shape_folder(LLAMA_1B)), device=device, **options)
    with engine:
        print(f"# {engine.runner.description}; started in {time.perf_counter() - began:.1f} s", flush=True)
        yield engine


class Probe:
    """Counts what the host does inside: processor time, switches, collections, steps and arrivals of the engine.

    Parameters
    ----------
    engine
        Its thread is looked at.
    samples
        Also look every 5 ms where the engine's thread and the others are; that costs a little.
    """

    def __init__(self, engine: Any, samples: bool = False) -> None:
        self._loop, self._samples = engine._loop, samples
        self.found: dict[str, Any] = {}
        self.frames: dict[str, Counter[str]] = {"engine": Counter(), "others": Counter()}
        self._collections: list[tuple[int, float]] = []
        self._arrivals: list[float] = []
        self._steps: list[float] = []

    def __enter__(self) -> Probe:
        worker = self._loop.worker
        self._accept, self._step = worker.accept, worker.step
        worker.accept = self._timed(self._accept, self._arrivals, after=False)
        worker.step = self._timed(self._step, self._steps, after=True)
        gc.callbacks.append(self._collected)
        self._done = threading.Event()
        if self._samples:
            threading.Thread(target=self._look, daemon=True).start()
        self._began, self._cpu, self._engine_cpu = time.perf_counter(), time.process_time(), self._engine_seconds()
        self._usage = resource.getrusage(resource.RUSAGE_SELF)
        return self

    def __exit__(self, *_: object) -> None:
        ended = time.perf_counter()
        used = resource.getrusage(resource.RUSAGE_SELF)
        self._done.set()
        gc.callbacks.remove(self._collected)
        del self._loop.worker.accept, self._loop.worker.step
        cpu, engine = time.process_time() - self._cpu, self._engine_seconds() - self._engine_cpu
        arrived = [at - self._began for at in self._arrivals]
        ends = [at - self._began for at in self._steps]
        steps = sorted(b - a for a, b in itertools.pairwise(ends))
        self.found = {
            "wall_ms": (ended - self._began) * 1e3,
            "cpu_ms": cpu * 1e3,
            "engine_cpu_ms": engine * 1e3,
            "steps": len(ends),
            "arrivals_ms": [1e3 * t for t in (arrived[0], arrived[len(arrived) // 2], arrived[-1])] if arrived else [],
            "steps_until_last_arrival": sum(t < arrived[-1] for t in ends) if arrived else 0,
            "step_ms": [1e3 * steps[len(steps) * p // 100] for p in (10, 50, 90)] if steps else [],
            "longest_steps_ms": [1e3 * s for s in steps[-4:]],
            "last_step_ms": 1e3 * ends[-1] if ends else 0.0,
            "switches": [used.ru_nvcsw - self._usage.ru_nvcsw, used.ru_nivcsw - self._usage.ru_nivcsw],
            "collections_ms": {g: round(sum(ms for k, ms in self._collections if k == g), 2) for g in (0, 1, 2)},
            "full_collections": sum(k == 2 for k, _ in self._collections),
        }

    def _engine_seconds(self) -> float:
        return time.clock_gettime(time.pthread_getcpuclockid(self._loop.thread.ident))

    @staticmethod
    def _timed(call: Callable[..., Any], into: list[float], after: bool) -> Callable[..., Any]:
        def timed(*args: Any) -> Any:
            if not after:
                into.append(time.perf_counter())
                return call(*args)
            result = call(*args)
            into.append(time.perf_counter())
            return result

        return timed

    def _collected(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._since = time.perf_counter()
        else:
            self._collections.append((info["generation"], (time.perf_counter() - self._since) * 1e3))

    def _look(self) -> None:
        me = threading.get_ident()
        while not self._done.wait(0.005):
            for ident, frame in sys._current_frames().items():
                if ident != me:
                    whose = "engine" if ident == self._loop.thread.ident else "others"
                    code, above = frame.f_code, frame.f_back
                    name = f"{Path(code.co_filename).stem}:{frame.f_lineno} {code.co_name}"
                    self.frames[whose][name + (f" < {above.f_code.co_name}" if above else "")] += 1


def rounded(value: Any) -> Any:
    """``value`` with its floats to two places."""
    if isinstance(value, float):
        return round(value, 2)
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    return [rounded(v) for v in value] if isinstance(value, list | tuple) else value


def median(values: list[float]) -> float:
    """The middle one."""
    return sorted(values)[len(values) // 2]


Say = Callable[[str, Any], None]


def programs(device: str, rounds: int, say: Say) -> None:
    """Programs against one call, alternated, by the interpreter's switch interval and how many programs compute at once (0: all); a run of
    each under a probe, and samples."""
    with started(device, wide=False) as engine:
        contest = Contest(engine)
        usual = sys.getswitchinterval()
        for interval, turns in ((usual, 1), (usual, 2), (usual, 0), (1e-4, 1)):
            sys.setswitchinterval(interval)
            contest.take_turns(turns)
            seconds: dict[str, list[float]] = {"requests": [], "programs": []}
            for round_ in range((rounds + 2) if turns else 4):
                for name, values in seconds.items():
                    taken = contest.seconds(name)
                    if round_ > 1:
                        values.append(taken)
            ratio = median(seconds["requests"]) / median(seconds["programs"])
            best = min(seconds["requests"]) / min(seconds["programs"])
            found = {"programs_over_requests": round(ratio, 3), "of_the_best": round(best, 3)}
            say(
                f"interval {interval * 1e3:g} ms, turns {turns}",
                found | {k: [round(s, 4) for s in v] for k, v in seconds.items()},
            )
            if turns and interval == usual:
                for name in ("requests", "programs", "programs"):
                    engine.flush_cache()
                    with Probe(engine) as probe:
                        contest.play(name)
                    say(f"probe of {name}", rounded(probe.found))
        sys.setswitchinterval(usual)
        contest.take_turns(1)
        with Probe(engine, samples=True) as probe:
            for _ in range(2):
                engine.flush_cache()
                contest.play("programs")
        for whose, frames in probe.frames.items():
            say(f"samples of {whose}", frames.most_common(18))


def events(device: str, rounds: int, workload: Workload, say: Say) -> None:
    """A workload with nobody listening, with a listener that does nothing, and with all of the dashboard's folds; alternated."""
    with started(device, wide=True) as engine:
        bench = Bench(engine, Clock(600))
        arms = {"none": _nobody, "listener": _listener, "dashboard": _dashboard}
        seconds: dict[str, list[float]] = {name: [] for name in arms}
        for round_ in range(rounds + 2):
            for name, arm in arms.items():
                with arm(engine):
                    engine.flush_cache()
                    with Probe(engine, samples=round_ == 0) as probe:
                        taken = bench.seconds(workload, 1, warm_up=False)["seconds"]
                if round_ > 1:
                    seconds[name].append(taken)
                    say(f"{name} {taken:.4f} s", rounded(probe.found))
                for whose, frames in probe.frames.items() if round_ == 0 else ():
                    say(f"samples of {whose}, {name}", frames.most_common(12))
        middle = {name: median(values) for name, values in seconds.items()}
        say("cost", {name: round(value / middle["none"] - 1, 4) for name, value in middle.items() if name != "none"})
        for name in ("listener", "dashboard"):
            pairs = [one / other - 1 for one, other in zip(seconds[name], seconds["none"], strict=True)]
            spread = statistics.stdev(pairs) / len(pairs) ** 0.5 if len(pairs) > 1 else None
            say(f"cost of {name}, round by round", {"mean": statistics.mean(pairs), "standard error": spread})
        best = {name: min(values) for name, values in seconds.items()}
        say("cost_of_the_best", {name: round(value / best["none"] - 1, 4) for name, value in best.items()})


def steps(rounds: int, workload: Workload, say: Say) -> None:
    """Which steps ``workload`` takes, how long the device stood idle between them, and before which."""
    with started("paced", wide=True) as engine:
        bench, runner = Bench(engine, Clock(600)), engine.runner
        for round_ in range(rounds):
            runner.reset()
            taken = bench.seconds(workload, 1, warm_up=False)["seconds"]
            idle: Counter[str] = Counter()
            for seconds, kind in runner.gaps:
                idle[kind] += 1e3 * seconds
            found = {"idle_ms": 1e3 * runner.idle_s, "device_s": taken - runner.idle_s, "steps": dict(runner.kinds)}
            longest = sorted(((1e3 * seconds, kind) for seconds, kind in runner.gaps), reverse=True)[:6]
            say(f"round {round_}: {taken:.4f} s", rounded(found | {"idle_ms_before": dict(idle), "longest": longest}))


@contextmanager
def _nobody(engine: Any) -> Iterator[None]:
    yield


@contextmanager
def _listener(engine: Any) -> Iterator[None]:
    reader = engine.read()
    yield
    reader.end()


@contextmanager
def _dashboard(engine: Any) -> Iterator[None]:
    from benchmarks.gpu_engine import dashboard_feed

    feed, failures = dashboard_feed(engine, [])
    yield
    feed.stop()
    if failures:
        raise RuntimeError(failures[0])


def main() -> None:
    """Measure and print as it goes; write ``host.json``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="paced")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", nargs="+", default=["programs", "events"])
    parser.add_argument("--requests", type=int, default=256, help="of few-shot")
    parser.add_argument("--workload", choices=_WATCHED, default="few_shot", help="what is watched")
    parser.add_argument("--out", type=Path, default=None)
    args = parser.parse_args()
    found: dict[str, dict[str, Any]] = {}

    def say(what: str, value: Any, of: str) -> None:
        found.setdefault(of, {})[what] = value
        if what.startswith("samples"):
            print(f"{of}: {what}:", *(f"\n   {count:5d} {line}" for line, count in value), flush=True)
        else:
            print(f"{of}: {what}: {json.dumps(value)}", flush=True)
        if args.out is not None:
            args.out.mkdir(parents=True, exist_ok=True)
            (args.out / "host.json").write_text(json.dumps(found, indent=1), encoding="utf-8")

    for name in args.only:
        watched = FewShot(args.requests) if args.workload == "few_shot" else _WATCHED[args.workload]()
        if name == "programs":
            programs(args.device, args.rounds, functools.partial(say, of=name))
        elif name == "steps":
            steps(args.rounds, watched, functools.partial(say, of=name))
        else:
            events(args.device, args.rounds, watched, functools.partial(say, of=name))
        gc.collect()


if __name__ == "__main__":
    main()
