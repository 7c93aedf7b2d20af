"""Which KV slot holds each position of each running request.

Knows rows and positions; does not know who decided the slots (the scheduler did, and says so in `Chunk.slots`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sgbench.engine.request import Chunk, DecodePlan, IntArray

if TYPE_CHECKING:
    import torch


class SlotTable:
    """int32 ``[max_running, max_context]``, on the host and, for a GPU, there too.

    Parameters
    ----------
    max_running, max_context
        Shape.
    device
        A GPU that keeps a copy; None: the host alone.

    Attributes
    ----------
    host
        The table. Row r, column p: slot of position p of the request in row r; stale beyond what the request has computed.
    device
        Its copy, or None.
    """

    def __init__(self, max_running: int, max_context: int, device: torch.device | None = None) -> None:
        self.host: IntArray = np.zeros((max_running, max_context), dtype=np.int32)
        self.device: torch.Tensor | None = None
        if device is not None:
            import torch

            self.device = torch.zeros((max_running, max_context), dtype=torch.int32, device=device)

    def write(self, chunks: tuple[Chunk, ...]) -> None:
        """Take over the slots that ``chunks`` bring; the device gets those alone, in one copy that is not waited for."""
        self.write_host(chunks)
        if self.device is not None and chunks:
            self._send([(c.row, c.slots_from, c.slots) for c in chunks])

    def write_decode(self, plan: DecodePlan) -> None:
        """Take over a decode step's slots on the host, where its kernels enter them on the device; what moved goes to both."""
        rows = plan.rows
        self.host[rows, plan.positions] = plan.slots
        moved = [(int(rows[m.index]), m.start, m.slots) for m in plan.moved]
        for row, first, slots in moved:
            self.host[row, first : first + len(slots)] = slots
        if self.device is not None and moved:
            self._send(moved)

    def write_host(self, chunks: tuple[Chunk, ...]) -> None:
        """`write` without the device, for a decode step that enters its slots there itself."""
        for chunk in chunks:
            end = chunk.start + len(chunk.token_ids)
            self.host[chunk.row, chunk.slots_from : end] = chunk.slots

    def _send(self, runs: list[tuple[int, int, IntArray]]) -> None:
        """Rows, first columns and slots."""
        import torch

        assert self.device is not None
        width = self.host.shape[1]
        counts = np.fromiter((len(slots) for _, _, slots in runs), np.int64, len(runs))
        first = np.fromiter((row * width + column for row, column, _ in runs), np.int64, len(runs))
        packed = np.empty((2, int(counts.sum())), np.int64)
        packed[0] = np.arange(packed.shape[1]) + np.repeat(first - (np.cumsum(counts) - counts), counts)
        packed[1] = np.concatenate([slots for _, _, slots in runs])
        host = torch.from_numpy(packed)
        if self.device.device.type == "cuda":
            host = host.pin_memory()  # a new block each time: the caching allocator keeps it until the copy is done
        sent = host.to(self.device.device, non_blocking=True)
        self.device.view(-1).index_copy_(0, sent[0], sent[1].to(torch.int32))
