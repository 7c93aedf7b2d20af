"""How often cached output differs from uncached in bf16, and what ``deterministic=True`` costs to make them the same.

python -m benchmarks.gpu_determinism [--out FOLDER]

Llama-3.1-8B's shape, random bf16 weights, greedy. Random weights have near ties everywhere, so rates of difference are far above those of a
trained model: they are an upper bound, and a sharp test.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.gpu_engine import Bench, Clock
from benchmarks.gpu_programs import shape_folder
from benchmarks.gpu_workloads import FewShot, Ids, NoSharing, OneRequest, Workload
from benchmarks.machine import describe
from tests.gpu.test_llama_8b_shape import LLAMA_31_8B

_PRICED: dict[str, Workload] = {
    "decode": OneRequest(128, 129),
    "few_shot": FewShot(),
    "no_sharing": NoSharing(256, 1024, 32),
}
_COMPARED = FewShot(128, 1500, 64, 48)


def main() -> None:
    """Measure both engines, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    parser.add_argument("--budget", type=float, default=100, help="seconds")
    args = parser.parse_args()
    clock = Clock(args.budget)
    results: dict[str, Any] = {"machine": describe("cuda"), "model": "Llama-3.1-8B shape, random weights, bf16"}
    for name, options in {"default": {}, "deterministic": {"deterministic": True}}.items():
        results[name] = measured(options, clock)
        print(name, json.dumps(results[name]), flush=True)
    if all("seconds" in results[name] for name in ("default", "deterministic")):
        fast, exact = (results[name]["seconds"] for name in ("default", "deterministic"))
        results["price"] = {row: exact[row] / fast[row] for row in fast if row in exact}
        print("price", json.dumps(results["price"]))
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "gpu_determinism.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def measured(options: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Differences and seconds of one engine."""
    from sgbench.engine.config import EngineConfig
    from sgbench.engine.engine import EngineCore
    from sgbench.engine.runner.torch_runner import TorchRunner

    folder = shape_folder(LLAMA_31_8B)
    given = {"load_format": "dummy", "context_length": 4096, "max_running": 256, "max_prefill_tokens": 8192, **options}
    runner = TorchRunner(EngineConfig.from_options(str(folder), given))
    with EngineCore(runner.config, runner, None) as engine:
        bench = Bench(engine, clock)
        fresh = outputs(bench)
        cached = outputs(bench)
        with engine.without_cache("off"):
            uncached = outputs(bench)
            alone = outputs(bench, first=4)
        seconds = {name: bench.seconds(work, 1).get("seconds") for name, work in _PRICED.items()}
        return {
            "engine": runner.description,
            "cached_against_fresh": differences(cached, fresh),
            "cached_against_uncached": differences(cached, uncached),
            "alone_against_together": differences(alone, uncached[:4]),
            "seconds": {name: value for name, value in seconds.items() if value is not None},
        }


def outputs(bench: Bench, first: int | None = None) -> list[Ids]:
    """What every request of the compared workload says; ``first``: only so many, each on its own."""
    said: list[Ids] = []
    run = bench.generate(time.perf_counter() + bench.clock.left_s)

    def play(prompts: list[Ids], new_tokens: int) -> list[Ids]:
        batches = [prompts] if first is None else [[prompt] for prompt in prompts[:first]]
        for batch in batches:
            said.extend(run(batch, new_tokens))
        return said

    recorded: Callable[[list[Ids], int], list[Ids]] = play
    _COMPARED.play(recorded, bench.engine.runner.vocab_size, 0)
    return said


def differences(ours: list[Ids], theirs: list[Ids]) -> dict[str, Any]:
    """Share of requests that differ, and at which token they first do."""
    firsts = [
        next(i for i, (a, b) in enumerate(zip(x, y, strict=True)) if a != b)
        for x, y in zip(ours, theirs, strict=True)
        if x != y
    ]
    tokens = sum(len(x) for x in ours) - sum(len(x) - 1 - i for x, i in zip(ours, firsts, strict=False))
    return {
        "requests": len(ours),
        "different": len(firsts),
        "first_differences_per_token": len(firsts) / tokens if tokens else 0.0,
        "median_first": sorted(firsts)[len(firsts) // 2] if firsts else None,
    }


if __name__ == "__main__":
    main()
