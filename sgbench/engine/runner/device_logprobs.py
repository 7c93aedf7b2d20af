"""Log-probabilities of a step, computed on the device behind it and read when somebody asks.

The same definitions as `sgbench.engine.runner.logprobs`, which says what is due. Rows are taken in blocks, so that a long prompt's
logits never stand in memory together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from sgbench.engine.request import TopLogprobs

_BLOCK_ROWS = 256


@dataclass(frozen=True, slots=True)
class Scored:
    """Logprobs of some rows, wherever they are.

    Attributes
    ----------
    values
        float32 ``[n]``: of the row's token.
    top_values, top_ids
        float32 and int64 ``[n, k]``: of the most likely tokens, best first.
    """

    values: torch.Tensor
    top_values: torch.Tensor
    top_ids: torch.Tensor

    def to_host(self) -> Scored:
        """On their way into pinned memory; valid once the stream got there."""
        return Scored(*(to_host(t) for t in (self.values, self.top_values, self.top_ids)))

    def entries(self) -> Iterator[tuple[float, TopLogprobs]]:
        """Row by row, on the host."""
        tops = zip(self.top_values.tolist(), self.top_ids.tolist(), strict=True)
        for value, (values, ids) in zip(self.values.tolist(), tops, strict=True):
            yield value, tuple(zip(values, ids, strict=True))


def to_host(tensor: torch.Tensor) -> torch.Tensor:
    """A copy in pinned memory that nobody waits for; on a CPU, the tensor's own copy."""
    if tensor.device.type != "cuda":
        return tensor.clone()
    host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    return host.copy_(tensor, non_blocking=True)


def score(logits: torch.Tensor, tokens: torch.Tensor, most: int) -> Scored:
    """Of ``tokens`` int64 ``[n]`` and of the ``most`` most likely ones, from logits ``[n, vocab]``."""
    wide = logits.float()
    total = wide.logsumexp(-1, keepdim=True)
    values = wide.gather(1, tokens.clamp(min=0)[:, None]) - total
    if most == 0:
        nothing = wide.new_empty(len(wide), 0)
        return Scored(values[:, 0], nothing, nothing.long())
    top, ids = wide.topk(min(most, wide.shape[1]))
    return Scored(values[:, 0], top - total, ids)


def score_rows(
    logits: Callable[[torch.Tensor], torch.Tensor],
    hidden: torch.Tensor,
    rows: torch.Tensor,
    tokens: torch.Tensor,
    most: int,
) -> Scored:
    """`score` for ``rows`` of the hidden states, a block at a time."""
    parts = [
        score(logits(hidden.index_select(0, rows[i : i + _BLOCK_ROWS])), tokens[i : i + _BLOCK_ROWS], most)
        for i in range(0, len(rows), _BLOCK_ROWS)
    ]
    return Scored(
        torch.cat([p.values for p in parts]),
        torch.cat([p.top_values for p in parts]),
        torch.cat([p.top_ids for p in parts]),
    )
