"""Triton: one token for each row of logits, greedily or by the Gumbel-max rule, without leaving the device.

The noise is that of `sgbench.engine.runner.noise`, made where it is used. Rows are cut into blocks, whose best tokens a second kernel
compares; of equals the lowest token wins. A row that holds a NaN or an infinity that
would win gives -1.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

_BLOCK = 1024


@triton.jit
def _gumbel(token, low, high):
    """See `sgbench.engine.runner.noise.gumbel`."""
    word = token.to(tl.uint32) * 0x9E3779B9 + low
    word = (word ^ (word >> 16)) * 0x21F0AAAD
    word = word ^ high
    word = (word ^ (word >> 15)) * 0x735A2D97
    word = word ^ (word >> 15)
    uniform = tl.minimum((word.to(tl.float32) + 0.5) * 2.3283064365386963e-10, 0.9999999403953552)
    # log(1 - u) loses a small u; this does not (Kahan).
    rest = 1.0 - uniform
    exact = tl.log(rest) * (uniform / tl.where(rest == 1.0, 1.0, 1.0 - rest))
    return -tl.log(tl.where(rest == 1.0, uniform, -exact))


@triton.jit
def _is_nan(x):
    return x != x  # noqa: PLR0124


@triton.jit
def _store_best(score, broken, token, best, where, place, vocab_size):
    """The best of a block and its lowest token, for `_best_of_parts`; a NaN in their place if one was read."""
    highest = tl.max(score, 0)
    first = tl.min(tl.where(score == highest, token, vocab_size), 0)
    tl.store(best + place, tl.where(broken > 0, float("nan"), highest))
    tl.store(where + place, first)


@triton.jit
def _best_of_parts(best, where, row, n_blocks, vocab_size, block: tl.constexpr):
    """The token of a row among those of its blocks: of equals the lowest; -1 where a NaN was read or the best is infinite."""
    part = tl.arange(0, block)
    inside = part < n_blocks
    score = tl.load(best + row * n_blocks + part, mask=inside, other=float("-inf"))
    token = tl.load(where + row * n_blocks + part, mask=inside, other=0)
    broken = tl.max(_is_nan(score).to(tl.int32), 0)
    highest = tl.max(tl.where(_is_nan(score), float("-inf"), score), 0)
    chosen = tl.min(tl.where((score == highest) & inside, token, vocab_size - 1), 0)
    return tl.where((broken > 0) | (tl.abs(highest) == float("inf")), -1, chosen)


@triton.jit(do_not_specialize_on_alignment=["temperatures", "thresholds", "keys"])
def _best_of_block(
    logits,
    temperatures,
    thresholds,
    keys,
    best,
    where,
    vocab_size,
    row_stride,
    n_blocks,
    block: tl.constexpr,
):
    row = tl.program_id(0)
    part = tl.program_id(1)
    token = part * block + tl.arange(0, block)
    inside = token < vocab_size
    score = tl.load(logits + row.to(tl.int64) * row_stride + token, mask=inside, other=float("-inf")).to(tl.float32)
    broken = tl.max(_is_nan(score).to(tl.int32), 0)
    temperature = tl.load(temperatures + row)
    if temperature > 0:
        low = tl.load(keys + 2 * row).to(tl.uint32, bitcast=True)
        high = tl.load(keys + 2 * row + 1).to(tl.uint32, bitcast=True)
        passes = inside & (score >= tl.load(thresholds + row))
        score = tl.where(passes, score / temperature + _gumbel(token, low, high), float("-inf"))
    _store_best(score, broken, token, best, where, row * n_blocks + part, vocab_size)


@triton.jit(do_not_specialize_on_alignment=["rows", "tokens", "last"])
def _best_of_row(
    best,
    where,
    rows,
    tokens,
    last,
    n_blocks,
    vocab_size,
    block: tl.constexpr,
):
    row = tl.program_id(0)
    chosen = _best_of_parts(best, where, row, n_blocks, vocab_size, block)
    tl.store(tokens + row, chosen)
    tl.store(last + tl.load(rows + row), chosen)


def sample_rows(
    logits: torch.Tensor,
    temperatures: torch.Tensor,
    thresholds: torch.Tensor,
    keys: torch.Tensor,
    rows: torch.Tensor,
    last: torch.Tensor,
) -> torch.Tensor:
    """A token for each row.

    Parameters
    ----------
    logits
        ``[n, vocab]``, any float dtype, tokens contiguous.
    temperatures
        float32 ``[n]``; 0: the most likely token.
    thresholds
        float32 ``[n]``: the least logit that passes where the temperature is not 0 (`sgbench.engine.kernels.filtering`).
    keys
        int32 ``[n, 2]``: the words of `stream_key`.
    rows
        int32 ``[n]``: rows of the slot table, where ``last`` takes the tokens too.
    last
        int32 ``[max_running]`` or longer; changed.

    Returns
    -------
    int32 ``[n]``; -1 where the logits hold a NaN, or the best of them is infinite.
    """
    n, vocab_size = logits.shape
    block = min(_BLOCK, triton.next_power_of_2(vocab_size))
    n_blocks = triton.cdiv(vocab_size, block)
    best = torch.empty((n, n_blocks), dtype=torch.float32, device=logits.device)
    where = torch.empty((n, n_blocks), dtype=torch.int32, device=logits.device)
    tokens = torch.empty(n, dtype=torch.int32, device=logits.device)
    assert logits.stride(1) == 1 and keys.is_contiguous()
    _best_of_block[(n, n_blocks)](
        logits,
        temperatures,
        thresholds,
        keys,
        best,
        where,
        vocab_size,
        logits.stride(0),
        n_blocks,
        block=block,
        num_warps=4,
    )
    _best_of_row[(n,)](
        best, where, rows, tokens, last, n_blocks, vocab_size, block=triton.next_power_of_2(n_blocks), num_warps=1
    )
    return tokens
