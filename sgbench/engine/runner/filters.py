"""Which tokens may be sampled: top-k, then top-p, then min-p, each on what the one before left.

Knows scores (logits over temperature) and thresholds; no randomness, no requests. Equal to the logits warpers of
`transformers` applied in that order.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

_FIRST_LOOK = 256
"""Candidates looked at before a whole row is sorted."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Thresholds of each row, on the device.

    Attributes
    ----------
    top_k
        int64 ``[rows]``; the vocabulary's size when off.
    top_p, min_p
        float32 ``[rows]``; 1 and 0 when off.
    largest_k
        Largest of ``top_k``, known on the host.
    sorts, any_min_p
        Does any row need its scores in order; does any use min-p?
    """

    top_k: torch.Tensor
    top_p: torch.Tensor
    min_p: torch.Tensor
    largest_k: int
    sorts: bool
    any_min_p: bool


def keep(scores: torch.Tensor, filters: Filters) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Scores of the tokens that pass, -inf for others.

    Parameters
    ----------
    scores
        float32 ``[rows, tokens]``; -inf for tokens already excluded.
    filters
        Thresholds.

    Returns
    -------
    (``[rows, candidates]``, int64 ``[rows, candidates]`` or None)
        The columns the candidates came from; None: unchanged. The most likely token always passes.
    """
    columns = None
    if filters.sorts:
        scores, columns = _top(scores, filters)
    if filters.any_min_p:
        floor = scores.amax(-1, keepdim=True) + filters.min_p.log().unsqueeze(-1)
        scores = scores.masked_fill(scores < floor, float("-inf"))
    return scores, columns


def _top(scores: torch.Tensor, filters: Filters) -> tuple[torch.Tensor, torch.Tensor]:
    """Top-k and top-p on sorted candidates: a first look at the best few, a full sort only if they do not suffice."""
    width = scores.shape[1]
    if filters.largest_k <= _FIRST_LOOK:
        return _cut(*scores.topk(min(filters.largest_k, width)), filters, None)
    if width > _FIRST_LOOK and bool((filters.top_k >= width).all()):
        best, columns = scores.topk(_FIRST_LOOK)
        total = scores.logsumexp(-1, keepdim=True)
        if bool(((best - total).exp().sum(-1) > filters.top_p + 1e-4).all()):
            return _cut(best, columns, filters, total)
    return _cut(*scores.sort(stable=True, dim=-1, descending=True), filters, None)


def _cut(
    scores: torch.Tensor, columns: torch.Tensor, filters: Filters, total: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Apply both thresholds to scores in descending order; ``total`` is the log of the mass where it is not theirs."""
    rank = torch.arange(scores.shape[1], device=scores.device)
    scores = scores.masked_fill(rank >= filters.top_k.unsqueeze(-1), float("-inf"))
    if total is None:
        total = scores.logsumexp(-1, keepdim=True)
    probs = (scores - total).exp()
    before = probs.cumsum(-1) - probs
    outside = before >= filters.top_p.unsqueeze(-1)
    outside &= filters.top_p.unsqueeze(-1) < 1
    outside[:, 0] = False
    return scores.masked_fill(outside, float("-inf")), columns
