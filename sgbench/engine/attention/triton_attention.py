"""Attention by own Triton kernels, over one-token pages, for any step.

Everything is a list of work items (`sgbench.engine.kernels.attention`): decoding and extending, long contexts split among processors,
shared prefixes of the tree read once for all who use them. A decode step's own items are made on the device from the lengths, so that
it can be captured. Knows the cache and plans; tested equal to `sgbench.engine.attention.reference`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
import triton

from sgbench.engine.attention.base import PLAIN, LayerOptions
from sgbench.engine.attention.decode_buffers import DecodeBuffers, DecodeScratch, most_shared_parts
from sgbench.engine.attention.items import ITEM_FIELDS, Cut, StepWork, step_work
from sgbench.engine.attention.launch import Launcher, Runs, Work
from sgbench.engine.attention.sharing import MAX_LEVELS, leading, part_of
from sgbench.engine.kernels.attention_plan import plan_fixed, plan_shares
from sgbench.engine.kernels.following import MOST_TOKENS

if TYPE_CHECKING:
    from sgbench.engine.request import StepPlan
    from sgbench.engine.runner.kv_cache import KVCache
    from sgbench.engine.runner.slot_table import SlotTable

_WAVES = 3
"""Items for each program: enough to even out what is left over."""
_LEAST_SHARE = 64
"""Positions below which another program costs more than it gives."""
_RUN_OVERHEAD = 48
"""Positions that could be read in the time that a run costs anyway."""
_FIXED_RUN = 1024
_FIXED_RUNS = 64
"""Where results must not depend on the batch, contexts are cut at multiples of the former, or into at most as many as the latter."""


class TritonAttention:
    """`GraphAttention` on own kernels.

    Parameters
    ----------
    cache
        The KV tensors, by token.
    n_heads
        Query heads of the model.
    layers
        Options by layer; empty: all are plain.
    invariant
        Cut contexts at fixed positions, use one kind of tile, ignore shared prefixes: a token's result does not depend on what else is
        in the batch, nor on whether it was decoded or prefilled.
    """

    name = "triton"
    reads_cache = True

    def __init__(
        self, cache: KVCache, n_heads: int, layers: Sequence[LayerOptions] = (), invariant: bool = False
    ) -> None:
        self._cache, self._layers, self._invariant = cache, layers, invariant
        self._launcher = Launcher(cache, n_heads, invariant)
        self._eager: DecodeBuffers | None = None

    def prepare(self, plan: StepPlan, table: SlotTable, slots: torch.Tensor) -> TritonStep | MixedStep:
        """See `AttentionBackend.prepare`: leading single tokens go the way of a decode step, the rest is planned on the host."""
        assert table.device is not None, "the kernels read the slot table on the device"
        n_chunks = len(plan.chunks)
        n = 0 if self._invariant else leading(plan)
        if n == 0:
            return self._planned(plan, table, slots)
        first = self._leading(part_of(plan, range(n)), table)
        if n == n_chunks:
            return first
        rest = self._planned(part_of(plan, range(n, n_chunks)), table, slots[n:])
        return MixedStep(self, slots, n, first, rest)

    def _leading(self, plan: StepPlan, table: SlotTable) -> TritonStep:
        """A step of single tokens, through buffers of its own."""
        n = len(plan.chunks)
        if self._eager is None or self._eager.scratch.table is not table.device:
            self._eager = self.decode_inputs(table, len(table.host))
        rows, positions, slots = (
            np.fromiter(values, np.int32, n)
            for values in (
                (chunk.row for chunk in plan.chunks),
                (chunk.start for chunk in plan.chunks),
                (chunk.slots[-1] for chunk in plan.chunks),
            )
        )
        self._eager.load_arrays(rows, positions, slots, plan.shared, n)
        return self.decode(self._eager, n)

    def _planned(self, plan: StepPlan, table: SlotTable, slots: torch.Tensor) -> TritonStep:
        """Any step, planned on the host."""
        launcher = self._launcher
        assert table.device is not None
        if self._invariant:
            cut = Cut(fixed=_fixed_run(table))
            work = step_work(dataclasses.replace(plan, shared=()), launcher.tiling, cut, cut)
        else:
            narrow, wide = launcher.aim(launcher.narrow, _WAVES), launcher.aim(launcher.wide, 1)
            work = step_work(plan, launcher.tiling, Cut(narrow), Cut(wide))
        return TritonStep(launcher, self._layers, slots, self._send(work, table.device))

    def store(self, layer: int, slots: torch.Tensor, kv: torch.Tensor) -> None:
        """Write ``kv`` ``[tokens, 2 * kv_heads, head_dim]`` of a layer to its slots."""
        self._launcher.store(layer, slots, kv)

    def decode_inputs(self, table: SlotTable, max_rows: int) -> DecodeBuffers:
        """See `GraphAttention.decode_inputs`."""
        launcher, device = self._launcher, self._cache.data.device
        assert table.device is not None
        n_own = max_rows + launcher.n_shares
        if self._invariant:
            n_own = max_rows * -(-table.host.shape[1] // _fixed_run(table))
        scratch = DecodeScratch(
            table.device,
            self._partial(n_own + most_shared_parts(max_rows)),
            torch.zeros(n_own, ITEM_FIELDS, dtype=torch.int32, device=device),
            torch.zeros(launcher.n_shares + 1, dtype=torch.int32, device=device),
            _fixed_run(table),
        )
        return DecodeBuffers(
            max_rows,
            launcher.tiling,
            launcher.aim(launcher.narrow, 1),
            launcher.aim(launcher.wide, 1),
            not self._invariant,
            self._cache.scratch_slot,
            scratch,
        )

    def decode(self, inputs: DecodeBuffers, n_rows: int) -> TritonStep:
        """See `GraphAttention.decode`."""
        launcher, scratch, work = self._launcher, inputs.scratch, self._work(inputs)
        table = scratch.table
        rows, block = (inputs.rows, inputs.lengths, inputs.slots), _plan_block(n_rows, len(inputs.rows))
        slots = inputs.slots[:n_rows]
        if self._invariant:
            plan_fixed[(1,)](
                *rows, table, table.stride(0), inputs.positions, scratch.own, scratch.first_own, inputs.sources,
                n_rows, scratch.fixed_run, MAX_LEVELS=MAX_LEVELS, BLOCK_B=block,
            )  # fmt: skip
            work = dataclasses.replace(work, narrow=scratch.own, n_narrow=scratch.first_own)
            return TritonStep(launcher, self._layers, slots, work)
        self._plan(inputs, n_rows, block)
        runs = Runs(scratch.own, scratch.first_own, inputs.variant != "plain")
        return TritonStep(launcher, self._layers, slots, work, runs)

    def _plan(self, inputs: DecodeBuffers, n_rows: int, block: int) -> None:
        scratch, table = inputs.scratch, inputs.scratch.table
        plan_shares[(1,)](
            inputs.rows, inputs.lengths, inputs.slots, inputs.own_from, inputs.header, table, table.stride(0), inputs.positions,
            scratch.own, scratch.first_own, inputs.sources, n_rows, self._launcher.n_shares, _LEAST_SHARE, _RUN_OVERHEAD,
            MAX_LEVELS=MAX_LEVELS, BLOCK_B=block, BLOCK_S=16,
        )  # fmt: skip

    def _work(self, inputs: DecodeBuffers) -> Work:
        scratch = inputs.scratch
        return Work(
            table=scratch.table,
            positions=inputs.positions,
            queries=inputs.queries,
            narrow=inputs.narrow if inputs.variant in ("narrow", "both") else None,
            wide=inputs.wide if inputs.variant in ("wide", "both") else None,
            n_narrow=inputs.header[:1],
            n_wide=inputs.header[2:3],
            n_levels=inputs.n_levels,
            sources=inputs.sources,
            part_out=scratch.parts[0],
            part_lse=scratch.parts[1],
            merged=True,
        )

    def first_launches(
        self, table: SlotTable, max_rows: int, q: torch.Tensor
    ) -> tuple[list[Callable[[], None]], list[Callable[[], None]]]:
        """Every kernel of this backend on nothing, so that it is compiled: those of a decode step, then those that others need too.

        Parameters
        ----------
        table
            As wide as the one that steps will use.
        max_rows
            Largest batch.
        q
            ``[1, heads, head_dim]``, with the strides that a step's queries have.
        """
        inputs, launcher = self.decode_inputs(table, 1), self._launcher
        work, scratch = self._work(inputs), inputs.scratch
        out = torch.empty(1, launcher.n_heads * launcher.head_dim, dtype=q.dtype, device=q.device)
        blocks = {_plan_block(n, max_rows) for n in (1, 64, max_rows)}
        plans = [functools.partial(self._plan, inputs, 1, block) for block in sorted(blocks)]
        options = tuple(dict.fromkeys(self._layers)) or (PLAIN,)
        many = q.expand(MOST_TOKENS + 1, -1, -1)  # kernels of larger steps are launched otherwise
        own = [
            functools.partial(
                launcher.attend_runs, 0, heads, work, Runs(scratch.own, scratch.first_own, shared), each, out
            )
            for shared in (False, True)
            for heads in (q, many)
            for each in options
        ]
        items = [
            functools.partial(launcher.attend_list, 0, heads, work, listed, work.n_narrow, launch, each, out)
            for heads in (q, many)
            for listed, launch in ((inputs.wide, launcher.wide), (inputs.narrow, launcher.narrow))
            for each in options
        ]
        merges = [
            functools.partial(launcher.merge, work, out[:0]),
            functools.partial(
                launcher.merge, _nothing_to_join(work, len(many)), out.new_empty(len(many), out.shape[1])
            ),
        ]
        first = 2 * len(options)
        return [*own[:first], *plans, *merges], [*items, *own[first:]]

    def _partial(self, n: int) -> tuple[torch.Tensor, torch.Tensor]:
        launcher, device = self._launcher, self._cache.data.device
        out = torch.empty(max(1, n), launcher.n_heads, launcher.head_dim, dtype=torch.float32, device=device)
        return out, torch.empty(max(1, n), launcher.n_heads, dtype=torch.float32, device=device)

    def _send(self, work: StepWork, table: torch.Tensor) -> Work:
        """One copy for everything that was planned."""
        counts = np.asarray([len(work.narrow), len(work.wide)], np.int32)
        fields = [work.positions, work.queries, work.narrow, work.wide, counts, work.n_levels, work.sources]
        sizes = [-(-field.size // 4) * 4 for field in fields]
        packed = np.zeros(sum(sizes), np.int32)
        ends = np.cumsum(sizes).tolist()
        for field, end, size in zip(fields, ends, sizes, strict=True):
            packed[end - size : end - size + field.size] = field.ravel()
        host = torch.from_numpy(packed)
        device = self._cache.data.device
        if device.type == "cuda":
            host = host.pin_memory()
        sent = host.to(device, non_blocking=True)
        positions, queries, narrow, wide, n_items, n_levels, sources = (
            sent[end - size : end - size + field.size] for field, end, size in zip(fields, ends, sizes, strict=True)
        )
        parts = self._partial(work.n_parts)
        return Work(
            table=table,
            positions=positions,
            queries=queries,
            narrow=narrow if len(work.narrow) else None,
            wide=wide if len(work.wide) else None,
            n_narrow=n_items[:1],
            n_wide=n_items[1:],
            n_levels=n_levels,
            sources=sources,
            part_out=parts[0],
            part_lse=parts[1],
            merged=work.n_parts > 0,
        )


class TritonStep:
    """`AttentionStep` of `TritonAttention`."""

    def __init__(
        self,
        launcher: Launcher,
        layers: Sequence[LayerOptions],
        slots: torch.Tensor,
        work: Work,
        runs: Runs | None = None,
    ) -> None:
        self._launcher, self._layers, self._slots, self._work, self._runs = launcher, layers, slots, work, runs

    def attend(self, layer: int, q: torch.Tensor, kv: torch.Tensor | None) -> torch.Tensor:
        """See `AttentionStep.attend`."""
        if kv is not None:
            self._launcher.store(layer, self._slots, kv)
        out = torch.empty(q.shape[0], q.shape[1] * q.shape[2], dtype=q.dtype, device=q.device)
        self.attend_into(layer, q, out)
        return out

    def attend_into(self, layer: int, q: torch.Tensor, out: torch.Tensor) -> None:
        """`attend` where keys and values are stored already, into ``out`` ``[tokens, heads * head_dim]``."""
        options = self._layers[layer] if self._layers else PLAIN
        self._launcher.attend(layer, q, self._work, options, out, self._runs)


class MixedStep:
    """`AttentionStep` of leading single tokens and chunks behind them."""

    def __init__(
        self, backend: TritonAttention, slots: torch.Tensor, n_leading: int, first: TritonStep, rest: TritonStep
    ) -> None:
        self._backend, self._slots, self._n_leading, self._first, self._rest = backend, slots, n_leading, first, rest

    def attend(self, layer: int, q: torch.Tensor, kv: torch.Tensor | None) -> torch.Tensor:
        """See `AttentionStep.attend`."""
        if kv is not None:
            self._backend.store(layer, self._slots, kv)
        out = torch.empty(q.shape[0], q.shape[1] * q.shape[2], dtype=q.dtype, device=q.device)
        self.attend_into(layer, q, out)
        return out

    def attend_into(self, layer: int, q: torch.Tensor, out: torch.Tensor) -> None:
        """See `TritonStep.attend_into`."""
        n = self._n_leading
        self._first.attend_into(layer, q[:n], out[:n])
        self._rest.attend_into(layer, q[n:], out[n:])


def _nothing_to_join(work: Work, n: int) -> Work:
    """``work`` of ``n`` tokens without partial results."""
    nothing = work.sources.new_zeros(n * 3 * (1 + MAX_LEVELS))
    return dataclasses.replace(work, sources=nothing, n_levels=nothing[:n])


def _plan_block(n_rows: int, max_rows: int) -> int:
    """Rows that the planning kernel has room for: three sizes, for each is a kernel to compile."""
    return next((block for block in (16, 64) if n_rows <= block), triton.next_power_of_2(max_rows))


def _fixed_run(table: SlotTable) -> int:
    """Multiples of which contexts are cut at; the same for all steps of an engine."""
    return max(_FIXED_RUN, -(-int(table.host.shape[1]) // _FIXED_RUNS))
