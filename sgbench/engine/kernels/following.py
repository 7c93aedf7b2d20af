"""Triton: kernels that stand ready when the one before them ends (programmatic dependent launch, Hopper and later).

A small kernel of a step takes about as long to start as to compute. One that is launched early is on the processors by then and waits
there. Each such kernel waits before it reads anything, so that all before it is done when it is: kernels launched as ever may follow.
"""

from __future__ import annotations

import functools

import torch
import triton
import triton.language as tl

EARLY = True
"""Launch early at all: a benchmark turns it off."""
MOST_TOKENS = 64
"""Larger steps have nothing to gain: theirs are large kernels, which early ones crowd."""
_CAPABILITY = (9, 0)


@triton.jit
def follow(early: tl.constexpr):
    """Wait for the kernel before this one, and have the one behind it started; the first thing in a kernel."""
    if early:
        tl.extra.cuda.gdc_wait()
        tl.extra.cuda.gdc_launch_dependents()


def early(x: torch.Tensor) -> dict[str, bool]:
    """Options with which to launch a kernel that calls `follow`; ``x`` has a row for each token of the step."""
    if EARLY and len(x) <= MOST_TOKENS and x.is_cuda and _able(x.get_device()):
        return {"early": True, "launch_pdl": True}
    return {"early": False}


@functools.cache
def _able(device: int) -> bool:
    return torch.cuda.get_device_capability(device) >= _CAPABILITY
