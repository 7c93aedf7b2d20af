"""A device made of waiting: steps take as long as a GPU's, and what the host does meanwhile is the engine's own.

What it keeps of a GPU is what matters to the interpreter's lock: launching gives the lock up once for every kernel, reading a step waits
without it. Tokens depend on position and row alone. Measures the host; says nothing of a device.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import torch

from sgbench.engine.request import ChunkResult, DecodePlan, StepPlan, StepResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What a step costs: milliseconds of the device, and kernels that are launched one by one.

    Attributes
    ----------
    step_ms, prefill_token_us
        A step of decodes, and what each prompt token adds.
    decode_launches, prefill_launches
        Launches from the host: a captured graph needs few.
    """

    step_ms: float
    prefill_token_us: float
    decode_launches: int = 12
    prefill_launches: int = 200


PACE_1B = Pace(step_ms=1.5, prefill_token_us=4.0)
PACE_8B = Pace(step_ms=6.0, prefill_token_us=22.0, prefill_launches=400)


class PacedRunner:
    """Implements `sgbench.engine.runner.base.LaunchingRunner`.

    Parameters
    ----------
    pace
        What steps cost.
    kv_tokens, vocab_size, max_context_tokens
        See `Runner`.

    Attributes
    ----------
    waited_s
        Time for which the engine's thread waited for the device.
    late_s
        Time between the end of a step and its being read, beyond the end: the device may have stood idle.
    idle_s
        Time for which the device had nothing to do since its first step, between steps.
    kinds
        How many steps of which kind were launched: ``64`` decodes, ``32`` prompts behind ``4`` decodes ``4+32p``.
    gaps
        Times of which `idle_s` is the sum, each with the kind of the step that ended it.
    """

    def __init__(
        self, pace: Pace, kv_tokens: int = 200_000, vocab_size: int = 4096, max_context_tokens: int = 4096
    ) -> None:
        self.kv_tokens, self.vocab_size, self.max_context_tokens = kv_tokens, vocab_size, max_context_tokens
        self.description = f"a device that waits {pace.step_ms} ms a step"
        self._pace = pace
        self._free_at = 0.0
        self.reset()
        self._small = torch.zeros(8)

    def reset(self) -> None:
        """Count from 0."""
        self.waited_s = self.idle_s = self.launch_s = 0.0
        self.steps = self.launches = 0
        self.kinds: Counter[str] = Counter()
        self.gaps: list[tuple[float, str]] = []
        self._free_at = 0.0

    def run(self, plan: StepPlan) -> StepResult:
        """`launch`, then wait."""
        return self.launch(plan).result()

    def launch(self, plan: StepPlan | DecodePlan) -> _Waiting:
        """Start a step behind those before."""
        pace, began = self._pace, time.perf_counter()
        if isinstance(plan, DecodePlan):
            prompt_tokens, kind = 0, f"{len(plan.rids)}"
            tokens = [self._token(r, p) for r, p in zip(plan.rids, plan.positions.tolist(), strict=True)]
            results = tuple(map(ChunkResult, tokens))
        else:
            prompts = [len(c.token_ids) for c in plan.chunks if len(c.token_ids) > 1]
            prompt_tokens, n_decodes = sum(prompts), len(plan.chunks) - len(prompts)
            kind = "+".join([f"{n_decodes}"] * (n_decodes > 0) + [f"{len(prompts)}p"] * (prompts != []))
            results = tuple(
                ChunkResult(self._token(c.rid, c.start + len(c.token_ids) - 1) if c.sample else None)
                for c in plan.chunks
            )
        short = prompt_tokens <= 256
        for _ in range(pace.decode_launches if short else pace.prefill_launches):
            self._small.add_(0)  # gives the interpreter's lock up and takes it again, as every launch does
        now = time.perf_counter()
        self.launch_s += now - began
        self.launches += 1
        if self._free_at and now > self._free_at:
            self.idle_s += now - self._free_at
            self.gaps.append((now - self._free_at, kind))
        self.kinds[kind] += 1
        seconds = pace.step_ms / 1e3 + prompt_tokens * pace.prefill_token_us / 1e6
        self._free_at = max(now, self._free_at) + seconds
        return _Waiting(self, StepResult(results, seconds * 1e3), self._free_at)

    def close(self) -> None:
        """Nothing to free."""

    def _token(self, rid: int, position: int) -> int:
        return 16 + (rid * 7 + position * 31) % (self.vocab_size - 16)


class _Waiting:
    """A step under way."""

    def __init__(self, runner: PacedRunner, result: StepResult, until: float) -> None:
        self._runner, self._result, self._until = runner, result, until

    def bind(self) -> None:
        """Nothing is left to draw."""

    def result(self) -> Any:
        """Wait for it, without the interpreter's lock."""
        began = time.perf_counter()
        if self._until > began:
            time.sleep(self._until - began)
        self._runner.waited_s += time.perf_counter() - began
        self._runner.steps += 1
        return self._result
