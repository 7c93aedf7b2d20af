"""The tensors of the KV pool: keys and values of every slot, layer by layer.

Seen as ``[layers, 2 * kv_heads, slots, head_dim]``, key heads before value heads. On a CPU it lies in memory like that: a run of
neighbouring slots is then a plain slice that matrix kernels read without a copy, which is worth three times the attention speed of a
token-major layout. On a GPU a slot's heads lie together, ``[layers, slots, 2 * kv_heads, head_dim]``: slots are scattered, and a
token's keys and values of a layer are then one run of bytes to read and to write. Does not know which slot is free or whose it is.
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
    by_token
        Lay the heads of a slot together; None: as the device likes it.

    Attributes
    ----------
    data
        ``[layers, 2 * kv_heads, slots, head_dim]``, contiguous only where `by_token` is False.
    by_slot
        The same memory as ``[layers, slots, 2 * kv_heads, head_dim]``, contiguous only where `by_token` is True.
    scratch_slot
        A slot behind the pool's that padding may be written to; nobody reads it.
    """

    def __init__(
        self, config: ModelConfig, n_slots: int, dtype: torch.dtype, device: torch.device, by_token: bool | None = None
    ) -> None:
        self.by_token = device.type != "cpu" if by_token is None else by_token
        self.scratch_slot = n_slots
        heads = 2 * config.n_kv_heads
        if self.by_token:
            shape = (config.n_layers, n_slots + 1, heads, config.head_dim)
            self.by_slot = torch.empty(shape, dtype=dtype, device=device)
            self.data = self.by_slot.transpose(1, 2)
        else:
            shape = (config.n_layers, heads, n_slots + 1, config.head_dim)
            self.data = torch.empty(shape, dtype=dtype, device=device)
            self.by_slot = self.data.transpose(1, 2)
        self._scratch = torch.empty(0, dtype=dtype, device=device)

    @property
    def n_slots(self) -> int:
        """Capacity, tokens."""
        return self.scratch_slot

    def write(self, layer: int, slots: torch.Tensor, heads: torch.Tensor) -> None:
        """Store ``heads`` ``[n, 2 * kv_heads, head_dim]`` of one layer in int64 ``slots`` ``[n]``, all different."""
        if self.by_token:
            self.by_slot[layer].index_copy_(0, slots, heads)
        else:
            self.data[layer].index_copy_(1, slots, heads.transpose(0, 1))

    def view(self, layer: int, first: int, stop: int) -> torch.Tensor:
        """Slots ``first`` to ``stop`` without a copy: ``[2 * kv_heads, stop - first, head_dim]``."""
        return self.data[layer, :, first:stop]

    def gather(self, layer: int, index: torch.Tensor) -> torch.Tensor:
        """Copy slots out: ``[2 * kv_heads, n, head_dim]`` for an index made by `gather_index`.

        The result is overwritten by the next call: on a CPU, fresh memory would cost more than the copy.
        """
        if self.by_token:
            return self.by_slot[layer].index_select(0, index).transpose(0, 1)
        n_heads, _, head_dim = self.data.shape[1:]
        if index.numel() * head_dim > self._scratch.numel():
            self._scratch = torch.empty(index.numel() * head_dim, dtype=self.data.dtype, device=self.data.device)
        rows = self._scratch[: index.numel() * head_dim].view(-1, head_dim)
        torch.index_select(self.data[layer].view(-1, head_dim), 0, index, out=rows)
        return rows.view(n_heads, -1, head_dim)

    def gather_index(self, slots: torch.Tensor) -> torch.Tensor:
        """What `gather` takes for int64 ``slots`` ``[n]``; the same for all layers, so made once a step."""
        if self.by_token:
            return slots
        n_heads, n_slots = self.data.shape[1:3]
        first = torch.arange(n_heads, device=slots.device) * n_slots
        return (first[:, None] + slots[None, :]).flatten()

    @staticmethod
    def bytes_per_token(config: ModelConfig, dtype: torch.dtype) -> int:
        """Bytes of one slot over all layers."""
        return config.n_layers * 2 * config.n_kv_heads * config.head_dim * dtype.itemsize
