"""Triton: what happens to the heads between the fused projection and attention, in one pass over them.

Query and key heads are normed (Qwen3) and rotated; keys and values go straight to their KV slot. The two halves of a rotated pair lie
side by side (`sgbench.engine.models.rope`).
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from sgbench.engine.kernels.following import early, follow

_HEADS = 4
"""Heads of a token that one program takes."""


@triton.jit
def _rotate_store(
    heads,
    positions,
    table,
    q_weight,
    k_weight,
    eps,
    cache,
    slots,
    n_q,
    n_kv,
    token_stride,
    head_dim: tl.constexpr,
    block_d: tl.constexpr,
    block_h: tl.constexpr,
    has_norm: tl.constexpr,
    has_cache: tl.constexpr,
    early: tl.constexpr,
):
    follow(early)
    token = tl.program_id(0).to(tl.int64)
    head = tl.program_id(1) * block_h + tl.arange(0, block_h)
    dim = tl.arange(0, block_d)
    inside = (head < n_q + 2 * n_kv)[:, None] & (dim < head_dim)[None, :]
    at = heads + token * token_stride + head[:, None] * head_dim + dim[None, :]
    raw = tl.load(at, mask=inside, other=0.0)
    value = raw.to(tl.float32)
    is_query = (head < n_q)[:, None]
    if has_norm:
        scale = tl.rsqrt(tl.sum(value * value, 1) / head_dim + eps)
        of_q = tl.load(q_weight + dim, mask=dim < head_dim, other=0.0).to(tl.float32)
        of_k = tl.load(k_weight + dim, mask=dim < head_dim, other=0.0).to(tl.float32)
        value = value * scale[:, None] * tl.where(is_query, of_q[None, :], of_k[None, :])
        value = value.to(raw.dtype).to(tl.float32)
    position = tl.load(positions + token).to(tl.int64)
    pair = tl.arange(0, block_d // 2)
    whole = pair < head_dim // 2
    cos = tl.load(table + position * head_dim + 2 * pair, mask=whole, other=0.0)
    sin = tl.load(table + position * head_dim + 2 * pair + 1, mask=whole, other=0.0)
    real, imaginary = tl.split(tl.reshape(value, (block_h, block_d // 2, 2)))
    turned = tl.join(real * cos[None, :] - imaginary * sin[None, :], real * sin[None, :] + imaginary * cos[None, :])
    turned = tl.reshape(turned, (block_h, block_d)).to(raw.dtype)
    result = tl.where((head < n_q + n_kv)[:, None], turned, raw)
    if has_cache:
        slot = tl.load(slots + token).to(tl.int64)
        to = cache + (slot * (2 * n_kv) + head[:, None] - n_q) * head_dim + dim[None, :]
        tl.store(to, result, mask=inside & (head >= n_q)[:, None])
        tl.store(at, result, mask=inside & is_query)
    else:
        tl.store(at, result, mask=inside)


def rotate_store(
    heads: torch.Tensor,
    n_q: int,
    positions: torch.Tensor,
    table: torch.Tensor,
    norms: tuple[torch.Tensor, torch.Tensor] | None,
    eps: float,
    cache: torch.Tensor | None,
    slots: torch.Tensor,
) -> None:
    """Norm and rotate query and key heads; store keys and values.

    Parameters
    ----------
    heads
        ``[n, heads, head_dim]``, a token's heads contiguous: ``n_q`` query heads, then as many key as value heads. Queries are changed in
        place, keys too where there is no ``cache``.
    positions
        int32 or int64 ``[n]``.
    table
        float32 ``[positions, head_dim / 2, 2]``: cosines and sines.
    norms
        Weights ``[head_dim]`` of the query and key norms, or None.
    cache
        ``[slots, 2 * kv_heads, head_dim]`` of a layer, contiguous; None: nothing is stored.
    slots
        int64 ``[n]``.
    """
    n, n_heads, head_dim = heads.shape
    assert heads.stride(1) == head_dim and heads.stride(2) == 1 and (cache is None or cache.is_contiguous())
    q_weight, k_weight = norms if norms is not None else (table, table)
    _rotate_store[(n, triton.cdiv(n_heads, _HEADS))](
        heads,
        positions,
        table,
        q_weight,
        k_weight,
        eps,
        heads if cache is None else cache,
        slots,
        n_q,
        (n_heads - n_q) // 2,
        heads.stride(0),
        head_dim=head_dim,
        block_d=triton.next_power_of_2(head_dim),
        block_h=_HEADS,
        has_norm=norms is not None,
        has_cache=cache is not None,
        num_warps=2,
        **early(heads),
    )
