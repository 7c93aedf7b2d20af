"""How much memory the largest step takes beside weights and KV, measured by running it.

CUDA only: on a CPU the pool's memory is not touched until it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from sgbench.engine.attention.torch_attention import TorchAttention
from sgbench.engine.request import Chunk, SamplingParams, StepPlan
from sgbench.engine.runner.kv_cache import KVCache
from sgbench.engine.runner.sampler import sample
from sgbench.engine.runner.slot_table import SlotTable

if TYPE_CHECKING:
    from sgbench.engine.config import EngineConfig
    from sgbench.engine.models.config import ModelConfig
    from sgbench.engine.models.loading import AnyDecoder

_SAMPLED_ROWS = 256


def peak_step_bytes(config: EngineConfig, model: ModelConfig, decoder: AnyDecoder, prefill_tokens: int) -> int:
    """Bytes above what is allocated now: one prefill of ``prefill_tokens`` in context-long chunks, and a full batch sampled."""
    device = torch.device(config.device)
    assert config.context_length is not None
    torch.cuda.synchronize(device)
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    cache = KVCache(model, prefill_tokens, getattr(torch, config.dtype), device)
    held = torch.cuda.memory_allocated(device) - before
    plan = _plan(prefill_tokens, config.context_length)
    table = SlotTable(len(plan.chunks), config.context_length)
    table.write(plan.chunks)
    slots = torch.arange(prefill_tokens, device=device)
    positions = torch.from_numpy(np.concatenate([np.arange(len(c.token_ids)) for c in plan.chunks])).to(device)
    step = TorchAttention(cache, model.n_heads, model.layers).prepare(plan, table, slots)
    hidden = decoder.forward(torch.zeros_like(slots), positions, step)
    rows = hidden[torch.arange(_SAMPLED_ROWS, device=device) % prefill_tokens]
    sample(decoder.logits(rows), [plan.chunks[0]] * _SAMPLED_ROWS)
    torch.cuda.synchronize(device)
    peak = torch.cuda.max_memory_allocated(device) - before - held
    del cache, step, hidden, rows
    torch.cuda.empty_cache()
    return peak


def _plan(tokens: int, context: int) -> StepPlan:
    sampling = SamplingParams(top_p=0.9, top_k=40)
    chunks = []
    for row, first in enumerate(range(0, tokens, context)):
        ids = np.zeros(min(context, tokens - first), np.int32)
        slots = np.arange(first, first + len(ids), dtype=np.int32)
        chunks.append(Chunk(row, row, 0, ids, slots, 0, True, sampling))
    return StepPlan(0, tuple(chunks))
