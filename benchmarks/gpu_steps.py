"""What one step costs on the device, kernel by kernel, without a scheduler: decode steps and prefill chunks made up here.

    python -m benchmarks.gpu_steps --decode 1x1000 64x900 256x1088 --prefill 8x1024+0 --json steps.json

Llama-3.1-8B's shape, random weights. Times a step are those of many steps launched one behind the other; kernels come from the profiler, so
their sum and the step differ by what lies between them. Knows the runner's plans.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.gpu_floor import Ceilings, Floor
from sgbench.engine.attention import flashinfer_plan
from sgbench.engine.config import EngineConfig
from sgbench.engine.kernels import chosen_products
from sgbench.engine.models.config import ModelConfig
from sgbench.engine.request import Chunk, DecodePlan, SamplingParams, SharedPrefix, StepPlan
from sgbench.engine.runner.torch_runner import TorchRunner
from tests.gpu.test_llama_8b_shape import LLAMA_31_8B

_SETTINGS: dict[str, Any] = {"max_running": 256, "max_prefill_tokens": 8192, "context_length": 4096}
_GREEDY = SamplingParams(temperature=0.0)
_SHOWN = 14


def runner(options: dict[str, Any]) -> TorchRunner:
    """The 8B shape with random weights."""
    folder = Path(tempfile.mkdtemp())
    (folder / "config.json").write_text(json.dumps(LLAMA_31_8B), encoding="utf-8")
    given = {"load_format": "dummy", "device": "cuda", "kv_tokens": 400_000} | _SETTINGS
    return TorchRunner(EngineConfig.from_options(str(folder), given | options))


def chunks(n: int, tokens: int, start: int, shared: int, seed: int = 0) -> tuple[Chunk, ...]:
    """``n`` requests that run ``tokens`` tokens from ``start`` on; the first ``shared`` positions are in the same slots."""
    rng = np.random.default_rng(seed)
    slots = rng.permutation(n * (start + tokens - shared) + shared).astype(np.int32)
    common, own = slots[:shared], slots[shared:].reshape(n, -1)
    ids = rng.integers(3, 100_000, (n, tokens)).astype(np.int32)
    return tuple(Chunk(i, i, start, ids[i], np.concatenate([common, own[i]]), 0, True, _GREEDY) for i in range(n))


def plan(n: int, tokens: int, start: int, shared: int) -> StepPlan:
    """A step of `chunks`."""
    segments = (SharedPrefix(0, shared, tuple(range(n))),) if shared else ()
    return StepPlan(-1, chunks(n, tokens, start, shared), segments)


def beside(step: StepPlan, n: int, context: int) -> StepPlan:
    """``step`` behind tokens that are not known yet of ``n`` other requests, as the engine launches it ahead."""
    m, first = len(step.chunks), 1 + max(int(chunk.slots.max()) for chunk in step.chunks)
    decodes = (
        replace(c, rid=c.rid + m, row=c.row + m, token_ids=np.array([-1], np.int32), slots=c.slots + np.int32(first))
        for c in chunks(n, 1, context - 1, 0, seed=1)
    )
    shared = tuple(replace(s, chunks=tuple(i + n for i in s.chunks)) for s in step.shared)
    return StepPlan(-1, (*decodes, *step.chunks), shared)


def decode(of: TorchRunner, n: int, context: int, shared: int) -> tuple[Callable[[], Any], str]:
    """Launches a captured decode step of ``n`` requests that read ``context`` tokens each."""
    first = plan(n, 1, context - 1, shared)
    for _ in range(2):
        of.run(first)
    ahead = DecodePlan(
        rids=tuple(range(n)),
        rows=np.arange(n, dtype=np.int32),
        positions=np.full(n, context - 1, np.int32),
        slots=np.array([c.slots[-1] for c in first.chunks], np.int32),
        sample_index=np.ones(n, np.int64),
        shared=first.shared,
    )
    return lambda: of.launch(ahead), f"decode {n} x {context:,}" + (f", {shared:,} shared" if shared else "")


def step_ms(launch: Callable[[], Any], repeats: int) -> float:
    """Milliseconds of a step, many in a row."""
    for _ in range(3):
        launch().result()
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
    start.record()
    under_way = [launch() for _ in range(repeats)]
    end.record()
    end.synchronize()
    for each in under_way:
        each.result()
    return float(start.elapsed_time(end)) / repeats


def kernels(launch: Callable[[], Any], repeats: int) -> list[dict[str, Any]]:
    """Microseconds and launches a step by kernel, the largest first."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA]) as profiler:
        under_way = [launch() for _ in range(repeats)]
        for each in under_way:
            each.result()
        torch.cuda.synchronize()
    totals: dict[str, tuple[float, int]] = {}
    for event in profiler.events():
        if event.device_type == torch.autograd.DeviceType.CUDA:  # type: ignore[attr-defined]
            spent, count = totals.get(event.name, (0.0, 0))
            totals[event.name] = (spent + event.time_range.elapsed_us(), count + 1)
    ranked = sorted(totals.items(), key=lambda item: -item[1][0])
    return [{"kernel": k[:80], "us": us / repeats, "launches": c / repeats} for k, (us, c) in ranked]


def report(name: str, launch: Callable[[], Any], floor_ms: dict[str, float], repeats: int) -> dict[str, Any]:
    """Measure, print, and return a case."""
    ms = step_ms(launch, repeats)
    rows = kernels(launch, min(repeats, 4))
    busy = sum(row["us"] for row in rows) / 1e3
    floors = ", ".join(f"{k} {v:.2f}" for k, v in floor_ms.items())
    print(
        f"{name}: {ms:.3f} ms a step, kernels {busy:.3f}, {sum(r['launches'] for r in rows):.0f} launches; floors: {floors}"
    )
    for row in rows[:_SHOWN]:
        print(
            f"  {row['us']:9.1f} us {row['launches']:6.1f}  {row['us'] / row['launches']:8.2f} each  {row['kernel']}",
            flush=True,
        )
    return {"case": name, "ms": ms, "kernels_ms": busy, "floors_ms": floor_ms, "kernels": rows}


def _floors(n: int, tokens: int, start: int, shared: int) -> dict[str, float]:
    model, ceilings = ModelConfig.from_dict(LLAMA_31_8B), Ceilings(4.28e12, 766e12)
    floor = Floor(model, ceilings)
    head = model.vocab_size * model.hidden_size
    layers = model.parameters - 2 * head
    products = max(2 * (layers + head) / 4.28e12, 2 * (layers * n * tokens + head * n) / 766e12)
    kv = n * (start + tokens - shared) + shared
    pairs = n * tokens * (start + (tokens + 1) / 2)
    attention = max(kv * floor._kv_bytes / 4.28e12, pairs * floor._pair_flops / 766e12)
    return {"products": products * 1e3, "attention": attention * 1e3}


def main() -> None:
    """Print each case; write all as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--decode", nargs="*", default=["1x1000", "64x900", "256x1088"], help="REQUESTSxCONTEXT[/SHARED]"
    )
    parser.add_argument("--prefill", nargs="*", default=["8x1024+0"], help="REQUESTSxTOKENS+START[/SHARED]")
    parser.add_argument("--beside", help="REQUESTSxCONTEXT that decode in the same step as each --prefill")
    parser.add_argument("--options", type=json.loads, default={})
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plain", action="store_true", help="every matrix product by torch")
    parser.add_argument("--paged", action="store_true", help="keys of whole prompts are read where they lie")
    args = parser.parse_args()
    chosen_products.CHOOSE, flashinfer_plan.DENSE_OWN = not args.plain, not args.paged
    began = time.perf_counter()
    of = runner(args.options)
    print(f"start {time.perf_counter() - began:.1f} s")
    print(of.description)
    products: Any = getattr(of._steps._forward, "_products", None)  # type: ignore[union-attr]
    for (kind, n, rows, width), choice in ({} if products is None else products.choices).items():
        print(
            f"  {kind} {n} x {rows} x {width}: {choice.plain_s * 1e6:.1f} -> {choice.best_s * 1e6:.1f} us by {choice.name}"
        )
    found: list[dict[str, Any]] = []
    for case in args.decode:
        sizes, _, shared = case.partition("/")
        n, context = map(int, sizes.split("x"))
        launch, name = decode(of, n, context, int(shared or 0))
        found.append(report(name, launch, _floors(n, 1, context - 1, int(shared or 0)), args.repeats))
    for case in args.prefill:
        sizes, _, shared = case.partition("/")
        sizes, _, start = sizes.partition("+")
        n, tokens = map(int, sizes.split("x"))
        step = plan(n, tokens, int(start), int(shared or 0))
        name = f"prefill {n} x {tokens:,} from {int(start):,}" + (f", {shared} shared" if shared else "")
        floors = _floors(n, tokens, int(start), int(shared or 0))
        if args.beside:
            step = beside(step, *map(int, args.beside.split("x")))
            name += f" beside {args.beside} decodes"
        found.append(report(name, lambda step=step: of.launch(step), floors, max(3, args.repeats // 4)))  # type: ignore[misc]
    if args.json:
        args.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
