"""What a sampled token says of its logits. Knows logits and tokens, no request."""

from __future__ import annotations

import torch

from sgbench.engine.request import NO_NUMBER


def reported(tokens: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """``tokens`` as the host is told: `NO_NUMBER` where the logits are none.

    Every way to choose takes a NaN before any number, and an infinity before any other, so the chosen one tells of its row, for the price
    of one element. The tokens themselves stay valid: a step launched ahead runs them.

    Parameters
    ----------
    tokens
        int64 ``[rows]``, sampled.
    logits
        ``[rows, vocab]``.
    """
    chosen = logits.gather(1, tokens[:, None])[:, 0]
    return torch.where(chosen.isfinite(), tokens, NO_NUMBER)
