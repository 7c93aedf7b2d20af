"""Which attention backend runs, and why.

``auto`` takes the first of flashinfer, triton and torch that can run and says what kept it from those before; a backend that was named
and cannot run is an error. Knows packages, devices and shapes; imports a backend only where it is asked for.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from sgbench.errors import UsageError

if TYPE_CHECKING:
    from sgbench.engine.attention.base import AttentionBackend, LayerOptions
    from sgbench.engine.runner.kv_cache import KVCache

_LEAST_CAPABILITY = (8, 0)
_MOST_GROUP = 128
_MOST_HEAD_DIM = 256


@dataclass(frozen=True, slots=True)
class AttentionShape:
    """What a backend must compute.

    Attributes
    ----------
    layers
        Options by layer; empty: all are plain.
    invariant
        Results must not depend on what else is in the batch.
    """

    n_heads: int
    n_kv_heads: int
    head_dim: int
    dtype: torch.dtype
    device: torch.device
    layers: tuple[LayerOptions, ...] = ()
    invariant: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The backend, and what kept others back: for the engine's description."""

    name: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.why})" if self.why else self.name


def choose(asked: str, shape: AttentionShape) -> Choice:
    """The backend for ``asked``: ``auto``, ``flashinfer``, ``triton`` or ``torch``.

    Raises
    ------
    UsageError
        The backend that was named cannot run; the message says why.
    """
    if asked == "torch" or (asked == "auto" and shape.device.type != "cuda"):
        return Choice("torch")
    if asked != "auto":
        obstacle = _OBSTACLES[asked](shape, True)
        if obstacle:
            raise UsageError(f"Engine option attention={asked!r}: {obstacle}; 'auto' takes what can run")
        return Choice(asked)
    reasons: list[str] = []
    for name, obstacle_to in _OBSTACLES.items():
        obstacle = obstacle_to(shape, False)
        if obstacle is None:
            return Choice(name, "; ".join(reasons))
        if obstacle not in reasons:
            reasons.append(obstacle)
    return Choice("torch", "; ".join(reasons))


def make_attention(
    name: str, cache: KVCache, n_heads: int, layers: Sequence[LayerOptions] = (), invariant: bool = False
) -> AttentionBackend:
    """The backend that was chosen."""
    if name == "flashinfer":
        from sgbench.engine.attention.flashinfer_attention import FlashInferAttention

        return FlashInferAttention(cache, n_heads, layers)
    if name == "triton":
        from sgbench.engine.attention.triton_attention import TritonAttention

        return TritonAttention(cache, n_heads, layers, invariant)
    from sgbench.engine.attention.torch_attention import TorchAttention

    return TorchAttention(cache, n_heads, layers)


def _no_flashinfer(shape: AttentionShape, named: bool) -> str | None:
    """What keeps FlashInfer from running; ``named``: the user would wait for a compilation."""
    obstacle = _no_triton(shape, named)  # its decode steps are the own kernels'
    if obstacle:
        return obstacle
    if shape.invariant:
        return "FlashInfer's results depend on the batch, which deterministic=True excludes"
    if any(layer.window is not None or layer.soft_cap is not None for layer in shape.layers):
        return "FlashInfer computes no sliding windows and soft-caps here"
    if len({layer.scale for layer in shape.layers}) > 1:
        return "FlashInfer takes one scale for all layers"
    from sgbench.engine.attention import flashinfer_attention

    if shape.dtype == torch.float32 or shape.head_dim not in flashinfer_attention.HEAD_DIMS:
        kind = str(shape.dtype).removeprefix("torch.")
        return f"FlashInfer has no kernels for {kind} and heads of {shape.head_dim}"
    if importlib.util.find_spec("flashinfer") is None:
        return "FlashInfer is not installed"
    try:
        _, missing = flashinfer_attention.prefill_kernels(shape.dtype, shape.head_dim, shape.device)
    except Exception as error:  # a build for another torch, CUDA or Python fails in ways of its own
        return f"FlashInfer cannot be loaded: {type(error).__name__}: {error}"
    if missing and not (named and shutil.which("nvcc")):
        return missing
    return None


def _no_triton(shape: AttentionShape, named: bool) -> str | None:
    """What keeps the own kernels from running."""
    if shape.device.type != "cuda":
        return "it needs an NVIDIA GPU"
    if importlib.util.find_spec("triton") is None:
        return "Triton is not installed"
    if torch.cuda.get_device_capability(shape.device) < _LEAST_CAPABILITY:
        found = ".".join(map(str, torch.cuda.get_device_capability(shape.device)))
        return f"the kernels need compute capability 8.0, and this GPU has {found}"
    if shape.head_dim > _MOST_HEAD_DIM or shape.n_heads // shape.n_kv_heads > _MOST_GROUP:
        return f"the kernels take heads of up to {_MOST_HEAD_DIM}, {_MOST_GROUP} to a KV head"
    return None


_OBSTACLES = {"flashinfer": _no_flashinfer, "triton": _no_triton}
