"""One token for each row of logits by temperature, filters and noise, all on the device.

What is drawn by stands in six int32 columns a row (`sgbench.engine.runner.row_sampling.RowSampling.columns`), so that it travels with the
rest of a step. Knows no requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from sgbench.engine.kernels.ops import StepOps

N_COLUMNS = 6
"""Temperature, top-k, top-p, min-p, and the two words of the key: the floats by their bits."""


def draw(
    ops: StepOps, logits: torch.Tensor, columns: torch.Tensor, rows: torch.Tensor, last: torch.Tensor
) -> torch.Tensor:
    """Sampled tokens, int32 ``[n]``; `NO_NUMBER` where the logits are none.

    Parameters
    ----------
    ops
        Kernels.
    logits
        ``[n, vocab]``.
    columns
        int32 ``[6, n]``.
    rows, last
        int32: where in ``last`` each row's token is kept.
    """
    temperatures, top_ps, min_ps = (columns[i].view(torch.float32) for i in (0, 2, 3))
    least = ops.thresholds(logits, temperatures, columns[1], top_ps, min_ps)
    return ops.sample_rows(logits, temperatures, least, columns[4:6].t().contiguous(), rows, last)
