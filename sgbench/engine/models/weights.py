"""Weights from safetensors into fused tensors, straight on the device; or random ones.

Only safetensors are read: a pickle can run code when opened. Knows the names of Hugging Face checkpoints; does not know how
the weights are used.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from sgbench.engine.models.decoder import DecoderWeights, LayerWeights
from sgbench.engine.models.progress import reading
from sgbench.engine.models.rope import interleave
from sgbench.errors import ModelError

if TYPE_CHECKING:
    from sgbench.engine.models.config import ModelConfig

INDEX = "model.safetensors.index.json"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


def load_weights(folder: Path, config: ModelConfig, dtype: torch.dtype, device: torch.device) -> DecoderWeights:
    """Read every tensor of the checkpoint in ``folder``.

    Raises
    ------
    ModelError
        No safetensors (pickles are named as such), a damaged file, or tensors missing, unexpected or of a wrong shape.
    """
    weights = empty_weights(config, dtype, device)
    targets = _targets(config, weights)
    missing = set(targets)
    unexpected: list[str] = []
    paths = checkpoint_files(folder)
    with reading(sum(path.stat().st_size for path in paths)) as read:
        for path in paths:
            for name, tensor in _tensors(path, device):
                if name in targets:
                    targets[name].fill(name, tensor, path)
                    missing.discard(name)
                elif not _ignorable(name, config):
                    unexpected.append(name)
                read(tensor.nbytes)
    if missing:
        raise ModelError(f"{folder}: the checkpoint lacks {_some(sorted(missing))}")
    if unexpected:
        raise ModelError(
            f"{folder}: the checkpoint holds tensors that {config.family} does not use: {_some(unexpected)}"
        )
    return weights


def random_weights(config: ModelConfig, dtype: torch.dtype, device: torch.device, seed: int) -> DecoderWeights:
    """Seeded random weights of a scale that keeps activations near one; norms are ones, biases zeros."""
    weights = empty_weights(config, dtype, device)
    generator = torch.Generator(device=device).manual_seed(seed)
    depth_scale = (2 * config.n_layers) ** -0.5
    for name, target in _targets(config, weights).items():
        view = target.view
        if view.dim() == 1:
            view.fill_(0.0 if name.endswith("bias") else 1.0)
            continue
        std = 1.0 if name == "model.embed_tokens.weight" else view.shape[1] ** -0.5
        if name == "model.embed_tokens.weight" and config.tied:
            std = view.shape[1] ** -0.5
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            std *= depth_scale
        view.normal_(0.0, std, generator=generator)
    return weights


def checkpoint_files(folder: Path) -> list[Path]:
    """The safetensors files of ``folder``, from its index where there is one."""
    index = folder / INDEX
    if index.is_file():
        try:
            names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        except (ValueError, KeyError, AttributeError) as error:
            raise ModelError(f"{index} is damaged: {error!r}") from error
        absent = [name for name in names if not (folder / name).is_file()]
        if absent:
            raise ModelError(f"{folder} lacks {_some(absent)}, which {INDEX} names")
        return [folder / name for name in names]
    single = folder / "model.safetensors"
    if single.is_file():
        return [single]
    found = sorted(folder.glob("*.safetensors"))
    if len(found) == 1:
        return found
    if found:
        raise ModelError(f"{folder} holds {len(found)} safetensors files but no {INDEX} that says which belong to it")
    pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
    if pickles:
        raise ModelError(
            f"{folder} holds only pickled weights ({_some(pickles)}). Opening a pickle runs whatever code is in it, so the "
            "engine reads safetensors only. If you trust the file, convert it once: "
            "transformers.AutoModelForCausalLM.from_pretrained(folder).save_pretrained(new_folder)"
        )
    raise ModelError(
        f"{folder} holds no model.safetensors; load_format='dummy' runs random weights from its config.json"
    )


def empty_weights(config: ModelConfig, dtype: torch.dtype, device: torch.device) -> DecoderWeights:
    """Uninitialised fused tensors of the right shapes.

    On a CPU the layers' matrices lie column by column: products with few rows are a third faster so.
    """

    def new(*shape: int) -> torch.Tensor:
        return torch.empty(shape, dtype=dtype, device=device)

    def matrix(n_out: int, n_in: int) -> torch.Tensor:
        return new(n_in, n_out).t() if device.type == "cpu" else new(n_out, n_in)

    hidden, inter, dim = config.hidden_size, config.intermediate_size, config.head_dim
    n_q, n_qkv = config.n_heads * dim, (config.n_heads + 2 * config.n_kv_heads) * dim
    embedding = new(config.vocab_size, hidden)
    layers = [
        LayerWeights(
            input_norm=new(hidden),
            qkv=matrix(n_qkv, hidden),
            qkv_bias=new(n_qkv) if config.qkv_bias else None,
            q_norm=new(dim) if config.qk_norm else None,
            k_norm=new(dim) if config.qk_norm else None,
            out=matrix(hidden, n_q),
            out_bias=new(hidden) if config.out_bias else None,
            post_norm=new(hidden),
            gate_up=matrix(2 * inter, hidden),
            gate_up_bias=new(2 * inter) if config.mlp_bias else None,
            down=matrix(hidden, inter),
            down_bias=new(hidden) if config.mlp_bias else None,
        )
        for _ in range(config.n_layers)
    ]
    head = embedding if config.tied else new(config.vocab_size, hidden)
    return DecoderWeights(embedding, layers, new(hidden), head)


class _Target:
    """Where one checkpoint tensor goes; query and key rows are reordered on the way (see `interleave`)."""

    __slots__ = ("_head_dim", "view")

    def __init__(self, view: torch.Tensor, head_dim: int | None = None) -> None:
        self.view = view
        self._head_dim = head_dim

    def fill(self, name: str, tensor: torch.Tensor, path: Path) -> None:
        if tensor.shape != self.view.shape:
            raise ModelError(
                f"{path}: tensor {name} has shape {tuple(tensor.shape)}, config.json asks for {tuple(self.view.shape)}"
            )
        if tensor.dtype not in (torch.float32, torch.float16, torch.bfloat16, torch.float64):
            raise ModelError(f"{path}: tensor {name} is {tensor.dtype}: quantised checkpoints are not supported")
        self.view.copy_(tensor if self._head_dim is None else interleave(tensor, self._head_dim))


def _targets(config: ModelConfig, weights: DecoderWeights) -> dict[str, _Target]:
    targets = {
        "model.embed_tokens.weight": _Target(weights.embedding),
        "model.norm.weight": _Target(weights.norm),
    }
    if not config.tied:
        targets["lm_head.weight"] = _Target(weights.head)
    for index, layer in enumerate(weights.layers):
        for name, target in _layer_targets(config, layer).items():
            targets[f"model.layers.{index}.{name}"] = target
    return targets


def _layer_targets(config: ModelConfig, layer: LayerWeights) -> dict[str, _Target]:
    dim, inter = config.head_dim, config.intermediate_size
    n_q, n_kv = config.n_heads * dim, config.n_kv_heads * dim
    targets = {
        "input_layernorm.weight": _Target(layer.input_norm),
        "post_attention_layernorm.weight": _Target(layer.post_norm),
        "self_attn.o_proj.weight": _Target(layer.out),
        "mlp.down_proj.weight": _Target(layer.down),
    }
    for kind, qkv, gate_up in (
        ("weight", layer.qkv, layer.gate_up),
        ("bias", layer.qkv_bias, layer.gate_up_bias),
    ):
        if qkv is not None:
            targets[f"self_attn.q_proj.{kind}"] = _Target(qkv[:n_q], dim)
            targets[f"self_attn.k_proj.{kind}"] = _Target(qkv[n_q : n_q + n_kv], dim)
            targets[f"self_attn.v_proj.{kind}"] = _Target(qkv[n_q + n_kv :])
        if gate_up is not None:
            targets[f"mlp.gate_proj.{kind}"] = _Target(gate_up[:inter])
            targets[f"mlp.up_proj.{kind}"] = _Target(gate_up[inter:])
    for name, tensor, head_dim in (
        ("self_attn.o_proj.bias", layer.out_bias, None),
        ("mlp.down_proj.bias", layer.down_bias, None),
        ("self_attn.q_norm.weight", layer.q_norm, dim),
        ("self_attn.k_norm.weight", layer.k_norm, dim),
    ):
        if tensor is not None:
            targets[name] = _Target(tensor, head_dim)
    return targets


def _tensors(path: Path, device: torch.device) -> Iterator[tuple[str, torch.Tensor]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt", device=str(device)) as file:
            for name in file.keys():  # noqa: SIM118  (not a dict: it has no __iter__)
                yield name, file.get_tensor(name)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} is not a readable safetensors file: {error}") from error


def _ignorable(name: str, config: ModelConfig) -> bool:
    """Buffers of old checkpoints, and the copy of a tied embedding."""
    return name.endswith("rotary_emb.inv_freq") or (config.tied and name == "lm_head.weight")


def _some(names: list[str], limit: int = 5) -> str:
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
