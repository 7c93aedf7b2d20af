"""Attention kernels alone, a layer at a time, beside FlashInfer's and the bytes that must move.

``python -m benchmarks.attention [--sweep own|narrow|wide]`` on an NVIDIA GPU; shape of Llama-3.1-8B, bf16. A figure is the time of a
layer in a CUDA graph of 8, over enough layers of cache that the L2 holds none of the next.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sgbench.engine.attention.launch import Launch
from sgbench.engine.attention.triton_attention import TritonAttention
from sgbench.engine.models.config import ModelConfig
from sgbench.engine.request import Chunk, DecodePlan, SamplingParams, SharedPrefix, StepPlan
from sgbench.engine.runner.kv_cache import KVCache
from sgbench.engine.runner.row_sampling import decode_plan_of
from sgbench.engine.runner.slot_table import SlotTable

HEADS, KV_HEADS, HEAD_DIM = 32, 8, 128
ROW_BYTES = 2 * KV_HEADS * HEAD_DIM * 2
BYTES_A_SECOND = 4.28e12
OPERATIONS_A_SECOND = 780e12
CACHED_LAYERS = 4
LAYERS = 8
REPLAYS = 30


@dataclass(frozen=True)
class Case:
    """``n`` requests of ``own`` cached and ``count`` new tokens each; ``tree`` lists ``(tokens, requests that share them)``."""

    name: str
    n: int
    own: int
    count: int
    tree: tuple[tuple[int, int], ...] = ()

    @property
    def start(self) -> int:
        """Cached tokens of a request."""
        return self.own + sum(tokens for tokens, _ in self.tree)

    def floor_ms(self) -> float:
        """Keys, values and operations counted once."""
        unique = sum(tokens * (self.n // members) for tokens, members in self.tree) + self.n * (self.own + self.count)
        pairs = self.n * (self.count * self.start + self.count * (self.count + 1) / 2)
        return 1e3 * max(unique * ROW_BYTES / BYTES_A_SECOND, 4 * pairs * HEADS * HEAD_DIM / OPERATIONS_A_SECOND)


CASES = (
    Case("decode 1 x 1,000", 1, 999, 1),
    Case("decode 8 x 2,000", 8, 1999, 1),
    Case("decode 64 x 3,000", 64, 2999, 1),
    Case("decode 256 x 1,088", 256, 1087, 1),
    Case("decode 256 share 2,000, 64 own", 256, 63, 1, ((2000, 256),)),
    Case("decode 256, tree 512/64/64, 32 own", 256, 31, 1, ((512, 64), (64, 16), (64, 4))),
    Case("prefill 8 x 1,024", 8, 0, 1024),
    Case("extend 256 x 64 over 2,000 shared", 256, 0, 64, ((2000, 256),)),
    Case("extend 64 x 256 over 1,000", 64, 1000, 256),
    Case("extend 1 x 20 over 8,000", 1, 8000, 20),
    Case("decode 64 x 900", 64, 899, 1),
)


class Bench:
    """One pool for all cases."""

    def __init__(self, n_slots: int = 300_000, width: int = 8192) -> None:
        self.model = ModelConfig.from_dict(
            {
                "architectures": ["LlamaForCausalLM"],
                "vocab_size": 8,
                "hidden_size": HEADS * HEAD_DIM,
                "intermediate_size": 8,
                "num_hidden_layers": CACHED_LAYERS,
                "num_attention_heads": HEADS,
                "num_key_value_heads": KV_HEADS,
                "max_position_embeddings": width,
            }
        )
        self.cache = KVCache(self.model, n_slots, torch.bfloat16, torch.device("cuda"))
        self.cache.by_slot.normal_()
        self.table = SlotTable(256, width, torch.device("cuda"))
        self.order = np.random.default_rng(0).permutation(n_slots).astype(np.int32)

    def plan(self, case: Case) -> StepPlan:
        """The case's step, its slots scattered."""
        free = iter(np.split(self.order, np.cumsum(self._sizes(case))))
        levels = []
        for tokens, members in case.tree:
            levels.append([next(free)[:tokens] for _ in range(case.n // members)])
        chunks = []
        for i in range(case.n):
            above = [level[i * len(level) // case.n] for level in levels]
            slots = np.concatenate([*above, next(free)])
            ids = np.zeros(case.count, np.int32)
            chunks.append(Chunk(i, i, case.start, ids, slots, 0, True, SamplingParams()))
        self.table.write(tuple(chunks))
        segments: list[SharedPrefix] = []
        at = 0
        for tokens, members in case.tree:
            firsts = range(0, case.n, members)
            segments += [SharedPrefix(at, at + tokens, tuple(range(i, i + members))) for i in firsts]
            at += tokens
        return StepPlan(0, tuple(chunks), tuple(segments))

    @staticmethod
    def _sizes(case: Case) -> list[int]:
        shared = [tokens for tokens, members in case.tree for _ in range(case.n // members)]
        return shared + [case.own + case.count] * case.n

    def slots(self, plan: StepPlan) -> torch.Tensor:
        """Of the new tokens."""
        flat = np.concatenate([c.slots[-len(c.token_ids) :] for c in plan.chunks]).astype(np.int64)
        return torch.from_numpy(flat).cuda()


def decode_plan(plan: StepPlan) -> DecodePlan:
    """The same step of single tokens, as arrays."""
    return decode_plan_of(plan.chunks, plan.shared)


def graph_ms(body: Callable[[int], object]) -> float:
    """Milliseconds of a layer: the best of many replays of a short graph, so that other users of the GPU count little."""
    for layer in range(2):
        body(layer)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for layer in range(LAYERS):
            body(layer % CACHED_LAYERS)
    times = []
    for _ in range(REPLAYS):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        graph.replay()
        end.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(end) / LAYERS)
    return min(times)


def ours(bench: Bench, case: Case, share: bool = True, **launches: Launch) -> float:
    """Milliseconds of the Triton kernels, ``launches`` of `Launcher` replaced; decode steps the captured way."""
    plan = bench.plan(case)
    if not share:
        plan = dataclasses.replace(plan, shared=())
    backend = TritonAttention(bench.cache, HEADS)
    launcher = backend._launcher
    for kind, launch in launches.items():
        setattr(launcher, kind, launch)
    launcher.tiling = dataclasses.replace(launcher.tiling, narrow=launcher.narrow.rows, wide=launcher.wide.rows)
    q = torch.randn(case.n * case.count, HEADS, HEAD_DIM, device="cuda", dtype=torch.bfloat16)
    if case.count == 1:
        inputs = backend.decode_inputs(bench.table, 256)
        inputs.load(decode_plan(plan), case.n)
        step = backend.decode(inputs, case.n)
        return graph_ms(lambda layer: step.attend(layer, q, None))
    prepared = backend.prepare(plan, bench.table, bench.slots(plan))
    return graph_ms(lambda layer: prepared.attend(layer, q, None))


def chosen_ms(bench: Bench, case: Case) -> float:
    """Milliseconds of the backend that ``auto`` takes where FlashInfer is there, planned on the host."""
    from sgbench.engine.attention.flashinfer_attention import FlashInferAttention

    plan = bench.plan(case)
    q = torch.randn(case.n * case.count, HEADS, HEAD_DIM, device="cuda", dtype=torch.bfloat16)
    step = FlashInferAttention(bench.cache, HEADS).prepare(plan, bench.table, bench.slots(plan))
    return graph_ms(lambda layer: step.attend(layer, q, None))


def flashinfer_ms(bench: Bench, case: Case, backend: str) -> float:
    """Milliseconds of FlashInfer's paged kernels, page size 1; decode through tensor cores."""
    import flashinfer

    plan = bench.plan(case)
    lengths = [c.start + len(c.token_ids) for c in plan.chunks]
    indptr = torch.tensor([0, *np.cumsum(lengths)], dtype=torch.int32)
    indices = torch.from_numpy(np.concatenate([bench.table.host[i, :n] for i, n in enumerate(lengths)])).cuda()
    last = torch.ones(case.n, dtype=torch.int32)
    q = torch.randn(case.n * case.count, HEADS, HEAD_DIM, device="cuda", dtype=torch.bfloat16)
    workspace = torch.empty(256 << 20, dtype=torch.uint8, device="cuda")
    if case.count == 1:
        wrapper: Any = flashinfer.BatchDecodeWithPagedKVCacheWrapper(workspace, "NHD", use_tensor_cores=True)
        wrapper.plan(
            indptr, indices, last, HEADS, KV_HEADS, HEAD_DIM, 1, q_data_type=torch.bfloat16, kv_data_type=torch.bfloat16
        )
    else:
        wrapper = flashinfer.BatchPrefillWithPagedKVCacheWrapper(workspace, "NHD", backend=backend)
        starts = torch.arange(case.n + 1, dtype=torch.int32) * case.count
        wrapper.plan(
            starts.cuda(), indptr.cuda(), indices, last.cuda(), HEADS, KV_HEADS, HEAD_DIM, 1,
            causal=True, q_data_type=torch.bfloat16, kv_data_type=torch.bfloat16,
        )  # fmt: skip

    def body(layer: int) -> None:
        pages = bench.cache.by_slot[layer].unsqueeze(1)
        wrapper.run(q, (pages[:, :, :KV_HEADS], pages[:, :, KV_HEADS:]))

    return graph_ms(body)


def _launches(*each: tuple[int, int, int, int, int]) -> list[Launch]:
    """Rows, block, warps, stages, programs of a processor."""
    return [Launch(rows, block, warps, stages, 132 * programs) for rows, block, warps, stages, programs in each]


SWEEPS = {
    "own": _launches(
        (16, 64, 4, 3, 3), (16, 32, 4, 3, 6), (16, 64, 2, 3, 5), (16, 64, 2, 5, 3), (16, 32, 4, 3, 4), (16, 32, 4, 5, 4),
        (16, 64, 2, 4, 4), (16, 64, 4, 5, 3), (16, 128, 4, 3, 2), (16, 32, 2, 6, 6), (16, 64, 2, 7, 2),
    ),
    "narrow": _launches((16, 32, 4, 3, 4), (16, 32, 4, 3, 6), (16, 64, 4, 3, 3), (16, 32, 2, 3, 6)),
    "wide": _launches(
        (128, 128, 8, 3, 1), (128, 64, 8, 5, 1), (128, 128, 8, 5, 1), (128, 64, 8, 7, 1), (64, 64, 4, 3, 2), (64, 32, 4, 5, 2),
    ),
}  # fmt: skip
SWEPT = {"own": (0, 2, 3, 4, 5, 10), "narrow": (5,), "wide": (4, 5, 7, 8)}
"""Launches to try, and the cases they matter for."""


def sweep(bench: Bench, kind: str, launches: Sequence[Launch]) -> list[dict[str, Any]]:
    """Each launch on the cases it matters for."""
    rows = []
    for launch in launches:
        row: dict[str, Any] = {kind: dataclasses.astuple(launch)}
        for index in SWEPT[kind]:
            try:
                row[CASES[index].name] = round(ours(bench, CASES[index], **{kind: launch}), 4)
            except Exception as error:
                row[CASES[index].name] = type(error).__name__
        rows.append(row)
        print(dataclasses.astuple(launch), *(row[CASES[i].name] for i in SWEPT[kind]), flush=True)
    return rows


def compare(bench: Bench) -> list[dict[str, Any]]:
    """The table of all cases."""
    rows = []
    for case in CASES:
        row: dict[str, Any] = {"case": case.name, "floor_ms": round(case.floor_ms(), 4)}
        arms: dict[str, Callable[[], float]] = {"triton": lambda c=case: ours(bench, c)}
        if case.tree:
            arms["triton, not shared"] = lambda c=case: ours(bench, c, share=False)
        if case.count > 1:
            arms["chosen"] = lambda c=case: chosen_ms(bench, c)
        for backend in ("fa2",) if case.count == 1 else ("fa2", "fa3"):
            arms[f"flashinfer {backend}"] = lambda c=case, b=backend: flashinfer_ms(bench, c, b)
        for name, arm in arms.items():
            try:
                row[name] = round(arm(), 4)
            except Exception as error:
                row[name] = f"{type(error).__name__}: {error}"[:200]
        rows.append(row)
        print(json.dumps(row), flush=True)
    return rows


def main() -> None:
    """Print a table; ``--json`` keeps it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sweep", choices=sorted(SWEEPS))
    parser.add_argument("--only", type=int, help="one launch of the sweep, to compile it")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    torch.manual_seed(0)
    began = time.perf_counter()
    bench = Bench()
    if args.sweep:
        launches = SWEEPS[args.sweep]
        rows = sweep(bench, args.sweep, launches if args.only is None else [launches[args.only]])
    else:
        rows = compare(bench)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps({"gpu": torch.cuda.get_device_name(), "rows": rows}, indent=1))
    print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
