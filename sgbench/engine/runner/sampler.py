"""From logits to tokens, for a whole batch at once.

Order: penalties (additive, then repetition), forbidden and allowed tokens, temperature, top-k, top-p, min-p, then one draw by the
Gumbel-max rule. Knows chunks' sampling parameters; knows no model and no cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from sgbench.engine.runner.filters import Filters, keep
from sgbench.engine.runner.likely import best_columns, draw_all, draw_likely
from sgbench.engine.runner.masking import MaskTable, best_on_host, check, forbid_on_host
from sgbench.engine.runner.noise import gumbel, stream_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sgbench.engine.request import Chunk
    from sgbench.engine.token_set import TokenSet

_NEVER = float("-inf")


def sample(logits: torch.Tensor, chunks: Sequence[Chunk], masks: MaskTable | None = None) -> torch.Tensor:
    """One token for each row.

    Parameters
    ----------
    logits
        float32 ``[rows, vocab]``; not modified.
    chunks
        The chunk that each row ends.
    masks
        Where constraints' bits lie on the logits' device; not needed on a CPU.

    Returns
    -------
    int64 ``[rows]`` on the logits' device.
    """
    sets = [None if c.allowed is None else c.allowed.resolve() for c in chunks]
    free = [i for i, c in enumerate(chunks) if sets[i] is None and not _plain(c)]
    if len(free) == len(chunks) and not any(c.forbidden_ids or c.history for c in chunks):
        return _draw(logits, None, chunks)
    tokens = best_columns(logits)
    narrow, wide = _bound(logits, chunks, sets, tokens)
    for rows in (free, narrow, wide):
        if not rows:
            continue
        members = [chunks[i] for i in rows]
        index = torch.tensor(rows, device=logits.device)
        scores = _adjusted(logits.index_select(0, index), members)
        bound = [allowed for i in rows if (allowed := sets[i]) is not None]
        if rows is wide:
            _forbid(scores, bound, masks)
        candidates = _padded(bound) if rows is narrow else None
        tokens.index_copy_(0, index, _draw(scores, candidates, members))
    return tokens


def _bound(
    logits: torch.Tensor, chunks: Sequence[Chunk], sets: Sequence[TokenSet | None], tokens: torch.Tensor
) -> tuple[list[int], list[int]]:
    """Constrained rows, by how their sets are laid over the scores: gathered by ids, or forbidden by bits.

    On a CPU, rows whose answer is the best allowed token are in neither: ``tokens`` has it already.
    """
    bound = [(i, allowed) for i, allowed in enumerate(sets) if allowed is not None]
    check([allowed for _, allowed in bound])
    if logits.device.type != "cpu":
        return [], [i for i, _ in bound]
    scores, best = logits.numpy(), tokens.numpy()
    for i, allowed in bound:
        if _plain(chunks[i]) and int(best[i]) not in allowed:
            best[i] = best_on_host(scores[i], allowed)
    drawn = [(i, allowed) for i, allowed in bound if not _plain(chunks[i])]
    return [i for i, allowed in drawn if allowed.ids is not None], [i for i, allowed in drawn if allowed.ids is None]


def _forbid(scores: torch.Tensor, sets: Sequence[TokenSet], masks: MaskTable | None) -> None:
    if scores.device.type == "cpu":
        forbid_on_host(scores, sets)
    else:
        (masks or MaskTable(scores.shape[1], scores.device)).forbid_(scores, sets)


def _plain(chunk: Chunk) -> bool:
    """Is the row's argmax the answer?"""
    return chunk.sampling.greedy and not chunk.forbidden_ids and chunk.history is None


def _adjusted(scores: torch.Tensor, chunks: Sequence[Chunk]) -> torch.Tensor:
    """Penalties and forbidden tokens, in place."""
    rows = [i for i, c in enumerate(chunks) if c.history is not None and c.sampling.penalised]
    if rows:
        index = torch.tensor(rows, device=scores.device)
        scores[index] = _penalised(scores[index], [chunks[i] for i in rows])
    pairs = [(i, t) for i, c in enumerate(chunks) for t in c.forbidden_ids]
    if pairs:
        row, token = torch.tensor(pairs, device=scores.device).unbind(1)
        scores[row, token] = _NEVER
    return scores


def _penalised(scores: torch.Tensor, chunks: Sequence[Chunk]) -> torch.Tensor:
    """Frequency and presence over the output, repetition over prompt and output (definitions: `SamplingParams`)."""
    shape, device = scores.shape, scores.device
    counts = _counts([c.history[1] for c in chunks if c.history], shape, device)
    seen = counts + _counts([c.history[0] for c in chunks if c.history], shape, device) > 0

    def column(name: str) -> torch.Tensor:
        return torch.tensor([getattr(c.sampling, name) for c in chunks], dtype=torch.float32, device=device)[:, None]

    scores = scores - counts * column("frequency_penalty") - (counts > 0) * column("presence_penalty")
    factor = column("repetition_penalty")
    return torch.where(seen, torch.where(scores > 0, scores / factor, scores * factor), scores)


def _counts(ids: Sequence[np.ndarray], shape: torch.Size, device: torch.device) -> torch.Tensor:
    """How often each token occurs: float32 ``[rows, vocab]``."""
    flat = np.concatenate([i * shape[1] + row.astype(np.int64) for i, row in enumerate(ids)])
    counts = np.bincount(flat, minlength=shape[0] * shape[1]).astype(np.float32)
    return torch.from_numpy(counts).to(device).view(shape)


def _padded(sets: Sequence[TokenSet]) -> torch.Tensor:
    """Ids that may be sampled, padded with -1: int64 ``[rows, most]``."""
    padded = np.full((len(sets), max(map(len, sets))), -1, dtype=np.int64)
    for row, allowed in zip(padded, sets, strict=True):
        row[: len(allowed)] = allowed.to_ids()
    return torch.from_numpy(padded)


def _draw(scores: torch.Tensor, candidates: torch.Tensor | None, chunks: Sequence[Chunk]) -> torch.Tensor:
    """One token for each row from its candidates (None: all), greedily or at random."""
    if candidates is not None:
        scores = scores.gather(1, candidates.clamp(min=0)).masked_fill_(candidates < 0, _NEVER)
    rows = [i for i, c in enumerate(chunks) if not c.sampling.greedy]
    if len(rows) == len(chunks):
        chosen = _random(scores, candidates, chunks)
        return chosen if candidates is None else candidates.gather(1, chosen[:, None])[:, 0]
    chosen = best_columns(scores)
    if rows:
        index = torch.tensor(rows, device=scores.device)
        ids = None if candidates is None else candidates.index_select(0, index)
        chosen.index_copy_(0, index, _random(scores.index_select(0, index), ids, [chunks[i] for i in rows]))
    return chosen if candidates is None else candidates.gather(1, chosen[:, None])[:, 0]


def _random(scores: torch.Tensor, ids: torch.Tensor | None, chunks: Sequence[Chunk]) -> torch.Tensor:
    """A column for each row, by temperature, filters and the row's own noise; ``ids`` are the columns' tokens."""
    device = scores.device
    temperature = torch.tensor([c.sampling.temperature for c in chunks], dtype=torch.float32, device=device)
    scores, columns = keep(scores / temperature[:, None], _filters(chunks, scores.shape[1], device))
    keys = torch.tensor([stream_key(c.seed, c.sample_index) for c in chunks], device=device)
    if columns is None:
        if ids is not None:
            return best_columns(scores + gumbel(keys, ids))
        return draw_likely(scores, keys) if device.type == "cpu" else draw_all(scores, keys)
    tokens = columns if ids is None else ids.gather(1, columns)
    return columns.gather(1, best_columns(scores + gumbel(keys, tokens))[:, None])[:, 0]


def _filters(chunks: Sequence[Chunk], width: int, device: torch.device) -> Filters:
    top_k = [width if c.sampling.top_k < 1 else min(c.sampling.top_k, width) for c in chunks]
    top_p = [c.sampling.top_p for c in chunks]
    min_p = [c.sampling.min_p for c in chunks]
    return Filters(
        top_k=torch.tensor(top_k, device=device),
        top_p=torch.tensor(top_p, dtype=torch.float32, device=device),
        min_p=torch.tensor(min_p, dtype=torch.float32, device=device),
        largest_k=max(top_k),
        sorts=min(top_k) < width or min(top_p) < 1,
        any_min_p=max(min_p) > 0,
    )
