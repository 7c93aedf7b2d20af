"""One decoder for the Llama, Mistral, Qwen2 and Qwen3 families; what differs is data.

Computes hidden states of a flat batch of tokens: requests lie one after the other, whatever their lengths. Query, key and
value projections are one matrix, so are gate and up. Knows no requests, no slots and no sampling: where keys and values go and
what a token attends to is the attention backend's matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812  (torch's own name for it)

from sgbench.engine.models.rope import Rope
from sgbench.engine.models.workspace import Workspace

if TYPE_CHECKING:
    from sgbench.engine.attention.base import AttentionStep
    from sgbench.engine.models.config import ModelConfig


@dataclass(slots=True)
class LayerWeights:
    """Weights of one layer; matrices are ``[out, in]``, absent parts None."""

    input_norm: torch.Tensor
    qkv: torch.Tensor
    qkv_bias: torch.Tensor | None
    q_norm: torch.Tensor | None
    k_norm: torch.Tensor | None
    out: torch.Tensor
    out_bias: torch.Tensor | None
    post_norm: torch.Tensor
    gate_up: torch.Tensor
    gate_up_bias: torch.Tensor | None
    down: torch.Tensor
    down_bias: torch.Tensor | None


@dataclass(slots=True)
class DecoderWeights:
    """All weights; ``head`` is ``embedding`` itself when tied."""

    embedding: torch.Tensor
    layers: list[LayerWeights]
    norm: torch.Tensor
    head: torch.Tensor


class Decoder:
    """The forward pass.

    Parameters
    ----------
    config
        Shape.
    weights
        From `sgbench.engine.models.weights`.
    n_positions
        Positions that can be computed.

    Attributes
    ----------
    config, weights
        As given.
    """

    def __init__(self, config: ModelConfig, weights: DecoderWeights, n_positions: int) -> None:
        self.config = config
        self.weights = weights
        embedding = weights.embedding
        self._workspace = Workspace(embedding)
        self._rope = Rope(config.rope, config.head_dim, n_positions, embedding.dtype, embedding.device)

    def forward(self, token_ids: torch.Tensor, positions: torch.Tensor, attention: AttentionStep) -> torch.Tensor:
        """Hidden states after the final norm.

        Parameters
        ----------
        token_ids, positions
            int64 ``[n]``.
        attention
            Stores the new keys and values, and attends, layer by layer.

        Returns
        -------
        ``[n, hidden_size]``; overwritten by the next step on a CPU.
        """
        config, take, n = self.config, self._workspace.take, token_ids.shape[0]
        n_rotated = config.n_heads + config.n_kv_heads
        rotation = self._rope.at(positions)
        hidden, spare = (take(name, n, config.hidden_size) for name in ("hidden", "spare"))
        torch.index_select(self.weights.embedding, 0, token_ids, out=hidden)
        for index, layer in enumerate(self.weights.layers):
            qkv = self._linear("qkv", self._norm(hidden, layer.input_norm), layer.qkv, layer.qkv_bias)
            heads = qkv.view(n, -1, config.head_dim)
            if layer.q_norm is not None and layer.k_norm is not None:
                heads[:, : config.n_heads] = rms_norm(heads[:, : config.n_heads], layer.q_norm, config.norm_eps)
                keys = heads[:, config.n_heads : n_rotated]
                keys.copy_(rms_norm(keys, layer.k_norm, config.norm_eps))
            self._rope.rotate_(heads[:, :n_rotated], rotation)
            mixed = attention.attend(index, heads[:, : config.n_heads], heads[:, config.n_heads :])
            _add_linear(hidden, mixed, layer.out, layer.out_bias, spare)
            gate_up = self._linear("gate_up", self._norm(spare, layer.post_norm), layer.gate_up, layer.gate_up_bias)
            gate, up = gate_up[:, : config.intermediate_size], gate_up[:, config.intermediate_size :]
            _add_linear(spare, F.silu(gate, inplace=True).mul_(up), layer.down, layer.down_bias, hidden)
        return self._norm(hidden, self.weights.norm)

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Float32 ``[n, vocab_size]`` from ``[n, hidden_size]``."""
        return F.linear(hidden, self.weights.head).float()

    def _norm(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return rms_norm(x, weight, self.config.norm_eps, self._workspace.take("norm", *x.shape))

    def _linear(self, name: str, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        out = self._workspace.take(name, x.shape[0], weight.shape[0])
        if bias is None:
            return torch.mm(x, weight.t(), out=out)
        return torch.addmm(bias, x, weight.t(), out=out)


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float, out: torch.Tensor | None = None) -> torch.Tensor:
    """``x / sqrt(mean(x ** 2) + eps) * weight`` over the last axis.

    On a CPU as one pass for the norm and two over x, into ``out`` if given: torch's own takes nine, and as many times as long.
    """
    size = x.shape[-1]
    if x.device.type != "cpu" or x.dtype != torch.float32:
        return F.rms_norm(x, (size,), weight, eps)
    length: torch.Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    scale = length.mul_(length).div_(size).add_(eps).rsqrt_()
    return torch.mul(x, scale, out=out).mul_(weight)


def _add_linear(
    residual: torch.Tensor, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, out: torch.Tensor
) -> None:
    """``out = residual + x @ weight.T + bias``, the sum in the product's own pass over memory."""
    torch.addmm(residual, x, weight.t(), out=out)
    if bias is not None:
        out.add_(bias)
