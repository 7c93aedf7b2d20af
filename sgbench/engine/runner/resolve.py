"""Turn options that were left open into what this machine and this model give.

Knows hardware and the model's shape; returns new configs and never mutates one.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import torch

from sgbench.engine.attention.choice import AttentionShape, Choice, choose
from sgbench.engine.runner.gpu_check import why_none, why_not
from sgbench.errors import UsageError

if TYPE_CHECKING:
    from sgbench.engine.config import EngineConfig
    from sgbench.engine.models.config import ModelConfig

_DEFAULTS = {"cpu": (64, 2048), "cuda": (256, 8192)}
"""``max_running`` and ``max_prefill_tokens`` by device."""


def resolve(config: EngineConfig, model: ModelConfig) -> EngineConfig:
    """Device, dtype, attention backend, context.

    Raises
    ------
    UsageError
        A device or backend that is not there, or a context longer than the model's.
    """
    if config.tp_size != 1:
        raise UsageError(f"Engine option tp_size={config.tp_size}: tensor parallelism is not available in this version")
    device = _device(config.device)
    if config.deterministic and model.foreign and device != "cpu":
        raise UsageError(
            f"Engine option deterministic=True: {model.family} is computed by transformers, whose results depend on the batch on a GPU; "
            "leave it out, or use device='cpu'"
        )
    placed = dataclasses.replace(config, device=device, dtype=_dtype(config.dtype, device))
    return dataclasses.replace(
        placed,
        attention=attention_choice(config.attention, placed, model).name,
        context_length=_context(config, model),
        cuda_graph=_cuda_graph(config.cuda_graph, device, model),
        overlap=device != "cpu" if config.overlap is None else config.overlap,
    )


def resolve_limits(config: EngineConfig) -> EngineConfig:
    """Size of a batch and of a prefill chunk."""
    default_running, default_prefill = _DEFAULTS[torch.device(config.device).type]
    running = config.max_running or min(default_running, config.kv_tokens or default_running)
    return dataclasses.replace(
        config, max_running=running, max_prefill_tokens=config.max_prefill_tokens or default_prefill
    )


def _device(asked: str) -> str:
    if asked == "auto":
        return "cuda" if torch.cuda.is_available() and not why_not() else "cpu"
    kind = asked.split(":", maxsplit=1)[0]
    if kind == "cpu":
        return "cpu"
    if kind == "cuda":
        if not torch.cuda.is_available():
            raise UsageError(f"Engine option device={asked!r}: {why_none()}; use 'auto' or 'cpu'")
        index = asked.partition(":")[2]
        if index and (not index.isdigit() or int(index) >= torch.cuda.device_count()):
            raise UsageError(f"Engine option device={asked!r}: this machine has {torch.cuda.device_count()} GPUs")
        if reason := why_not(int(index or 0)):
            raise UsageError(f"Engine option device={asked!r}: {reason}")
        return asked
    raise UsageError(f"Engine option device={asked!r}: choose auto, cpu or cuda (mps is not supported)")


def attention_choice(asked: str, config: EngineConfig, model: ModelConfig) -> Choice:
    """The attention backend for ``asked`` on the device and in the dtype of a resolved ``config``, and what kept others back.

    Raises
    ------
    UsageError
        The backend that was named cannot run here.
    """
    device = torch.device(config.device)
    shape = AttentionShape(
        n_heads=model.n_heads,
        n_kv_heads=model.n_kv_heads,
        head_dim=model.head_dim,
        dtype=getattr(torch, config.dtype),
        device=device,
        layers=model.layers,
        invariant=config.deterministic and device.type == "cuda",
    )
    return choose(asked, shape)


def _cuda_graph(asked: bool | None, device: str, model: ModelConfig) -> bool:
    if model.foreign:
        if asked:
            raise UsageError(
                f"Engine option cuda_graph=True: {model.family} is computed by transformers, whose code may look at the host "
                "in mid-step; leave it out"
            )
        return False
    if asked and device == "cpu":
        raise UsageError(
            "Engine option cuda_graph=True: the engine runs on a CPU, which has no CUDA graphs; leave it out"
        )
    return device != "cpu" if asked is None else asked


def _dtype(asked: str, device: str) -> str:
    if asked != "auto":
        return asked
    if device == "cpu":
        return "float32"
    return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"


def _context(config: EngineConfig, model: ModelConfig) -> int:
    asked = config.context_length or model.max_context_tokens
    if asked > model.longest_context_tokens:
        raise UsageError(
            f"Engine option context_length={asked}: the model's positions end at {model.longest_context_tokens}"
        )
    return asked
