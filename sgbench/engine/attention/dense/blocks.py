"""Attention over dense blocks, with the log-sum-exp that lets partial results be merged.

Knows tensors only: no plan, no cache. One definition, three ways to compute it; `math_attention` is the slow twin of the others.
"""

from __future__ import annotations

import torch

_FLASH_CPU = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_FLASH_CUDA = torch.ops.aten._scaled_dot_product_flash_attention
_MATH_ELEMENTS = 1 << 26


def dense_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None = None, causal: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """Softmax attention and its log-sum-exp, by the fastest kernel for the device.

    Parameters
    ----------
    q
        ``[batch, heads, queries, head_dim]``, any strides with a unit last one.
    k, v
        ``[batch, heads, keys, head_dim]``, likewise; a stride of 0 is fine.
    mask
        ``[batch, 1, queries, keys]``, added to the scaled scores, in q's dtype; each row leaves at least one key.
    causal
        Query i sees keys up to i; queries and keys are then equally many.

    Returns
    -------
    ``[batch, heads, queries, head_dim]`` in q's dtype and float32 ``[batch, heads, queries]``, natural logarithm.
    """
    if q.device.type == "cpu":
        out, lse = _FLASH_CPU(q, k, v, 0.0, causal, attn_mask=mask)
        return out, lse
    if mask is None and q.dtype != torch.float32 and q.shape[2] > 1:
        result = _FLASH_CUDA(q, k, v, 0.0, causal)
        return result[0], result[1][:, :, : q.shape[2]]
    return math_attention(q, k, v, mask, causal)


def math_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None = None, causal: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """`dense_attention` by two matrix products, blocks of queries at a time so that scores stay small."""
    batch, heads, n_queries, _ = q.shape
    block = max(1, _MATH_ELEMENTS // max(1, batch * heads * k.shape[2]))
    parts = [
        _math_block(
            q[:, :, i : i + block], k, v, None if mask is None else mask[:, :, i : i + block], i if causal else None
        )
        for i in range(0, n_queries, block)
    ]
    if len(parts) == 1:
        return parts[0]
    return torch.cat([out for out, _ in parts], 2), torch.cat([lse for _, lse in parts], 2)


def _math_block(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None, first: int | None
) -> tuple[torch.Tensor, torch.Tensor]:
    scores = torch.matmul(q, k.transpose(2, 3)).float() * q.shape[3] ** -0.5
    if mask is not None:
        scores += mask
    if first is not None:
        rows = torch.arange(first, first + q.shape[2], device=q.device)
        scores.masked_fill_(torch.arange(k.shape[2], device=q.device)[None] > rows[:, None], float("-inf"))
    lse = scores.logsumexp(-1)
    weights = (scores - lse.unsqueeze(-1)).exp_()
    return torch.matmul(weights.to(v.dtype), v), lse
