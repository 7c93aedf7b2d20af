"""Does a model fit the machine as it is now? From its shape and the free memory, before anything is loaded. Knows no options."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from sgbench.engine.runner.gpu_check import why_none, why_not
from sgbench.engine.runner.kv_cache import KVCache
from sgbench.engine.runner.memory import free_bytes, free_ram_bytes

if TYPE_CHECKING:
    from sgbench.engine.models.config import ModelConfig


def room_for(model: ModelConfig) -> tuple[bool, str]:
    """Whether the weights of ``model`` fit, and a sentence with the sizes: on the GPU if it can be used, else in memory."""
    cuda = not why_none() and not why_not()
    dtype = (torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16) if cuda else torch.float32
    free = free_bytes(torch.device("cuda")) if cuda else free_ram_bytes()
    size, each = model.parameters * dtype.itemsize, KVCache.bytes_per_token(model, dtype)
    where, kind = ("the GPU" if cuda else "memory"), str(dtype).removeprefix("torch.")
    takes = f"weights take {size / 2**30:.2f} GiB in {kind}, {where} has {free / 2**30:.1f} GiB free"
    if size > free:
        return False, f"{takes}: they do not fit. Use a smaller model, or free some"
    return True, f"{takes}: beside them and a step's buffers at most {(free - size) // each:,} tokens of KV"
