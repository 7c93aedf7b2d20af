"""The network as it is trained: the Llama architecture over one flat stream of documents.

Knows nothing of data, tokenizers or schedules. Parameter names are those of Hugging Face's Llama, so that saving needs
no mapping. Documents never see each other: attention takes the positions where documents begin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network; the defaults give 6.95 million parameters, 13.9 MB in bfloat16."""

    vocab: int = 4096
    hidden: int = 256
    layers: int = 8
    heads: int = 4
    kv_heads: int = 2
    intermediate: int = 704
    positions: int = 4096
    theta: float = 20_000.0
    eps: float = 1e-5

    @property
    def head_dim(self) -> int:
        """Width of one attention head."""
        return self.hidden // self.heads

    def hugging_face(self, end_ids: list[int], pad_id: int) -> dict[str, Any]:
        """The same sizes as the content of a ``config.json``."""
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "vocab_size": self.vocab,
            "hidden_size": self.hidden,
            "intermediate_size": self.intermediate,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.head_dim,
            "hidden_act": "silu",
            "max_position_embeddings": self.positions,
            "rms_norm_eps": self.eps,
            "rope_theta": self.theta,
            "rope_parameters": {"rope_type": "default", "rope_theta": self.theta},
            "tie_word_embeddings": True,
            "attention_bias": False,
            "mlp_bias": False,
            "attention_dropout": 0.0,
            "initializer_range": 0.02,
            "use_cache": True,
            "bos_token_id": None,
            "eos_token_id": end_ids,
            "pad_token_id": pad_id,
            "dtype": "bfloat16",
        }


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """Root-mean-square norm over the last axis, computed in float32."""
    wide = x.float()
    wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + eps)
    return (weight * wide).to(x.dtype)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding of ``x`` (tokens, heads, width) with tables (tokens, 1, width / 2), halves paired."""
    a, b = x.float().chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1).to(x.dtype)


class Region(NamedTuple):
    """A stretch of the stream whose documents are of similar length.

    Attributes
    ----------
    begin, end
        The stretch.
    starts
        int32 (documents + 1,): where each document begins, counted from ``begin``, the last entry being the stretch's
        length. Empty documents at the end are padding.
    longest
        Upper bound on a document's length: the kernel's work grows with documents times this.
    """

    begin: int
    end: int
    starts: Tensor
    longest: int


def document_attention(q: Tensor, k: Tensor, v: Tensor, regions: Sequence[Region]) -> Tensor:
    """Causal attention inside each document of a flat stream that consists of ``regions``.

    Parameters
    ----------
    q, k, v
        (tokens, heads, width), keys and values already repeated to the queries' heads.
    regions
        Stretches that follow each other and cover the stream.
    """
    parts = []
    for begin, end, starts, longest in regions:
        a, b, c = q[begin:end], k[begin:end], v[begin:end]
        if q.is_cuda:
            flash = torch.ops.aten._flash_attention_forward
            parts.append(flash(a, b, c, starts, starts, longest, longest, 0.0, True, False)[0])
        else:
            parts.append(masked_attention(a, b, c, starts))
    return torch.cat(parts)


def masked_attention(q: Tensor, k: Tensor, v: Tensor, starts: Tensor) -> Tensor:
    """The slow twin of one region's attention: a dense mask over the whole of it."""
    place = torch.arange(q.shape[0], device=q.device)
    document = torch.searchsorted(starts.long(), place, right=True)
    mask = (document[:, None] == document[None, :]) & (place[:, None] >= place[None, :])
    heads = (t.transpose(0, 1)[None] for t in (q, k, v))
    return F.scaled_dot_product_attention(*heads, attn_mask=mask)[0].transpose(0, 1)


class Attention(nn.Module):
    """Grouped-query attention with rotary embedding."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = shape.head_dim
        self.heads, self.kv_heads, self.width = shape.heads, shape.kv_heads, width
        self.q_proj = nn.Linear(shape.hidden, shape.heads * width, bias=False)
        self.k_proj = nn.Linear(shape.hidden, shape.kv_heads * width, bias=False)
        self.v_proj = nn.Linear(shape.hidden, shape.kv_heads * width, bias=False)
        self.o_proj = nn.Linear(shape.heads * width, shape.hidden, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, regions: Sequence[Region]) -> Tensor:
        tokens, kind = x.shape[0], x.dtype
        q = F.linear(x, self.q_proj.weight.to(kind)).view(tokens, self.heads, self.width)
        k = F.linear(x, self.k_proj.weight.to(kind)).view(tokens, self.kv_heads, self.width)
        v = F.linear(x, self.v_proj.weight.to(kind)).view(tokens, self.kv_heads, self.width)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        group = self.heads // self.kv_heads
        k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)
        out = document_attention(q, k, v, regions)
        return F.linear(out.reshape(tokens, -1), self.o_proj.weight.to(kind))


class GatedMLP(nn.Module):
    """SwiGLU feed-forward."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden, shape.intermediate, bias=False)
        self.up_proj = nn.Linear(shape.hidden, shape.intermediate, bias=False)
        self.down_proj = nn.Linear(shape.intermediate, shape.hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        kind = x.dtype
        gated = F.silu(F.linear(x, self.gate_proj.weight.to(kind))) * F.linear(x, self.up_proj.weight.to(kind))
        return F.linear(gated, self.down_proj.weight.to(kind))


class RMSNorm(nn.Module):
    """Learnt root-mean-square norm."""

    def __init__(self, hidden: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(hidden))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return rms_norm(x, self.weight, self.eps)


class Block(nn.Module):
    """One pre-norm decoder layer; compiled once, used for every layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(shape.hidden, shape.eps)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = RMSNorm(shape.hidden, shape.eps)
        self.mlp = GatedMLP(shape)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, regions: Sequence[Region]) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, regions)
        return x + self.mlp(self.post_attention_layernorm(x))


class Network(nn.Module):
    """Embedding, layers, final norm and tied head; `forward` gives the last hidden states."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embed_tokens = nn.Embedding(shape.vocab, shape.hidden)
        self.layers = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = RMSNorm(shape.hidden, shape.eps)
        power = torch.arange(0, shape.head_dim, 2).double() / shape.head_dim
        angle = torch.arange(shape.positions).double()[:, None] * shape.theta**-power
        self.register_buffer("cos", angle.cos().float(), persistent=False)
        self.register_buffer("sin", angle.sin().float(), persistent=False)
        self.apply(self._initialise)
        for layer in self.layers:
            nn.init.zeros_(layer.self_attn.o_proj.weight)  # type: ignore[union-attr,arg-type]
            nn.init.zeros_(layer.mlp.down_proj.weight)  # type: ignore[union-attr,arg-type]

    def _initialise(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=module.in_features**-0.5)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)

    def forward(self, tokens: Tensor, places: Tensor, regions: Sequence[Region], kind: torch.dtype) -> Tensor:
        """Hidden states (tokens, hidden) of a flat stream; ``places`` are positions inside each document."""
        x = self.embed_tokens(tokens).to(kind)
        cos, sin = self.cos[places][:, None], self.sin[places][:, None]  # type: ignore[index]
        for layer in self.layers:
            x = layer(x, cos, sin, regions)
        return x

    def loss(self, hidden: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        """Weighted cross entropy of the next token, in nats per unit of weight."""
        return weighted_loss(hidden, self.norm.weight, self.embed_tokens.weight, targets, weights, self.shape.eps)


def weighted_loss(hidden: Tensor, norm: Tensor, head: Tensor, targets: Tensor, weights: Tensor, eps: float) -> Tensor:
    """Final norm, tied head and weighted cross entropy, in one function so that it compiles as one."""
    logits = F.linear(rms_norm(hidden, norm, eps), head.to(hidden.dtype)).float()
    each = F.cross_entropy(logits, targets, reduction="none")
    return (each * weights).sum() / weights.sum().clamp_min(1.0)
