"""Is a decoder of `transformers` the same on the paged pool as by itself? Two short texts tell, before anybody relies on it.

A model may use positions, masks or a state in ways that no argument of its attention shows. So its own attention and ours both read two
texts: ours in one batch, in chunks, on scattered slots. Costs five short passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sgbench.engine.attention.reference import ReferenceAttention
from sgbench.engine.models.foreign import NAME
from sgbench.engine.request import Chunk, SamplingParams, StepPlan
from sgbench.engine.runner.kv_cache import KVCache
from sgbench.engine.runner.slot_table import SlotTable
from sgbench.errors import ModelError

if TYPE_CHECKING:
    from sgbench.engine.models.config import ModelConfig
    from sgbench.engine.models.foreign import ForeignDecoder

_LENGTHS = (29, 12)
_CUT = 17
_TOLERANCE = {torch.float32: 2e-3, torch.float16: 5e-2, torch.bfloat16: 0.15}
"""Relative error of the logits; a wrong mask or position gives errors near 1."""


def prove(model: Any, decoder: ForeignDecoder, config: ModelConfig) -> None:
    """Compare ``decoder`` with ``model``, which it wraps.

    Raises
    ------
    ModelError
        They differ.
    """
    draw = torch.Generator().manual_seed(0)
    texts = [torch.randint(0, config.vocab_size, (n,), generator=draw).to(decoder.device) for n in _LENGTHS]
    texts = [text[: config.longest_context_tokens] for text in texts]
    try:
        want = _by_itself(model, texts)
        got = _paged(decoder, config, texts, model.dtype)
    except (torch.cuda.OutOfMemoryError, MemoryError):
        raise
    except Exception as failure:  # the model's own code
        raise ModelError(f"{type(model).__name__} does not run ({type(failure).__name__}: {failure})") from failure
    errors = torch.cat(
        [((g - w).norm(dim=1) / (w - w.mean(1, True)).norm(dim=1)) for g, w in zip(got, want, strict=True)]
    )
    worst = float(errors.quantile(0.9))  # not the largest: half precision may send a token to another expert
    if not worst <= _TOLERANCE.get(model.dtype, 2e-3):
        raise ModelError(
            f"{type(model).__name__} does not give the same logits on the engine's KV pool as by itself (relative error {worst:.2g}): its "
            "attention depends on something the pool does not hold, so the engine would answer wrongly"
        )


def _by_itself(model: Any, texts: list[torch.Tensor]) -> list[torch.Tensor]:
    """Logits by the model's own plain attention, one text at a time."""
    model.set_attn_implementation("eager")
    try:
        return [model(input_ids=text[None], use_cache=False).logits[0].float() for text in texts]
    finally:
        model.set_attn_implementation(NAME)


def _paged(
    decoder: ForeignDecoder, config: ModelConfig, texts: list[torch.Tensor], dtype: torch.dtype
) -> list[torch.Tensor]:
    """Logits by way of a small pool: first both texts' beginnings together, then the rest of the longer one."""
    total = sum(map(len, texts))
    cache = KVCache(config, total, dtype, decoder.device)
    attention = ReferenceAttention(cache, config.layers)
    table = SlotTable(len(texts), max(map(len, texts)))
    order = np.random.default_rng(0).permutation(total).astype(np.int32)
    slots = np.split(order, np.cumsum([len(text) for text in texts])[:-1])
    first = min(_CUT, len(texts[0]))
    steps = [[(0, 0, first), (1, 0, len(texts[1]))], [(0, first, len(texts[0]))]]
    logits: list[list[torch.Tensor]] = [[] for _ in texts]
    for number, step in enumerate(steps):
        pieces = [piece for piece in step if piece[1] < piece[2]]
        if not pieces:
            continue
        chunks = tuple(_chunk(row, begin, texts[row][begin:end], slots[row][begin:end]) for row, begin, end in pieces)
        table.write(chunks)
        at = torch.from_numpy(np.concatenate([slots[row][begin:end] for row, begin, end in pieces]).astype(np.int64))
        tokens = torch.cat([texts[row][begin:end] for row, begin, end in pieces])
        positions = torch.cat([torch.arange(begin, end, device=decoder.device) for _, begin, end in pieces])
        planned = attention.prepare(StepPlan(number, chunks), table, at.to(decoder.device))
        out = decoder.logits(decoder.forward(tokens, positions, planned))
        parts = torch.split(out, [end - begin for _, begin, end in pieces])
        for (row, *_), part in zip(pieces, parts, strict=True):
            logits[row].append(part)
    return [torch.cat(parts) for parts in logits]


def _chunk(row: int, begin: int, text: torch.Tensor, slots: np.ndarray) -> Chunk:
    ids = text.cpu().numpy().astype(np.int32)
    return Chunk(row, row, begin, ids, slots, begin, False, SamplingParams())
