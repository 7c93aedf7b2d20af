"""Requests that decode side by side, for tests of what attention keeps between steps: each step beside the reference."""

from __future__ import annotations

import numpy as np
import torch

from sgbench.engine.attention.dense.decode_window import DecodeWindow
from sgbench.engine.attention.dense.prefix_window import PrefixWindow
from sgbench.engine.attention.reference import ReferenceAttention
from sgbench.engine.attention.torch_attention import TorchAttention
from sgbench.engine.models.config import ModelConfig
from sgbench.engine.request import Chunk, SamplingParams, SharedPrefix, StepPlan
from sgbench.engine.runner.kv_cache import KVCache
from sgbench.engine.runner.slot_table import SlotTable


class SideBySide:
    """Rows of a slot table, and who is in them."""

    def __init__(
        self, config: ModelConfig, seed: int, slots: int, table: SlotTable, budgets: tuple[int | None, int]
    ) -> None:
        """``budgets``: bytes of the windows for own and for shared positions; None: the usual."""
        self.config, self.table = config, table
        self.rng = np.random.default_rng(seed)
        self.cache = KVCache(config, slots, torch.float32, torch.device("cpu"))
        self.cache.data.copy_(torch.randn(self.cache.data.shape, generator=torch.Generator().manual_seed(seed)))
        self.backend = TorchAttention(self.cache, config.n_heads)
        own, shared = budgets
        window = DecodeWindow(self.cache) if own is None else DecodeWindow(self.cache, own)
        self.backend._windows = window, PrefixWindow(self.cache, shared)
        self.free = self.rng.permutation(slots).tolist()
        self.slots: dict[int, list[int]] = {}
        self.rid: dict[int, int] = {}
        self.new: set[int] = set()

    def shared(self, rows: list[int]) -> tuple[SharedPrefix, ...]:
        """What the step's requests share."""
        return ()

    def step(self, rows: list[int], prefill: int) -> None:
        """One more token of each row, ``prefill`` of the first; the result is the reference's."""
        chunks, config = [], self.config
        for row in rows:
            n = prefill if row == rows[0] and prefill else 1
            start = len(self.slots[row])
            self.slots[row] += [self.free.pop() for _ in range(n)]
            first = 0 if row in self.new else start
            slots = np.asarray(self.slots[row][first:], np.int32)
            ids = np.zeros(n, np.int32)
            chunks.append(Chunk(self.rid[row], row, start, ids, slots, first, True, SamplingParams()))
            self.new.discard(row)
        plan = StepPlan(0, tuple(chunks), self.shared(rows))
        self.table.write(plan.chunks)
        n_tokens = sum(len(c.token_ids) for c in chunks)
        heads = torch.randn(n_tokens, config.n_heads + 2 * config.n_kv_heads, config.head_dim)
        flat = np.concatenate([c.slots[-len(c.token_ids) :] for c in chunks]).astype(np.int64)
        args = (plan, self.table, torch.from_numpy(flat))
        q, kv = heads[:, : config.n_heads], heads[:, config.n_heads :]
        got = self.backend.prepare(*args).attend(0, q, kv)
        want = ReferenceAttention(self.cache).prepare(*args).attend(0, q, kv)
        torch.testing.assert_close(got, want, atol=2e-5, rtol=2e-5)
