"""Training text as shards of token ids, made by worker processes while the network trains.

Knows families, the tokenizer's file and the shard layout; nothing of networks. Shard ``i`` is a function of the seed and
``i`` alone, so the number of workers does not change the data.
"""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from tools.train_bundled.example import Example, Family
from tools.train_bundled.families import all_families

ANSWERED = 1
STARTS = 2
SILENT = 4
AT_ONCE = 256
HELD = 256


@dataclass(frozen=True, slots=True)
class Plan:
    """What every shard holds.

    Attributes
    ----------
    seed
        First half of each shard's seed.
    tokens
        Tokens a shard. It has two regions, short documents and then those of the paper's lengths; what is left of a region
        after its last whole document is padding without weight.
    longest
        Most tokens of a document in each region (the second: the model's context); longer ones are dropped.
    long_share
        Share of a shard's tokens in the second region.
    lead
        Most shards that workers are ahead of the trainer.
    every
        Shards between two measurements of the families; shard ``i`` is drawn by the newest measurement that exists for sure when it
        is made, the one before shard ``i - lead``.
    """

    seed: int
    tokens: int = 262_144
    longest: tuple[int, int] = (1024, 4096)
    long_share: float = 0.28
    lead: int = 600
    every: int = 250

    def measured_before(self, index: int) -> int:
        """Number of the measurement that shard ``index`` is drawn by; 0: none."""
        return max(0, index - self.lead - 1) // self.every

    @property
    def regions(self) -> tuple[tuple[int, int, int, int], ...]:
        """Begin, end, most tokens of a document and most documents of each region."""
        middle = int(self.tokens * (1 - self.long_share)) // 128 * 128
        return (
            (0, middle, self.longest[0], middle // 56),
            (middle, self.tokens, self.longest[1], (self.tokens - middle) // 384 + 2),
        )


class Mixture:
    """Draws examples of all families by weight."""

    def __init__(self, families: Sequence[Family]) -> None:
        self.families = list(families)
        self.weights = [family.weight for family in families]
        self.long_families = [f for f in families if has_long_form(f, Random(0))]
        self.long_weights = [f.weight for f in self.long_families]

    def turn(self, factors: Mapping[str, float]) -> None:
        """Draw a family by its own weight times its factor, if it has one."""
        self.weights = [f.weight * factors.get(f.name, 1.0) for f in self.families]
        self.long_weights = [f.weight * factors.get(f"{f.name}, long", 1.0) for f in self.long_families]

    def draw(self, rng: Random, long: bool) -> Example:
        """One training example, of the lengths of the paper's workloads when ``long``."""
        pool, weights = (self.long_families, self.long_weights) if long else (self.families, self.weights)
        family = rng.choices(pool, weights)[0]
        return family.sample(rng, "train", long)


def has_long_form(family: Family, rng: Random) -> bool:
    """Whether ``long`` makes this family's documents much longer."""

    def size(long: bool) -> int:
        return sum(sum(len(t) for t, _ in family.sample(rng, "train", long).segments) for _ in range(6))

    return size(True) > 2.5 * size(False)


def as_read(segments: Sequence[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """The segments cut so that, encoded apart, a prompt gets the tokens that it gets as a whole.

    White space before a word is encoded with what follows it: a space belongs to the word, and of two newlines each is a token. Only
    the last answered segment keeps its beginning: a prompt that ends there is what the model is given.
    """
    cut = list(segments)
    last = max(i for i, (_, answered) in enumerate(cut) if answered)
    for i in range(last - 1 if last else 0):
        (text, answered), (following, learnt) = cut[i], cut[i + 1]
        if text[-1:] == " " or text[-2:] == "\n\n":
            cut[i], cut[i + 1] = (text[:-1], answered), (text[-1] + following, learnt)
    return [(text, answered) for text, answered in cut if text]


def encode(examples: Sequence[Example], tokenizer: Tokenizer) -> list[tuple[list[int], bytes]]:
    """Ids and flags of each example; a prompt's last space, which most prompts lack, is not to be learnt."""
    cut = [as_read(example.segments) for example in examples]
    encoded = iter(tokenizer.encode_batch_fast([t for one in cut for t, _ in one], add_special_tokens=False))
    rows: list[tuple[list[int], bytes]] = []
    for segments in cut:
        ids: list[int] = []
        flags = bytearray()
        for text, answered in segments:
            piece = next(encoded).ids
            ids += piece
            flags += bytes([ANSWERED if answered else 0]) * len(piece)
            if not answered and text[-1] == " ":
                flags[-1] |= SILENT
        flags[0] |= STARTS
        rows.append((ids, bytes(flags)))
    return rows


class ShardMaker:
    """Fills shards from a mixture."""

    def __init__(self, plan: Plan, tokenizer: Tokenizer) -> None:
        self.plan, self.tokenizer, self.mixture = plan, tokenizer, Mixture(all_families())

    def make(self, index: int) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8]]:
        """Ids and flags of shard ``index``, long documents last."""
        rng = Random(self.plan.seed * 1_000_003 + index)
        ids = np.zeros(self.plan.tokens, np.uint16)
        flags = np.zeros(self.plan.tokens, np.uint8)
        for long, region in zip((False, True), self.plan.regions, strict=True):
            self._fill(ids, flags, region, rng, long)
        return ids, flags

    def _fill(
        self,
        ids: npt.NDArray[np.uint16],
        flags: npt.NDArray[np.uint8],
        region: tuple[int, int, int, int],
        rng: Random,
        long: bool,
    ) -> None:
        at, end, longest, room = region
        while True:
            examples = [self.mixture.draw(rng, long) for _ in range(16 if long else AT_ONCE)]
            for row, row_flags in encode(examples, self.tokenizer):
                size = len(row)
                if size > longest:
                    continue
                if at + size > end or room == 1:
                    if at < end:
                        flags[at] = STARTS
                    return
                ids[at : at + size] = row
                flags[at : at + size] = np.frombuffer(row_flags, np.uint8)
                at, room = at + size, room - 1


def shard_path(folder: Path, index: int) -> Path:
    """Where shard ``index`` lies."""
    return folder / f"{index:06d}.npz"


def factors_path(folder: Path, number: int) -> Path:
    """Where the factors after measurement ``number`` lie."""
    return folder / f"factors-{number}.json"


def tell(folder: Path, number: int, factors: Mapping[str, float]) -> None:
    """Give the workers the factors of measurement ``number``."""
    part = folder / ".factors.part"
    part.write_text(json.dumps(factors), encoding="utf-8")
    part.rename(factors_path(folder, number))


def worker(folder: Path, tokenizer_file: Path, plan: Plan, first: int, stride: int, last: int) -> None:
    """Make shards ``first, first + stride, ...`` below ``last``, at most ``plan.lead`` shards before the trainer."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    maker = ShardMaker(plan, Tokenizer.from_file(str(tokenizer_file)))
    known = 0
    for index in range(first, last, stride):
        while index - read_mark(folder) > plan.lead:
            time.sleep(0.05)
        number = plan.measured_before(index)
        if number != known:
            known = number
            maker.mixture.turn(json.loads(factors_path(folder, number).read_text(encoding="utf-8")))
        ids, flags = maker.make(index)
        part = folder / f".{index:06d}.part.npz"
        np.savez(part, ids=ids, flags=flags)
        part.rename(shard_path(folder, index))


def read_mark(folder: Path) -> int:
    """The shard the trainer takes next; it names it in a file's size."""
    mark = folder / "mark"
    return mark.stat().st_size if mark.exists() else 0


class Shards:
    """The trainer's side: starts the workers and yields shards in order."""

    def __init__(
        self,
        folder: Path,
        tokenizer_file: Path,
        plan: Plan,
        workers: int,
        last: int,
        replay: int = 0,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        self.folder, self.waited, self.taken, self.given, self.replay = folder, 0.0, 0, 0, replay
        self.held: deque[tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8]]] = deque()
        context = get_context("spawn")
        self.workers: list[BaseProcess] = []
        for first in range(workers):
            process = context.Process(
                target=worker, args=(folder, tokenizer_file, plan, first, workers, last), daemon=True
            )
            process.start()
            self.workers.append(process)

    def ready(self) -> int:
        """Shards that are made and not yet taken."""
        return sum(1 for _ in self.folder.glob("[0-9]*.npz"))

    def next(self) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8]]:
        """A fresh shard, or, every ``replay`` calls, the oldest one held from at least `HELD` shards ago."""
        self.given += 1
        if self.replay and self.given % self.replay == 0 and len(self.held) > HELD:
            return self.held.popleft()
        shard = self.take()
        if self.replay:
            self.held.append(shard)
            if len(self.held) > 2 * HELD:
                self.held.popleft()
        return shard

    def take(self) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8]]:
        """The next shard, waiting for it; its file is removed.

        Raises
        ------
        RuntimeError
            When a worker ended with an error, so that the shard will never come.
        """
        path = shard_path(self.folder, self.taken)
        began = time.monotonic()
        while not path.exists():
            if any(process.exitcode for process in self.workers):
                raise RuntimeError("a worker that makes training text failed; see its error above")
            time.sleep(0.002)
        self.waited += time.monotonic() - began
        with np.load(path) as held:
            ids, flags = held["ids"], held["flags"]
        path.unlink()
        self.taken += 1
        with (self.folder / "mark").open("ab") as mark:
            mark.write(b"x")
        return ids, flags

    def close(self) -> None:
        """Stop the workers."""
        for process in self.workers:
            process.terminate()
