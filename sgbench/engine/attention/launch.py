"""How the attention kernels are launched for one model's shape on one device: block sizes, warps, stages, programs.

Knows shapes and the device's numbers; no plans. The same numbers serve Triton's interpreter on a CPU, where they matter little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import triton

from sgbench.engine.attention.base import LayerOptions
from sgbench.engine.attention.sharing import MAX_LEVELS, Tiling
from sgbench.engine.kernels.attention import attend_items, attend_own, store_kv
from sgbench.engine.kernels.attention_join import merge_parts
from sgbench.engine.kernels.following import early

if TYPE_CHECKING:
    from sgbench.engine.runner.kv_cache import KVCache

_INTERPRETED_PROGRAMS = 3
_LEAST_BLOCK = 16
"""Least side of a matrix that tensor cores multiply."""


@dataclass(frozen=True, slots=True)
class Launch:
    """One kind of tile.

    Attributes
    ----------
    rows
        Rows of a tile.
    block
        Positions of a block.
    warps, stages
        Of a program.
    programs
        How many run at once on the device: what a list is walked by.
    """

    rows: int
    block: int
    warps: int
    stages: int
    programs: int


@dataclass(frozen=True, slots=True)
class Work:
    """What the kernels read, on the device; see `sgbench.engine.attention.items.StepWork`.

    ``n_narrow`` and ``n_wide``, int32 ``[1]``, are the lengths of the lists; None for a list that is known to be empty.
    """

    table: torch.Tensor
    positions: torch.Tensor
    queries: torch.Tensor
    narrow: torch.Tensor | None
    wide: torch.Tensor | None
    n_narrow: torch.Tensor
    n_wide: torch.Tensor
    n_levels: torch.Tensor
    sources: torch.Tensor
    part_out: torch.Tensor
    part_lse: torch.Tensor
    merged: bool


@dataclass(frozen=True, slots=True)
class Runs:
    """What a decode step's own positions are cut into, on the device; see `sgbench.engine.kernels.attention_plan.plan_shares`.

    Attributes
    ----------
    runs, first_run
        The runs, and where each share's begin.
    shared
        May there be partial results of shared segments?
    """

    runs: torch.Tensor
    first_run: torch.Tensor
    shared: bool


class Launcher:
    """Launches for one cache.

    Parameters
    ----------
    cache
        The KV tensors, by token.
    n_heads
        Query heads.
    invariant
        One kind of tile and one path through it, so that a query's result is the same in any batch.

    Attributes
    ----------
    tiling
        The same shape, as the planner sees it.
    narrow, wide
        The two kinds of tile.
    own
        Tiles of single tokens, for a decode step's own positions.
    """

    def __init__(self, cache: KVCache, n_heads: int, invariant: bool = False) -> None:
        assert cache.by_token, "the kernels read a slot's heads together"
        self._cache, self._invariant = cache, invariant
        self.n_kv_heads, self.head_dim = cache.data.shape[1] // 2, cache.data.shape[3]
        self.n_heads = n_heads
        self._block_d = max(_LEAST_BLOCK, triton.next_power_of_2(self.head_dim))
        group = n_heads // self.n_kv_heads
        itemsize = cache.data.itemsize
        processors = _processors(cache.data.device)
        row_bytes = self._block_d * itemsize
        narrow = max(16, triton.next_power_of_2(group))
        wide = max(128 if itemsize == 2 else 64, narrow)
        if row_bytes <= 256:
            self.narrow = Launch(narrow, 32, 4, 3, 4 * processors)
            self.own = Launch(narrow, 64, 2, 3, 5 * processors)
            self.wide = Launch(wide, 128, 8, 3, processors)
        elif row_bytes <= 512:
            self.narrow = Launch(narrow, 32, 4, 2, 2 * processors)
            self.own = self.narrow
            self.wide = Launch(wide, 32, 8, 2, processors)
        else:
            wide = max(32, narrow)
            self.narrow = Launch(narrow, 32, 4, 2, 2 * processors)
            self.own = self.narrow
            self.wide = Launch(wide, 32, 4, 2, processors)
        if invariant:
            self.narrow = self.wide
            narrow = wide
        self.tiling = Tiling(group, narrow, wide, self.n_kv_heads, self.head_dim, itemsize)

    @property
    def n_shares(self) -> int:
        """Programs of a KV head in `attend_own`."""
        return max(1, self.own.programs // self.n_kv_heads)

    def aim(self, launch: Launch, waves: int) -> int:
        """Items that give every program ``waves`` pieces of work."""
        return max(1, launch.programs * waves // self.n_kv_heads)

    def store(self, layer: int, slots: torch.Tensor, kv: torch.Tensor) -> None:
        """Write ``kv`` ``[tokens, 2 * kv_heads, head_dim]`` to ``slots``."""
        width = 2 * self.n_kv_heads * self.head_dim
        assert kv.stride(1) == self.head_dim and kv.stride(2) == 1
        cache = self._cache.by_slot[layer]
        store_kv[(kv.shape[0],)](
            kv, kv.stride(0), slots, cache, cache.stride(0), WIDTH=width, BLOCK=triton.next_power_of_2(width)
        )

    def attend(
        self,
        layer: int,
        q: torch.Tensor,
        work: Work,
        options: LayerOptions,
        out: torch.Tensor,
        runs: Runs | None = None,
    ) -> None:
        """Run all lists and join what was cut, into ``out`` ``[tokens, heads * head_dim]``."""
        for items, n_items, launch in (
            (work.wide, work.n_wide, self.wide),
            (work.narrow, work.n_narrow, self.narrow),
        ):
            if items is not None:
                self.attend_list(layer, q, work, items, n_items, launch, options, out)
        if runs is not None:
            self.attend_runs(layer, q, work, runs, options, out)
        if work.merged:
            self.merge(work, out)

    def merge(self, work: Work, out: torch.Tensor) -> None:
        """Join the partial results of all tokens."""
        merge_parts[(out.shape[0], self.n_heads)](
            work.part_out,
            work.part_lse,
            work.sources,
            work.n_levels,
            out,
            N_HEADS=self.n_heads,
            HEAD_DIM=self.head_dim,
            BLOCK_D=self._block_d,
            MAX_LEVELS=MAX_LEVELS,
            BLOCK_P=16,
            num_warps=1,
            **early(out),
        )

    def attend_runs(
        self, layer: int, q: torch.Tensor, work: Work, runs: Runs, options: LayerOptions, out: torch.Tensor
    ) -> None:
        """Decode: the own positions of each row, into ``out`` or into partial results."""
        cache, launch = self._cache.by_slot[layer], self.own
        attend_own[(self.n_shares * self.n_kv_heads,)](
            q,
            q.stride(0),
            q.stride(1),
            cache,
            cache.stride(0),
            work.table,
            work.table.stride(0),
            runs.runs,
            runs.first_run,
            work.positions,
            work.n_levels,
            out,
            work.part_out,
            work.part_lse,
            options.scale or self.head_dim**-0.5,
            options.soft_cap or 1.0,
            options.window or 0,
            N_KV_HEADS=self.n_kv_heads,
            GROUP=self.n_heads // self.n_kv_heads,
            HEAD_DIM=self.head_dim,
            BLOCK_D=self._block_d,
            BLOCK_M=launch.rows,
            BLOCK_N=launch.block,
            SHARED=runs.shared,
            HAS_WINDOW=options.window is not None,
            HAS_CAP=options.soft_cap is not None,
            PRECISION="ieee" if q.dtype == torch.float32 else "tf32",
            num_warps=launch.warps,
            num_stages=launch.stages,
            **early(q),
        )

    def attend_list(
        self,
        layer: int,
        q: torch.Tensor,
        work: Work,
        items: torch.Tensor,
        n_items: torch.Tensor,
        launch: Launch,
        options: LayerOptions,
        out: torch.Tensor,
    ) -> None:
        """One list of items, into ``out`` or into partial results."""
        cache = self._cache.by_slot[layer]
        attend_items[(launch.programs,)](
            q,
            q.stride(0),
            q.stride(1),
            cache,
            cache.stride(0),
            work.table,
            work.table.stride(0),
            items,
            n_items,
            work.queries,
            work.positions,
            out,
            work.part_out,
            work.part_lse,
            options.scale or self.head_dim**-0.5,
            options.soft_cap or 1.0,
            options.window or 0,
            N_KV_HEADS=self.n_kv_heads,
            GROUP=self.n_heads // self.n_kv_heads,
            HEAD_DIM=self.head_dim,
            BLOCK_D=self._block_d,
            BLOCK_M=launch.rows,
            BLOCK_N=launch.block,
            HAS_WINDOW=options.window is not None,
            HAS_CAP=options.soft_cap is not None,
            MASK_ALL=self._invariant,
            PRECISION="ieee" if q.dtype == torch.float32 else "tf32",
            num_warps=launch.warps,
            num_stages=launch.stages,
            **early(q),
        )


def _processors(device: torch.device) -> int:
    if device.type != "cuda":
        return _INTERPRETED_PROGRAMS
    return int(torch.cuda.get_device_properties(device).multi_processor_count)
