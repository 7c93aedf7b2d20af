"""Attention with FlashInfer's kernels where they are ahead: prefill and extensions; decode steps by the own Triton kernels.

FlashInfer plans each step on the host, for milliseconds; a prefill is long enough to hide that, a decode step is not. Its pages are
single tokens here, straight from the slot table. Knows the cache and plans; tested equal to `sgbench.engine.attention.reference`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sgbench.engine.attention.base import LayerOptions
from sgbench.engine.attention.flashinfer_plan import MAX_LEVELS, Way, odd_tokens, way
from sgbench.engine.attention.odd_tokens import cut, in_front
from sgbench.engine.attention.sharing import leading, part_of
from sgbench.engine.attention.triton_attention import TritonAttention

if TYPE_CHECKING:
    import numpy.typing as npt

    from sgbench.engine.attention.base import AttentionStep
    from sgbench.engine.attention.decode_buffers import DecodeBuffers
    from sgbench.engine.attention.triton_attention import MixedStep, TritonStep
    from sgbench.engine.request import Chunk, StepPlan
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
        self._cache, self._n_heads, self._layers = cache, n_heads, layers
        self._own = TritonAttention(cache, n_heads, layers)
        device = cache.data.device
        self.kernels, _ = prefill_kernels(cache.data.dtype, cache.data.shape[3], device)
        workspace = torch.empty(_WORKSPACE_BYTES, dtype=torch.uint8, device=device)
        # In turn: a plan's pinned memory must not be written while the copy of the plan before is on its way.
        self._wrappers = [_Wrappers(workspace, self.kernels) for _ in range(2)]
        self._turn = 0

    def decode_inputs(self, table: SlotTable, max_rows: int) -> DecodeBuffers:
        """See `GraphAttention.decode_inputs`."""
        return self._own.decode_inputs(table, max_rows)

    def decode(self, inputs: DecodeBuffers, n_rows: int) -> TritonStep:
        """See `GraphAttention.decode`."""
        return self._own.decode(inputs, n_rows)

    def cut(self, plan: StepPlan) -> StepPlan:
        """See `CuttingAttention.cut`."""
        n = leading(plan)
        if _tokens(plan.chunks[n:]) < _LEAST_TOKENS:
            return plan
        head_dim, itemsize = self._cache.data.shape[3], self._cache.data.itemsize
        key_bytes = self._cache.data.shape[1] * head_dim * itemsize
        return cut(plan, odd_tokens(plan, n, self.kernels, 4.0 * self._n_heads * head_dim, key_bytes))

    def prepare(self, plan: StepPlan, table: SlotTable, slots: torch.Tensor) -> AttentionStep:
        """See `AttentionBackend.prepare`."""
        chunks = plan.chunks
        n_front = in_front(plan)
        n_leading = sum(len(chunk.token_ids) for chunk in chunks[:n_front])
        if _tokens(chunks[n_front:]) < _LEAST_TOKENS:
            return self._own.prepare(plan, table, slots)
        head_dim, itemsize = self._cache.data.shape[3], self._cache.data.itemsize
        long = part_of(plan, range(n_front, len(chunks)))
        how = way(
            long.chunks,
            long.shared,
            self.kernels,
            4.0 * self._n_heads * head_dim,
            self._n_heads * head_dim * itemsize,
            self._cache.data.shape[1] * head_dim * itemsize,
        )
        if how.own:
            return self._own.prepare(plan, table, slots)
        first = None
        if n_front:
            first = self._own.prepare(part_of(plan, range(n_front)), table, slots[:n_leading])
        self._turn ^= 1
        scale = (self._layers[0].scale if self._layers else None) or head_dim**-0.5
        shape = _Shape(self._n_heads, self._cache.data.shape[1] // 2, head_dim, scale, self._cache.data.dtype)
        passes = self._wrappers[self._turn].plan(long.chunks, how, table, shape, self._cache.data.device)
        return FlashInferStep(self._own, slots, self._cache, n_leading, first, passes)


@dataclass(frozen=True, slots=True)
class _Shape:
    n_heads: int
    n_kv_heads: int
    head_dim: int
    scale: float
    dtype: torch.dtype

    def options(self) -> dict[str, Any]:
        """What every wrapper's plan is told."""
        return {"sm_scale": self.scale, "q_data_type": self.dtype, "kv_data_type": self.dtype}


@dataclass(frozen=True, slots=True)
class _Passes:
    """A planned prefill: a wrapper over own positions, and for each shared pass its tokens, slots and wrapper.

    ``own_slots``: the own positions' slots where that wrapper wants their keys side by side; None: it finds them itself.
    """

    own: Any
    own_slots: torch.Tensor | None
    shared: list[tuple[int, int, torch.Tensor, Any]]


class _Wrappers:
    """FlashInfer's wrappers for one step, and when the device has taken their plans."""

    def __init__(self, workspace: torch.Tensor, kernels: str) -> None:
        import flashinfer

        self._own = flashinfer.BatchPrefillWithPagedKVCacheWrapper(workspace, "NHD", backend=kernels)
        ragged = flashinfer.BatchPrefillWithRaggedKVCacheWrapper
        self._dense = ragged(workspace, "NHD", backend=kernels)
        self._shared: list[Any] = [ragged(workspace, "NHD", backend=kernels) for _ in range(MAX_LEVELS)]
        self._planned: torch.cuda.Event | None = None

    def plan(
        self, chunks: tuple[Chunk, ...], how: Way, table: SlotTable, shape: _Shape, device: torch.device
    ) -> _Passes:
        """Plan all passes over ``chunks``."""
        if self._planned is not None:
            self._planned.synchronize()
        counts = np.asarray([len(chunk.token_ids) for chunk in chunks])
        ends = [chunk.start + int(n) for chunk, n in zip(chunks, counts, strict=True)]
        pages = [table.host[c.row, own:end] for c, own, end in zip(chunks, how.own_from, ends, strict=True)]
        if how.dense:
            self._dense.plan(
                _starts(counts),
                _starts([len(page) for page in pages]),
                shape.n_heads,
                shape.n_kv_heads,
                shape.head_dim,
                causal=True,
                **shape.options(),
            )
            self._remember()
            return _Passes(self._dense, _sent(np.concatenate(pages), device), [])
        self._own.plan(
            _starts(counts),
            _starts([len(page) for page in pages]),
            _sent(np.concatenate(pages), device),
            torch.ones(len(chunks), dtype=torch.int32),
            shape.n_heads,
            shape.n_kv_heads,
            shape.head_dim,
            1,
            causal=True,
            max_token_per_sequence=int(counts.max()),
            **shape.options(),
        )
        shared = []
        for each, wrapper in zip(how.passes, self._shared, strict=False):
            slots = [table.host[chunks[s.chunks[0]].row, s.start : s.end] for s in each.segments]
            wrapper.plan(
                _starts(np.diff([0, *each.queries])),
                _starts([len(part) for part in slots]),
                shape.n_heads,
                shape.n_kv_heads,
                shape.head_dim,
                causal=False,
                **shape.options(),
            )
            shared.append((each.first, each.stop, _sent(np.concatenate(slots), device), wrapper))
        self._remember()
        return _Passes(self._own, None, shared)

    def _remember(self) -> None:
        """The device takes the plan when it comes here."""
        self._planned = self._planned or torch.cuda.Event()  # type: ignore[no-untyped-call]
        self._planned.record()


def _tokens(chunks: Sequence[Chunk]) -> int:
    return sum(len(chunk.token_ids) for chunk in chunks)


def _starts(counts: Sequence[int] | npt.NDArray[np.integer[Any]]) -> torch.Tensor:
    """int32 ``[n + 1]``: where each of n pieces begins, on the host."""
    return torch.from_numpy(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))


def _sent(values: npt.NDArray[np.int32], device: torch.device) -> torch.Tensor:
    return torch.from_numpy(values).pin_memory().to(device, non_blocking=True)


class FlashInferStep:
    """`AttentionStep` of `FlashInferAttention`: leading single tokens by the own kernels, the rest in planned passes."""

    def __init__(
        self,
        own: TritonAttention,
        slots: torch.Tensor,
        cache: KVCache,
        n_leading: int,
        first: TritonStep | MixedStep | None,
        passes: _Passes,
    ) -> None:
        self._own, self._slots, self._cache = own, slots, cache
        self._n_leading, self._first, self._passes = n_leading, first, passes

    def attend(self, layer: int, q: torch.Tensor, kv: torch.Tensor | None) -> torch.Tensor:
        """See `AttentionStep.attend`."""
        if kv is not None:
            self._own.store(layer, self._slots, kv)
        n_leading = self._n_leading
        out = torch.empty(q.shape, dtype=q.dtype, device=q.device)
        if self._first is not None:
            self._first.attend_into(layer, q[:n_leading], out[:n_leading].flatten(1))
        pages = self._cache.by_slot[layer]
        half = pages.shape[1] // 2
        keys, values = pages[:, None, :half], pages[:, None, half:]
        queries, result = q[n_leading:], out[n_leading:]
        if self._passes.own_slots is not None:
            copied = pages.index_select(0, self._passes.own_slots)
            self._passes.own.run(queries, copied[:, :half], copied[:, half:], out=result)
            return out.flatten(1)
        if not self._passes.shared:
            self._passes.own.run(queries, (keys, values), out=result)
            return out.flatten(1)
        from flashinfer.cascade import merge_state_in_place

        _, lse = self._passes.own.run(queries, (keys, values), out=result, return_lse=True)
        for first, stop, slots, wrapper in self._passes.shared:
            copied = pages.index_select(0, slots)
            part, part_lse = wrapper.run(queries[first:stop], copied[:, :half], copied[:, half:], return_lse=True)
            merge_state_in_place(result[first:stop], lse[first:stop], part, part_lse)
        return out.flatten(1)
