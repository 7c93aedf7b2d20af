"""Where a workload's wall time goes: every step's kind and time on the device, and what lies between steps.

    python -m benchmarks.gpu_timeline --only no_sharing multi_turn few_shot --repeats 2

On the engine of `benchmarks.gpu`. Each launch leaves two events: when the device had everything that the step's first kernel needs, and
when its tokens were on their way back; from one step's end to the next one's beginning nothing of ours runs. Reaches into the runner.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu import _SETTINGS, workloads
from benchmarks.gpu_engine import Bench, Clock
from benchmarks.gpu_programs import shape_folder
from sgbench.engine.attention import flashinfer_plan
from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import EngineCore
from sgbench.engine.kernels import chosen_products
from sgbench.engine.request import DecodePlan
from sgbench.engine.runner.torch_runner import TorchRunner
from tests.gpu.test_llama_8b_shape import LLAMA_31_8B

_BUCKETS = (1, 8, 16, 32, 64, 96, 128, 192, 256)


@dataclass(slots=True)
class Step:
    """One launch: tokens, requests, whether a graph was replayed, host seconds of launching, and its events."""

    tokens: int
    requests: int
    replayed: bool
    host_s: float
    begin: Any
    end: Any

    @property
    def kind(self) -> str:
        """``prefill`` or ``decode``."""
        return "decode" if self.tokens == self.requests else "prefill"


class Timeline:
    """Watches the steps of an engine.

    Parameters
    ----------
    engine
        On a GPU, idle.
    """

    def __init__(self, engine: EngineCore) -> None:
        self.steps: list[Step] = []
        device_steps: Any = engine.runner._steps  # type: ignore[attr-defined]
        self._ready: Any = None
        launch, forward, load = device_steps.launch, device_steps._forward.forward, device_steps._decode._load

        def loaded(*args: Any) -> None:
            load(*args)
            self._ready = _event()

        def forwarded(*args: Any) -> Any:
            if self._ready is None:
                self._ready = _event()
            return forward(*args)

        def launched(plan: Any) -> Any:
            self._ready, known = None, len(device_steps._decode._captured)
            began = time.perf_counter()
            pending = launch(plan)
            host_s = time.perf_counter() - began
            ahead = isinstance(plan, DecodePlan)
            n = len(plan.rids) if ahead else len(plan.chunks)
            tokens = n if ahead else sum(len(c.token_ids) for c in plan.chunks)
            replayed = len(device_steps._decode._captured) == known
            self.steps.append(Step(tokens, n, replayed, host_s, self._ready, pending._events[1]))
            return pending

        device_steps.launch, device_steps._forward.forward = launched, forwarded
        device_steps._decode._load = loaded


def _event() -> Any:
    event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
    event.record()
    return event


class _Marked:
    """A workload that notes when it begins."""

    def __init__(self, work: Any) -> None:
        self._work = work
        self.zero: Any = None

    def play(self, *arguments: Any) -> None:
        """See `benchmarks.gpu_workloads.Workload`."""
        self.zero = _event()
        self._work.play(*arguments)

    def batches(self) -> Any:
        """See `benchmarks.gpu_workloads.Workload`."""
        return self._work.batches()


def play(timeline: Timeline, bench: Bench, work: Any, name: str) -> dict[str, Any]:
    """Run ``work`` once and say where its time went."""
    torch.cuda.synchronize()
    timeline.steps.clear()
    marked = _Marked(work)
    result = bench.seconds(marked, 1, warm_up=False)
    torch.cuda.synchronize()
    wall_ms = result["seconds"] * 1e3
    spans = [(marked.zero.elapsed_time(s.begin), marked.zero.elapsed_time(s.end), s) for s in timeline.steps]
    groups: dict[str, list[float]] = {}
    gaps: list[tuple[float, str, int]] = []
    end_before = 0.0
    for i, (begin, end, step) in enumerate(spans):
        bucket = next(b for b in _BUCKETS if step.requests <= b) if step.kind == "decode" else 0
        label = "prefill" if step.kind == "prefill" else f"decode <= {bucket:3d}{'' if step.replayed else ' first'}"
        first = max(begin, end_before)
        groups.setdefault(label, []).append(end - first)
        gaps.append((first - end_before, f"before {step.kind}", i))
        end_before = end
    head, tail = gaps[0][0], wall_ms - end_before
    print(f"{name}: {wall_ms:.1f} ms wall; {len(spans)} launches; head {head:.1f}, tail {tail:.1f}")
    for label in sorted(groups):
        ms = groups[label]
        print(f"  {label:20s} {len(ms):4d} x {sum(ms) / len(ms):8.3f} = {sum(ms):8.1f} ms")
    sums: dict[str, float] = {}
    for gap, where, _ in gaps[1:]:
        sums[where] = sums.get(where, 0.0) + gap
    prefills = [s.host_s * 1e3 for s in timeline.steps if s.kind == "prefill"]
    decodes = [s.host_s * 1e3 for s in timeline.steps if s.kind == "decode" and s.replayed]
    print(
        "  between:",
        {k: round(v, 1) for k, v in sums.items()},
        "largest",
        [(round(g, 1), i) for g, _, i in sorted(gaps[1:])[-6:][::-1]],
    )
    print(
        f"  host, launching: prefill {sum(prefills) / max(1, len(prefills)):.2f} ms, decode {sum(decodes) / max(1, len(decodes)):.2f} ms",
        flush=True,
    )
    return {
        "workload": name,
        "wall_ms": wall_ms,
        "head_ms": head,
        "tail_ms": tail,
        "groups": {k: [len(v), sum(v)] for k, v in groups.items()},
        "between_ms": sums,
        "steps": [
            [s.kind, s.tokens, s.requests, s.replayed, round(s.host_s * 1e3, 3), round(b, 3), round(e, 3)]
            for b, e, s in spans
        ],
    }


def main() -> None:
    """Print each run's account; write all steps as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=["no_sharing", "multi_turn", "few_shot"])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--ways", type=int, default=0, help="runs of few-shot by each way to attend")
    parser.add_argument("--options", type=json.loads, default={})
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plain", action="store_true", help="every matrix product by torch")
    parser.add_argument("--paged", action="store_true", help="keys of whole prompts are read where they lie")
    args = parser.parse_args()
    chosen_products.CHOOSE, flashinfer_plan.DENSE_OWN = not args.plain, not args.paged
    options = dict(_SETTINGS, load_format="dummy", device="cuda") | args.options
    runner = TorchRunner(EngineConfig.from_options(str(shape_folder(LLAMA_31_8B)), options))
    engine = EngineCore(runner.config, runner, None)
    found = []
    with engine:
        bench, work = Bench(engine, Clock(600)), workloads("full")
        bench.seconds(work["first_token"], 2)
        timeline = Timeline(engine)
        for name in args.only:
            for nth in range(args.repeats):
                found.append(play(timeline, bench, work[name], f"{name}, run {nth + 1}"))
                if args.json:
                    args.json.write_text(json.dumps(found), encoding="utf-8")
        if args.ways:
            _ways(engine, bench, work["few_shot"], args.ways)


def _ways(engine: EngineCore, bench: Bench, work: Any, repeats: int) -> None:
    """Few-shot with prefills by FlashInfer's shared passes, by own kernels, and with nothing shared in attention."""
    import dataclasses

    runner: Any = engine.runner
    steps, config = runner._steps, runner._config
    usual = steps._attention

    def shown(name: str) -> None:
        got = bench.seconds(work, repeats, warm_up=True)
        print(f"few_shot, {name}: {sorted(got['all'][1:])}", flush=True)

    shown("as configured")
    if hasattr(usual, "_own"):
        steps._attention = usual._own
        shown("own kernels for prefill")
        steps._attention = usual
    runner._config = dataclasses.replace(config, shared_prefix_attention=False)
    shown("prefixes not shared in attention")
    runner._config = config
    shown("as configured, again")


if __name__ == "__main__":
    main()
