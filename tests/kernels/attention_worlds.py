"""Random steps for attention backends, and the comparison with the reference: shared by the CPU's and the GPU's tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from sgbench.engine.attention.base import AttentionBackend, CuttingAttention, LayerOptions
from sgbench.engine.attention.reference import ReferenceAttention
from sgbench.engine.models.config import ModelConfig
from sgbench.engine.request import Chunk, DecodePlan, SamplingParams, SharedPrefix, StepPlan
from sgbench.engine.runner.kv_cache import KVCache
from sgbench.engine.runner.row_sampling import decode_plan_of
from sgbench.engine.runner.slot_table import SlotTable


@dataclass(frozen=True, slots=True)
class Heads:
    """Query heads, KV heads, head_dim."""

    q: int
    kv: int
    dim: int

    def model(self, n_layers: int = 1) -> ModelConfig:
        """A config of that shape."""
        return ModelConfig.from_dict(
            {
                "architectures": ["LlamaForCausalLM"],
                "vocab_size": 8,
                "hidden_size": self.q * self.dim,
                "intermediate_size": 8,
                "num_hidden_layers": n_layers,
                "num_attention_heads": self.q,
                "num_key_value_heads": self.kv,
                "head_dim": self.dim,
                "max_position_embeddings": 8192,
            }
        )


@dataclass(frozen=True, slots=True)
class Request:
    """``shared`` leading segments of the world, ``own`` cached tokens, ``count`` tokens to run."""

    shared: int
    own: int
    count: int


def decode_plan(plan: StepPlan) -> DecodePlan:
    """The same step of single tokens, as arrays."""
    return decode_plan_of(plan.chunks, plan.shared)


class World:
    """A pool, a table and a step.

    Parameters
    ----------
    heads
        Shape.
    cuts
        Ends of the shared segments, ascending; request i shares ``requests[i].shared`` of them.
    poison
        What lies in slots that nobody wrote.
    """

    def __init__(
        self,
        heads: Heads,
        requests: list[Request],
        cuts: list[int],
        *,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
        seed: int = 0,
        width: int = 512,
        poison: float = float("nan"),
    ) -> None:
        self.heads, self.cuts = heads, cuts
        rng = np.random.default_rng(seed)
        n_slots = sum(r.own + r.count for r in requests) + max(cuts, default=0) + 16
        self.free = rng.permutation(n_slots).tolist()
        self.cache = KVCache(heads.model(), n_slots, dtype, torch.device(device), by_token=True)
        self.cache.data.fill_(poison)
        self.table = SlotTable(len(requests), width, torch.device(device))
        self.generator = torch.Generator().manual_seed(seed)
        self.device, self.dtype = device, dtype
        common = [self.free.pop() for _ in range(max(cuts, default=0))]
        self._fill(common)
        chunks = []
        for row, request in enumerate(requests):
            n_shared = cuts[request.shared - 1] if request.shared else 0
            own = [self.free.pop() for _ in range(request.own + request.count)]
            self._fill(own[: request.own])
            start = n_shared + request.own
            ids = np.zeros(request.count, np.int32)
            slots = np.asarray(common[:n_shared] + own, np.int32)
            chunks.append(Chunk(row, row, start, ids, slots, 0, True, SamplingParams()))
        self.table.write(tuple(chunks))
        segments = []
        for level, end in enumerate(cuts):
            members = tuple(i for i, request in enumerate(requests) if request.shared > level)
            if len(members) < 2:
                break
            segments.append(SharedPrefix(cuts[level - 1] if level else 0, end, members))
        self.plan = StepPlan(0, tuple(chunks), tuple(segments))
        flat = np.concatenate([c.slots[-len(c.token_ids) :] for c in chunks]).astype(np.int64)
        self.slots = torch.from_numpy(flat).to(device)
        fused = self.random(len(flat), heads.q + 2 * heads.kv, heads.dim)
        self._fused = fused
        self.q, self.kv = fused[:, : heads.q], fused[:, heads.q :]

    def random(self, *shape: int) -> torch.Tensor:
        """Normal numbers, the same on all devices."""
        return torch.randn(*shape, generator=self.generator).to(self.dtype).to(self.device)

    def _fill(self, slots: list[int]) -> None:
        if slots:
            self.cache.by_slot[0, torch.tensor(slots, device=self.device)] = self.random(
                len(slots), 2 * self.heads.kv, self.heads.dim
            )

    def want(self, options: LayerOptions | None = None) -> torch.Tensor:
        """What the reference says."""
        layers = [options] if options else []
        return (
            ReferenceAttention(self.cache, layers).prepare(self.plan, self.table, self.slots).attend(0, self.q, self.kv)
        )

    def got(self, backend: AttentionBackend, plan: StepPlan | None = None) -> torch.Tensor:
        """What a backend says."""
        return backend.prepare(plan or self.plan, self.table, self.slots).attend(0, self.q, self.kv)

    def got_cut(self, backend: CuttingAttention) -> tuple[torch.Tensor, StepPlan]:
        """What it says of the step as it wants it cut, in the order of the step as it is; and that."""
        plan = backend.cut(self.plan)
        offsets = np.cumsum([0, *(len(c.token_ids) for c in self.plan.chunks)])
        before = {c.row: int(offset) - c.start for c, offset in zip(self.plan.chunks, offsets, strict=False)}
        places = [before[c.row] + c.start + np.arange(len(c.token_ids)) for c in plan.chunks]
        order = torch.from_numpy(np.concatenate(places)).to(self.device)
        fused, n = self._fused[order], self.heads.q
        out = backend.prepare(plan, self.table, self.slots[order]).attend(0, fused[:, :n], fused[:, n:])
        return torch.empty_like(out).index_copy_(0, order, out), plan

    def check(self, got: torch.Tensor, options: LayerOptions | None = None) -> None:
        """Equal to the reference, to what the type can hold."""
        tolerance = {torch.float32: 2e-5, torch.float16: 3e-3, torch.bfloat16: 2e-2}[self.dtype]
        torch.testing.assert_close(got, self.want(options), atol=tolerance, rtol=tolerance)
