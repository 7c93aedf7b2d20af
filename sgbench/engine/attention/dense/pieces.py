"""The pieces that `sgbench.engine.attention.torch_attention` cuts a step into, each one dense call over KV read from the pool.

Knows tensors and where KV lies; why a step was cut like this is the planner's to know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from sgbench.engine.attention.dense.blocks import dense_attention

if TYPE_CHECKING:
    import numpy.typing as npt

    from sgbench.engine.attention.dense.joining import Partial
    from sgbench.engine.runner.kv_cache import KVCache

    Int64Array = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a piece's KV lies: a slice of the cache if the slots are neighbours, else an index to gather."""

    first: int
    stop: int
    index: torch.Tensor | None

    def read(self, cache: KVCache, layer: int) -> torch.Tensor:
        """``[2 * kv_heads, n, head_dim]``."""
        if self.index is None:
            return cache.view(layer, self.first, self.stop)
        return cache.gather(layer, self.index)


@dataclass(frozen=True, slots=True)
class Group:
    """Short chunks, padded: ``batch`` chunks of up to ``n_queries`` tokens over up to ``n_keys`` of their own KV.

    Attributes
    ----------
    rows
        Flat token rows, int64 ``[batch * n_queries]``, the last of a chunk repeated as padding; None: all tokens in order.
    valid
        Which of those are no padding, int64; None: all.
    targets
        Token row of each of those, on the host.
    mask
        ``[batch, 1, queries, n_keys]``; None: nothing is padded or hidden.
    """

    batch: int
    n_queries: int
    n_keys: int
    source: Source
    rows: torch.Tensor | None
    valid: torch.Tensor | None
    targets: Int64Array
    mask: torch.Tensor | None

    def attend(self, cache: KVCache, layer: int, q: torch.Tensor, kv: torch.Tensor) -> Partial:
        """Partial result for `targets`; the step's keys and values are in the cache already."""
        n_kv_heads, repeat, head_dim = q.shape[1:]
        read = self.source.read(cache, layer).view(2, n_kv_heads, self.batch, self.n_keys, head_dim)
        k, v = read[0].transpose(0, 1), read[1].transpose(0, 1)
        picked = q if self.rows is None else q.index_select(0, self.rows)
        if self.n_queries == 1:
            return dense_attention(picked, k, v, self.mask)
        queries = picked.view(self.batch, self.n_queries, n_kv_heads, repeat, head_dim).permute(0, 2, 3, 1, 4)
        out, lse = dense_attention(queries.reshape(self.batch, n_kv_heads, -1, head_dim), k, v, self.mask)
        shape = (self.batch, n_kv_heads, repeat, self.n_queries)
        out = out.reshape(*shape, head_dim).permute(0, 3, 1, 2, 4).flatten(0, 1)
        lse = lse.reshape(shape).permute(0, 3, 1, 2).flatten(0, 1)
        if self.valid is None:
            return out, lse
        return out.index_select(0, self.valid), lse.index_select(0, self.valid)


@dataclass(frozen=True, slots=True)
class Run:
    """A long chunk over its own tokens, causally."""

    first: int
    stop: int

    @property
    def targets(self) -> Int64Array:
        """Its token rows, on the host."""
        return np.arange(self.first, self.stop)

    def attend(self, q: torch.Tensor, kv: torch.Tensor) -> Partial:
        """Partial result for rows ``first`` to ``stop``."""
        heads = kv[self.first : self.stop].transpose(0, 1)
        return _over_heads(q[self.first : self.stop], heads, causal=True)


@dataclass(frozen=True, slots=True)
class Prefix:
    """KV that every one of ``rows`` sees whole; rows None: all tokens in order. ``targets`` are the same on the host."""

    source: Source
    rows: torch.Tensor | None
    targets: Int64Array

    def attend(self, cache: KVCache, layer: int, q: torch.Tensor) -> Partial:
        """Partial result for ``rows``."""
        picked = q if self.rows is None else q.index_select(0, self.rows)
        return _over_heads(picked, self.source.read(cache, layer), causal=False)


def _over_heads(q: torch.Tensor, kv: torch.Tensor, causal: bool) -> Partial:
    """Queries ``[n, kv_heads, repeat, head_dim]`` over one ``kv`` ``[2 * kv_heads, keys, head_dim]``; no copies."""
    n_kv_heads, repeat = q.shape[1:3]
    k = kv[:n_kv_heads].unsqueeze(1).expand(-1, repeat, -1, -1)
    v = kv[n_kv_heads:].unsqueeze(1).expand(-1, repeat, -1, -1)
    out, lse = dense_attention(q.permute(1, 2, 0, 3), k, v, causal=causal)
    return out.permute(2, 0, 1, 3), lse.permute(2, 0, 1)
