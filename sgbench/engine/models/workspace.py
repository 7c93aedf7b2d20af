"""Memory for a step's intermediate results, kept from step to step.

Fresh memory for large results costs a CPU more than the matrix product that fills it (each page is faulted in and cleared), and a
fixed address is what a CUDA graph needs. Knows names and shapes, nothing of their contents.
"""

from __future__ import annotations

import torch


class Workspace:
    """Named buffers that grow to the largest step seen.

    Parameters
    ----------
    like
        Gives dtype and device.
    """

    def __init__(self, like: torch.Tensor) -> None:
        self._dtype, self._device = like.dtype, like.device
        self._buffers: dict[str, torch.Tensor] = {}

    def take(self, name: str, rows: int, columns: int) -> torch.Tensor:
        """``[rows, columns]``, contents undefined; overwritten by the next `take` of the same name."""
        buffer = self._buffers.get(name)
        if buffer is None or buffer.numel() < rows * columns:
            buffer = torch.empty(rows * columns, dtype=self._dtype, device=self._device)
            self._buffers[name] = buffer
        return buffer[: rows * columns].view(rows, columns)
