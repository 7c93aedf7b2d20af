"""The fused kernels of a step as one set: Triton's where it runs, their twins in torch elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

Norms = tuple[torch.Tensor, torch.Tensor] | None


@dataclass(frozen=True, slots=True)
class StepOps:
    """What a step does beside matrix products and attention; see the modules of this package for each."""

    name: str
    norm: Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]
    add_norm: Callable[[torch.Tensor, torch.Tensor, torch.Tensor, float], torch.Tensor]
    embed_norm: Callable[
        [torch.Tensor, torch.Tensor | None, torch.Tensor, torch.Tensor, torch.Tensor, float],
        tuple[torch.Tensor, torch.Tensor],
    ]
    rotate_store: Callable[
        [torch.Tensor, int, torch.Tensor, torch.Tensor, Norms, float, torch.Tensor | None, torch.Tensor], None
    ]
    silu_mul: Callable[[torch.Tensor], torch.Tensor]
    gemv: Callable[..., torch.Tensor]
    thresholds: Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
    sample_rows: Callable[
        [torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor
    ]


def step_ops(device: torch.device) -> StepOps:
    """Triton's on a GPU, torch's on a CPU."""
    if device.type == "cuda":
        return triton_ops()
    return torch_ops()


def triton_ops() -> StepOps:
    """Fused kernels; Triton is imported here and not before."""
    from sgbench.engine.kernels import activation, filtering, gemv, norm, rope, sampling

    return StepOps(
        name="triton",
        norm=norm.norm,
        add_norm=norm.add_norm,
        embed_norm=norm.embed_norm,
        rotate_store=rope.rotate_store,
        silu_mul=activation.silu_mul,
        gemv=gemv.gemv,
        thresholds=filtering.thresholds,
        sample_rows=sampling.sample_rows,
    )


def torch_ops() -> StepOps:
    """The twins."""
    from sgbench.engine.kernels import twins

    return StepOps(
        name="torch",
        norm=twins.norm,
        add_norm=twins.add_norm,
        embed_norm=twins.embed_norm,
        rotate_store=twins.rotate_store,
        silu_mul=twins.silu_mul,
        gemv=twins.gemv,
        thresholds=twins.thresholds,
        sample_rows=twins.sample_rows,
    )
