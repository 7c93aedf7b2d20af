"""Held-out prompts, drawn once into a file: ``python -m tools.train_bundled.heldout FILE --count 300``.

Knows families by their contract only, and no tensors, so that the drawing can go on beside a training run.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from zlib import crc32

from tools.train_bundled.card import is_level_for_votes
from tools.train_bundled.corpus import has_long_form
from tools.train_bundled.example import Example
from tools.train_bundled.families import all_families


def draw(name: str, seed: int, count: int, long: bool) -> list[Example]:
    """Held-out examples of the family called ``name``."""
    family = next(f for f in all_families() if f.name == name)
    rng = Random(crc32(name.encode()) + seed)
    return [family.sample(rng, "heldout", long) for _ in range(count)]


def jobs(seed: int, count: int, long: int, votes: int) -> list[tuple[str, int, int, bool]]:
    """What an evaluation asks: ``(family, seed, count, long)``; a vote's prompts have the next seed."""
    closed = [f for f in all_families() if f.closed]
    out = [(f.name, seed, count, False) for f in closed]
    out += [
        (f.name, seed, long, True) for f in closed if has_long_form(f, Random(0)) and not is_level_for_votes(f.name)
    ]
    levels = [f.name for f in closed if is_level_for_votes(f.name)]
    return out + [(name, seed + 1, votes, False) for name in levels if votes]


def main() -> None:
    """Draw and write: one line of JSON for each job, with a fifth more examples than asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--votes", type=int, default=300, help="problems for the vote, 0 for none")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument(
        "--long", type=int, default=0, help="long prompts of a family; by default as many as short ones"
    )
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    asked = jobs(args.seed, args.count, args.long or args.count, args.votes)
    with ProcessPoolExecutor(args.workers) as pool, args.file.open("w", encoding="utf-8") as out:
        names, seeds, counts, longs = zip(*asked, strict=True)
        for job, examples in zip(asked, pool.map(draw, names, seeds, [c + c // 5 for c in counts], longs), strict=True):
            rows = [[e.segments, e.want] for e in examples]
            out.write(json.dumps([*job, job[1] != args.seed, rows], ensure_ascii=False) + "\n")


def read(file: Path) -> list[tuple[str, int, bool, bool, list[Example]]]:
    """The file's jobs: family, count, long, whether it is for a vote, and the examples."""
    out = []
    for line in file.read_text(encoding="utf-8").splitlines():
        name, _, count, long, vote, rows = json.loads(line)
        examples = [Example(tuple((t, a) for t, a in segments), want) for segments, want in rows]
        out.append((name, count, long, vote, examples))
    return out


if __name__ == "__main__":
    main()
