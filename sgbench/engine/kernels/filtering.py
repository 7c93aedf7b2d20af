"""Triton: the least logit that top-k, top-p and min-p let pass, row by row, without sorting.

Sorting a vocabulary takes longer than a decode step's attention. But what passes is everything from some logit on, so that logit is
searched for: by bisection over the order of a float's bits, one pass over the row for each bit. Tokens exactly as likely as the last one
that passes pass too. Rows that filter nothing cost nothing.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

_BLOCK = 4096


@triton.jit
def _order(x, shift: tl.constexpr):
    """An integer that compares as the float does; ``shift``: how many of its low bits are always 0 (16 for what was bfloat16)."""
    bits = x.to(tl.int32, bitcast=True)
    return tl.where(bits >= 0, bits, bits ^ 0x7FFFFFFF) >> shift


@triton.jit
def _value(order, shift: tl.constexpr):
    """The float of an order."""
    whole = (order << shift) | tl.where(order < 0, (1 << shift) - 1, 0)
    return tl.where(whole >= 0, whole, whole ^ 0x7FFFFFFF).to(tl.float32, bitcast=True)


@triton.jit
def _lowest(shift: tl.constexpr):
    """Below the order of every number."""
    return tl.full((), -2147483648, tl.int32) >> shift


@triton.jit
def _load(logits, at, vocab_size, block: tl.constexpr):
    token = at + tl.arange(0, block)
    return tl.load(logits + token, mask=token < vocab_size, other=float("-inf")).to(tl.float32)


@triton.jit
def _middle(low, high):
    """Between two int32, rounded up, without overflow."""
    return (low >> 1) + (high >> 1) + ((low & 1) | (high & 1))


@triton.jit
def _kth(logits, k, vocab_size, shift: tl.constexpr, block: tl.constexpr):
    """Order of the k-th largest logit: the largest that at least k tokens reach."""
    low = _lowest(shift)
    high = tl.full((), 2147483647, tl.int32) >> shift
    while low < high:
        middle = _middle(low, high)
        count = tl.zeros((), tl.int32)
        for at in range(0, vocab_size, block):
            count += tl.sum((_order(_load(logits, at, vocab_size, block), shift) >= middle).to(tl.int32), 0)
        enough = count >= k
        low = tl.where(enough, middle, low)
        high = tl.where(enough, high, middle - 1)
    return low


@triton.jit
def _mass(
    logits,
    top,
    temperature,
    above,
    least,
    vocab_size,
    shift: tl.constexpr,
    block: tl.constexpr,
):
    """Weight of the tokens whose order is above ``above`` and at least ``least``, the best one's being 1."""
    total = tl.zeros((), tl.float32)
    for at in range(0, vocab_size, block):
        x = _load(logits, at, vocab_size, block)
        order = _order(x, shift)
        weight = tl.exp((x - top) / temperature)
        total += tl.sum(tl.where((order > above) & (order >= least), weight, 0.0), 0)
    return total


@triton.jit
def _nucleus(
    logits,
    top,
    temperature,
    p,
    least,
    vocab_size,
    shift: tl.constexpr,
    block: tl.constexpr,
):
    """The least order with less than ``p`` of the mass above it."""
    wanted = p * _mass(logits, top, temperature, _lowest(shift), least, vocab_size, shift, block)
    low = least
    high = _order(top, shift)
    while low < high:
        middle = tl.maximum(_middle(low, high) - 1, low)
        fits = _mass(logits, top, temperature, middle, least, vocab_size, shift, block) < wanted
        high = tl.where(fits, middle, high)
        low = tl.where(fits, low, middle + 1)
    return low


@triton.jit(do_not_specialize_on_alignment=["temperatures", "top_ks", "top_ps", "min_ps"])
def _thresholds(
    logits,
    temperatures,
    top_ks,
    top_ps,
    min_ps,
    out,
    vocab_size,
    row_stride,
    shift: tl.constexpr,
    block: tl.constexpr,
):
    row = tl.program_id(0)
    temperature = tl.load(temperatures + row)
    k = tl.load(top_ks + row)
    p = tl.load(top_ps + row)
    least_p = tl.load(min_ps + row)
    threshold = tl.full((), float("-inf"), tl.float32)
    if (temperature > 0) & ((k < vocab_size) | (p < 1.0) | (least_p > 0.0)):
        of_row = logits + row.to(tl.int64) * row_stride
        top = tl.full((), float("-inf"), tl.float32)
        for at in range(0, vocab_size, block):
            top = tl.maximum(top, tl.max(_load(of_row, at, vocab_size, block), 0))
        least = _lowest(shift)
        if k < vocab_size:
            least = _kth(of_row, k, vocab_size, shift, block)
        if p < 1.0:
            least = _nucleus(of_row, top, temperature, p, least, vocab_size, shift, block)
        if least > _lowest(shift):
            threshold = _value(least, shift)
        if least_p > 0.0:
            threshold = tl.maximum(threshold, top + temperature * tl.log(least_p))
    tl.store(out + row, threshold)


def thresholds(
    logits: torch.Tensor,
    temperatures: torch.Tensor,
    top_ks: torch.Tensor,
    top_ps: torch.Tensor,
    min_ps: torch.Tensor,
) -> torch.Tensor:
    """The least logit that may be sampled: float32 ``[n]``, -inf where nothing is filtered.

    Parameters
    ----------
    logits
        ``[n, vocab]``, any float dtype, tokens contiguous.
    temperatures
        float32 ``[n]``; a row at 0 is not filtered.
    top_ks
        int32 ``[n]``; the vocabulary's size or more: off.
    top_ps, min_ps
        float32 ``[n]``; 1 and 0: off. Applied in the order top-k, top-p, min-p, each on what the one before left.
    """
    n, vocab_size = logits.shape
    assert logits.stride(1) == 1
    out = torch.empty(n, dtype=torch.float32, device=logits.device)
    _thresholds[(n,)](
        logits,
        temperatures,
        top_ks,
        top_ps,
        min_ps,
        out,
        vocab_size,
        logits.stride(0),
        shift=16 if logits.dtype == torch.bfloat16 else 0,
        block=min(_BLOCK, triton.next_power_of_2(vocab_size)),
        num_warps=8,
    )
    return out
