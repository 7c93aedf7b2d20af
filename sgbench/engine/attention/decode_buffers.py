"""What a captured decode step reads, at fixed addresses, and how it gets there.

One packed int32 buffer on the device and a ring of packed host buffers: a step is one copy that nobody waits for. The shared segments'
part travels only when the plan's segments changed. Knows plans and layouts; launches nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from sgbench.engine.attention.items import ITEM_FIELDS, Cut, SharedWork, shared_work
from sgbench.engine.attention.sharing import MAX_LEVELS, Tiling, worthwhile
from sgbench.errors import CapacityError

if TYPE_CHECKING:
    from sgbench.engine.request import DecodePlan, IntArray, SharedPrefix

_RING = 4
_PARTS_PER_ROW = 8
"""Room for partial results of shared segments, for each row; one is needed for each level."""


@dataclass(frozen=True, slots=True)
class DecodeScratch:
    """What the kernels of a decode step write for one another, beside its inputs.

    Attributes
    ----------
    table
        The slot table on the device.
    parts
        Partial results, float32 ``[n, heads, head_dim]``, and their log-sum-exp ``[n, heads]``.
    own, first_own
        What is made of the rows' own positions, and where each program's part of it begins.
    fixed_run
        Where contexts are cut if results must not depend on the batch.
    """

    table: torch.Tensor
    parts: tuple[torch.Tensor, torch.Tensor]
    own: torch.Tensor
    first_own: torch.Tensor
    fixed_run: int


def most_shared_parts(max_rows: int) -> int:
    """Most partial results of shared segments that a batch of ``max_rows`` needs room for."""
    return _PARTS_PER_ROW * max_rows


class DecodeBuffers:
    """`sgbench.engine.attention.base.DecodeInputs` of the Triton kernels.

    Parameters
    ----------
    max_rows
        Largest batch.
    tiling
        Shape, and the cost model.
    narrow_aim, wide_aim
        How many items shared segments are cut into, by kind of tile, all KV heads being one item.
    share
        Read shared segments on their own where that gains.
    scratch_slot
        Where padding is written.
    scratch
        What the kernels write.

    Attributes
    ----------
    rows, lengths, slots
        See `DecodeInputs`.
    own_from
        int32 ``[max_rows]``: first position that is not covered by shared segments.
    positions
        int32 ``[max_rows]``: of the current tokens, entered on the device.
    header
        int32 ``[4]``: items in ``narrow``, partial results of shared segments, items in ``wide``, unused.
    queries
        Token rows: every row of the batch, then the queries of shared segments.
    n_levels, sources, narrow, wide
        See `sgbench.engine.attention.items.SharedWork`.
    max_shared_parts
        Most partial results of shared segments.
    """

    def __init__(
        self,
        max_rows: int,
        tiling: Tiling,
        narrow_aim: int,
        wide_aim: int,
        share: bool,
        scratch_slot: int,
        scratch: DecodeScratch,
    ) -> None:
        self.scratch, device = scratch, scratch.table.device
        self._max_rows, self._tiling, self._scratch_slot, self._share = max_rows, tiling, scratch_slot, share
        self._aims = narrow_aim, wide_aim
        self.max_shared_parts = most_shared_parts(max_rows)
        self._most_narrow = max_rows * MAX_LEVELS + 2 * narrow_aim
        self._most_wide = max_rows * MAX_LEVELS + 2 * wide_aim
        sizes = {
            "slots": 2 * max_rows,
            "rows": max_rows,
            "lengths": max_rows,
            "own_from": max_rows,
            "n_levels": max_rows,
            "header": 4,
            "sources": max_rows * (1 + MAX_LEVELS) * 3,
            "queries": max_rows * (1 + MAX_LEVELS),
            "wide": self._most_wide * ITEM_FIELDS,
            "narrow": self._most_narrow * ITEM_FIELDS,
        }
        self._at: dict[str, tuple[int, int]] = {}
        end = 0
        for name, size in sizes.items():
            self._at[name] = (end, end + size)
            end += size + -size % 4
        self._step_end = self._at["sources"][0]
        self._packed = torch.zeros(end, dtype=torch.int32, device=device)
        pinned = device.type == "cuda"
        self._ring = [torch.zeros(end, dtype=torch.int32, pin_memory=pinned) for _ in range(_RING)]
        self._sent: list[torch.cuda.Event | None] = [None] * _RING
        self._turn = 0
        self._shared: tuple[SharedPrefix, ...] = ()
        self._members: IntArray = np.zeros(0, np.int32)
        self._work: SharedWork | None = None
        self._own_from = np.zeros(max_rows, np.int64)
        self.slots = self._view("slots").view(torch.int64)
        self.rows, self.lengths, self.own_from = self._view("rows"), self._view("lengths"), self._view("own_from")
        self.header, self.n_levels, self.queries = self._view("header"), self._view("n_levels"), self._view("queries")
        self.sources, self.wide = self._view("sources"), self._view("wide")
        self.narrow = self._view("narrow")
        self.positions = torch.zeros(max_rows, dtype=torch.int32, device=device)

    @property
    def variant(self) -> str:
        """``plain`` where nothing is shared; else which tiles of shared segments there are: ``narrow``, ``wide`` or ``both``."""
        work = self._work
        if work is None or not work.n_parts:
            return "plain"
        if not len(work.wide):
            return "narrow"
        return "both" if len(work.narrow) else "wide"

    def load(self, plan: DecodePlan, n_rows: int) -> None:
        """See `DecodeInputs.load`."""
        self.load_arrays(plan.rows, plan.positions, plan.slots, plan.shared, n_rows)

    def load_arrays(
        self, rows: IntArray, positions: IntArray, new_slots: IntArray, shared: tuple[SharedPrefix, ...], n_rows: int
    ) -> None:
        """`load` from int32 arrays, one entry a request."""
        n = len(rows)
        if n > n_rows or n_rows > self._max_rows:
            raise CapacityError(f"a decode step of {n} requests does not fit {min(n_rows, self._max_rows)} rows")
        changed = self._replan(shared if self._share else (), rows)
        host = self._host()
        packed = host.numpy()
        slots = self._part(packed, "slots").view(np.int64)
        slots[:n], slots[n:] = new_slots, self._scratch_slot
        for name, values in (
            ("rows", rows),
            ("lengths", positions + 1),
            ("own_from", self._own_from[:n]),
        ):
            part = self._part(packed, name)
            part[:n], part[n:] = values, 0
        self._write_header(packed)
        stop = self._step_end
        if changed:
            self._write_shared(packed)
            stop = len(packed)
        self._packed[:stop].copy_(host[:stop], non_blocking=True)
        if host.is_pinned():
            event = self._sent[self._turn] or torch.cuda.Event()  # type: ignore[no-untyped-call]
            event.record()
            self._sent[self._turn] = event

    def _replan(self, shared: tuple[SharedPrefix, ...], rows: IntArray) -> bool:
        """Plan the shared segments if they are not those of the step before."""
        if self._work is not None and self._shared == shared and (not shared or np.array_equal(rows, self._members)):
            return False
        self._shared, self._members = shared, rows.copy()
        n = len(rows)
        segments, own_from = worthwhile(shared, rows, np.ones(n, np.int64), np.arange(n), self._tiling)
        self._own_from[:n], self._own_from[n:] = own_from, 0
        narrow, wide = self._aims
        while True:
            work = shared_work(segments, n, self._tiling, Cut(narrow), Cut(wide), self._max_rows)
            fits = len(work.narrow) <= self._most_narrow and len(work.wide) <= self._most_wide
            if (fits and work.n_parts <= self.max_shared_parts) or narrow == wide == 1:
                break
            narrow, wide = max(1, narrow // 2), max(1, wide // 2)
        self._work = work
        return True

    def _host(self) -> torch.Tensor:
        """The next host buffer, once the copy that last used it is done."""
        self._turn = (self._turn + 1) % _RING
        event = self._sent[self._turn]
        if event is not None:
            event.synchronize()
        return self._ring[self._turn]

    def _write_header(self, packed: IntArray) -> None:
        work = self._work
        assert work is not None
        self._part(packed, "header")[:3] = len(work.narrow), work.n_parts, len(work.wide)
        levels = self._part(packed, "n_levels")
        levels[: len(work.n_levels)], levels[len(work.n_levels) :] = work.n_levels, 0

    def _write_shared(self, packed: IntArray) -> None:
        work = self._work
        assert work is not None
        queries = self._part(packed, "queries")
        queries[: self._max_rows] = np.arange(self._max_rows)
        queries[self._max_rows : self._max_rows + len(work.queries)] = work.queries
        self._part(packed, "sources")[: work.sources.size] = work.sources.ravel()
        for name, items in (("narrow", work.narrow), ("wide", work.wide)):
            self._part(packed, name)[: items.size] = items.ravel()

    def _view(self, name: str) -> torch.Tensor:
        first, end = self._at[name]
        return self._packed[first:end]

    def _part(self, packed: IntArray, name: str) -> IntArray:
        first, end = self._at[name]
        return packed[first:end]
