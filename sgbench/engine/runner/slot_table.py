"""Which KV slot holds each position of each running request.

Knows rows and positions; does not know who decided the slots (the scheduler did, and says so in `Chunk.slots`).
"""

from __future__ import annotations

import numpy as np

from sgbench.engine.request import Chunk, IntArray


class SlotTable:
    """int32 ``[max_running, max_context]``, on the host.

    Attributes
    ----------
    host
        The table. Row r, column p: slot of position p of the request in row r; stale beyond what the request has computed.
    """

    def __init__(self, max_running: int, max_context: int) -> None:
        self.host: IntArray = np.zeros((max_running, max_context), dtype=np.int32)

    def write(self, chunks: tuple[Chunk, ...]) -> None:
        """Take over the slots that ``chunks`` bring."""
        for chunk in chunks:
            end = chunk.start + len(chunk.token_ids)
            self.host[chunk.row, chunk.slots_from : end] = chunk.slots
