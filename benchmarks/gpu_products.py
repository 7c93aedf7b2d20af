"""The matrix products of Llama-3.1-8B's shape by number of rows: torch's, and the best that cuBLASLt has, measured.

    python -m benchmarks.gpu_products --rows 64 256 8192 --json products.json

Random bf16 matrices, several of each shape in turn so that none stays in the L2 cache. Knows no engine.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from sgbench.engine.kernels.chosen_products import ChosenProducts, Kind
from sgbench.engine.kernels.cublaslt import Library
from sgbench.engine.kernels.ops import triton_ops
from sgbench.engine.kernels.skinny import own_ways

SHAPES = {
    "qkv": (6144, 4096, 32),
    "out": (4096, 4096, 32),
    "gate_up": (28672, 4096, 32),
    "down": (4096, 14336, 32),
    "head": (128256, 4096, 1),
}
"""Rows, width, how many in a step."""
_KINDS: dict[str, Kind] = {"qkv": "whole", "out": "added", "gate_up": "gated", "down": "added", "head": "whole"}
_BYTES_S, _FLOPS_S = 4.28e12, 766e12


def main() -> None:
    """Print a line for each product, and sums; write all as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="*", default=[16, 32, 64, 128, 192, 256, 8192])
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    device = torch.device("cuda")
    torch.manual_seed(0)
    products = ChosenProducts(triton_ops(), Library(device, torch.bfloat16), own_ways, most=24)
    weights = {
        name: [
            torch.randn(rows, width, device=device, dtype=torch.bfloat16) * 0.02
            for _ in range(3 if name == "head" else 8)
        ]
        for name, (rows, width, _) in SHAPES.items()
    }
    found: list[dict[str, Any]] = []
    for n in args.rows:
        sums = [0.0, 0.0, 0.0]
        for name, (rows, width, count) in SHAPES.items():
            if n > 2048 and name == "head":
                continue
            kind = _KINDS[name]
            rest: tuple[Any, ...] = ()
            if kind == "added":
                rest = (
                    torch.zeros(n, rows, device=device, dtype=torch.bfloat16),
                    weights[name][0].new_ones(rows),
                    1e-5,
                )
            products.tune(kind, n, weights[name], *rest)
            choice = products.choices[kind, n, rows, width]
            x = torch.randn(n, width, device=device, dtype=torch.bfloat16)
            fresh = [(torch.zeros_like(rest[0]), *rest[1:]) if kind == "added" else rest for _ in range(2)]
            want = products.plain(kind)(x, weights[name][0], *fresh[0]).float()
            apart = float(
                (products(kind, x, weights[name][0], *fresh[1]).float() - want).abs().max() / want.abs().max()
            )
            floor = max(2 * rows * width / _BYTES_S, 2 * n * rows * width / _FLOPS_S)
            print(
                f"{n:5d} {name:8s} floor {floor * 1e6:8.1f} torch {choice.plain_s * 1e6:8.1f} best {choice.best_s * 1e6:8.1f} us"
                f" ({choice.best_s / choice.plain_s:.3f}) by {choice.name}, apart {apart:.4f}",
                flush=True,
            )
            for i, each in enumerate((floor, choice.plain_s, choice.best_s)):
                sums[i] += each * count * 1e3
            found.append(
                {
                    "n": n,
                    "name": name,
                    "floor": floor,
                    "torch": choice.plain_s,
                    "best": choice.best_s,
                    "by": choice.name,
                }
            )
        print(f"{n:5d} a step: floor {sums[0]:.3f} torch {sums[1]:.3f} best {sums[2]:.3f} ms", flush=True)
    if args.json:
        args.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
