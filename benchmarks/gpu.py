"""The engine on a GPU, row by row: ours, the same with its cache off, `transformers`, and counted floors.

python -m benchmarks.gpu [--only ROW ...] [--budget SECONDS] [--peer-budget SECONDS] [--peer-rows ROW ...] [--repeats N]
    [--out FOLDER] [--engine NAME=VALUE ...]

Llama-3.1-8B's shape, random bf16 weights, at most 256 running, 8,192 prompt tokens a step, greedy, fixed lengths. Rows run in order of
weight on one engine until the budget is spent; what did not run is absent. Writes ``gpu.json`` and ``gpu.md``.
"""

from __future__ import annotations

import argparse
import gc
import json
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.gpu_determinism import COMPARED, difference_rates
from benchmarks.gpu_engine import Bench, Clock, OutOfTimeError, events_cost
from benchmarks.gpu_floor import Ceilings, Floor, measure_ceilings
from benchmarks.gpu_programs import LLAMA_1B, programs_against_requests, shape_folder
from benchmarks.gpu_table import markdown
from benchmarks.gpu_workloads import FewShot, MultiTurn, NoSharing, OneRequest, Tree, Workload
from benchmarks.machine import describe
from sgbench.engine.attention import flashinfer_plan
from sgbench.engine.kernels import chosen_products
from tests.gpu.test_llama_8b_shape import LLAMA_31_8B

ROWS = (
    "start",
    "decode",
    "first_token",
    "few_shot",
    "few_shot_off",
    "no_sharing",
    "tree",
    "multi_turn",
    "tree_off",
    "differences",
    "events",
    "programs",
    "deterministic",
)
_PEER_ROWS = ("decode", "first_token", "few_shot", "multi_turn", "no_sharing", "tree")
_OWN_ENGINE = ("programs", "deterministic")
_SETTINGS: dict[str, Any] = {"max_running": 256, "max_prefill_tokens": 8192, "context_length": 4096}


def workloads(size: str) -> dict[str, Workload]:
    """By row; ``size`` ``tiny`` is for a test on a CPU. the ``_off`` ones are smaller and run both ways."""
    if size == "tiny":
        return {
            "decode": OneRequest(16, 8),
            "first_token": OneRequest(16, 1),
            "few_shot": FewShot(8, 100, 8, 4),
            "no_sharing": NoSharing(8, 32, 4),
            "tree": Tree(2, 32, 2, 2, 4),
            "few_shot_off": FewShot(4, 100, 8, 4),
            "tree_off": Tree(1, 32, 2, 2, 4),
            "multi_turn": MultiTurn(3, 3, 16, 4),
            "differences": FewShot(4, 40, 8, 4),
        }
    return {
        "decode": OneRequest(128, 257),
        "first_token": OneRequest(128, 1),
        "few_shot": FewShot(),
        "no_sharing": NoSharing(),
        "tree": Tree(),
        "few_shot_off": FewShot(128),
        "tree_off": Tree(n_questions=4),
        "multi_turn": MultiTurn(),
        "differences": COMPARED,
    }


def main(arguments: list[str] | None = None) -> None:
    """Measure what was asked, print the table, write both files; also when a row fails."""
    args = _parsed(arguments)
    run = GpuRun(args)
    try:
        run.engine_rows()
        run.own_engine_rows()
        run.peers()
    finally:
        run.write(args.out)
    print(markdown(run.results))


class GpuRun:
    """One run of the benchmark and its results so far."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self._clock = Clock(args.budget - args.reserve)
        self._whole = Clock(args.budget)
        self._work = workloads(args.size)
        self._shape = LLAMA_31_8B if args.size == "full" else json.loads(Path(args.config).read_text(encoding="utf-8"))
        self._cuda = args.device == "cuda"
        chosen_products.CHOOSE, flashinfer_plan.DENSE_OWN = not args.plain, not args.paged
        if args.memory_fraction:
            import torch

            torch.cuda.set_per_process_memory_fraction(args.memory_fraction)
        ceilings = measure_ceilings() if self._cuda else Ceilings(1e10, 1e11)
        self._ceilings = ceilings
        self.results: dict[str, Any] = {
            "machine": describe(args.device) | gpu_versions(self._cuda),
            "model": "Llama-3.1-8B shape, random weights" if args.size == "full" else "tiny",
            "engine": "",
            "ceilings": {"bytes_per_s": ceilings.bytes_per_s, "flops_per_s": ceilings.flops_per_s},
            "rows": {},
            "peers": {},
        }

    def engine_rows(self) -> None:
        """Every row of the one engine, in order, as far as the time goes."""
        wanted = [name for name in ROWS if name in self._args.only and name not in _OWN_ENGINE]
        if not wanted or self._args.budget <= 0:
            return
        engine, start_s = self._start({})
        rows = self.results["rows"]
        with engine:
            rows["start"] = {"seconds": start_s, "from_process_start": process_seconds()}
            self.results["engine"] = engine.runner.description
            config = engine.config
            self.results["config"] = {f: getattr(config, f) for f in type(config).__dataclass_fields__}
            bench = Bench(engine, self._clock)
            floor = self._floor()
            for name in wanted:
                if name != "start" and self._clock.left_s > 0:
                    self._tried(name, lambda name=name: self._measure(name, bench, floor))  # type: ignore[misc]
                    row = rows.get(name.removesuffix("_off"), {})
                    print(f"{name}: {json.dumps(row.get('off') if name.endswith('_off') else row)}", flush=True)

    def _tried(self, name: str, measure: Callable[[], None]) -> None:
        """A row that fails, or takes too long, is a result too: the others go on."""
        rows = self.results["rows"]
        try:
            measure()
        except OutOfTimeError:
            rows[name] = {"over": round(max(0.0, self._whole.left_s), 1)}
        except Exception as failure:
            rows[name] = {"failed": f"{type(failure).__name__}: {failure}"[:500]}
            print(f"{name}: {traceback.format_exc()}", flush=True)
        self.write(self._args.out)

    def _start(self, options: dict[str, Any]) -> tuple[Any, float]:
        """An engine, and seconds from nothing to its first token."""
        from sgbench.engine.config import EngineConfig
        from sgbench.engine.engine import EngineCore
        from sgbench.engine.runner.torch_runner import TorchRunner

        folder = shape_folder(self._shape)
        began = time.perf_counter()
        options = dict(_SETTINGS, load_format="dummy", device=self._args.device) | self._args.engine | options
        runner = TorchRunner(EngineConfig.from_options(str(folder), options))
        engine = EngineCore(runner.config, runner, None)
        self._work["first_token"].play(Bench(engine, self._clock).generate(began + 600), runner.vocab_size, 0)
        return engine, time.perf_counter() - began

    def _floor(self) -> Floor:
        from sgbench.engine.models.config import ModelConfig

        return Floor(ModelConfig.from_dict(self._shape), self._ceilings)

    def _measure(self, name: str, bench: Bench, floor: Floor) -> None:
        rows, repeats, limit_s = self.results["rows"], self._args.repeats, self._args.row_limit
        if name.endswith("_off"):
            rows.setdefault(name.removesuffix("_off"), {})["off"] = self._off(name, bench)
        elif name == "no_sharing":
            rows[name] = bench.bookkeeping(self._work[name], repeats, limit_s)
        elif name == "events":
            rows[name] = events_cost(bench, self._work["few_shot"])
        elif name == "differences":
            work = self._work[name]
            assert isinstance(work, FewShot)
            rows[name] = difference_rates(bench, work)
        elif name == "decode":
            rows[name] = self._decode(bench)
        else:
            short = name in ("first_token", "few_shot")
            often = {"first_token": 9, "few_shot": max(5, repeats)}.get(name, repeats)
            rows[name] = bench.seconds(self._work[name], often, warm_up=short or repeats > 1, limit_s=limit_s)
        if name in self._work and name not in ("decode", "differences") and not name.endswith("_off"):
            rows[name]["floor"] = floor.seconds(self._work[name].batches())
        if name == "decode":
            kv = 128 + 257 / 2
            rows[name]["floor"] = floor.decode_step(1, kv, kv)

    def _off(self, name: str, bench: Bench) -> dict[str, Any]:
        """The same engine with its cache off; ``ratio`` where the workload is a smaller one, run both ways."""
        whole = name.removesuffix("_off")
        work, limit_s = self._work.get(name, self._work[whole]), self._args.row_limit
        on = bench.seconds(work, 1, warm_up=False, limit_s=limit_s) if name in self._work else None
        with bench.engine.without_cache("off"):
            off = bench.seconds(work, 1, warm_up=False, limit_s=limit_s)
        if on is not None:
            off["of"] = repr(work)
            if "seconds" in on and "seconds" in off:
                off["ratio"] = off["seconds"] / on["seconds"]
        return off

    def _decode(self, bench: Bench) -> dict[str, Any]:
        """Seconds a token after the first: a whole answer less a first token."""
        work = self._work["decode"]
        assert isinstance(work, OneRequest)
        whole = bench.seconds(work, 2)
        first = bench.seconds(OneRequest(work.prompt_tokens, 1), 3)
        if "over" in whole or "over" in first:
            return whole
        each = (whole["seconds"] - first["seconds"]) / (work.new_tokens - 1)
        return {"seconds": each, "whole": whole["all"], "first": first["all"]}

    def own_engine_rows(self) -> None:
        """Rows that need another engine."""
        for name, measure in (("programs", self._programs), ("deterministic", self._deterministic)):
            if name in self._args.only and self._whole.left_s > 10:
                gc.collect()
                self._tried(name, measure)

    def _deterministic(self) -> None:
        """Batch-invariant results: differences, and seconds of two rows for the price."""
        engine, start_s = self._start({"deterministic": True})
        work = self._work["differences"]
        assert isinstance(work, FewShot)
        with engine:
            bench = Bench(engine, self._whole)
            row: dict[str, Any] = {"engine": engine.runner.description, "start": start_s}
            self.results["rows"]["deterministic"] = row
            row["differences"] = difference_rates(bench, work)
            row["seconds"] = {"decode": self._decode(bench), "few_shot": bench.seconds(self._work["few_shot"], 1)}
            print(f"deterministic: {json.dumps(row)}", flush=True)

    def _programs(self) -> None:
        """The row of language programs."""
        shape = LLAMA_1B if self._args.size == "full" else self._shape
        n, new = (64, 128) if self._args.size == "full" else (4, 4)
        self.results["rows"]["programs"] = programs_against_requests(self._whole, self._args.device, shape, n, new)
        print(f"programs: {json.dumps(self.results['rows']['programs'])}", flush=True)

    def peers(self) -> None:
        """`transformers`, in what is left of its own budget."""
        if self._args.peer_budget <= 0:
            return
        from benchmarks.gpu_peers import measured

        gc.collect()
        names = [name for name in _PEER_ROWS if name in self._args.only and name in self._args.peer_rows]
        for name, way, said in measured(self._shape, self._args.device, self._args.size, names, self._args.peer_budget):
            self.results["peers"].setdefault(name, {})[way] = said
            print(f"transformers, {way}, {name}: {json.dumps(said)}", flush=True)
            self.write(self._args.out)

    def write(self, folder: Path) -> None:
        """``gpu.json`` and ``gpu.md``."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "gpu.json").write_text(json.dumps(self.results, indent=2) + "\n", encoding="utf-8")
        (folder / "gpu.md").write_text(markdown(self.results), encoding="utf-8")


def process_seconds() -> float:
    """Seconds since this process began, as the system counts them: what `start` leaves out is in it."""
    import os

    ticks = float(Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19])
    uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    return uptime - ticks / os.sysconf("SC_CLK_TCK")


def gpu_versions(cuda: bool) -> dict[str, Any]:
    """Driver, CUDA and kernels' libraries."""
    import importlib.metadata

    import torch

    found: dict[str, Any] = {}
    for name, package in (("triton", "triton"), ("flashinfer", "flashinfer-python")):
        try:
            found[name] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    if cuda:
        import subprocess

        query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        told = subprocess.run(query, capture_output=True, text=True, check=False).stdout.split()
        found["driver"] = told[0] if told else None  # of several cards the first
        found["cuda"] = torch.version.cuda
        found["gpu_bytes"] = torch.cuda.get_device_properties(0).total_memory
    return found


def _parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=list(ROWS), choices=ROWS)
    parser.add_argument("--budget", type=float, default=600, help="seconds for our rows; 0: none")
    parser.add_argument("--reserve", type=float, default=60, help="of them, for the rows with an engine of their own")
    parser.add_argument("--row-limit", type=float, default=60, help="seconds after which a row is given up")
    parser.add_argument("--memory-fraction", type=float, help="of the GPU, for this process: where others use it too")
    parser.add_argument("--peer-rows", nargs="*", default=list(_PEER_ROWS), choices=_PEER_ROWS)
    parser.add_argument("--peer-budget", type=float, default=300, help="seconds for transformers; 0: none")
    parser.add_argument("--repeats", type=int, default=1, help="of the long rows")
    parser.add_argument("--device", default="cuda", choices=("cpu", "cuda"))
    parser.add_argument("--size", default="full", choices=("full", "tiny"))
    parser.add_argument("--config", help="a config.json, for --size tiny")
    parser.add_argument("--engine", nargs="*", default=[], metavar="NAME=VALUE", help="further engine options")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    parser.add_argument(
        "--plain", action="store_true", help="every matrix product by torch: none is chosen by stopwatch"
    )
    parser.add_argument("--paged", action="store_true", help="keys of whole prompts are read where they lie")
    args = parser.parse_args(arguments)
    args.engine = {name: _value(value) for name, _, value in (pair.partition("=") for pair in args.engine)}
    return args


def _value(text: str) -> Any:
    try:
        return json.loads(text.lower()) if text.lower() in ("true", "false") else json.loads(text)
    except ValueError:
        return text


if __name__ == "__main__":
    main()
