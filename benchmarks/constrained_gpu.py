"""Constraints on a GPU, Llama-3.1-8B's shape with random weights: what masks cost a decode step, and what jump-forward saves.

python -m benchmarks.constrained_gpu [--budget SECONDS] [--out FILE]

The vocabulary is that of `benchmarks.constraint_suite.large_tokenizer` (extra ``bench``), and the model's embedding as wide. One engine
serves all arms: between two runs only how it jumps, and whether it launches ahead, is switched. With random weights the texts are noise
inside the constraint, which is all that a constraint's cost depends on.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.constraint_suite import CHARACTER, STRING, large_tokenizer
from benchmarks.machine import describe
from sgbench.engine.config import EngineConfig
from sgbench.engine.constrained.compiler import regex_machine
from sgbench.engine.constrained.token_mask import TokenMasks
from sgbench.engine.constrained.vocabulary import Vocabulary
from sgbench.engine.engine import EngineCore
from sgbench.engine.kernels.masked_sampling import N_FIELDS
from sgbench.engine.runner.device_steps import DeviceSteps
from sgbench.engine.runner.masking import MaskTable
from sgbench.engine.runner.row_sampling import RowSampling
from sgbench.engine.runner.torch_runner import TorchRunner
from sgbench.engine.token_set import TokenSet
from sgbench.engine.worker import Worker
from tests.gpu.test_llama_8b_shape import LLAMA_31_8B

BATCH = 64
STEPS = 64
ENDLESS = {"wide": r'[^"\\\x00-\x1f]*', "narrow": r"[0-9]*"}
"""Constraints that a text can satisfy for ever: one allows most tokens, one a few."""


def main() -> None:
    """Measure what time allows, most important first; print and write after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", type=float, default=85, help="seconds for everything")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--layers", type=int, default=32)
    args = parser.parse_args()
    began = time.perf_counter()
    deadline = began + args.budget
    results: dict[str, Any] = {"machine": describe("cuda")}

    def tell(name: str, value: Any) -> None:
        results[name] = value
        print(name, json.dumps(value), flush=True)
        if args.out:
            args.out.parent.mkdir(parents=True, exist_ok=True)
            args.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")

    bench = Bench(args.layers)
    tell("engine", {"start_s": bench.start_s, "config": bench.settings()})
    tell("mask_step", bench.mask_step(began + 0.6 * args.budget))
    tell("kernel_us", kernel_us())
    tell("character_64", bench.characters(BATCH, 3, deadline))
    for size in (1, 16):
        if time.perf_counter() < deadline:
            tell(f"character_{size}", bench.characters(size, 2, deadline))
    bench.engine.shutdown()


class Bench:
    """One engine."""

    def __init__(self, layers: int) -> None:
        began = time.perf_counter()
        self.tokenizer: Any = large_tokenizer()
        if self.tokenizer is None:
            raise SystemExit("mistral-common is not installed (extra bench)")
        folder = Path(tempfile.mkdtemp(prefix="llama-8b-shape-"))
        shape = LLAMA_31_8B | {"vocab_size": self.tokenizer.vocab_size, "eos_token_id": 2, "num_hidden_layers": layers}
        (folder / "config.json").write_text(json.dumps(shape), encoding="utf-8")
        config = EngineConfig(
            model_path=str(folder), load_format="dummy", context_length=8192, kv_tokens=120_000, max_running=4 * BATCH
        )
        runner = TorchRunner(config)
        self.engine = EngineCore(runner.config, runner, self.tokenizer)
        self.start_s = round(time.perf_counter() - began, 1)

    def settings(self) -> dict[str, Any]:
        """What was resolved."""
        config = self.engine.config
        return {name: getattr(config, name) for name in ("attention", "cuda_graph", "overlap", "dtype")}

    def mask_step(self, deadline: float) -> dict[str, Any]:
        """Milliseconds of a decode step of 64 requests: free, and bound by masks alone.

        Of each run the median time from one step's end to the next's, which leaves out prompts and ends; arms alternated, every other round
        in reverse; medians of rounds, and of the ratios within each.
        """
        params: dict[str, Any] = {"temperature": 0, "max_new_tokens": STEPS, "ignore_eos": True}
        bound = {name: params | {"regex": pattern} for name, pattern in ENDLESS.items()}
        arms: dict[str, tuple[dict[str, Any], bool, bool, str]] = {
            "free": (params, False, False, "off"),
            "free, launched ahead": (params, True, False, "off"),
            **{name: (options, True, False, "off") for name, options in bound.items()},
            "wide, ready to jump": (bound["wide"], True, False, "safe"),
            "wide, copied and forbidden": (bound["wide"], True, True, "off"),
        }
        clock = _StepClock()
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name in arms}
        for round_ in range(7):
            for name, (options, ahead, in_parts, mode) in list(arms.items())[:: -1 if round_ % 2 else 1]:
                self._set(mode=mode, ahead=ahead)
                clock.begin(in_parts)
                seconds, steps = self._run([f"Tell me more {i}" for i in range(BATCH)], options)
                if round_:
                    rounds[name].append(clock.told() | {"whole_run": seconds / steps * 1e3})
            if round_ > 1 and time.perf_counter() > deadline:
                break
        clock.restore()
        self._set(ahead=True)
        return {**_summary(rounds), "rounds": len(rounds["free"])}

    def characters(self, size: int, repeats: int, deadline: float) -> dict[str, Any]:
        """The character sheet, by how forced text is taken: alternated, medians."""
        params = {"temperature": 0, "max_new_tokens": 400, "regex": CHARACTER}
        modes = ("off", "safe", "text")
        taken: dict[str, list[float]] = {mode: [] for mode in modes}
        last: dict[str, dict[str, Any]] = {}
        for round_ in range(repeats + 1):
            for mode in modes:
                self._set(mode=mode)
                prompts = [f"{i}: the character sheet of a wizard as JSON.\n" for i in range(size)]
                seconds, _ = self._run(prompts, params, complete=True)
                stats = self.engine.stats()
                last[mode] = {
                    "forward_passes": stats.forward_passes,
                    "completion_tokens": stats.completion_tokens,
                    "jumped_tokens": stats.jumped_tokens,
                    "prefill_tokens": stats.prefill_tokens,
                }
                if round_:
                    taken[mode].append(seconds)
            if time.perf_counter() > deadline and taken["off"]:
                break
        seconds_of = {mode: statistics.median(values) for mode, values in taken.items()}
        rows = {mode: {"seconds": seconds_of[mode], **last[mode]} for mode in modes}
        for mode in ("safe", "text"):
            rows[mode]["speedup"] = seconds_of["off"] / seconds_of[mode]
            rows[mode]["fewer_passes"] = last["off"]["forward_passes"] / last[mode]["forward_passes"]
        return rows

    def _set(self, mode: str | None = None, ahead: bool | None = None) -> None:
        """Between two runs, with no request live."""
        if mode is not None:
            self.engine._intake._jump_forward = mode
        if ahead is not None:
            launcher = self.engine.runner if ahead else None
            self.engine.call(lambda: setattr(self.engine._loop.worker._pipeline, "_launcher", launcher))

    def _run(self, prompts: list[str], params: dict[str, Any], complete: bool = False) -> tuple[float, int]:
        engine = self.engine
        engine.flush_cache()
        engine.reset_stats()
        torch.cuda.synchronize()
        began = time.perf_counter()
        results = engine.generate(prompts, params)
        seconds = time.perf_counter() - began
        assert not complete or all(result["meta_info"]["complete"] for result in results)
        return seconds, engine.stats().forward_passes


def _summary(rounds: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Medians of each arm, and what each costs over the arm without constraints that launches ahead."""
    base = rounds["free, launched ahead"]
    names = list(base[0])
    ms = {
        arm: {name: round(statistics.median(row[name] for row in rows), 4) for name in names}
        for arm, rows in rounds.items()
    }
    overhead = {
        arm: {
            name: round(statistics.median(row[name] / free[name] for row, free in zip(rows, base, strict=True)) - 1, 4)
            for name in ("step", "device", "whole_run")
        }
        for arm, rows in rounds.items()
    }
    return {"ms": ms, "overhead": overhead}


class _StepClock:
    """What each step of a run takes: from end to end, on the device, and on the host for binding it."""

    def __init__(self) -> None:
        self._ends: list[float] = []
        self._device: list[float] = []
        self._binding: list[float] = []
        self._classes: tuple[Any, Any, Any] = Worker, DeviceSteps, RowSampling
        self._real = Worker._commit, DeviceSteps._bind, RowSampling.filtered
        commit, bind, filtered = self._real
        clock = self

        def committed(worker: Worker, outcome: Any) -> Any:
            clock._ends.append(time.perf_counter())
            clock._device.append(outcome.forward_ms)
            return commit(worker, outcome)

        def bound(steps: DeviceSteps, *args: Any) -> Any:
            began = time.perf_counter()
            made = bind(steps, *args)
            clock._binding.append((time.perf_counter() - began) * 1e3)
            return made

        self.in_parts = False
        self._set(committed, bound, lambda sampling, rows: clock.in_parts or filtered(sampling, rows))

    def _set(self, commit: Any, bind: Any, filtered: Any) -> None:
        worker, steps, sampling = self._classes
        worker._commit, steps._bind, sampling.filtered = commit, bind, filtered

    def begin(self, in_parts: bool) -> None:
        """A run; ``in_parts``: rows are copied, forbidden and drawn by one kernel after the other."""
        self.in_parts = in_parts
        for kept in (self._ends, self._device, self._binding):
            kept.clear()

    def told(self) -> dict[str, float]:
        """Medians over the run without its first and last steps."""
        steps = [(after - before) * 1e3 for before, after in itertools.pairwise(self._ends)]
        return {
            "step": statistics.median(steps[4:-4]),
            "slowest_tenth": statistics.quantiles(steps[4:-4], n=10)[-1],
            "device": statistics.median(self._device[4:-4]),
            "host_binds": statistics.median(self._binding[4:-4]) if self._binding else 0.0,
        }

    def restore(self) -> None:
        """As it was."""
        self._set(*self._real)


def kernel_us() -> dict[str, float]:
    """The device's own time for 64 rows of 131,072 scores in bf16: draw anew among what bits allow, and the same in parts."""
    from sgbench.engine.kernels.ops import step_ops

    device = torch.device("cuda")
    tokenizer: Any = large_tokenizer()
    vocabulary = Vocabulary(tokenizer.tokens)
    masks = TokenMasks(regex_machine(STRING), vocabulary)
    inside = masks.machine.step(masks.machine.start, b'"')
    sets: list[TokenSet] = [masks.token_set(inside), masks.token_set(masks.machine.start)] * (BATCH // 2)
    logits = torch.randn(BATCH, len(vocabulary), device=device, dtype=torch.bfloat16)
    table, ops = MaskTable(len(vocabulary), device), step_ops(device)
    rows = torch.arange(BATCH, dtype=torch.int32, device=device)
    last = torch.zeros(BATCH + 1, dtype=torch.int32, device=device)
    fields = torch.zeros(N_FIELDS, BATCH, dtype=torch.int32, device=device)
    fields[0] = fields[2] = rows
    drawn = torch.zeros(BATCH, dtype=torch.int32, device=device)

    def once(of: Sequence[TokenSet]) -> float:
        fields[1].copy_(torch.from_numpy(table.lines(of)))
        return _device_us(lambda: table.draw_(logits, fields, drawn, last))

    zeros, keys = torch.zeros(BATCH, device=device), torch.zeros(BATCH, 2, dtype=torch.int32, device=device)
    index = torch.arange(BATCH, device=device)
    return {
        "drawn at once, wide": once(sets[:1] * BATCH),
        "drawn at once, narrow": once(sets[1:2] * BATCH),
        "copy": _device_us(lambda: logits.index_select(0, index)),
        "forbid": _device_us(lambda: table.forbid_(logits, sets)),
        "draw": _device_us(lambda: ops.sample_rows(logits, zeros, zeros, keys, rows, last)),
    }


def _device_us(run: Any, repeats: int = 50) -> float:
    for _ in range(5):
        run()
    torch.cuda.synchronize()
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda._sleep(20_000_000)  # launches queue up behind it, so that the device's time is seen and not the host's
    begin.record()
    for _ in range(repeats):
        run()
    end.record()
    torch.cuda.synchronize()
    return float(begin.elapsed_time(end)) / repeats * 1e3


if __name__ == "__main__":
    main()
