"""The least time a workload can take: its operations and bytes counted, over what the device was measured to do.

Counts each operation and each byte of weights and KV once a step, shared KV once for all that share it; matrix products and
attention one after the other, each at the larger of its two times; prefill and decode one after the other. Activations, launches
and the host are free, so a floor is never reached. Knows shapes, no engine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from benchmarks.gpu_workloads import Batch
    from sgbench.engine.models.config import ModelConfig


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What the device does at best: bytes read plus written, and bf16 operations, both a second."""

    bytes_per_s: float
    flops_per_s: float


def measure_ceilings() -> Ceilings:
    """A copy of 4 GiB and a bf16 product of 8192 cubed, random data, the best of some."""
    import torch

    source = torch.empty(1 << 31, dtype=torch.bfloat16, device="cuda").normal_()
    copied = torch.empty_like(source)
    copy_s = _seconds(lambda into, of: into.copy_(of), copied, source)
    n_bytes = 2 * source.numel() * source.itemsize
    del source, copied
    factors = torch.randn(2, 8192, 8192, device="cuda", dtype=torch.bfloat16)
    product_s = _seconds(torch.mm, factors[0], factors[1])
    del factors
    torch.cuda.empty_cache()
    return Ceilings(n_bytes / copy_s, 2 * 8192**3 / product_s)


def _seconds(work: Callable[..., object], *operands: torch.Tensor, repeats: int = 12) -> float:
    import torch

    best = math.inf
    for _ in range(repeats):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        start.record()
        work(*operands)
        end.record()
        end.synchronize()
        best = min(best, start.elapsed_time(end) / 1e3)
    return best


class Floor:
    """Floors of one model on one device.

    Parameters
    ----------
    model
        Shape.
    ceilings
        Of the device.
    itemsize
        Bytes of a weight and of a KV element.
    max_running, max_prefill_tokens
        Limits of a step, as the engines are given them.
    """

    def __init__(
        self,
        model: ModelConfig,
        ceilings: Ceilings,
        itemsize: int = 2,
        max_running: int = 256,
        max_prefill_tokens: int = 8192,
    ) -> None:
        self._model, self._ceilings, self._itemsize = model, ceilings, itemsize
        self._max_running, self._max_prefill = max_running, max_prefill_tokens
        self._head = model.vocab_size * model.hidden_size
        self._layers = model.parameters - self._head * (1 if model.tied else 2)
        self._kv_bytes = 2 * model.n_layers * model.n_kv_heads * model.head_dim * itemsize
        self._pair_flops = 4 * model.n_layers * model.n_heads * model.head_dim

    def seconds(self, batches: list[Batch]) -> float:
        """Floor of the stages, one after the other."""
        return sum(self._prefill(batch) + self._decode(batch) for batch in batches)

    def decode_step(self, n_requests: int, kv_tokens: float, pairs: float) -> float:
        """One token for each of ``n_requests`` that read ``kv_tokens`` of KV in all; ``pairs``: query-key pairs."""
        weights = (self._layers + self._head) * self._itemsize
        products = 2 * (self._layers + self._head) * n_requests
        return self._time(weights, products) + self._time(kv_tokens * self._kv_bytes, pairs * self._pair_flops)

    def _prefill(self, batch: Batch) -> float:
        """Its last step samples the first tokens."""
        tokens = sum(n for n, _ in batch.prefill)
        pairs = sum(n * start + n * (n + 1) / 2 for n, start in batch.prefill)
        steps = max(1, math.ceil(tokens / self._max_prefill))
        weights = (self._layers * steps + self._head) * self._itemsize
        products = 2 * (self._layers * tokens + self._head * batch.n_requests)
        kv = batch.n_requests * batch.own_tokens + sum(n for _, n in batch.shared_groups)
        return self._time(weights, products) + self._time(kv * self._kv_bytes, pairs * self._pair_flops)

    def _decode(self, batch: Batch) -> float:
        """Waves of at most ``max_running``; groups of sharers are cut as evenly as they can be."""
        waves = math.ceil(batch.n_requests / self._max_running)
        n = batch.n_requests / waves
        shared_kv = sum(tokens for _, tokens in batch.shared_groups) / waves
        shared_pairs = sum(requests * tokens for requests, tokens in batch.shared_groups) / waves
        total = 0.0
        for step in range(1, batch.new_tokens):
            own = batch.own_tokens + step
            total += self.decode_step(math.ceil(n), shared_kv + n * own, shared_pairs + n * own)
        return waves * total

    def _time(self, n_bytes: float, flops: float) -> float:
        return max(n_bytes / self._ceilings.bytes_per_s, flops / self._ceilings.flops_per_s)
