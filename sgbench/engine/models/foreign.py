"""Decoders that `transformers` computes, on the engine's own KV pool: right rather than fast.

Their attention layers call whatever function is registered under the name in their config; ours hands queries, keys and values to the
engine's attention backend, which knows where each request's KV lies. All requests of a step lie one after the other in a batch
of one row, with their positions. What a layer's attention is (scale, window, soft-cap) is read from the arguments of a trial run, so a
model whose code asks for something else is refused by name. Knows no requests, no slots and no sampling.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from sgbench.engine.attention.base import LayerOptions
from sgbench.engine.models.progress import transformers_bars
from sgbench.engine.models.weights import checkpoint_files
from sgbench.errors import ModelError

if TYPE_CHECKING:
    from sgbench.engine.attention.base import AttentionStep

NAME = "sgbench"
"""Of our attention function, in the registry of `transformers`."""

_HARMLESS = {
    "attention_mask",
    "cache_position",
    "cu_seq_lens_k",
    "cu_seq_lens_q",
    "deterministic",
    "dropout",
    "is_causal",
    "max_length_k",
    "max_length_q",
    "output_attentions",
    "output_router_logits",
    "position_embeddings",
    "position_ids",
    "return_dict",
    "scaling",
    "sliding_window",
    "softcap",
    "target_dtype",
    "use_cache",
}
"""Arguments of attention functions that we take, or that change nothing of a causal pass over fresh tokens."""

Attend = Callable[[nn.Module, torch.Tensor, torch.Tensor, torch.Tensor, dict[str, Any]], torch.Tensor]


class _Call:
    """What attention layers do now: the engine's step, or a trial. Every module of one model holds the same one."""

    __slots__ = ("attend",)

    def __init__(self) -> None:
        self.attend: Attend | None = None


def _attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """`transformers`' attention interface: ``[1, heads, tokens, head_dim]`` in, ``[1, tokens, heads, head_dim]`` out."""
    call: _Call = module._sgbench_call  # type: ignore[assignment]
    assert call.attend is not None, "a model of ours runs only inside the engine"
    if attention_mask is not None:
        options["attention_mask"] = attention_mask
    return call.attend(module, query, key, value, options), None


class ForeignDecoder:
    """A causal language model of `transformers`, with the interface of `sgbench.engine.models.decoder.Decoder`.

    Parameters
    ----------
    model
        Loaded with ``attn_implementation=NAME``.

    Attributes
    ----------
    layers
        Options of attention, layer by layer, as the model's own code gives them.
    shape
        ``(heads, kv_heads, head_dim)`` of every layer.

    Raises
    ------
    ModelError
        The model's layers do something that a paged KV pool cannot give.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._call = _Call()
        for module in model.modules():
            module._sgbench_call = self._call
        self._base = model.base_model
        self._head = _head_of(model)
        self.device = next(model.parameters()).device
        self.layers, self.shape = self._trial()

    def forward(self, token_ids: torch.Tensor, positions: torch.Tensor, attention: AttentionStep) -> torch.Tensor:
        """Hidden states after the final norm, ``[n, hidden_size]``; see `Decoder.forward`."""

        def attend(
            module: nn.Module, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, options: dict[str, Any]
        ) -> torch.Tensor:
            size = self.shape[2]
            queries = _padded(query[0], size).transpose(0, 1).contiguous()
            kv = torch.cat([_padded(key[0], size), _padded(value[0], size)]).transpose(0, 1).contiguous()
            mixed = attention.attend(int(module.layer_idx), queries, kv)  # type: ignore[arg-type]
            return mixed.view(1, *queries.shape)[..., : value.shape[3]]

        return self._hidden(token_ids, positions, attend)

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Float32 ``[n, vocab_size]`` from ``[n, hidden_size]``, by the model's own head: scaled and capped as it says."""
        logits: torch.Tensor = self._head(hidden)
        return logits.float()

    def _hidden(self, token_ids: torch.Tensor, positions: torch.Tensor, attend: Attend) -> torch.Tensor:
        self._call.attend = attend
        try:
            out = self._base(input_ids=token_ids[None], position_ids=positions[None], use_cache=False, return_dict=True)
        finally:
            self._call.attend = None
        hidden: torch.Tensor = out.last_hidden_state[0]
        return hidden

    def _trial(self) -> tuple[tuple[LayerOptions, ...], tuple[int, int, int]]:
        """Run two tokens and read what each layer asks of its attention."""
        seen: list[tuple[int, tuple[int, int, int], LayerOptions]] = []
        kind = type(self._model).__name__

        def attend(
            module: nn.Module, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, options: dict[str, Any]
        ) -> torch.Tensor:
            seen.append(
                (_index(module, kind), _shape(query, key, value, kind), _options(module, (query, value), options, kind))
            )
            return query.new_zeros(1, query.shape[2], query.shape[1], value.shape[3])

        tokens = torch.arange(2, device=self.device)
        try:
            self._hidden(tokens, tokens, attend)
        except ModelError:
            raise
        except Exception as failure:  # the model's own code, given a plain batch
            raise ModelError(
                f"{kind} does not run on plain token ids ({type(failure).__name__}: {failure})"
            ) from failure
        n_layers = int(self._model.config.get_text_config(decoder=True).num_hidden_layers)
        if [index for index, _, _ in seen] != list(range(n_layers)):
            raise ModelError(
                f"{kind} runs attention {len(seen)} times through the interface of transformers for {n_layers} layers: "
                "its other layers keep a state that the KV pool does not hold, or attend in code of their own"
            )
        shapes = {shape for _, shape, _ in seen}
        if len(shapes) != 1:
            raise ModelError(
                f"the layers of {kind} differ in heads, KV heads or head size: {sorted(shapes)}; the pool has one shape"
            )
        return tuple(options for _, _, options in seen), shapes.pop()


def load_foreign(folder: Path, dtype: torch.dtype, device: torch.device, seed: int | None) -> Any:
    """A model of `transformers` from safetensors, or with random weights from ``seed``. Code that comes with it is never run.

    Raises
    ------
    ModelError
        No safetensors, tensors missing or too many, or a model that `transformers` has not.
    """
    import transformers

    transformers.AttentionInterface.register(NAME, _attention)
    options: dict[str, Any] = {"attn_implementation": NAME, "trust_remote_code": False}
    try:
        if seed is not None:
            config = transformers.AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
            with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []), device:
                torch.manual_seed(seed)
                return transformers.AutoModelForCausalLM.from_config(config, dtype=dtype, **options).eval()
        checkpoint_files(folder)
        options |= {"use_safetensors": True, "local_files_only": True, "output_loading_info": True}
        with transformers_bars():
            model, found = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, **options)
    except ModelError:
        raise
    except (torch.cuda.OutOfMemoryError, MemoryError):
        raise
    except KeyError as failure:
        if failure.args != (NAME,):
            raise ModelError(f"{folder}: transformers cannot load it (KeyError: {failure})") from failure
        raise ModelError(
            f"{folder}: this model's attention does not go through the interface of transformers"
        ) from failure
    except Exception as failure:  # the model's own code
        raise ModelError(f"{folder}: transformers cannot load it ({type(failure).__name__}: {failure})") from failure
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if found.get(what):
            names = ", ".join(sorted(map(str, found[what]))[:5])
            raise ModelError(f"{folder}: the checkpoint has {what.replace('_keys', '')} tensors: {names}")
    return model.to(device).eval()


def _index(module: nn.Module, kind: str) -> int:
    index = getattr(module, "layer_idx", None)
    if not isinstance(index, int):
        raise ModelError(f"an attention layer of {kind} does not say which it is")
    return index


def _shape(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, kind: str) -> tuple[int, int, int]:
    """Heads, KV heads and head size; where values are of another size than keys, the larger of the two."""
    if key.shape[:3] != value.shape[:3] or query.shape[3] != key.shape[3]:
        raise ModelError(
            f"{kind} has queries, keys and values of shapes {tuple(query.shape)}, {tuple(key.shape)} and {tuple(value.shape)}, "
            "which the KV pool does not hold"
        )
    return int(query.shape[1]), int(key.shape[1]), int(max(key.shape[3], value.shape[3]))


def _padded(heads: torch.Tensor, size: int) -> torch.Tensor:
    """Zeros behind each head: they change neither a score nor what is kept of a sum."""
    missing = size - heads.shape[-1]
    return heads if missing == 0 else torch.nn.functional.pad(heads, (0, missing))


def _options(
    module: nn.Module, heads: tuple[torch.Tensor, torch.Tensor], options: dict[str, Any], kind: str
) -> LayerOptions:
    """What an attention function was told, as options of ours; anything unknown is refused."""
    unknown = sorted(name for name, value in options.items() if value is not None and name not in _HARMLESS)
    if unknown:
        raise ModelError(f"attention of {kind} takes {', '.join(unknown)}, which the engine's does not compute")
    if options.get("is_causal") is False or not getattr(module, "is_causal", True):
        raise ModelError(f"{kind} attends to tokens that come later: what is cached would change")
    query, value = heads
    scale = options.get("scaling")
    scale = query.shape[3] ** -0.5 if scale is None else float(scale)
    plain = abs(scale * max(query.shape[3], value.shape[3]) ** 0.5 - 1) < 1e-6
    window, cap = options.get("sliding_window"), options.get("softcap")
    return LayerOptions(
        scale=None if plain else scale,
        window=int(window) if window else None,
        soft_cap=float(cap) if cap else None,
    )


def _head_of(model: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    """Everything that ``model`` does after its base: a copy of it whose base gives back the hidden states it is given.

    Heads differ (scaled, capped, with biases), and only the model's own ``forward`` says how.
    """
    given = _Given()
    head = copy.copy(model)
    head._modules = dict(model._modules) | {model.base_model_prefix: given}

    def logits(hidden: torch.Tensor) -> torch.Tensor:
        given.hidden = hidden[None]
        try:
            out: torch.Tensor = head(input_ids=given.ids, use_cache=False, return_dict=True).logits
            return out[0]
        finally:
            given.hidden = None

    return logits


class _Given(nn.Module):
    """Stands where a base model was, and returns what it was told to."""

    ids = torch.zeros(1, 1, dtype=torch.int64)

    def __init__(self) -> None:
        super().__init__()
        self.hidden: torch.Tensor | None = None

    @property
    def decoder(self) -> _Given:
        """Some models call their base's decoder."""
        return self

    def forward(self, *_: Any, **__: Any) -> _Output:
        """The hidden states."""
        assert self.hidden is not None
        return _Output(self.hidden)


class _Output:
    """A model output of which only the hidden states are there."""

    def __init__(self, hidden: torch.Tensor) -> None:
        self.last_hidden_state = hidden

    def __getitem__(self, index: int) -> torch.Tensor:
        assert index == 0
        return self.last_hidden_state

    def __getattr__(self, name: str) -> None:
        return None
