"""Runs step plans on a CPU or an NVIDIA GPU with torch.

Owns the weights, the KV tensors and the slot table. Decides nothing: which slot, which request and which order come with the
plan.
"""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

import numpy as np
import torch

from sgbench.engine.attention.torch_attention import TorchAttention
from sgbench.engine.hub import find_model
from sgbench.engine.models.config import ModelConfig
from sgbench.engine.models.loading import load_decoder
from sgbench.engine.request import Chunk, DecodePlan, StepPlan, StepResult
from sgbench.engine.runner.base import Done
from sgbench.engine.runner.kv_cache import KVCache
from sgbench.engine.runner.logprobs import logit_rows, results
from sgbench.engine.runner.masking import MaskTable
from sgbench.engine.runner.resolve import resolve, resolve_capacity
from sgbench.engine.runner.sampler import sample
from sgbench.engine.runner.slot_table import SlotTable
from sgbench.errors import EngineStoppedError

if TYPE_CHECKING:
    import numpy.typing as npt

    from sgbench.engine.attention.base import AttentionBackend
    from sgbench.engine.config import EngineConfig
    from sgbench.engine.models.loading import AnyDecoder

    IntArray64 = npt.NDArray[np.int64]


class TorchRunner:
    """`sgbench.engine.runner.base.Runner` on torch.

    Parameters
    ----------
    config
        Options; ``auto`` values and None are resolved here.

    Raises
    ------
    ModelError
        The model cannot be found, loaded or computed rightly.
    UsageError
        An option this machine cannot serve.
    """

    def __init__(self, config: EngineConfig) -> None:
        folder = find_model(config.model_path, weights=config.load_format != "dummy")
        model = ModelConfig.from_folder(folder)
        config = resolve(config, model)
        device, dtype = torch.device(config.device), getattr(torch, config.dtype)
        with torch.inference_mode():
            model, decoder = load_decoder(folder, model, config)
            config = resolve_capacity(config, model, decoder)
        assert config.kv_tokens is not None and config.max_running is not None and config.context_length is not None
        self._config, self._model = config, model
        self._decoder: AnyDecoder | None = decoder
        self._device = device
        self._cache: KVCache | None = KVCache(model, config.kv_tokens, dtype, device)
        self._attention: AttentionBackend | None = TorchAttention(self._cache, model.n_heads, model.layers)
        self._table = SlotTable(config.max_running, config.context_length)
        self._last: dict[int, tuple[Chunk, int]] = {}  # the chunk that each row ran last, and the token it sampled
        self._masks: MaskTable | None = MaskTable(model.vocab_size, device) if device.type == "cuda" else None

    @property
    def config(self) -> EngineConfig:
        """The options with nothing left open."""
        return self._config

    @property
    def kv_tokens(self) -> int:
        """Capacity of the KV pool, tokens."""
        assert self._config.kv_tokens is not None
        return self._config.kv_tokens

    @property
    def max_context_tokens(self) -> int:
        """Longest sequence, prompt and output, tokens."""
        assert self._config.context_length is not None
        return self._config.context_length

    @property
    def kv_bytes_per_token(self) -> int:
        """Memory of one token's keys and values in all layers."""
        return KVCache.bytes_per_token(self._model, getattr(torch, self._config.dtype))

    @property
    def vocab_size(self) -> int:
        """Size of the logits."""
        return self._model.vocab_size

    @property
    def description(self) -> str:
        """One line for people."""
        model, config = self._model, self._config
        size = model.parameters / (1e9 if model.parameters >= 1e9 else 1e6)
        unit = "B" if model.parameters >= 1e9 else "M"
        where = torch.cuda.get_device_name(self._device) if self._device.type == "cuda" else "CPU"
        by = " by transformers" if model.foreign else ""
        return f"{model.family}{by}, {size:.1f} {unit} parameters, {config.dtype} on {where}, attention by {config.attention}"

    def run(self, plan: StepPlan) -> StepResult:
        """See `Runner.run`."""
        if self._decoder is None:
            raise EngineStoppedError("this runner was closed; start another engine")
        began = time.perf_counter()
        with torch.inference_mode():
            rows = logit_rows(plan)
            logits = self._forward(plan, rows.tokens)
            last = rows.last
            sampling = [chunk for chunk in plan.chunks if chunk.sample]
            tokens = []
            if last:
                ends = logits if len(last) == len(rows.tokens) else logits[torch.tensor(last, device=self._device)]
                tokens = sample(ends, sampling, self._masks).tolist()
            done = results(plan, rows, logits, dict(zip(last, tokens, strict=True)))
        self._last.update((c.row, (c, token)) for c, token in zip(sampling, tokens, strict=True))
        return StepResult(done, (time.perf_counter() - began) * 1e3)

    def launch(self, plan: StepPlan | DecodePlan) -> Done:
        """See `LaunchingRunner.launch`: on a CPU host and device are one, so the step runs at once."""
        if isinstance(plan, DecodePlan):
            plan = StepPlan(-1, plan.chunks([self._last[row] for row in plan.rows.tolist()]), plan.shared)
        return Done(self.run(plan))

    def close(self) -> None:
        """Drop every tensor; `run` afterwards is an error. Idempotent."""
        self._decoder = self._cache = None
        self._attention = self._masks = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _forward(self, plan: StepPlan, rows: list[int]) -> torch.Tensor:
        """Logits at the flat token indices ``rows``: float32 ``[rows, vocab]``."""
        assert self._decoder is not None and self._attention is not None
        if not self._config.shared_prefix_attention and plan.shared:
            plan = dataclasses.replace(plan, shared=())
        self._table.write(plan.chunks)
        token_ids, positions, slots = (self._tensor(values) for values in _flatten(plan))
        step = self._attention.prepare(plan, self._table, slots)
        hidden = self._decoder.forward(token_ids, positions, step)
        if len(rows) != len(token_ids):
            hidden = hidden.index_select(0, torch.tensor(rows, dtype=torch.int64, device=self._device))
        return self._decoder.logits(hidden)

    def _tensor(self, values: IntArray64) -> torch.Tensor:
        return torch.from_numpy(values).to(self._device)


def _flatten(plan: StepPlan) -> tuple[IntArray64, IntArray64, IntArray64]:
    """Token ids, positions and slots of all chunks, one after the other."""
    chunks = plan.chunks
    token_ids = np.concatenate([c.token_ids for c in chunks])
    positions = np.concatenate([np.arange(c.start, c.start + len(c.token_ids)) for c in chunks])
    slots = np.concatenate([c.slots[-len(c.token_ids) :] for c in chunks])
    return token_ids.astype(np.int64), positions.astype(np.int64), slots.astype(np.int64)
