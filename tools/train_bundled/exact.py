"""Greedy accuracy by one forward pass, for prompts with one right answer.

Greedy decoding gives an answer exactly if and only if, with the answer fed in, the likeliest token at each of its positions is the
answer's own: so thousands of prompts are judged in seconds. Knows the network over flat streams, nothing of families.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from tools.train_bundled import net
from tools.train_bundled.example import DOCUMENT_END, Example


@dataclass(frozen=True, slots=True)
class Forced:
    """A prompt and its answer as ids; the answer ends with its end marker where the example has one."""

    prompt: list[int]
    answer: list[int]

    def __len__(self) -> int:
        return len(self.prompt) + len(self.answer)


def forced(examples: Sequence[Example], tokenizer: Tokenizer, whole: bool = True) -> list[Forced]:
    """The last answered segment of each example behind everything before it, encoded apart, as in use.

    Not ``whole``: without the end of a plain document, behind which some go on and some do not.
    """
    lasts = [max(i for i, (_, answered) in enumerate(e.segments) if answered) for e in examples]
    answers = [e.segments[at][0] for e, at in zip(examples, lasts, strict=True)]
    if not whole:
        answers = [answer.removesuffix(DOCUMENT_END).rstrip("\n") for answer in answers]
    texts = [e.prompt for e in examples] + answers
    ids = [made.ids for made in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
    half = len(examples)
    return [Forced(ids[i], ids[half + i]) for i in range(half)]


def batches(rows: Sequence[Forced], tokens: int) -> list[list[int]]:
    """Indices of the rows in streams of at most ``tokens`` tokens, or of one row, rows of similar length together."""
    out: list[list[int]] = []
    size = 0
    for i in sorted(range(len(rows)), key=lambda i: len(rows[i])):
        if not out or size + len(rows[i]) > tokens:
            out.append([])
            size = 0
        out[-1].append(i)
        size += len(rows[i])
    return out


def stream(rows: Sequence[Forced], device: torch.device) -> tuple[Tensor, Tensor, net.Region]:
    """Ids, places and the one region of the rows laid end to end."""
    sizes = torch.tensor([len(row) for row in rows])
    starts = torch.cat((torch.zeros(1, dtype=torch.long), sizes.cumsum(0)))
    places = torch.arange(int(starts[-1])) - torch.repeat_interleave(starts[:-1], sizes)
    ids = torch.tensor([i for row in rows for i in (*row.prompt, *row.answer)])
    region = net.Region(0, len(ids), starts.to(device, torch.int32), int(sizes.max()))
    return ids.to(device), places.to(device), region


def answer_places(rows: Sequence[Forced]) -> tuple[list[int], list[int], list[int]]:
    """For each answer token of a stream: the place that predicts it, the token, and its row."""
    at, wanted, owner, begin = [], [], [], 0
    for i, row in enumerate(rows):
        first = begin + len(row.prompt)
        at += range(first - 1, first - 1 + len(row.answer))
        wanted += row.answer
        owner += [i] * len(row.answer)
        begin += len(row)
    return at, wanted, owner


def logits(network: net.Network, hidden: Tensor) -> Tensor:
    """Scores of the next token for hidden states (places, hidden)."""
    head = network.embed_tokens.weight
    return F.linear(net.rms_norm(hidden, network.norm.weight, network.shape.eps), head.to(hidden.dtype)).float()


@torch.no_grad()
def hit(network: net.Network, rows: Sequence[Forced], kind: torch.dtype, tokens: int) -> list[bool]:
    """Whether greedy decoding gives each row's answer, token for token, end marker included."""
    return [worst == 0 for worst, _ in judged(network, rows, kind, tokens)]


@torch.no_grad()
def judged(network: net.Network, rows: Sequence[Forced], kind: torch.dtype, tokens: int) -> list[tuple[int, float]]:
    """For each row: how many of its answer's tokens are not the likeliest, and the answer's mean log-probability."""
    device = network.embed_tokens.weight.device
    out: list[tuple[int, float]] = [(0, 0.0)] * len(rows)
    for group in batches(rows, tokens):
        part = [rows[i] for i in group]
        ids, places, region = stream(part, device)
        at, wanted, owner = (torch.tensor(one, device=device) for one in answer_places(part))
        scores = logits(network, network(ids, places, (region,), kind)[at])
        misses = torch.zeros(len(part), device=device).index_add_(0, owner, (scores.argmax(-1) != wanted).float())
        said = torch.zeros(len(part), device=device).index_add_(
            0, owner, -F.cross_entropy(scores, wanted, reduction="none")
        )
        for i, missed, score in zip(group, misses.tolist(), said.tolist(), strict=True):
            out[i] = (int(missed), score / len(rows[i].answer))
    return out
