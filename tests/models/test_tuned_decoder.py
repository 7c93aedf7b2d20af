"""A decoder that chooses its products: each is tried with what follows it, and the choice changes no result."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import torch

from sgbench.engine.kernels import twins
from sgbench.engine.kernels.chosen_products import ChosenProducts, Kind, Product
from sgbench.engine.kernels.ops import torch_ops
from sgbench.engine.models.config import ModelConfig
from sgbench.engine.models.decoder import Decoder
from sgbench.engine.models.fused_decoder import FusedDecoder, TokenBatch
from sgbench.engine.models.weights import random_weights

SHAPE = {
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}


class Alone:
    """Attention of tokens to themselves: their values."""

    def attend(self, layer: int, q: torch.Tensor, kv: torch.Tensor | None) -> torch.Tensor:
        assert kv is not None
        return kv[:, 2:].repeat_interleave(2, 1).flatten(1)


def own(kind: Kind, n: int, rows: int, width: int) -> Iterator[tuple[str, Product]]:
    yield "own", lambda x, weight: twins.skinny(x, weight, 2 if kind == "added" else 1, kind == "gated")


def decoder(products: ChosenProducts | None) -> FusedDecoder:
    config = ModelConfig.from_dict(SHAPE)
    weights = random_weights(config, torch.float32, torch.device("cpu"), 0)
    for layer in weights.layers:
        for name in ("qkv", "out", "gate_up", "down"):
            setattr(layer, name, getattr(layer, name).contiguous())
    return FusedDecoder(Decoder(config, weights, 64), 64, torch_ops(), None, products=products)


def test_what_is_chosen_changes_no_hidden_state() -> None:
    ticks = itertools.cycle([1.0, 0.5])

    def seconds(way: Any, weights: Any) -> float:
        way(weights[0])
        return next(ticks)

    products = ChosenProducts(torch_ops(), None, own, seconds)
    tuned = decoder(products)
    tuned.tune([8, 4])
    assert sorted({kind for kind, *_ in products.choices}) == ["added", "gated", "whole"]
    assert {choice.name for choice in products.choices.values()} == {"own"}
    for n in (1, 3, 8, 9):
        ids, positions = torch.arange(n, dtype=torch.int32), torch.arange(n, dtype=torch.int32) * 3
        batch = TokenBatch(ids, positions, torch.zeros(n, dtype=torch.int64), None, ids)
        torch.testing.assert_close(tuned.forward(batch, Alone()), decoder(None).forward(batch, Alone()))
