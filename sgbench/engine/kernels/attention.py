"""Paged attention by work items.

An *item* is one tile of queries over one run of positions of one row of the slot table. Decoding, extending a prompt, splitting long
contexts among processors and reading a shared prefix once for many requests are all lists of items: only the lists differ. The rows of
a tile are the query heads that share a KV head, for one token after the other, so that keys and values are read once for all of them.

Programs walk the list with a fixed stride; its length is read on the device, so a launch can be captured in a CUDA graph. An item that
is all there is for its queries writes the output; others write partial results, which `sgbench.engine.kernels.attention_join` joins by
their log-sum-exp.

An item is eight int32: first query of the tile, queries in it, row of the slot table, first position, position behind the last, first
partial result, 1 if the output is written directly, one unused. A *run* is what a decoding row has in one program's share
(`sgbench.engine.kernels.attention_plan`).

Knows tensors; what the items are is planned in `sgbench.engine.attention`. Every load is masked by what was written: memory of other
slots may hold anything.
"""

from __future__ import annotations

import triton
import triton.language as tl

from sgbench.engine.kernels.following import follow

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
    early: tl.constexpr,
):
    """Walk the items; see the module's words. MASK_ALL: one path for all blocks, so that a query's result is the same in any tile."""
    follow(early)
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
    early: tl.constexpr,
):
    """Decode: one token a row, over the runs of its own positions. SHARED: rows may have shared segments to be joined with."""
    follow(early)
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
def store_kv(kv, kv_stride, slots, cache, slot_stride, WIDTH: tl.constexpr, BLOCK: tl.constexpr):
    """One token's keys and values of a layer, ``WIDTH`` numbers, to its slot."""
    token = tl.program_id(0).to(tl.int64)
    slot = tl.load(slots + token).to(tl.int64)
    at = tl.arange(0, BLOCK)
    value = tl.load(kv + token * kv_stride + at, mask=at < WIDTH)
    tl.store(cache + slot * slot_stride + at, value, mask=at < WIDTH)
