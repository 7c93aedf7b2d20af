"""Which positions of a step need logits, and the log-probabilities asked of them.

Log-probabilities are natural logarithms of the softmax of the unmodified logits. Knows chunks; does not sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from sgbench.engine.request import ChunkResult, TopLogprobs

if TYPE_CHECKING:
    from sgbench.engine.request import Chunk, StepPlan


@dataclass(frozen=True, slots=True)
class ChunkRows:
    """Rows of the step's logits that belong to a chunk.

    Attributes
    ----------
    first
        Its first row.
    targets
        Prompt tokens whose log-probability the rows from ``first`` on report, one a row.
    last
        Row of its last token if it samples, else None. May coincide with none of the reported rows: then it follows them.
    """

    first: int
    targets: tuple[int, ...]
    last: int | None


@dataclass(frozen=True, slots=True)
class LogitRows:
    """Where in a step logits are due.

    Attributes
    ----------
    tokens
        Flat token index of each row.
    chunks
        For each chunk, its rows.
    """

    tokens: list[int]
    chunks: list[ChunkRows]

    @property
    def last(self) -> list[int]:
        """Rows that are sampled, in order of their chunks."""
        return [own.last for own in self.chunks if own.last is not None]


def logit_rows(plan: StepPlan) -> LogitRows:
    """Rows in order of chunks and positions."""
    tokens: list[int] = []
    chunks: list[ChunkRows] = []
    offset = 0
    for chunk in plan.chunks:
        n = len(chunk.token_ids)
        first = len(tokens)
        targets = _targets(chunk)
        skipped = max(0, (chunk.input_logprobs_from or 0) - chunk.start - 1)
        tokens.extend(range(offset + skipped, offset + skipped + len(targets)))
        last = None
        if chunk.sample:
            last = len(tokens)
            tokens.append(offset + n - 1)
        chunks.append(ChunkRows(first, targets, last))
        offset += n
    return LogitRows(tokens, chunks)


def _targets(chunk: Chunk) -> tuple[int, ...]:
    """Prompt tokens at positions >= ``input_logprobs_from`` that the chunk's logits predict."""
    if chunk.input_logprobs_from is None:
        return ()
    following = [int(t) for t in chunk.token_ids[1:]]
    if chunk.next_id is not None:
        following.append(chunk.next_id)
    return tuple(following[max(0, chunk.input_logprobs_from - chunk.start - 1) :])


def results(plan: StepPlan, rows: LogitRows, logits: torch.Tensor, sampled: dict[int, int]) -> tuple[ChunkResult, ...]:
    """Assemble every chunk's result.

    Parameters
    ----------
    plan, rows
        The step.
    logits
        float32 ``[rows, vocab]``.
    sampled
        Token by row.
    """
    chosen = _chosen(plan, rows, logits, sampled)
    top = _top(plan, rows, logits)
    out = []
    for chunk, own in zip(plan.chunks, rows.chunks, strict=True):
        inputs = range(own.first, own.first + len(own.targets))
        out.append(
            ChunkResult(
                token_id=None if own.last is None else sampled[own.last],
                logprob=chosen.get(own.last) if own.last is not None and chunk.logprobs else None,
                top=() if own.last is None else top.get(own.last, ())[: chunk.top_logprobs],
                input_logprobs=tuple(chosen[row] for row in inputs),
                input_top=tuple(top[row][: chunk.top_logprobs] for row in inputs) if chunk.top_logprobs else (),
            )
        )
    return tuple(out)


def _chosen(plan: StepPlan, rows: LogitRows, logits: torch.Tensor, sampled: dict[int, int]) -> dict[int, float]:
    """Log-probability of the reported token of every row that reports one."""
    pairs: list[tuple[int, int]] = []
    for chunk, own in zip(plan.chunks, rows.chunks, strict=True):
        pairs.extend((own.first + i, token) for i, token in enumerate(own.targets))
        if own.last is not None and chunk.logprobs:
            pairs.append((own.last, max(0, sampled[own.last])))  # no number: reported as such, and never used
    if not pairs:
        return {}
    row, token = torch.tensor(pairs, device=logits.device).unbind(1)
    picked = logits.index_select(0, row)
    values = picked.gather(1, token[:, None])[:, 0] - picked.logsumexp(-1)
    return dict(zip((r for r, _ in pairs), values.tolist(), strict=True))


def _top(plan: StepPlan, rows: LogitRows, logits: torch.Tensor) -> dict[int, TopLogprobs]:
    """Most likely tokens of every row of a chunk that asks for them."""
    asked: list[int] = []
    most = 0
    for chunk, own in zip(plan.chunks, rows.chunks, strict=True):
        if chunk.top_logprobs:
            most = max(most, chunk.top_logprobs)
            asked.extend(range(own.first, own.first + len(own.targets)))
            asked.extend([] if own.last is None else [own.last])
    if not asked:
        return {}
    picked = logits.index_select(0, torch.tensor(asked, device=logits.device))
    values, tokens = picked.topk(min(most, picked.shape[1]))
    values = values - picked.logsumexp(-1, keepdim=True)
    pairs = zip(asked, values.tolist(), tokens.tolist(), strict=True)
    return {row: tuple(zip(v, t, strict=True)) for row, v, t in pairs}
