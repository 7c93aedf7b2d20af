"""The step's fused kernels in plain torch: what they compute, said once more, and what runs where Triton does not.

Names and arguments are those of `norm`, `rope`, `activation` and `sampling` beside this.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812  (torch's own name for it)

from sgbench.engine.runner.noise import gumbel


def _norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    wide = x.float()
    return (wide * (wide.square().mean(-1, keepdim=True) + eps).rsqrt() * weight.float()).to(x.dtype)


def norm(stream: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """See `norm.norm`."""
    return _norm(stream, weight, eps)


def add_norm(x: torch.Tensor, stream: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """See `norm.add_norm`."""
    stream.copy_(stream.float() + (x.sum(0) if x.dim() == 3 else x.float()))
    return _norm(stream, weight, eps)


def embed_norm(
    ids: torch.Tensor,
    rows: torch.Tensor | None,
    last: torch.Tensor,
    table: torch.Tensor,
    weight: torch.Tensor,
    eps: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """See `norm.embed_norm`."""
    if rows is not None:
        ids = torch.where(ids < 0, last.index_select(0, rows.long()), ids)
    stream = table.index_select(0, ids.clamp(min=0))
    return stream, _norm(stream, weight, eps)


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
    """See `rope.rotate_store`."""
    n, n_heads, head_dim = heads.shape
    n_turned = (n_heads + n_q) // 2
    if norms is not None:
        heads[:, :n_q] = _norm(heads[:, :n_q], norms[0], eps)
        heads[:, n_q:n_turned] = _norm(heads[:, n_q:n_turned], norms[1], eps)
    turned = heads[:, :n_turned].float().unflatten(-1, (-1, 2))
    cos, sin = table.index_select(0, positions.long()).unsqueeze(1).unbind(-1)
    real, imaginary = turned.unbind(-1)
    pairs = torch.stack((real * cos - imaginary * sin, real * sin + imaginary * cos), -1)
    heads[:, :n_turned] = pairs.view(n, n_turned, head_dim).to(heads.dtype)
    if cache is not None:
        cache.index_copy_(0, slots, heads[:, n_q:])


def silu_mul(gate_up: torch.Tensor) -> torch.Tensor:
    """See `activation.silu_mul`."""
    gate, up = gate_up.float().chunk(2, 1)
    return (F.silu(gate) * up).to(gate_up.dtype)


def gemv(
    x: torch.Tensor,
    matrix: torch.Tensor,
    bias: torch.Tensor | None,
    *,
    norm: torch.Tensor | None = None,
    eps: float = 0.0,
    stream: torch.Tensor | None = None,
    gated: bool = False,
    out: torch.Tensor | None = None,
) -> torch.Tensor:
    """See `gemv.gemv`."""
    wide = x.float()
    if norm is not None:
        wide = wide * (wide.square().mean(-1, keepdim=True) + eps).rsqrt() * norm.float()
    value = wide @ matrix.float().t()
    if bias is not None:
        value += bias.float()
    if gated:
        gate, up = value.chunk(2, 1)
        value = F.silu(gate) * up
    if stream is not None:
        value += stream.float()
    return value.to(x.dtype) if out is None else out.copy_(value)


def skinny(x: torch.Tensor, matrix: torch.Tensor, splits: int, gated: bool) -> torch.Tensor:
    """See `skinny.skinny`, which is told more: how programs are cut."""
    if splits > 1:
        pieces = zip(x.float().chunk(splits, 1), matrix.float().chunk(splits, 1), strict=True)
        return torch.stack([piece @ part.t() for piece, part in pieces])
    value = x.float() @ matrix.float().t()
    if gated:
        gate, up = value.chunk(2, 1)
        value = F.silu(gate) * up
    return value.to(x.dtype)


def thresholds(
    logits: torch.Tensor,
    temperatures: torch.Tensor,
    top_ks: torch.Tensor,
    top_ps: torch.Tensor,
    min_ps: torch.Tensor,
) -> torch.Tensor:
    """See `filtering.thresholds`: by sorting."""
    never = float("-inf")
    ranked = logits.float().sort(-1, descending=True).values
    kth = ranked.gather(1, (top_ks.long() - 1).clamp(0, logits.shape[1] - 1)[:, None])
    scores = (ranked / temperatures.clamp(min=1e-30)[:, None]).masked_fill(ranked < kth, never)
    probs = scores.softmax(-1)
    equals = torch.searchsorted(-ranked, -ranked)  # the first of those that are as likely
    above = (probs.cumsum(-1) - probs).gather(1, equals)
    outside = (above >= top_ps[:, None]) & (top_ps[:, None] < 1) & (ranked < ranked[:, :1])
    least = ranked.masked_fill(outside | (scores == never), float("inf")).amin(-1)
    floor = torch.where(min_ps > 0, ranked[:, 0] + temperatures * min_ps.clamp(min=1e-30).log(), never)
    filters = (temperatures > 0) & ((top_ks < logits.shape[1]) | (top_ps < 1) | (min_ps > 0))
    return torch.where(filters, torch.maximum(least, floor), never)


def sample_rows(
    logits: torch.Tensor,
    temperatures: torch.Tensor,
    thresholds: torch.Tensor,
    keys: torch.Tensor,
    rows: torch.Tensor,
    last: torch.Tensor,
) -> torch.Tensor:
    """See `sampling.sample_rows`."""
    scores = logits.float()
    broken = scores.isnan().any(-1)
    scores = scores.masked_fill((scores < thresholds[:, None]) & (temperatures > 0)[:, None], float("-inf"))
    tokens = torch.arange(logits.shape[1], device=logits.device)
    noisy = scores / temperatures.clamp(min=1e-30)[:, None] + gumbel(keys.long().bitwise_and(0xFFFFFFFF), tokens)
    best, chosen = torch.where((temperatures > 0)[:, None], noisy, scores).max(-1)
    chosen = chosen.masked_fill(broken | best.isinf(), -1).int()
    last.index_copy_(0, rows.long(), chosen)
    return chosen
