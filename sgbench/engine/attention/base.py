"""What an attention backend is.

A backend plans once a step what every layer then does the same way. Backends differ in speed alone: each is tested against
`sgbench.engine.attention.reference`.

Two ways in. `AttentionBackend.prepare` takes any step; a `CuttingAttention` would have its chunks cut first. A backend that is also a
`GraphAttention` takes pure decode steps through `decode`: it launches kernels that read device buffers at fixed addresses (`DecodeInputs`)
and plans nothing on the host, so that a runner may capture it in a CUDA graph once and replay it with other contents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch

    from sgbench.engine.request import DecodePlan, StepPlan
    from sgbench.engine.runner.slot_table import SlotTable


@dataclass(frozen=True, slots=True)
class LayerOptions:
    """How one layer's attention departs from the plain one.

    Attributes
    ----------
    scale
        Factor of the scores; None: ``head_dim ** -0.5``.
    window
        A query at position p sees keys at positions above ``p - window`` only; None: all before it.
    soft_cap
        Scores s become ``soft_cap * tanh(s / soft_cap)``; None: as they are.
    """

    scale: float | None = None
    window: int | None = None
    soft_cap: float | None = None


PLAIN = LayerOptions()


class AttentionStep(Protocol):
    """Attention of one step, planned."""

    def attend(self, layer: int, q: torch.Tensor, kv: torch.Tensor | None) -> torch.Tensor:
        """Store the step's keys and values, then attend causally to everything before each token.

        Parameters
        ----------
        layer
            Index of the layer; layers come in order, each once.
        q
            ``[tokens, heads, head_dim]``, rotated. Tokens of chunks lie one after the other, in the plan's order.
        kv
            ``[tokens, 2 * kv_heads, head_dim]``: rotated keys, then values. The strides of a slice of a fused projection.
            None: the caller has stored them in the cache already (only where `AttentionBackend.reads_cache`).

        Returns
        -------
        ``[tokens, heads * head_dim]``.
        """
        ...


class AttentionBackend(Protocol):
    """Makes `AttentionStep` objects.

    Attributes
    ----------
    name
        As in `EngineConfig.attention`.
    reads_cache
        Everything is read from the cache, the step's own keys and values too: ``attend`` takes ``kv=None``.
    """

    name: str
    reads_cache: bool

    def prepare(self, plan: StepPlan, table: SlotTable, slots: torch.Tensor) -> AttentionStep:
        """Plan a step.

        Parameters
        ----------
        plan
            The chunks, and the prefixes they share.
        table
            Slots of all positions, those of this step included; with a device copy if the backend's device is a GPU.
        slots
            int64 ``[tokens]`` on the device: where this step's keys and values go.
        """
        ...


@runtime_checkable
class CuttingAttention(AttentionBackend, Protocol):
    """A backend that wants some chunks cut in two."""

    def cut(self, plan: StepPlan) -> StepPlan:
        """``plan``, or the same step by `sgbench.engine.attention.odd_tokens.cut`; `prepare` takes either."""
        ...


class DecodeInputs(Protocol):
    """What a captured decode step reads: device buffers whose addresses never change.

    Attributes
    ----------
    rows
        int32 ``[max_rows]``: row of the slot table of each request.
    lengths
        int32 ``[max_rows]``: tokens it attends to, its current one included; 0: padding, whose output is zeros.
    slots
        int64 ``[max_rows]``: where the current token's keys and values go; the cache's scratch slot for padding.
    variant
        Which kernels the step that was loaded needs (it shares long prefixes, or not): a graph captured for one variant must not be
        replayed for another.
    """

    rows: torch.Tensor
    lengths: torch.Tensor
    slots: torch.Tensor

    @property
    def variant(self) -> str: ...

    def load(self, plan: DecodePlan, n_rows: int) -> None:
        """Send what the plan's requests, one token each, need to the device; rows up to ``n_rows`` become padding.

        Takes rows, positions and slots from the plan's arrays, and ``plan.shared`` too; ``plan.moved`` is in the slot table already.
        Does not wait for the device: the copy is ordered after what the current stream runs already.
        """
        ...


@runtime_checkable
class GraphAttention(AttentionBackend, Protocol):
    """A backend whose decode step may be captured in a CUDA graph."""

    def decode_inputs(self, table: SlotTable, max_rows: int) -> DecodeInputs:
        """Buffers for up to ``max_rows`` requests; one set serves the graphs of all batch sizes."""
        ...

    def decode(self, inputs: DecodeInputs, n_rows: int) -> AttentionStep:
        """A step of the leading ``n_rows`` rows, of the variant that is loaded; call it inside the capture, before the first layer.

        It launches the kernels that come before the layers: they enter each current token's slot into the slot table's device copy (so
        `SlotTable.write_host` is enough for such a step) and divide the work.
        """
        ...
