"""Muon for the layers' matrices (Jordan et al. 2024; scaling of Liu et al. 2025), AdamW for the rest.

Knows parameters and gradients, nothing of the network they come from.
"""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import Tensor, nn

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def orthogonalise(stack: Tensor) -> Tensor:
    """Nearest orthogonal matrices, roughly: five quintic Newton-Schulz steps on (count, rows, columns)."""
    a, b, c = NEWTON_SCHULZ
    x = stack.bfloat16() if stack.is_cuda else stack.float()
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(5):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


class Muon:
    """Momentum whose step is orthogonalised; matrices of one shape are stepped as one stack."""

    def __init__(self, matrices: list[nn.Parameter], momentum: float = 0.95, decay: float = 0.02) -> None:
        groups: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
        for matrix in matrices:
            groups[matrix.shape].append(matrix)
        self.groups = list(groups.values())
        self.buffers = [torch.zeros(len(g), *g[0].shape, device=g[0].device) for g in self.groups]
        self.momentum, self.decay = momentum, decay

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """One step at learning rate ``rate``, clearing the gradients."""
        for group, buffer in zip(self.groups, self.buffers, strict=True):
            gradient = torch.stack([p.grad for p in group if p.grad is not None])
            buffer.lerp_(gradient, 1 - self.momentum)
            update = orthogonalise(gradient.lerp(buffer, self.momentum)).float()
            scale = 0.2 * max(group[0].shape) ** 0.5
            for parameter, change in zip(group, update, strict=True):
                parameter.mul_(1 - rate * self.decay).add_(change, alpha=-rate * scale)
                parameter.grad = None


def split(network: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The parameters for Muon (matrices of layers) and for AdamW (embedding and norms)."""
    matrices, rest = [], []
    for name, parameter in network.named_parameters():
        (matrices if parameter.ndim == 2 and "embed" not in name else rest).append(parameter)
    return matrices, rest


def rate_at(step: int, steps: int, peak: float, warm_up: int = 60, decay_from: float = 0.45) -> float:
    """Linear warm-up, a plateau, then linear decay to zero over the last part of the run."""
    fall = (steps - step) / max(1.0, steps * (1 - decay_from))
    return peak * min(1.0, (step + 1) / warm_up, fall)
