"""The forward pass of `sgbench.engine.models.decoder` for a GPU: few large kernels, nothing that asks the host.

The same weights and the same families; what stands between two matrix products is one kernel, and keys and values go to their slots on
the way. Every call can be captured in a CUDA graph. Knows no requests and no sampling.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import torch

from sgbench.engine.models.invariant import plain_linear
from sgbench.engine.models.rope import rotation_table

Linear: TypeAlias = Callable[[torch.Tensor, torch.Tensor, torch.Tensor | None], torch.Tensor]

if TYPE_CHECKING:
    from sgbench.engine.attention.base import AttentionStep
    from sgbench.engine.kernels.chosen_products import ChosenProducts
    from sgbench.engine.kernels.ops import StepOps
    from sgbench.engine.models.decoder import Decoder, LayerWeights
    from sgbench.engine.models.loading import AnyDecoder
    from sgbench.engine.runner.kv_cache import KVCache


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """The tokens of a step, on the device.

    Attributes
    ----------
    ids
        int32 ``[n]``; negative: the token that row ``rows[i]`` of the slot table sampled last.
    positions
        int32 ``[n]``.
    slots
        int64 ``[n]``: where keys and values go.
    rows
        int32 ``[n]``, or None where no id is negative.
    last
        int32 ``[max_running + 1]``: what each row sampled last; its end is for padding.
    """

    ids: torch.Tensor
    positions: torch.Tensor
    slots: torch.Tensor
    rows: torch.Tensor | None
    last: torch.Tensor

    def known_ids(self) -> torch.Tensor:
        """int32 ``[n]`` with nothing left open."""
        if self.rows is None:
            return self.ids
        return torch.where(self.ids < 0, self.last.index_select(0, self.rows.long()), self.ids).clamp(min=0)


_MOST_HEAD_ROWS = 128
"""Steps that the vocabulary's product is chosen for: for more rows nothing was faster than torch's way."""
_TRIED = 8
"""Layers whose weights products are tried on: more than the cache holds."""


class FusedDecoder:
    """The forward pass by fused kernels.

    Parameters
    ----------
    decoder
        Shape and weights.
    n_positions
        Positions that can be computed.
    ops
        The kernels.
    cache
        Where keys and values go, by token; None: attention stores them.
    linear
        Matrix products: `sgbench.engine.models.invariant` has one whose rows do not depend on the batch.
    products
        Ways of the layers' products, to be chosen by `tune`; None: ``linear`` for all.
    """

    def __init__(
        self,
        decoder: Decoder,
        n_positions: int,
        ops: StepOps,
        cache: KVCache | None,
        linear: Linear = plain_linear,
        products: ChosenProducts | None = None,
    ) -> None:
        self._linear, self._products = linear, products
        # Weights of a CPU lie column by column; where rows must not depend on the batch, one request takes no way of its own.
        self._reads_rows = linear is plain_linear and decoder.weights.layers[0].qkv.is_contiguous()
        self._config, self._weights, self._ops, self._cache = decoder.config, decoder.weights, ops, cache
        device = decoder.weights.embedding.device
        self._table = rotation_table(decoder.config.rope, decoder.config.head_dim, n_positions, device)

    def tune(self, sizes: Sequence[int]) -> None:
        """Choose the layers' products for these numbers of tokens, if there is a choice; each is run a few dozen times."""
        products, layers = self._products, self._weights.layers
        if products is None or not layers:
            return
        eps, tried = self._config.norm_eps, layers[:: max(1, len(layers) // _TRIED)]
        first = tried[0]
        for n in sizes:
            added = first.post_norm.new_zeros(n, len(first.post_norm)), first.post_norm, eps
            if first.qkv_bias is None:
                products.tune("whole", n, [layer.qkv for layer in tried])
            if first.out_bias is None:
                products.tune("added", n, [layer.out for layer in tried], *added)
            if first.gate_up_bias is None:
                products.tune("gated", n, [layer.gate_up for layer in tried])
            if first.down_bias is None:
                products.tune("added", n, [layer.down for layer in tried], *added)
            if n <= _MOST_HEAD_ROWS:
                products.tune("whole", n, [self._weights.head])

    def _gated(self, x: torch.Tensor, layer: LayerWeights) -> torch.Tensor:
        """The feed-forward layer's product and its gate."""
        if self._products is not None and layer.gate_up_bias is None:
            return self._products("gated", x, layer.gate_up)
        return self._ops.silu_mul(self._linear(x, layer.gate_up, layer.gate_up_bias))

    def _added(
        self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, stream: torch.Tensor, norm: torch.Tensor
    ) -> torch.Tensor:
        """``stream`` gets the product; returns its norm."""
        eps = self._config.norm_eps
        if self._products is not None and bias is None:
            return self._products("added", x, weight, stream, norm, eps)
        return self._ops.add_norm(self._linear(x, weight, bias), stream, norm, eps)

    def forward(self, batch: TokenBatch, attention: AttentionStep, read: torch.Tensor | None = None) -> torch.Tensor:
        """Hidden states after the final norm, ``[n, hidden_size]``.

        Parameters
        ----------
        read
            int64: the tokens whose hidden states anybody reads; only theirs are returned, in this order. Behind its keys and values the
            last layer computes nothing for the others: of a whole prompt but one token is read. None: all.
        """
        weights, layers = self._weights, self._weights.layers
        stream, normed = self._ops.embed_norm(
            batch.ids, batch.rows, batch.last, weights.embedding, layers[0].input_norm, self._config.norm_eps
        )
        for index, layer in enumerate(layers):
            if self._products is not None and layer.qkv_bias is None:
                qkv = self._products("whole", normed, layer.qkv)
            else:
                qkv = self._linear(normed, layer.qkv, layer.qkv_bias)
            mixed = self._attend(index, layer, qkv, batch, attention)
            if read is not None and layer is layers[-1]:
                if not len(read):
                    return mixed.new_empty(0, stream.shape[1])
                mixed, stream = mixed.index_select(0, read), stream.index_select(0, read)
            normed = self._added(mixed, layer.out, layer.out_bias, stream, layer.post_norm)
            gated = self._gated(normed, layer)
            following = layers[index + 1].input_norm if index + 1 < len(layers) else weights.norm
            normed = self._added(gated, layer.down, layer.down_bias, stream, following)
        return normed

    def decode_logits(self, batch: TokenBatch, attention: AttentionStep, out: torch.Tensor) -> torch.Tensor:
        """Logits of a step of one token for each request, into ``out`` ``[n, vocab_size]``."""
        if len(out) == 1 and self._reads_rows:
            return self._decode_one(batch, attention, out)
        return self.logits(self.forward(batch, attention), out)

    def _decode_one(self, batch: TokenBatch, attention: AttentionStep, out: torch.Tensor) -> torch.Tensor:
        """One request alone: what counts is reading the weights, so norms, gate and sums are done on the way."""
        config, weights, gemv = self._config, self._weights, self._ops.gemv
        eps = config.norm_eps
        stream, _ = self._ops.embed_norm(
            batch.ids, batch.rows, batch.last, weights.embedding, weights.layers[0].input_norm, eps
        )
        for index, layer in enumerate(weights.layers):
            qkv = gemv(stream, layer.qkv, layer.qkv_bias, norm=layer.input_norm, eps=eps)
            mixed = self._attend(index, layer, qkv, batch, attention)
            stream = gemv(mixed, layer.out, layer.out_bias, stream=stream)
            gated = gemv(stream, layer.gate_up, layer.gate_up_bias, norm=layer.post_norm, eps=eps, gated=True)
            stream = gemv(gated, layer.down, layer.down_bias, stream=stream)
        logits: torch.Tensor = gemv(stream, weights.head, None, norm=weights.norm, eps=eps, out=out)
        return logits

    def _attend(
        self, index: int, layer: LayerWeights, qkv: torch.Tensor, batch: TokenBatch, attention: AttentionStep
    ) -> torch.Tensor:
        """Attention of a layer from its projection, ``[n, heads * head_dim]``."""
        config = self._config
        heads = qkv.view(len(qkv), -1, config.head_dim)
        norms = None if layer.q_norm is None or layer.k_norm is None else (layer.q_norm, layer.k_norm)
        to = None if self._cache is None else self._cache.by_slot[index]
        self._ops.rotate_store(
            heads, config.n_heads, batch.positions, self._table, norms, config.norm_eps, to, batch.slots
        )
        own = heads[:, config.n_heads :] if to is None else None
        return attention.attend(index, heads[:, : config.n_heads], own)

    def logits(self, hidden: torch.Tensor, out: torch.Tensor | None = None) -> torch.Tensor:
        """``[n, vocab_size]`` in the model's dtype from ``[n, hidden_size]``, into ``out`` if given."""
        head = self._weights.head
        if self._products is not None:
            return self._products("whole", hidden, head, *(() if out is None else (out,)))
        if self._linear is plain_linear:
            return torch.mm(hidden, head.t(), out=out)
        logits = self._linear(hidden, head, None)
        return logits if out is None else out.copy_(logits)


class UnfusedDecoder:
    """Any decoder under the interface of `FusedDecoder`: for those that `transformers` computes.

    Parameters
    ----------
    decoder
        With `Decoder`'s interface.
    """

    def __init__(self, decoder: AnyDecoder) -> None:
        self._decoder = decoder

    def tune(self, sizes: Sequence[int]) -> None:
        """See `FusedDecoder.tune`: there is no choice."""

    def forward(self, batch: TokenBatch, attention: AttentionStep, read: torch.Tensor | None = None) -> torch.Tensor:
        """See `FusedDecoder.forward`."""
        hidden = self._decoder.forward(batch.known_ids().long(), batch.positions.long(), attention)
        return hidden if read is None else hidden.index_select(0, read)

    def decode_logits(self, batch: TokenBatch, attention: AttentionStep, out: torch.Tensor) -> torch.Tensor:
        """See `FusedDecoder.decode_logits`."""
        return self.logits(self.forward(batch, attention), out)

    def logits(self, hidden: torch.Tensor, out: torch.Tensor | None = None) -> torch.Tensor:
        """See `FusedDecoder.logits`; float32."""
        logits = self._decoder.logits(hidden)
        return logits if out is None else out.copy_(logits)
