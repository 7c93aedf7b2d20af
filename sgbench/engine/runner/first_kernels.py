"""The kernels of a start, compiled side by side while the weights are loaded.

Triton compiles a kernel where it is first launched: one after the other, that is most of the first start on a machine. Here every kernel of
a step is launched once beforehand, by a few threads, on next to nothing: no rows, no runs, one slot. Which kernel it is depends on the
types of its arguments, on constants, and on what 16 divides; so the calls here follow those of `sgbench.engine.models.fused_decoder`
and `sgbench.engine.runner.drawing`. What they miss is compiled later, as ever. Knows shapes; no weights and no plans.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import types
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

from sgbench.engine.runner.drawing import N_COLUMNS, draw
from sgbench.engine.runner.kv_cache import KVCache
from sgbench.engine.runner.slot_table import SlotTable

if TYPE_CHECKING:
    from sgbench.engine.config import EngineConfig
    from sgbench.engine.kernels.chosen_products import Kind
    from sgbench.engine.kernels.ops import StepOps
    from sgbench.engine.models.config import ModelConfig

Launch: TypeAlias = Callable[[], None]

AHEAD = True
"""Compile ahead at all: a benchmark turns it off."""
_THREADS = 8


class FirstKernels:
    """Kernels on their way.

    Parameters
    ----------
    model, config
        Resolved. Only own decoders on a GPU have such kernels; batch-invariant ones are left to be compiled where they are used.
    """

    def __init__(self, model: ModelConfig, config: EngineConfig) -> None:
        self._device = torch.device(config.device)
        self._pool = ThreadPoolExecutor(max(1, min(_THREADS, os.cpu_count() or 1)), "sgbench-compile")
        self._first: list[Future[None]] = []
        if AHEAD and self._device.type == "cuda" and not (model.foreign or config.deterministic):
            with contextlib.suppress(torch.OutOfMemoryError):  # a full card is told of by whoever needs memory next
                self._compile(*launches(model, config))

    def _compile(self, first: list[Launch], later: list[Launch]) -> None:
        from triton.runtime import build

        load_launchers_apart(build)
        self._first = [self._pool.submit(self._launch, each) for each in first]
        for each in later:
            self._pool.submit(self._launch, each)

    def _launch(self, launch: Launch) -> None:
        # A kernel that cannot be compiled fails where it is needed, with the error of that place.
        with contextlib.suppress(Exception), torch.inference_mode(), torch.cuda.device(self._device):
            launch()

    def wait(self) -> None:
        """Until all is there that a start needs; what only some requests need comes meanwhile."""
        for each in self._first:
            each.result()
        self._first.clear()

    def finish(self) -> None:
        """Until all is there. Graphs are captured behind this: nothing else uses the device then."""
        self._pool.shutdown()


def load_launchers_apart(loader: Any) -> None:
    """Have threads load Triton's compiled launchers one after the other, each with what it holds for itself. Once for a process.

    All launchers are extension modules of one name, and kernels that differ in constants only have one library. Python, asked for a library
    that it has loaded before, gives the module that has the name now, another launcher's perhaps, and puts this one's functions into it: a
    thread that was about to take the other's would launch its kernel as if it were this one.

    Parameters
    ----------
    loader
        ``triton.runtime.build``. Without ``_load_module_from_path`` it is left as it is. In Triton 3.9 one launcher serves all kernels.
    """
    load = getattr(loader, "_load_module_from_path", None)
    if load is None or hasattr(load, "__wrapped__"):
        return
    one_at_a_time = threading.Lock()

    @functools.wraps(load)
    def load_apart(*args: Any, **options: Any) -> types.SimpleNamespace:
        with one_at_a_time:
            return types.SimpleNamespace(**vars(load(*args, **options)))

    loader._load_module_from_path = load_apart


def launches(model: ModelConfig, config: EngineConfig) -> tuple[list[Launch], list[Launch]]:
    """What every start needs, the longest first, and what only shared prefixes and short chunks do."""
    from sgbench.engine.kernels.ops import triton_ops

    device, dtype = torch.device(config.device), getattr(torch, config.dtype)
    own, shared = _attention(model, config, dtype, device)
    between = _Between(model, triton_ops(), dtype, device)
    return [*own, *between.products(), *between.others()], shared


def _attention(
    model: ModelConfig, config: EngineConfig, dtype: torch.dtype, device: torch.device
) -> tuple[list[Launch], list[Launch]]:
    from sgbench.engine.attention.triton_attention import TritonAttention

    assert config.context_length is not None and config.max_running is not None
    cache = KVCache(model, 1, dtype, device, by_token=True)
    attention = TritonAttention(cache, model.n_heads, model.layers)
    heads = torch.zeros(1, model.n_heads + 2 * model.n_kv_heads, model.head_dim, dtype=dtype, device=device)
    table = SlotTable(1, config.context_length, device)
    return attention.first_launches(table, config.max_running, heads[:, : model.n_heads])


class _Between:
    """What a step launches beside attention, on no rows."""

    def __init__(self, model: ModelConfig, ops: StepOps, dtype: torch.dtype, device: torch.device) -> None:
        self._model, self._ops, self._dtype, self._device = model, ops, dtype, device
        self._half = dtype != torch.float32

    def _new(self, *shape: int, dtype: torch.dtype | None = None) -> torch.Tensor:
        return torch.zeros(*shape, dtype=dtype or self._dtype, device=self._device)

    def products(self) -> Iterator[Launch]:
        """Matrices of no rows times one vector or a few dozen."""
        from sgbench.engine.kernels.gemv import gemv, shape_for
        from sgbench.engine.kernels.skinny import own_ways

        model = self._model
        hidden, inner = model.hidden_size, model.intermediate_size
        mixed, kv = model.n_heads * model.head_dim, 2 * model.n_kv_heads * model.head_dim
        for rows, width, bias, normed, streams, gated in (
            (mixed + kv, hidden, model.qkv_bias, True, False, False),
            (hidden, mixed, model.out_bias, False, True, False),
            (inner, hidden, model.mlp_bias, True, False, True),
            (hidden, inner, model.mlp_bias, False, True, False),
            (model.vocab_size, hidden, False, True, False, False),
        ):
            x, matrix = self._new(1, width), self._new(0, width)
            options = {
                "norm": self._new(width) if normed else None,
                "eps": model.norm_eps,
                "stream": self._new(1, 0) if streams else None,
                "gated": gated,
                "shape": shape_for(rows, width, gated),
            }
            yield _call(gemv, x, matrix, self._new(0) if bias else None, **options)
        if self._half:
            wanted: tuple[tuple[Kind, int], ...] = (
                ("whole", hidden),
                ("added", mixed),
                ("added", inner),
                ("gated", hidden),
            )
            for kind, width in wanted:
                for _, product in own_ways(kind, 0, 0, width):
                    yield _call(product, self._new(0, width), self._new(0, width))

    def others(self) -> Iterator[Launch]:
        """Norms, embedding, rotation, gate, sampling."""
        from sgbench.engine.kernels.following import MOST_TOKENS

        model, ops, new = self._model, self._ops, self._new
        width, eps, weight = model.hidden_size, model.norm_eps, self._new(model.hidden_size)
        none, ids = new(0, width), new(0, dtype=torch.int32)
        last = new(1, dtype=torch.int32)
        columns, logits = new(N_COLUMNS, 0, dtype=torch.int32), new(0, model.vocab_size)
        yield _call(draw, ops, logits, columns, ids, last)
        for rows in (None, ids):
            yield _call(ops.embed_norm, ids, rows, last, new(1, width), weight, eps)
        if self._half:
            yield _call(ops.add_norm, new(2, 0, width, dtype=torch.float32), none, weight, eps)
        table = new(1, model.head_dim // 2, 2, dtype=torch.float32)
        norms = (new(model.head_dim), new(model.head_dim)) if model.qk_norm else None
        cache = new(1, 2 * model.n_kv_heads, model.head_dim)
        for n in (0, MOST_TOKENS + 1):  # kernels of larger steps are launched otherwise
            stream, slots = new(n, width), new(n, dtype=torch.int64)
            heads = new(n, model.n_heads + 2 * model.n_kv_heads, model.head_dim)
            yield _call(ops.add_norm, stream, stream.clone(), weight, eps)
            yield _call(ops.silu_mul, new(n, 2 * model.intermediate_size))
            yield _call(
                ops.rotate_store, heads, model.n_heads, new(n, dtype=torch.int32), table, norms, eps, cache, slots
            )
            if self._half:
                yield _call(ops.norm, stream, weight, eps)


def _call(function: Callable[..., object], *args: object, **options: object) -> Launch:
    def launch() -> None:
        function(*args, **options)

    return launch
