"""The tensors of the KV pool: keys and values of every slot, layer by layer.

Layout ``[layers, 2 * kv_heads, slots, head_dim]``, key heads before value heads: a run of neighbouring slots is then a plain
slice that matrix kernels read without a copy, which on a CPU is worth three times the attention speed of a token-major
layout. Does not know which slot is free or whose it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from sgbench.engine.models.config import ModelConfig


class KVCache:
    """Keys and values.

    Parameters
    ----------
    config
        Shape of the model.
    n_slots
        Capacity, tokens.
    dtype, device
        Of the tensors. The memory is not touched until used.

    Attributes
    ----------
    data
        ``[layers, 2 * kv_heads, slots, head_dim]``.
    """

    def __init__(self, config: ModelConfig, n_slots: int, dtype: torch.dtype, device: torch.device) -> None:
        shape = (config.n_layers, 2 * config.n_kv_heads, n_slots, config.head_dim)
        self.data = torch.empty(shape, dtype=dtype, device=device)
        self._scratch = torch.empty(0, dtype=dtype, device=device)

    @property
    def n_slots(self) -> int:
        """Capacity, tokens."""
        return self.data.shape[2]

    def write(self, layer: int, slots: torch.Tensor, heads: torch.Tensor) -> None:
        """Store ``heads`` ``[n, 2 * kv_heads, head_dim]`` of one layer in int64 ``slots`` ``[n]``, all different."""
        self.data[layer].index_copy_(1, slots, heads.transpose(0, 1))

    def view(self, layer: int, first: int, stop: int) -> torch.Tensor:
        """Slots ``first`` to ``stop`` without a copy: ``[2 * kv_heads, stop - first, head_dim]``."""
        return self.data[layer, :, first:stop]

    def gather(self, layer: int, index: torch.Tensor) -> torch.Tensor:
        """Copy slots out: ``[2 * kv_heads, n, head_dim]`` for an index made by `gather_index`.

        The result is overwritten by the next call: on a CPU, fresh memory would cost more than the copy.
        """
        n_heads, _, head_dim = self.data.shape[1:]
        if index.numel() * head_dim > self._scratch.numel():
            self._scratch = torch.empty(index.numel() * head_dim, dtype=self.data.dtype, device=self.data.device)
        rows = self._scratch[: index.numel() * head_dim].view(-1, head_dim)
        torch.index_select(self.data[layer].view(-1, head_dim), 0, index, out=rows)
        return rows.view(n_heads, -1, head_dim)

    def gather_index(self, slots: torch.Tensor) -> torch.Tensor:
        """What `gather` takes for int64 ``slots`` ``[n]``; the same for all layers, so made once a step."""
        n_heads, n_slots = self.data.shape[1:3]
        first = torch.arange(n_heads, device=slots.device) * n_slots
        return (first[:, None] + slots[None, :]).flatten()

    @staticmethod
    def bytes_per_token(config: ModelConfig, dtype: torch.dtype) -> int:
        """Bytes of one slot over all layers."""
        return config.n_layers * 2 * config.n_kv_heads * config.head_dim * dtype.itemsize
