"""Draws on a CPU that make noise for the few tokens that can win, instead of for the whole vocabulary.

Noise is bounded (`sgbench.engine.runner.noise.gumbel`): a token whose score lies further below the best than noise can lift it loses
whatever is drawn. Knows scores and keys; no requests. `draw_all` is the slow twin, which `draw_likely` equals to the bit.
"""

from __future__ import annotations

import numpy as np
import torch

from sgbench.engine.runner.noise import gumbel

SPREAD = 28.0
"""What noise can make up for: it lies between -2.82 and 22.88; the rest is for rounding."""
_LARGEST = 1e6
"""Scores beyond this are rounded too coarsely for `SPREAD`."""
_MANY = 8
"""Where more than one token in this many can win, looking for them is not worth it."""


def draw_all(scores: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
    """The token with the best score and noise in each row: float32 ``[rows, vocab]``, int64 ``[rows, 2]`` to int64 ``[rows]``."""
    return best_columns(scores + gumbel(keys, torch.arange(scores.shape[1], device=scores.device)))


def draw_likely(scores: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
    """`draw_all` for scores in memory, in a fifth of the time where few tokens are likely."""
    values, width = scores.numpy(), scores.shape[1]
    best = values.max(-1)
    if not (np.abs(best) < _LARGEST).all():  # nor is this true of NaN
        return draw_all(scores, keys)
    found = np.flatnonzero(values > (best - np.float32(SPREAD))[:, None])
    if len(found) * _MANY > values.size:
        return draw_all(scores, keys)
    row, column = np.divmod(found, width)
    noise = gumbel(keys.index_select(0, torch.from_numpy(row)), torch.from_numpy(column)[:, None])
    noisy = values.ravel()[found] + noise.numpy()[:, 0]
    first = np.searchsorted(row, np.arange(len(values)))
    most = np.maximum.reduceat(noisy, first)
    winners = np.flatnonzero(noisy == most[row])
    return torch.from_numpy(column[winners[np.searchsorted(row[winners], np.arange(len(values)))]])


def best_columns(scores: torch.Tensor) -> torch.Tensor:
    """Column of the best score of each row, the first of equals. On a CPU by NumPy, which takes a tenth of torch's time."""
    return torch.from_numpy(scores.numpy().argmax(-1)) if scores.device.type == "cpu" else scores.argmax(-1)
