"""Attention with FlashInfer's kernels where they are ahead: prefill and extensions; decode steps by the own Triton kernels.

FlashInfer plans each step on the host, for milliseconds; a prefill is long enough to hide that, a decode step is not. Its pages are
single tokens here, straight from the slot table. Knows the cache and plans; tested equal to `sgbench.engine.attention.reference`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sgbench.engine.attention.base import LayerOptions
from sgbench.engine.attention.triton_attention import TritonAttention

if TYPE_CHECKING:
    from sgbench.engine.attention.base import AttentionStep
    from sgbench.engine.attention.decode_buffers import DecodeBuffers
    from sgbench.engine.attention.triton_attention import TritonStep
    from sgbench.engine.request import Chunk, SharedPrefix, StepPlan
    from sgbench.engine.runner.kv_cache import KVCache
    from sgbench.engine.runner.slot_table import SlotTable

HEAD_DIMS = (64, 128)
_WORKSPACE_BYTES = 256 << 20
_LEAST_TOKENS = 256
"""Extensions of fewer tokens fill no device; the own kernels split them along the keys."""


def prefill_kernels(dtype: torch.dtype, head_dim: int, device: torch.device) -> tuple[str, str | None]:
    """Which generation of FlashInfer's prefill kernels to use, and why none can be, if so.

    Returns
    -------
    ``("fa3" or "fa2", None)``, loaded; or ``("fa2", reason)`` where no kernels are prebuilt for this shape.
    """
    import tvm_ffi
    from flashinfer.jit import env
    from flashinfer.jit.attention import get_batch_prefill_uri

    hopper = torch.cuda.get_device_capability(device)[0] == 9
    for name in ("fa3", "fa2") if hopper else ("fa2",):
        uri = get_batch_prefill_uri(name, dtype, dtype, dtype, torch.int32, head_dim, head_dim, 0, False, False, False)
        library = env.FLASHINFER_AOT_DIR / uri / f"{uri}.so"
        if library.exists():
            tvm_ffi.load_module(str(library))  # FlashInfer itself would answer a failure with a compilation of minutes
            return name, None
    return "fa2", f"FlashInfer has no prebuilt kernels for {dtype} and heads of {head_dim} here"


class FlashInferAttention:
    """`GraphAttention` on FlashInfer and own kernels.

    Parameters
    ----------
    cache
        The KV tensors, by token.
    n_heads
        Query heads of the model.
    layers
        Options by layer, all without windows and soft-caps; empty: all are plain.

    Attributes
    ----------
    kernels
        ``fa3`` or ``fa2``.
    """

    name = "flashinfer"
    reads_cache = True

    def __init__(self, cache: KVCache, n_heads: int, layers: Sequence[LayerOptions] = ()) -> None:
        import flashinfer

        self._cache, self._n_heads, self._layers = cache, n_heads, layers
        self._own = TritonAttention(cache, n_heads, layers)
        device = cache.data.device
        self.kernels, _ = prefill_kernels(cache.data.dtype, cache.data.shape[3], device)
        workspace = torch.empty(_WORKSPACE_BYTES, dtype=torch.uint8, device=device)
        # Two in turn: a plan's pinned memory must not be written while the copy of the plan before is on its way.
        self._wrappers: list[Any] = [
            flashinfer.BatchPrefillWithPagedKVCacheWrapper(workspace, "NHD", backend=self.kernels) for _ in range(2)
        ]
        self._planned: list[torch.cuda.Event | None] = [None, None]
        self._turn = 0

    def decode_inputs(self, table: SlotTable, max_rows: int) -> DecodeBuffers:
        """See `GraphAttention.decode_inputs`."""
        return self._own.decode_inputs(table, max_rows)

    def decode(self, inputs: DecodeBuffers, n_rows: int) -> TritonStep:
        """See `GraphAttention.decode`."""
        return self._own.decode(inputs, n_rows)

    def prepare(self, plan: StepPlan, table: SlotTable, slots: torch.Tensor) -> AttentionStep:
        """See `AttentionBackend.prepare`."""
        chunks = plan.chunks
        n_leading = next((i for i, chunk in enumerate(chunks) if len(chunk.token_ids) > 1), len(chunks))
        long = chunks[n_leading:]
        if sum(len(chunk.token_ids) for chunk in long) < _LEAST_TOKENS:
            return self._own.prepare(plan, table, slots)
        leading = None
        if n_leading:
            part = _leading_plan(plan, n_leading)
            leading = self._own.prepare(part, table, slots[:n_leading])
        return FlashInferStep(self._own, slots, self._cache, n_leading, leading, self._plan(long, table))

    def _plan(self, chunks: tuple[Chunk, ...], table: SlotTable) -> Any:
        """A wrapper that is planned for chunks of any length."""
        self._turn ^= 1
        event = self._planned[self._turn]
        if event is not None:
            event.synchronize()
        wrapper = self._wrappers[self._turn]
        counts = np.asarray([0, *(len(chunk.token_ids) for chunk in chunks)])
        ends = [chunk.start + len(chunk.token_ids) for chunk in chunks]
        pages = np.concatenate([table.host[chunk.row, :end] for chunk, end in zip(chunks, ends, strict=True)])
        device, dtype, head_dim = self._cache.data.device, self._cache.data.dtype, self._cache.data.shape[3]
        scale = self._layers[0].scale if self._layers else None
        wrapper.plan(
            torch.from_numpy(np.cumsum(counts).astype(np.int32)),
            torch.from_numpy(np.cumsum([0, *ends]).astype(np.int32)),
            torch.from_numpy(pages).pin_memory().to(device, non_blocking=True),
            torch.ones(len(chunks), dtype=torch.int32),
            self._n_heads,
            self._cache.data.shape[1] // 2,
            head_dim,
            1,
            causal=True,
            sm_scale=scale or head_dim**-0.5,
            q_data_type=dtype,
            kv_data_type=dtype,
            max_token_per_sequence=int(counts.max()),
        )
        event = event or torch.cuda.Event()  # type: ignore[no-untyped-call]
        event.record()
        self._planned[self._turn] = event
        return wrapper


class FlashInferStep:
    """`AttentionStep` of `FlashInferAttention`: leading single tokens by the own kernels, the rest by a planned wrapper."""

    def __init__(
        self,
        own: TritonAttention,
        slots: torch.Tensor,
        cache: KVCache,
        n_leading: int,
        leading: TritonStep | None,
        wrapper: Any,
    ) -> None:
        self._own, self._slots, self._cache = own, slots, cache
        self._n_leading, self._leading, self._wrapper = n_leading, leading, wrapper

    def attend(self, layer: int, q: torch.Tensor, kv: torch.Tensor | None) -> torch.Tensor:
        """See `AttentionStep.attend`."""
        if kv is not None:
            self._own.store(layer, self._slots, kv)
        n_heads, n_leading = q.shape[1], self._n_leading
        out = torch.empty(q.shape[0], n_heads * q.shape[2], dtype=q.dtype, device=q.device)
        if self._leading is not None:
            self._leading.attend_into(layer, q[:n_leading], out[:n_leading])
        pages = self._cache.by_slot[layer].unsqueeze(1)
        half = pages.shape[2] // 2
        keys, values = pages[:, :, :half], pages[:, :, half:]
        self._wrapper.run(q[n_leading:], (keys, values), out=out[n_leading:].view(-1, n_heads, q.shape[2]))
        return out


def _leading_plan(plan: StepPlan, n: int) -> StepPlan:
    """The first ``n`` chunks, and what they share."""
    shared: list[SharedPrefix] = []
    for segment in plan.shared:
        members = tuple(i for i in segment.chunks if i < n)
        if members:
            shared.append(dataclasses.replace(segment, chunks=members))
    return dataclasses.replace(plan, chunks=plan.chunks[:n], shared=tuple(shared))
