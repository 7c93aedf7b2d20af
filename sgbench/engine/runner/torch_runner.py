"""Runs step plans on a CPU or an NVIDIA GPU with torch.

Owns the weights, the KV tensors and the slot table. Decides nothing: which slot, which request and which order come with the
plan.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
from typing import TYPE_CHECKING

import torch

from sgbench.engine.attention.base import GraphAttention
from sgbench.engine.attention.choice import make_attention
from sgbench.engine.config import EngineConfig, longest_chunk
from sgbench.engine.hub import find_model
from sgbench.engine.kernels import chosen_products
from sgbench.engine.kernels.ops import step_ops
from sgbench.engine.models.config import ModelConfig
from sgbench.engine.models.decoder import Decoder
from sgbench.engine.models.fused_decoder import FusedDecoder, UnfusedDecoder
from sgbench.engine.models.invariant import invariant_linear, plain_linear
from sgbench.engine.models.loading import load_decoder
from sgbench.engine.request import DecodePlan, StepPlan, StepResult
from sgbench.engine.runner.device_steps import DeviceSteps
from sgbench.engine.runner.first_kernels import FirstKernels
from sgbench.engine.runner.host_steps import HostSteps
from sgbench.engine.runner.kv_cache import KVCache
from sgbench.engine.runner.masking import MaskTable
from sgbench.engine.runner.memory import DeviceMemory, GuardedStep, is_lost, keep_for_ever, ram_pool_tokens
from sgbench.engine.runner.rehearsal import rehearsal, rehearsal_tokens
from sgbench.engine.runner.resolve import attention_choice, resolve, resolve_limits
from sgbench.engine.runner.slot_table import SlotTable
from sgbench.errors import EngineStoppedError, UsageError

if TYPE_CHECKING:
    from sgbench.engine.attention.base import AttentionBackend
    from sgbench.engine.kernels.chosen_products import ChosenProducts
    from sgbench.engine.kernels.ops import StepOps
    from sgbench.engine.models.loading import AnyDecoder
    from sgbench.engine.runner.base import Pending


class TorchRunner:
    """`sgbench.engine.runner.base.Runner` on torch.

    Parameters
    ----------
    config
        Options; ``auto`` values and None are resolved here.

    Raises
    ------
    ModelError
        The model cannot be found, loaded or computed rightly.
    UsageError
        An option this machine cannot serve.
    """

    def __init__(self, config: EngineConfig) -> None:
        folder = find_model(config.model_path, weights=config.load_format != "dummy")
        model = ModelConfig.from_folder(folder)
        self._asked_for_graphs, self._asked_for_attention = config.cuda_graph, config.attention
        config = resolve_limits(resolve(config, model))
        self._device = torch.device(config.device)
        self._memory = DeviceMemory(self._device)
        self._steps: HostSteps | DeviceSteps | None = None
        with torch.inference_mode(), self._placed():
            kernels = FirstKernels(model, config)
            if not model.foreign:
                self._memory.check_weights(model.parameters * getattr(torch, config.dtype).itemsize)
            with self._memory.guard("the weights"):
                model, decoder = load_decoder(folder, model, config)
            kernels.wait()
            self._memory.weights_loaded()
            self._config, self._model = config, model
            kv_tokens = config.kv_tokens or self._pool_tokens(decoder)
            running = min(config.max_running or 1, kv_tokens)
            self._config = dataclasses.replace(self._config, kv_tokens=kv_tokens, max_running=running)
            self._build(decoder, kv_tokens)
            kernels.finish()
            self._get_ready()
            self._memory.built(kv_tokens * self.kv_bytes_per_token)
            if config.kv_tokens and self._device.type == "cuda":
                self._rehearse(kv_tokens)

    def _build(self, decoder: AnyDecoder, n_slots: int) -> None:
        """A pool of ``n_slots`` and all that reads it."""
        config, model = self._config, self._model
        assert config.max_running is not None and config.context_length is not None
        size = n_slots * self.kv_bytes_per_token
        with self._memory.guard(f"a KV pool of {n_slots:,} tokens ({size / 2**30:.1f} GiB)"):
            cache = KVCache(model, n_slots, getattr(torch, config.dtype), self._device)
            self._choice = choice = attention_choice(self._asked_for_attention, config, model)
            self._config = config = dataclasses.replace(config, attention=choice.name)
            invariant = config.deterministic and self._device.type == "cuda"
            attention = make_attention(choice.name, cache, model.n_heads, model.layers, invariant)
            self._config = config = _without_graphs(config, self._asked_for_graphs, attention)
            on_device = None if self._device.type == "cpu" else self._device
            table = SlotTable(config.max_running or 1, config.context_length or 1, on_device)
            self._steps = _steps(config, model, decoder, cache, attention, table)

    def _get_ready(self) -> None:
        """What every decode step needs, before the first request waits for it."""
        if isinstance(self._steps, DeviceSteps):
            with self._memory.guard("CUDA graphs"):
                self._steps.get_ready(_tuned_sizes(self._config))

    def _pool_tokens(self, decoder: AnyDecoder) -> int:
        """Capacity of the pool where the user leaves it to us."""
        config = self._config
        assert config.max_running and config.max_prefill_tokens and config.context_length
        if self._device.type == "cpu":
            return ram_pool_tokens(self.kv_bytes_per_token, config.context_length)
        slots = rehearsal_tokens(config.max_running, longest_chunk(config.max_prefill_tokens))

        def rehearse() -> None:
            self._build(decoder, slots)
            self._rehearse(slots)
            self._steps = None

        return self._memory.pool_tokens(self.kv_bytes_per_token, slots, rehearse)

    def _rehearse(self, slots: int) -> None:
        """Run the largest steps, so that what they take is known before a request needs it."""
        config = self._config
        assert config.max_running and config.max_prefill_tokens and config.context_length
        longest = longest_chunk(config.max_prefill_tokens)
        for plan in rehearsal(config.max_running, longest, config.context_length, slots):
            self.run(plan)

    @property
    def config(self) -> EngineConfig:
        """The options with nothing left open."""
        return self._config

    @property
    def kv_tokens(self) -> int:
        """Capacity of the KV pool, tokens."""
        assert self._config.kv_tokens is not None
        return self._config.kv_tokens

    @property
    def max_context_tokens(self) -> int:
        """Longest sequence, prompt and output, tokens."""
        assert self._config.context_length is not None
        return self._config.context_length

    @property
    def kv_bytes_per_token(self) -> int:
        """Memory of one token's keys and values in all layers."""
        return KVCache.bytes_per_token(self._model, getattr(torch, self._config.dtype))

    @property
    def vocab_size(self) -> int:
        """Size of the logits."""
        return self._model.vocab_size

    @property
    def description(self) -> str:
        """One line for people."""
        model, config = self._model, self._config
        size = model.parameters / (1e9 if model.parameters >= 1e9 else 1e6)
        unit = "B" if model.parameters >= 1e9 else "M"
        where = torch.cuda.get_device_name(self._device) if self._device.type == "cuda" else "CPU"
        by = " by transformers" if model.foreign else ""
        how = [f"attention by {self._choice}"]
        if self._device.type == "cuda":
            how.append("decode in CUDA graphs" if config.cuda_graph else "no CUDA graphs")
        if config.overlap or self._device.type == "cuda":
            how.append("steps launched ahead" if config.overlap else "no overlap")
        pool = self._memory.sentence(self.kv_tokens)
        return f"{model.family}{by}, {size:.1f} {unit} parameters, {config.dtype} on {where}, {', '.join(how)}; {pool}"

    @property
    def binds_late(self) -> bool:
        """See `LateRunner`."""
        return isinstance(self._steps, DeviceSteps) and self._steps.binds_late

    def run(self, plan: StepPlan) -> StepResult:
        """See `Runner.run`."""
        return self.launch(plan).result()

    def launch(self, plan: StepPlan | DecodePlan) -> Pending:
        """See `LaunchingRunner.launch`."""
        if self._steps is None:
            raise EngineStoppedError("this runner was closed; start another engine")
        if not self._config.shared_prefix_attention and plan.shared:
            plan = dataclasses.replace(plan, shared=())
        with torch.inference_mode(), self._placed(), self._memory.guard("a step"):
            return GuardedStep(self._steps.launch(plan), self._memory)

    def _placed(self) -> contextlib.AbstractContextManager[None]:
        """Whatever is launched inside goes to our GPU, on whichever thread: kernels run on the thread's present one."""
        if self._device.type != "cuda" or self._device.index is None:
            return contextlib.nullcontext()
        return torch.cuda.device(self._device)

    def close(self) -> None:
        """Drop every tensor; `run` afterwards is an error. Idempotent."""
        steps, self._steps = self._steps, None
        if steps is None or self._device.type != "cuda":
            return
        if self._memory.lost or is_lost(self._device):
            keep_for_ever(steps)
        else:
            del steps
            gc.collect()  # models of transformers hold themselves in cycles
            torch._C._cuda_clearCublasWorkspaces()
            torch.cuda.empty_cache()


def _without_graphs(config: EngineConfig, asked: bool | None, attention: AttentionBackend) -> EngineConfig:
    """CUDA graphs need attention that plans nothing on the host."""
    if not config.cuda_graph or isinstance(attention, GraphAttention):
        return config
    if asked:
        raise UsageError(
            f"Engine option cuda_graph=True: attention by {attention.name!r} cannot be captured; leave it out"
        )
    return dataclasses.replace(config, cuda_graph=False)


def _steps(
    config: EngineConfig,
    model: ModelConfig,
    decoder: AnyDecoder,
    cache: KVCache,
    attention: AttentionBackend,
    table: SlotTable,
) -> HostSteps | DeviceSteps:
    device = torch.device(config.device)
    if device.type == "cpu":
        return HostSteps(decoder, attention, table)
    return device_steps(config, model, decoder, cache, attention, table)


def _products(config: EngineConfig, ops: StepOps) -> ChosenProducts | None:
    """Ways of matrix products to choose among, where bits may depend on the choice and the own kernel's tiles fit the device."""
    device, dtype = torch.device(config.device), getattr(torch, config.dtype)
    if not chosen_products.CHOOSE or device.type != "cuda" or dtype == torch.float32 or config.deterministic:
        return None
    from sgbench.engine.kernels.cublaslt import Library
    from sgbench.engine.kernels.skinny import CAPABILITIES, own_ways

    if torch.cuda.get_device_capability(device)[0] not in CAPABILITIES:
        return None
    try:
        library = Library(device, dtype)
    except OSError:
        library = None  # torch found its cuBLAS elsewhere: the own kernels are left to choose
    return chosen_products.ChosenProducts(ops, library, own_ways)


def _tuned_sizes(config: EngineConfig) -> list[int]:
    """Numbers of tokens that products are chosen for: some sizes of decode steps, and a whole prefill chunk."""
    assert config.max_running and config.max_prefill_tokens
    return sorted(
        {*(n for n in (32, 64, 128) if n < config.max_running), config.max_running, config.max_prefill_tokens}
    )


def device_steps(
    config: EngineConfig,
    model: ModelConfig,
    decoder: AnyDecoder,
    cache: KVCache,
    attention: AttentionBackend,
    table: SlotTable,
) -> DeviceSteps:
    """The steps of a GPU; on a CPU the same code runs on the kernels' twins, for tests."""
    device, dtype = torch.device(config.device), getattr(torch, config.dtype)
    ops = step_ops(device)
    assert config.context_length is not None
    forward: FusedDecoder | UnfusedDecoder
    if isinstance(decoder, Decoder):
        stored = cache if attention.reads_cache else None
        linear = invariant_linear if config.deterministic else plain_linear
        forward = FusedDecoder(decoder, config.context_length, ops, stored, linear, _products(config, ops))
    else:
        forward, dtype = UnfusedDecoder(decoder), torch.float32
    masks = MaskTable(model.vocab_size, device)
    graphs = bool(config.cuda_graph)
    return DeviceSteps(forward, ops, attention, table, masks, model.vocab_size, dtype, device, graphs)
