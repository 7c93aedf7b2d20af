"""Triton: scores of the tokens that a row's bits forbid become minus infinity, in place; nothing else is read or written.

A row of 131,072 scores is 512 KB and its bits 16 KB: the kernel reads the bits and writes only what is forbidden.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

_BLOCK = 4096


@triton.jit
def _forbid(scores, bits, places, vocab_size, row_stride, n_words, block: tl.constexpr):
    row = tl.program_id(0)
    place = tl.load(places + row).to(tl.int64)
    token = tl.program_id(1) * block + tl.arange(0, block)
    inside = token < vocab_size
    word = tl.load(bits + place * n_words + (token >> 5), mask=inside, other=0)
    forbidden = inside & (((word >> (token & 31)) & 1) == 0)
    nothing = tl.full((block,), float("-inf"), scores.dtype.element_ty)
    tl.store(scores + row.to(tl.int64) * row_stride + token, nothing, mask=forbidden)


def forbid_(scores: torch.Tensor, bits: torch.Tensor, places: torch.Tensor) -> None:
    """Forbid in each row what its bits lack.

    Parameters
    ----------
    scores
        ``[rows, vocab]``, rows contiguous; changed.
    bits
        int32 ``[places, ceil(vocab / 32)]``, contiguous: token ``i`` is bit ``i % 32`` of word ``i // 32``.
    places
        int32 ``[rows]``: which line of ``bits`` is each row's.
    """
    rows, vocab_size = scores.shape
    assert scores.stride(1) == 1 and bits.is_contiguous()
    grid = (rows, triton.cdiv(vocab_size, _BLOCK))
    _forbid[grid](scores, bits, places, vocab_size, scores.stride(0), bits.shape[1], block=_BLOCK)
