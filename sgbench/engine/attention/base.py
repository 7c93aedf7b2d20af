"""What an attention backend is.

A backend plans once a step, on the host, what every layer then does the same way. Backends differ in speed alone: each is
tested against `sgbench.engine.attention.reference`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch

    from sgbench.engine.request import StepPlan
    from sgbench.engine.runner.slot_table import SlotTable


class AttentionStep(Protocol):
    """Attention of one step, planned."""

    def attend(self, layer: int, q: torch.Tensor, kv: torch.Tensor) -> torch.Tensor:
        """Store the step's keys and values, then attend causally to everything before each token.

        Parameters
        ----------
        layer
            Index of the layer; layers come in order, each once.
        q
            ``[tokens, heads, head_dim]``, rotated. Tokens of chunks lie one after the other, in the plan's order.
        kv
            ``[tokens, 2 * kv_heads, head_dim]``: rotated keys, then values. The strides of a slice of a fused projection.

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
    """

    name: str

    def prepare(self, plan: StepPlan, table: SlotTable, slots: torch.Tensor) -> AttentionStep:
        """Plan a step.

        Parameters
        ----------
        plan
            The chunks, and the prefixes they share.
        table
            Slots of all positions, those of this step included.
        slots
            int64 ``[tokens]`` on the device: where this step's keys and values go.
        """
        ...
