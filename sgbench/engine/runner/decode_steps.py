"""Decode steps through buffers at fixed addresses, captured as CUDA graphs.

A graph holds the whole step, from the embedding to the sampled token. Batches are padded to a few sizes, whose graphs for steps without
shared prefixes are captured before the first request (`DecodeSteps.capture_all`); other kinds of step at first use: the first runs kernel
by kernel, which also compiles what is missing, and is captured right behind. All graphs share one pool of memory: they run one after the
other. Knows tokens, slots and sampling keys as arrays; no requests.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from sgbench.engine.models.fused_decoder import TokenBatch
from sgbench.engine.runner.drawing import N_COLUMNS, draw

if TYPE_CHECKING:
    from sgbench.engine.attention.base import GraphAttention
    from sgbench.engine.kernels.ops import StepOps
    from sgbench.engine.request import DecodePlan, IntArray
    from sgbench.engine.runner.device_steps import DeviceForward
    from sgbench.engine.runner.slot_table import SlotTable

_RING = 4
_PATIENCE = 8
"""Steps of one size and kind before it gets a graph of its own, if another one serves."""
_FIELDS = 3 + N_COLUMNS
"""Token, row, position, and what is drawn by."""


def batch_sizes(most: int) -> list[int]:
    """Sizes that batches are padded to, ascending; at most about a seventh of a batch is padding."""
    sizes = [1, 2, 4, *range(8, 65, 8), *range(80, 129, 16), *range(160, 257, 32), *range(320, max(most, 320) + 1, 64)]
    return [*(size for size in sizes if size < most), most]


@dataclass(frozen=True, slots=True)
class Captured:
    """A graph, and where it leaves the tokens."""

    graph: torch.cuda.CUDAGraph
    tokens: torch.Tensor


class DecodeSteps:
    """Launches decode steps.

    Parameters
    ----------
    forward, ops
        The model, and the kernel that samples.
    attention
        Serves steps from fixed buffers.
    table
        Slots.
    last
        int32 ``[max_running + 1]``: what each row sampled last; its end takes what padding samples.
    logits
        ``[max_running, vocab]``: where every step leaves its logits.
    graphs
        Capture.

    Attributes
    ----------
    most
        Rows of the largest step.
    """

    def __init__(
        self,
        forward: DeviceForward,
        ops: StepOps,
        attention: GraphAttention,
        table: SlotTable,
        last: torch.Tensor,
        logits: torch.Tensor,
        graphs: bool,
    ) -> None:
        self._forward, self._ops, self._attention, self._table = forward, ops, attention, table
        self._last, self._logits, self._graphs = last, logits, graphs
        self.most = self._most = most = len(logits)
        self._sizes = np.array(batch_sizes(most))
        device = logits.device
        self._inputs = attention.decode_inputs(table, most)
        pinned = device.type == "cuda"
        self._host = [torch.zeros(_FIELDS, most, dtype=torch.int32, pin_memory=pinned) for _ in range(_RING)]
        self._copied: list[torch.cuda.Event | None] = [None] * _RING
        self._turn = 0
        self._fields = torch.zeros(_FIELDS, most, dtype=torch.int32, device=device)
        self._captured: dict[tuple[int, str], Captured] = {}
        self._asked = Counter[tuple[int, str]]()
        self._pool = torch.cuda.graph_pool_handle() if graphs else None
        self._stream = torch.cuda.Stream(device) if graphs else None  # type: ignore[no-untyped-call]

    def capture_all(self) -> None:
        """A graph for every size of steps that share nothing, the largest first, before anything is in the pool.

        Each is run once, on padding or on what ran last: no request waits for a capture later, but for those of shared prefixes.
        """
        if not self._graphs:
            return
        for size in reversed(self._sizes.tolist()):
            key = (size, self._inputs.variant)
            if key not in self._captured:
                self._compute(size)
                self._captured[key] = self._capture(size)

    def launch(
        self,
        plan: DecodePlan,
        tokens: IntArray | None,
        columns: IntArray,
        exact: bool = True,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Start a step.

        Parameters
        ----------
        plan
            The requests.
        tokens
            int32 ``[n]``: what they run; None: what their rows sampled last.
        columns
            int32 ``[6, n]``: see `sgbench.engine.runner.drawing.draw`.
        exact
            This size may come often: after a few steps it gets a graph of its own. Else one of up to twice the size does, if there is one.

        Returns
        -------
        int32 ``[n]`` and ``[n, vocab]``
            Sampled tokens and logits, overwritten by the next step.
        """
        n = len(plan.rids)
        self._table.write_decode(plan)
        self._inputs.load(plan, self._most)
        variant = self._inputs.variant
        size = self._size(n, variant, exact)
        self._load(plan, tokens, columns, size)
        key = (size, variant)
        captured = self._captured.get(key)
        if captured is None:
            sampled = self._compute(size)
            if self._graphs:
                self._captured[key] = self._capture(size)
        else:
            captured.graph.replay()
            sampled = captured.tokens
        return sampled[:n], self._logits[:n]

    def _size(self, n: int, variant: str, exact: bool) -> int:
        """What a step of ``n`` rows is padded to: a size that comes and goes needs no graph of its own while a larger one is there."""
        size = int(self._sizes[np.searchsorted(self._sizes, n)])
        if exact:
            self._asked[size, variant] += 1
            if self._asked[size, variant] > _PATIENCE:
                return size
        serving = (known for known, kind in self._captured if kind == variant and size <= known <= 2 * size)
        return min(serving, default=size)

    def _load(
        self,
        plan: DecodePlan,
        tokens: IntArray | None,
        columns: IntArray,
        size: int,
    ) -> None:
        n = len(plan.rids)
        self._turn = (self._turn + 1) % _RING
        event = self._copied[self._turn]
        if event is not None:
            event.synchronize()
        host = self._host[self._turn]
        fields = host.numpy()
        fields[0, :n] = -1 if tokens is None else tokens
        fields[1, :n], fields[1, n:size] = plan.rows, self._most
        fields[2, :n] = plan.positions
        fields[3:, :n] = columns
        fields[0, n:size] = fields[2:, n:size] = 0
        self._fields.copy_(host, non_blocking=True)
        if host.device != self._fields.device:
            event = event or torch.cuda.Event()  # type: ignore[no-untyped-call]
            event.record()
            self._copied[self._turn] = event

    def _compute(self, size: int) -> torch.Tensor:
        """The step itself, from the buffers: int32 ``[size]``."""
        fields = self._fields[:, :size]
        attention = self._attention.decode(self._inputs, size)
        batch = TokenBatch(fields[0], fields[2], self._inputs.slots[:size], fields[1], self._last)
        logits = self._forward.decode_logits(batch, attention, self._logits[:size])
        return draw(self._ops, logits, fields[3:], fields[1], self._last)

    def _capture(self, size: int) -> Captured:
        """Record `_compute` without running it; other threads may use the GPU meanwhile."""
        assert self._stream is not None
        graph = torch.cuda.CUDAGraph()
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            graph.capture_begin(pool=self._pool, capture_error_mode="thread_local")
            try:
                tokens = self._compute(size)
            finally:
                graph.capture_end()
        torch.cuda.current_stream().wait_stream(self._stream)
        return Captured(graph, tokens)
