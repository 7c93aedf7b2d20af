"""Triton: one token for each constrained row, straight from the logits and the bits of what is allowed.

As `sgbench.engine.kernels.masked_scores` and `sgbench.engine.kernels.sampling` one after the other, without a copy of the scores between
them: a block of tokens that are all forbidden is not even read. Rows that top-k, top-p or min-p filter take the long way.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from sgbench.engine.kernels.sampling import _best_of_parts, _gumbel, _is_nan, _store_best

N_FIELDS = 6
"""Row of the logits, line of the bits, row of the slot table, temperature, and the two words of the key: floats by their bits."""
_BLOCK = 1024


@triton.jit
def _best_allowed_of_block(
    logits,
    bits,
    fields,
    best,
    where,
    n_rows,
    vocab_size,
    row_stride,
    n_words,
    n_blocks,
    block: tl.constexpr,
):
    row = tl.program_id(0)
    part = tl.program_id(1)
    index = tl.load(fields + row).to(tl.int64)
    line = tl.load(fields + n_rows + row).to(tl.int64)
    token = part * block + tl.arange(0, block)
    inside = token < vocab_size
    word = tl.load(bits + line * n_words + (token >> 5), mask=inside, other=0)
    allowed = inside & (((word >> (token & 31)) & 1) != 0)
    score = tl.load(logits + index * row_stride + token, mask=allowed, other=float("-inf")).to(tl.float32)
    broken = tl.max(_is_nan(score).to(tl.int32), 0)
    temperature = tl.load(fields + 3 * n_rows + row).to(tl.float32, bitcast=True)
    if temperature > 0:
        low = tl.load(fields + 4 * n_rows + row).to(tl.uint32, bitcast=True)
        high = tl.load(fields + 5 * n_rows + row).to(tl.uint32, bitcast=True)
        score = tl.where(allowed, score / temperature + _gumbel(token, low, high), float("-inf"))
    _store_best(score, broken, token, best, where, row * n_blocks + part, vocab_size)


@triton.jit
def _enter_best_of_row(
    best,
    where,
    fields,
    sampled,
    last,
    n_rows,
    n_blocks,
    vocab_size,
    block: tl.constexpr,
):
    row = tl.program_id(0)
    index = tl.load(fields + row)
    chosen = _best_of_parts(best, where, row, n_blocks, vocab_size, block)
    chosen = tl.where(tl.load(sampled + index) < 0, -1, chosen)
    tl.store(sampled + index, chosen)
    tl.store(last + tl.load(fields + 2 * n_rows + row), chosen)


def sample_allowed_(
    logits: torch.Tensor, bits: torch.Tensor, fields: torch.Tensor, sampled: torch.Tensor, last: torch.Tensor
) -> None:
    """Draw anew for some rows among the tokens that their bits allow.

    Parameters
    ----------
    logits
        ``[rows, vocab]`` of any float, tokens contiguous; not changed.
    bits
        int32 ``[lines, ceil(vocab / 32)]``, contiguous: token ``i`` is bit ``i % 32`` of word ``i // 32``.
    fields
        int32 ``[6, n]``, contiguous: see `N_FIELDS`.
    sampled
        int32 ``[rows]``: what was drawn without constraints. Changed for the n rows, except where it is negative: logits that were no
        numbers do not become a token because the broken one is forbidden.
    last
        int32: what each row of the slot table sampled last; takes the same.
    """
    n_rows, vocab_size = fields.shape[1], logits.shape[1]
    block = min(_BLOCK, triton.next_power_of_2(vocab_size))
    n_blocks = triton.cdiv(vocab_size, block)
    best = torch.empty((n_rows, n_blocks), dtype=torch.float32, device=logits.device)
    where = torch.empty((n_rows, n_blocks), dtype=torch.int32, device=logits.device)
    assert logits.stride(1) == 1 and bits.is_contiguous() and fields.is_contiguous() and sampled.is_contiguous()
    _best_allowed_of_block[(n_rows, n_blocks)](
        logits,
        bits,
        fields,
        best,
        where,
        n_rows,
        vocab_size,
        logits.stride(0),
        bits.shape[1],
        n_blocks,
        block=block,
        num_warps=4,
    )
    _enter_best_of_row[(n_rows,)](
        best,
        where,
        fields,
        sampled,
        last,
        n_rows,
        n_blocks,
        vocab_size,
        block=triton.next_power_of_2(n_blocks),
        num_warps=1,
    )
