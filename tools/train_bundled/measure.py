"""How well each closed family is learnt, measured while training, and what the mixture makes of it.

The prompts are fresh draws of the training side, never of the held-out side that the model card reports. Knows families by their
contract, the shard layout and the network; nothing of optimisers.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from random import Random
from zlib import crc32

import torch
from tokenizers import Tokenizer
from torch import Tensor

from tools.train_bundled import exact, net
from tools.train_bundled.corpus import Plan, has_long_form
from tools.train_bundled.exact import Forced
from tools.train_bundled.example import Example
from tools.train_bundled.families import all_families

SHORT_PROMPTS = 96
LONG_PROMPTS = 32
LEAST, STEEPNESS, MOST = 0.5, 16.0, 4.0


def factor(error: float) -> float:
    """What a family's weight is multiplied with: half for a family that is learnt, up to four times for one that is not."""
    return min(MOST, LEAST + STEEPNESS * error)


@dataclass(frozen=True, slots=True)
class Job:
    """Draws of one family: its name, whether long, and how many."""

    name: str
    long: bool
    count: int
    seed: int

    @property
    def key(self) -> str:
        """What the mixture calls it."""
        return f"{self.name}, long" if self.long else self.name


def draw(job: Job) -> list[Example]:
    """Training-side examples of a job."""
    family = next(f for f in all_families() if f.name == job.name)
    rng = Random(crc32(job.key.encode()) + job.seed)
    return [family.sample(rng, "train", job.long) for _ in range(job.count)]


def jobs(seed: int, short: int = SHORT_PROMPTS, long: int = LONG_PROMPTS) -> list[Job]:
    """A job for each closed family whose prompts have one right answer, and one more where it has a long form."""
    found = [f for f in all_families() if f.closed and f.certain]
    out = [Job(f.name, False, short, seed) for f in found]
    return out + [Job(f.name, True, long, seed) for f in found if has_long_form(f, Random(0))]


class Sheet:
    """One shard's worth of development prompts, laid out like a shard of training text."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.rows: tuple[list[Forced], list[Forced]] = ([], [])
        self.keys: tuple[list[str], list[str]] = ([], [])
        self.sizes = [0, 0]

    def take(self, row: Forced, key: str, region: int) -> bool:
        """Put the row into the region, if there is room."""
        begin, end, longest, room = self.plan.regions[region]
        if self.sizes[region] + len(row) > end - begin or len(self.rows[region]) + (end - begin) // longest + 2 > room:
            return False
        self.rows[region].append(row)
        self.keys[region].append(key)
        self.sizes[region] += len(row)
        return True

    def laid_out(self, device: torch.device) -> tuple[Tensor, Tensor, tuple[net.Region, ...]]:
        """Ids, places and regions, of the shapes of training."""
        ids = torch.zeros(self.plan.tokens, dtype=torch.long)
        places = torch.zeros(self.plan.tokens, dtype=torch.long)
        regions = []
        for (begin, end, longest, room), rows in zip(self.plan.regions, self.rows, strict=True):
            starts = torch.full((room + 1,), end - begin, dtype=torch.int32)
            at = begin
            for i, row in enumerate(rows):
                starts[i] = at - begin
                ids[at : at + len(row)] = torch.tensor([*row.prompt, *row.answer])
                places[at : at + len(row)] = torch.arange(len(row))
                at += len(row)
            for i, pad in enumerate(range(at, end, longest), start=len(rows)):
                starts[i] = pad - begin
            regions.append(net.Region(begin, end, starts.to(device), longest))
        return ids.to(device), places.to(device), tuple(regions)

    def answers(self) -> tuple[list[int], list[int], list[int], list[str]]:
        """Places that predict answers, the tokens wanted there, their rows, and the rows' keys."""
        at: list[int] = []
        wanted: list[int] = []
        owner: list[int] = []
        count = 0
        for (begin, *_), rows in zip(self.plan.regions, self.rows, strict=True):
            places, tokens, rows_of = exact.answer_places(rows)
            at += [begin + p for p in places]
            wanted += tokens
            owner += [count + r for r in rows_of]
            count += len(rows)
        return at, wanted, owner, [*self.keys[0], *self.keys[1]]


class Development:
    """The development prompts, and what the network makes of them."""

    def __init__(self, plan: Plan, tokenizer: Tokenizer, device: torch.device, asked: list[Job], workers: int) -> None:
        with ProcessPoolExecutor(workers) as pool:
            drawn = list(pool.map(draw, asked, chunksize=4))
        sheets: list[Sheet] = []
        for job, examples in zip(asked, drawn, strict=True):
            region = int(job.long)
            for row in exact.forced(examples, tokenizer, whole=False):
                if len(row) <= plan.longest[region] and not any(s.take(row, job.key, region) for s in sheets[-12:]):
                    sheets.append(Sheet(plan))
                    sheets[-1].take(row, job.key, region)
        self.sheets = [(sheet.laid_out(device), sheet.answers()) for sheet in sheets]
        self.device = device

    def errors(self, network: net.Network, kind: torch.dtype) -> dict[str, float]:
        """By key: the share of prompts whose answer is not what greedy decoding gives.

        The layers run as they do in training, gradients and all, so that nothing is compiled anew.
        """
        counts: dict[str, list[int]] = defaultdict(list)
        for (ids, places, regions), (at, wanted, owner, keys) in self.sheets:
            hidden = network(ids, places, regions, kind).detach()
            with torch.no_grad():
                scores = exact.logits(network, hidden[torch.tensor(at, device=self.device)])
                wrong = (scores.argmax(-1) != torch.tensor(wanted, device=self.device)).float()
                misses = torch.zeros(len(keys), device=self.device)
                misses.index_add_(0, torch.tensor(owner, device=self.device), wrong)
            for key, missed in zip(keys, misses.tolist(), strict=True):
                counts[key].append(int(missed > 0))
        return {key: sum(found) / len(found) for key, found in counts.items()}


class Factors:
    """Factors of the mixture, from the mean of the last two measurements."""

    def __init__(self) -> None:
        self.last: dict[str, float] = {}

    def after(self, errors: dict[str, float]) -> dict[str, float]:
        """The factors once these errors are measured."""
        mean = {key: (error + self.last.get(key, error)) / 2 for key, error in errors.items()}
        self.last = errors
        return {key: round(factor(error), 3) for key, error in mean.items()}
