"""What a decode step's own positions are cut into, made on the device: nothing to plan on the host, and fit for a CUDA graph.

Knows tensors: lengths, rows of the slot table and what shared segments cover already.
"""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def _enter(rows, lengths, new_slots, table, table_width, positions, n_rows, row):
    """Enter each current token's slot into the table, and its position; length, table row and whether the row is no padding."""
    length = tl.load(lengths + row, mask=row < n_rows, other=0)
    live = length > 0
    table_row = tl.load(rows + row, mask=live, other=0)
    slot = tl.load(new_slots + row, mask=live, other=0)
    tl.store(table + table_row.to(tl.int64) * table_width + length - 1, slot.to(tl.int32), mask=live)
    tl.store(positions + row, length - 1, mask=row < n_rows)
    return length, table_row


@triton.jit(do_not_specialize=["n_rows"])
def plan_fixed(
    rows,
    lengths,
    new_slots,
    table,
    table_width,
    positions,
    items,
    n_items,
    sources,
    n_rows,
    run,
    MAX_LEVELS: tl.constexpr,
    BLOCK_B: tl.constexpr,
):
    """The items of a decode batch, every row cut at multiples of ``run``, whatever else is in the batch: one program."""
    row = tl.arange(0, BLOCK_B)
    length, table_row = _enter(rows, lengths, new_slots, table, table_width, positions, n_rows, row)
    n_runs = (length + run - 1) // run
    before = tl.cumsum(n_runs, 0) - n_runs
    tl.store(n_items, tl.sum(n_runs, 0))
    source = sources + row * (3 * MAX_LEVELS + 3)
    tl.store(source, before, mask=row < n_rows)
    tl.store(source + 1, row * 0 + 1, mask=row < n_rows)
    tl.store(source + 2, n_runs, mask=row < n_rows)
    for nth in range(0, tl.max(n_runs, 0)):
        wanted = nth < n_runs
        item = items + (before + nth) * 8
        tl.store(item, row, mask=wanted)
        tl.store(item + 1, row * 0 + 1, mask=wanted)
        tl.store(item + 2, table_row, mask=wanted)
        tl.store(item + 3, row * 0 + nth * run, mask=wanted)
        tl.store(item + 4, tl.minimum(nth * run + run, length), mask=wanted)
        tl.store(item + 5, before + nth, mask=wanted)
        tl.store(item + 6, (n_runs == 1).to(tl.int32), mask=wanted)


@triton.jit(do_not_specialize=["n_rows", "n_shares"])
def plan_shares(
    rows,
    lengths,
    new_slots,
    own_from,
    header,
    table,
    table_width,
    positions,
    runs,
    first_run,
    sources,
    n_rows,
    n_shares,
    least,
    overhead,
    MAX_LEVELS: tl.constexpr,
    BLOCK_B: tl.constexpr,
    BLOCK_S: tl.constexpr,
):
    """Cut a decode batch's own positions into equal shares, one for each program of a KV head: one program.

    The rows' positions (from ``own_from``) are laid end to end, each with ``overhead`` positions in front for what a run costs anyway,
    and cut into up to ``n_shares`` shares of at least ``least``. A *run* is what one row has in one share: table row, first position,
    position behind the last, its row of the batch, the row's runs, its partial result. ``first_run`` ``[n_shares + 1]`` says where each
    share's runs begin. Padding has one empty run. ``header[1]`` partial results are taken already.
    """
    row = tl.arange(0, BLOCK_B)
    length, table_row = _enter(rows, lengths, new_slots, table, table_width, positions, n_rows, row)
    there = row < n_rows
    begin = tl.load(own_from + row, mask=length > 0, other=0)
    own = length - begin
    weight = tl.where(there, own + overhead, 0)
    origin = tl.cumsum(weight, 0) - weight + overhead
    used = tl.minimum(n_shares, tl.maximum(1, (tl.sum(own, 0) + least - 1) // least))
    width = (tl.sum(weight, 0) + used - 1) // used
    lowest = tl.minimum(origin // width, used - 1)  # padding at the end begins where the last share ends
    highest = tl.minimum((origin + tl.maximum(own, 1) - 1) // width, used - 1)
    n_runs = tl.where(there, highest - lowest + 1, 0)
    before = tl.cumsum(n_runs, 0) - n_runs
    first_part = tl.load(header + 1) + before
    source = sources + row * (3 * MAX_LEVELS + 3)
    tl.store(source, first_part, mask=there)
    tl.store(source + 1, row * 0 + 1, mask=there)
    tl.store(source + 2, n_runs, mask=there)
    for block in range(0, n_shares + 1, BLOCK_S):
        share = block + tl.arange(0, BLOCK_S)
        passed = tl.minimum(tl.maximum(share[:, None] - lowest[None, :], 0), n_runs[None, :])
        tl.store(first_run + share, tl.sum(passed, 1), mask=share <= n_shares)
    for nth in range(0, tl.max(n_runs, 0)):
        wanted = nth < n_runs
        run = runs + (before + nth) * 8
        start = tl.minimum(tl.maximum(((lowest + nth) * width - origin + 15) // 16 * 16, 0), own)
        end = tl.minimum(tl.maximum(((lowest + nth + 1) * width - origin + 15) // 16 * 16, 0), own)
        tl.store(run, table_row, mask=wanted)
        tl.store(run + 1, begin + tl.where(nth == 0, 0, start), mask=wanted)
        tl.store(run + 2, begin + tl.where(nth == n_runs - 1, own, end), mask=wanted)
        tl.store(run + 3, row, mask=wanted)
        tl.store(run + 4, n_runs, mask=wanted)
        tl.store(run + 5, first_part + nth, mask=wanted)
