"""Paged attention by work items.

An *item* is one tile of queries over one run of positions of one row of the slot table. Decoding, extending a prompt, splitting long
contexts among processors and reading a shared prefix once for many requests are all lists of items: only the lists differ. The rows of
a tile are the query heads that share a KV head, for one token after the other, so that keys and values are read once for all of them.

Programs walk the list with a fixed stride; its length is read on the device, so a launch can be captured in a CUDA graph. An item that
is all there is for its queries writes the output; others write partial results, which `merge_parts` joins by their log-sum-exp.

Knows tensors; what the items are is planned in `sgbench.engine.attention`. Every load is masked by what was written: memory of other
slots may hold anything.
"""

from __future__ import annotations

import triton
import triton.language as tl

ITEM_FIELDS = 8
"""First query of the tile, queries in it, row of the slot table, first position, position behind the last, first partial result,
1 if the output is written directly, unused."""

_LOG2_E = tl.constexpr(1.4426950408889634)


@triton.jit
def _scores(raw, scale, soft_cap, HAS_CAP: tl.constexpr):
    """Scores in units of log2."""
    if HAS_CAP:
        # tanh(x) = 1 - 2 / (exp(2x) + 1), exact at both ends.
        capped = 1.0 - 2.0 / (tl.exp2(raw * (scale / soft_cap * 2.0 * _LOG2_E)) + 1.0)
        return capped * (soft_cap * _LOG2_E)
    return raw * (scale * _LOG2_E)


@triton.jit
def _walk(
    queries,
    at,
    total,
    peak,
    acc,
    first,
    stop,
    end,
    keys,
    slots,
    slot_stride,
    value_offset,
    scale,
    soft_cap,
    window,
    HEAD_DIM: tl.constexpr,
    BLOCK_D: tl.constexpr,
    BLOCK_N: tl.constexpr,
    MASKED: tl.constexpr,
    HAS_WINDOW: tl.constexpr,
    HAS_CAP: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Blocks of positions from ``first`` to ``stop``; online softmax."""
    dims = tl.arange(0, BLOCK_D)
    for block in range(first, stop, BLOCK_N):
        position = block + tl.arange(0, BLOCK_N)
        if MASKED:
            slot = tl.load(slots + position, mask=position < end, other=0).to(tl.int64)
        else:
            slot = tl.load(slots + position).to(tl.int64)
        key_at = keys + slot[None, :] * slot_stride + dims[:, None]
        if BLOCK_D == HEAD_DIM:
            key = tl.load(key_at)
        else:
            key = tl.load(key_at, mask=dims[:, None] < HEAD_DIM, other=0.0)
        score = _scores(tl.dot(queries, key, input_precision=PRECISION), scale, soft_cap, HAS_CAP)
        if MASKED:
            seen = (position[None, :] <= at[:, None]) & (position[None, :] < end)
            if HAS_WINDOW:
                seen = seen & (position[None, :] > at[:, None] - window)
            score = tl.where(seen, score, float("-inf"))
        higher = tl.maximum(peak, tl.max(score, 1))
        base = tl.where(higher == float("-inf"), 0.0, higher) if MASKED else higher
        weight = tl.exp2(score - base[:, None])
        fade = tl.exp2(peak - base)
        total = total * fade + tl.sum(weight, 1)
        peak = higher
        value_at = keys + value_offset + slot[:, None] * slot_stride + dims[None, :]
        if MASKED:
            value = tl.load(value_at, mask=(position[:, None] < end) & (dims[None, :] < HEAD_DIM), other=0.0)
        elif BLOCK_D == HEAD_DIM:
            value = tl.load(value_at)
        else:
            value = tl.load(value_at, mask=dims[None, :] < HEAD_DIM, other=0.0)
        acc = tl.dot(weight.to(value.dtype), value, acc * fade[:, None], input_precision=PRECISION)
    return total, peak, acc


@triton.jit
def attend_items(
    q,
    q_token_stride,
    q_head_stride,
    kv,
    slot_stride,
    table,
    table_width,
    items,
    n_items,
    q_rows,
    positions,
    out,
    part_out,
    part_lse,
    scale,
    soft_cap,
    window,
    N_KV_HEADS: tl.constexpr,
    GROUP: tl.constexpr,
    HEAD_DIM: tl.constexpr,
    BLOCK_D: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    HAS_WINDOW: tl.constexpr,
    HAS_CAP: tl.constexpr,
    MASK_ALL: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Walk the items; see the module's words. MASK_ALL: one path for all blocks, so that a query's result is the same in any tile."""
    rows = tl.arange(0, BLOCK_M)
    dims = tl.arange(0, BLOCK_D)
    value_offset = N_KV_HEADS * HEAD_DIM
    n_heads: tl.constexpr = N_KV_HEADS * GROUP
    n_work = tl.load(n_items) * N_KV_HEADS
    for work in range(tl.program_id(0), n_work, tl.num_programs(0)):
        item = items + (work // N_KV_HEADS) * 8
        head = work % N_KV_HEADS
        q_first = tl.load(item)
        q_count = tl.load(item + 1)
        table_row = tl.load(item + 2)
        start = tl.load(item + 3)
        end = tl.load(item + 4)
        part_first = tl.load(item + 5)
        direct = tl.load(item + 6)

        index = rows // GROUP
        live = index < q_count
        token = tl.load(q_rows + q_first + index, mask=live, other=0)
        at = tl.load(positions + token, mask=live, other=-1)
        q_head = head * GROUP + rows % GROUP
        inside = live[:, None] & (dims[None, :] < HEAD_DIM)
        query_at = q + token.to(tl.int64)[:, None] * q_token_stride + q_head[:, None] * q_head_stride + dims[None, :]
        queries = tl.load(query_at, mask=inside, other=0.0)

        lowest = tl.min(tl.where(live, at, 2147483647))
        if HAS_WINDOW:
            start = tl.maximum(start, (lowest - window + 1) // BLOCK_N * BLOCK_N)
        if MASK_ALL or HAS_WINDOW:
            whole = start
        else:
            whole = start + tl.maximum(tl.minimum(lowest + 1, end) - start, 0) // BLOCK_N * BLOCK_N
        slots = table + table_row.to(tl.int64) * table_width
        keys = kv + head * HEAD_DIM
        total = tl.zeros([BLOCK_M], tl.float32)
        peak = tl.full([BLOCK_M], float("-inf"), tl.float32)
        acc = tl.zeros([BLOCK_M, BLOCK_D], tl.float32)
        if not (MASK_ALL or HAS_WINDOW):
            total, peak, acc = _walk(
                queries, at, total, peak, acc, start, whole, end, keys, slots, slot_stride, value_offset, scale, soft_cap, window,
                HEAD_DIM, BLOCK_D, BLOCK_N, False, False, HAS_CAP, PRECISION,
            )  # fmt: skip
        total, peak, acc = _walk(
            queries, at, total, peak, acc, whole, end, end, keys, slots, slot_stride, value_offset, scale, soft_cap, window,
            HEAD_DIM, BLOCK_D, BLOCK_N, True, HAS_WINDOW, HAS_CAP, PRECISION,
        )  # fmt: skip

        result = acc / tl.where(total == 0.0, 1.0, total)[:, None]
        if direct == 1:
            out_at = out + (token.to(tl.int64) * n_heads + q_head)[:, None] * HEAD_DIM + dims[None, :]
            tl.store(out_at, result.to(out.dtype.element_ty), mask=inside)
        else:
            part = (part_first + index).to(tl.int64) * n_heads + q_head
            tl.store(part_out + part[:, None] * HEAD_DIM + dims[None, :], result, mask=inside)
            empty = total == 0.0
            lse = tl.where(empty, float("-inf"), peak + tl.log2(tl.where(empty, 1.0, total)))
            tl.store(part_lse + part, lse, mask=live)


@triton.jit
def attend_own(
    q,
    q_token_stride,
    q_head_stride,
    kv,
    slot_stride,
    table,
    table_width,
    runs,
    first_run,
    positions,
    n_levels,
    out,
    part_out,
    part_lse,
    scale,
    soft_cap,
    window,
    N_KV_HEADS: tl.constexpr,
    GROUP: tl.constexpr,
    HEAD_DIM: tl.constexpr,
    BLOCK_D: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    SHARED: tl.constexpr,
    HAS_WINDOW: tl.constexpr,
    HAS_CAP: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Decode: one token a row, over the runs of its own positions. SHARED: rows may have shared segments to be joined with."""
    head = tl.program_id(0) % N_KV_HEADS
    share = tl.program_id(0) // N_KV_HEADS
    member = tl.arange(0, BLOCK_M)
    dims = tl.arange(0, BLOCK_D)
    q_head = head * GROUP + member
    inside = (member[:, None] < GROUP) & (dims[None, :] < HEAD_DIM)
    n_heads: tl.constexpr = N_KV_HEADS * GROUP
    keys = kv + head * HEAD_DIM
    for nth in range(tl.load(first_run + share), tl.load(first_run + share + 1)):
        run = runs + nth * 8
        table_row = tl.load(run)
        start = tl.load(run + 1)
        end = tl.load(run + 2)
        row = tl.load(run + 3).to(tl.int64)
        n_runs = tl.load(run + 4)
        slots = table + table_row.to(tl.int64) * table_width
        if HAS_WINDOW:
            at = tl.load(positions + row) + member * 0
        else:
            at = end - 1 + member * 0  # all of a run is before its query
        query_at = q + row * q_token_stride + q_head[:, None] * q_head_stride + dims[None, :]
        queries = tl.load(query_at, mask=inside, other=0.0)
        if HAS_WINDOW:
            start = tl.maximum(start, tl.min(at, 0) - window + 1)
            whole = start
        else:
            whole = start + (end - start) // BLOCK_N * BLOCK_N
        total = tl.zeros([BLOCK_M], tl.float32)
        peak = tl.full([BLOCK_M], float("-inf"), tl.float32)
        acc = tl.zeros([BLOCK_M, BLOCK_D], tl.float32)
        if not HAS_WINDOW:
            total, peak, acc = _walk(
                queries, at, total, peak, acc, start, whole, end, keys, slots, slot_stride, N_KV_HEADS * HEAD_DIM, scale, soft_cap,
                window, HEAD_DIM, BLOCK_D, BLOCK_N, False, False, HAS_CAP, PRECISION,
            )  # fmt: skip
        total, peak, acc = _walk(
            queries, at, total, peak, acc, whole, end, end, keys, slots, slot_stride, N_KV_HEADS * HEAD_DIM, scale, soft_cap,
            window, HEAD_DIM, BLOCK_D, BLOCK_N, True, HAS_WINDOW, HAS_CAP, PRECISION,
        )  # fmt: skip

        empty = total == 0.0
        result = acc / tl.where(empty, 1.0, total)[:, None]
        alone = n_runs == 1
        if SHARED:
            alone = alone & (tl.load(n_levels + row) == 0)
        if alone:
            out_at = out + (row * n_heads + q_head)[:, None] * HEAD_DIM + dims[None, :]
            tl.store(out_at, result.to(out.dtype.element_ty), mask=inside)
        else:
            part = tl.load(run + 5).to(tl.int64) * n_heads + q_head
            tl.store(part_out + part[:, None] * HEAD_DIM + dims[None, :], result, mask=inside)
            lse = tl.where(empty, float("-inf"), peak + tl.log2(tl.where(empty, 1.0, total)))
            tl.store(part_lse + part, lse, mask=member < GROUP)


@triton.jit
def _join(
    token,
    head,
    first,
    step,
    count,
    source,
    n_above,
    part_out,
    part_lse,
    out,
    N_HEADS: tl.constexpr,
    HEAD_DIM: tl.constexpr,
    BLOCK_D: tl.constexpr,
    BLOCK_P: tl.constexpr,
):
    """Join ``count`` partial results, every ``step``-th from ``first`` on, and those of the levels above, for one token and head."""
    dims = tl.arange(0, BLOCK_D)
    inside = dims < HEAD_DIM
    total = 0.0
    peak = float("-inf")
    acc = tl.zeros([BLOCK_D], tl.float32)
    for level in range(0, n_above + 1):
        if level > 0:
            first = tl.load(source + 3 * level)
            step = tl.load(source + 3 * level + 1)
            count = tl.load(source + 3 * level + 2)
        for block in range(0, count, BLOCK_P):
            nth = block + tl.arange(0, BLOCK_P)
            part = (first + nth * step).to(tl.int64) * N_HEADS + head
            lse = tl.load(part_lse + part, mask=nth < count, other=float("-inf"))
            value = tl.load(
                part_out + part[:, None] * HEAD_DIM + dims[None, :],
                mask=(nth < count)[:, None] & inside[None, :],
                other=0.0,
            )
            higher = tl.maximum(peak, tl.max(lse, 0))
            base = tl.where(higher == float("-inf"), 0.0, higher)
            weight = tl.exp2(lse - base)
            fade = tl.exp2(peak - base)
            total = total * fade + tl.sum(weight, 0)
            acc = acc * fade + tl.sum(weight[:, None] * value, 0)
            peak = higher
    result = acc / tl.where(total == 0.0, 1.0, total)
    tl.store(
        out + (token.to(tl.int64) * N_HEADS + head) * HEAD_DIM + dims, result.to(out.dtype.element_ty), mask=inside
    )


@triton.jit
def merge_parts(
    part_out,
    part_lse,
    sources,
    n_levels,
    out,
    N_HEADS: tl.constexpr,
    HEAD_DIM: tl.constexpr,
    BLOCK_D: tl.constexpr,
    MAX_LEVELS: tl.constexpr,
    BLOCK_P: tl.constexpr,
):
    """Join the partial results of one token and head.

    ``sources`` ``[tokens, 1 + MAX_LEVELS, 3]``: first partial result, step to the next, how many; the token's own first, then
    ``n_levels`` shared ones. A token with one of its own and no level was written already; one with none gets zeros.
    """
    token = tl.program_id(0)
    source = sources + token * (3 * MAX_LEVELS + 3)
    n_above = tl.load(n_levels + token)
    first = tl.load(source)
    step = tl.load(source + 1)
    count = tl.load(source + 2)
    if (count != 1) | (n_above != 0):
        _join(
            token, tl.program_id(1), first, step, count, source, n_above, part_out, part_lse, out,
            N_HEADS, HEAD_DIM, BLOCK_D, BLOCK_P,
        )  # fmt: skip


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


@triton.jit
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


@triton.jit
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


@triton.jit
def store_kv(kv, kv_stride, slots, cache, slot_stride, WIDTH: tl.constexpr, BLOCK: tl.constexpr):
    """One token's keys and values of a layer, ``WIDTH`` numbers, to its slot."""
    token = tl.program_id(0).to(tl.int64)
    slot = tl.load(slots + token).to(tl.int64)
    at = tl.arange(0, BLOCK)
    value = tl.load(kv + token * kv_stride + at, mask=at < WIDTH)
    tl.store(cache + slot * slot_stride + at, value, mask=at < WIDTH)
