"""Where a decode step's time goes: on the device, between kernels, on the host.

Llama-3.1-8B's shape with random weights on a GPU, or with ``--cpu`` the bundled model. Figures come from the engine's own events: the time
from one step's end to the next one's, while the same requests decode.

    python -m benchmarks.step --json steps.json
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import EngineCore
from sgbench.trace.events import Event, StepFinished
from tests.gpu.test_llama_8b_shape import LLAMA_31_8B

_FEW = 3


def start(options: dict[str, Any], cpu: bool) -> tuple[EngineCore, dict[str, float]]:
    """An engine, and the seconds until its first token."""
    began = time.perf_counter()
    import torch

    from sgbench.engine.runner.torch_runner import TorchRunner

    imported = time.perf_counter()
    folder = Path(tempfile.mkdtemp())
    (folder / "config.json").write_text(json.dumps(LLAMA_31_8B), encoding="utf-8")
    given = (
        {"model_path": "bundled"}
        if cpu
        else {"model_path": str(folder), "load_format": "dummy", "context_length": 16_384}
    )
    runner = TorchRunner(EngineConfig(**(given | options)))
    engine = EngineCore(runner.config, runner, None)
    built = time.perf_counter()
    decode(engine, 1, 8, 2)
    done = time.perf_counter()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return engine, {
        "import_s": imported - began,
        "build_s": built - imported,
        "first_tokens_s": done - built,
        "start_s": done - began,
    }


def prompts(n: int, tokens: int, vocab: int, seed: int) -> list[list[int]]:
    """Random prompts that share nothing."""
    rng = np.random.default_rng(seed)
    ids: list[list[int]] = rng.integers(3, vocab, (n, tokens)).tolist()
    return ids


def decode(engine: EngineCore, batch: int, prompt_tokens: int, new: int) -> dict[str, float]:
    """Milliseconds a step while ``batch`` requests decode together."""
    ends: list[tuple[int, int, float]] = []

    def note(event: Event) -> None:
        if isinstance(event, StepFinished):
            ends.append((len(event.rids), event.t_ns, event.forward_ms))

    stop = engine.subscribe(note)
    texts = prompts(batch, prompt_tokens, engine.runner.vocab_size, time.time_ns() % 2**31)
    params = {"temperature": 0, "max_new_tokens": new, "ignore_eos": True}
    engine.generate(input_ids=texts, sampling_params=params)
    stop()
    gaps = [(b[1] - a[1]) / 1e6 for a, b in itertools.pairwise(ends) if a[0] == b[0] == batch][_FEW:]
    on_device = [ms for n, _, ms in ends if n == batch][_FEW:]
    if not gaps:
        return {}
    return {
        "step_ms": statistics.median(gaps),
        "p90_ms": sorted(gaps)[int(len(gaps) * 0.9)],
        "device_ms": statistics.median(on_device),
        "steps": len(gaps),
    }


def first_token(engine: EngineCore, prompt_tokens: int, repeats: int = 20) -> float:
    """Median milliseconds until one short request alone has its first token."""
    times = []
    for text in prompts(repeats + _FEW, prompt_tokens, engine.runner.vocab_size, 5):
        began = time.perf_counter()
        engine.generate(input_ids=text, sampling_params={"temperature": 0, "max_new_tokens": 1, "ignore_eos": True})
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times[_FEW:])


def host_share(engine: EngineCore, batch: int, prompt_tokens: int, new: int) -> float:
    """Milliseconds of host work a step: the step less what the engine's thread spends waiting for the device."""
    import torch

    waited = 0.0
    wait = torch.cuda.Event.synchronize

    def timed(event: Any) -> None:
        nonlocal waited
        began = time.perf_counter()
        wait(event)
        waited += time.perf_counter() - began

    steps: list[tuple[int, int, float]] = []

    def note(event: Event) -> None:
        if isinstance(event, StepFinished):
            steps.append((len(event.rids), event.t_ns, waited))

    stop = engine.subscribe(note)
    torch.cuda.Event.synchronize = timed  # type: ignore[method-assign]
    try:
        texts = prompts(batch, prompt_tokens, engine.runner.vocab_size, time.time_ns() % 2**31)
        engine.generate(input_ids=texts, sampling_params={"temperature": 0, "max_new_tokens": new, "ignore_eos": True})
    finally:
        torch.cuda.Event.synchronize = wait  # type: ignore[method-assign]
        stop()
    pairs = itertools.pairwise(steps)
    own = [(b[1] - a[1]) / 1e6 - (b[2] - a[2]) * 1e3 for a, b in pairs if a[0] == b[0] == batch]
    return statistics.median(own[_FEW:])


def breakdown(engine: EngineCore, batch: int, prompt_tokens: int, new: int) -> Iterator[dict[str, Any]]:
    """Kernels of decode steps by their share of the device's time, largest first; then what lies between kernels."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    ends: list[tuple[int, int]] = []

    def note(event: Event) -> None:
        if isinstance(event, StepFinished):
            ends.append((len(event.rids), event.t_ns))
            if len(ends) == 6 + _prefills(engine, batch, prompt_tokens):
                profiler.start()
                began.append(len(ends))

    began: list[int] = []
    profiler = profile(activities=[ProfilerActivity.CUDA])
    stop = engine.subscribe(note)
    texts = prompts(batch, prompt_tokens, engine.runner.vocab_size, time.time_ns() % 2**31)
    engine.generate(input_ids=texts, sampling_params={"temperature": 0, "max_new_tokens": new, "ignore_eos": True})
    torch.cuda.synchronize()
    engine.call(profiler.stop)  # on the thread that started it
    stop()
    steps = len(ends) - began[0]
    events = [e for e in profiler.events() if e.device_type == torch.autograd.DeviceType.CUDA]
    totals: dict[str, tuple[float, int]] = {}
    for event in events:
        spent, count = totals.get(event.name, (0.0, 0))
        totals[event.name] = (spent + event.time_range.elapsed_us(), count + 1)
    for name, (spent, count) in sorted(totals.items(), key=lambda item: -item[1][0])[:16]:
        yield {"kernel": name[:90], "us_a_step": spent / steps, "launches_a_step": count / steps}
    busy = sum(spent for spent, _ in totals.values())
    first, last = min(e.time_range.start for e in events), max(e.time_range.end for e in events)
    yield {"kernel": "all kernels", "us_a_step": busy / steps, "launches_a_step": len(events) / steps}
    yield {"kernel": "from first to last", "us_a_step": (last - first) / steps, "launches_a_step": 0}


def _prefills(engine: EngineCore, batch: int, prompt_tokens: int) -> int:
    return -(-batch * prompt_tokens // (engine.config.max_prefill_tokens or 1))


def main() -> None:
    """Print one line for each figure; write all of them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--batches", type=int, nargs="*", default=[1, 8, 64, 256])
    parser.add_argument("--prompt", type=int, default=1000)
    parser.add_argument("--new", type=int, default=60)
    parser.add_argument("--profile", type=int, nargs="*", default=[1, 256])
    parser.add_argument("--profile-prompt", type=int, default=250)
    parser.add_argument("--options", type=json.loads, default={})
    args = parser.parse_args()
    engine, seconds = start(args.options, args.cpu)
    found: dict[str, Any] = {"start": seconds, "engine": engine.runner.description}
    print(engine.runner.description)
    print("start", {k: round(v, 2) for k, v in seconds.items()}, flush=True)
    with engine:
        found["ttft_ms"] = first_token(engine, 32)
        print(f"first token of a short request {found['ttft_ms']:.2f} ms", flush=True)
        for batch in args.batches:
            found[f"decode_{batch}"] = got = decode(engine, batch, args.prompt, args.new)
            print(f"batch {batch}", {k: round(v, 3) for k, v in got.items()}, flush=True)
            if not args.cpu:
                found[f"host_{batch}"] = host = host_share(engine, batch, 64, 16)
                print(f"batch {batch} host {host:.3f} ms a step", flush=True)
            if batch in args.profile and not args.cpu:
                found[f"profile_{batch}"] = rows = list(breakdown(engine, batch, args.profile_prompt, 16))
                print(f"batch {batch}: microseconds a step, launches a step")
                for row in rows:
                    print(f"  {row['us_a_step']:9.1f} {row['launches_a_step']:7.1f}  {row['kernel']}", flush=True)
            if args.json:
                args.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
