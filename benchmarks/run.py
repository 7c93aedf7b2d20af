"""One run of every measurement: a table for people, a JSON file under ``benchmarks/results``.

python -m benchmarks.run [--only NAME ...] [--repeats N] [--device cpu|cuda] [--out FILE]

Where a GPU is found and nothing was asked for, that is `benchmarks.gpu`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import constrained, fresh, frontend, greedy_equality, interpreter, serving
from benchmarks.machine import describe
from benchmarks.models import Subject


def main() -> None:
    """Parse, measure, print, write."""
    args = _arguments()
    if len(sys.argv) == 1 and args.device == "cuda":
        from benchmarks import gpu

        gpu.main([])
        return
    subject = Subject(args.device)
    results: dict[str, Any] = {"machine": describe(args.device), "model": subject.name}
    for name, measure in _measurements(subject, args.repeats).items():
        if args.only and name not in args.only:
            continue
        results[name] = measure()
        print(f"\n{name}")
        for key, value in _flat(results[name]):
            print(f"  {key:<56} {value:>12,.4g}" if isinstance(value, float) else f"  {key:<56} {value:>12}")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"\n{args.out}")


def _arguments() -> argparse.Namespace:
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", help="names of measurements")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", choices=("cpu", "cuda"))
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    args.out = args.out or Path(__file__).parent / "results" / f"{args.device}.json"
    return args


def _measurements(subject: Subject, repeats: int) -> dict[str, Callable[[], dict[str, Any]]]:
    measurements: dict[str, Callable[[], dict[str, Any]]] = {
        "few_shot": lambda: serving.few_shot(subject, repeats),
        "mixed": lambda: serving.mixed(subject, repeats),
        "decode": lambda: serving.decode(subject, repeats),
        "frontend": lambda: frontend.measure(subject.device, repeats),
    }
    if subject.device == "cpu":
        measurements["interpreter"] = lambda: interpreter.measure(repeats)
        measurements["five_hundred_programs"] = frontend.five_hundred
        measurements["fresh"] = lambda: fresh.measure(repeats)
        measurements["constrained"] = lambda: constrained.measure(repeats)
        measurements["greedy_equality"] = greedy_equality.measure
        measurements["constrained_end_to_end"] = lambda: constrained.end_to_end(repeats)
        if importlib.util.find_spec("benchmarks.tree"):
            from benchmarks import tree

            measurements["tree"] = tree.measure
    return measurements


def _flat(value: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        if isinstance(item, dict):
            yield from _flat(item, f"{prefix}{key}: ")
        else:
            yield f"{prefix}{key}", item


if __name__ == "__main__":
    main()
