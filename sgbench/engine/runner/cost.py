"""A runner that only keeps time: outputs are given, a step costs what a linear model says. For what-if simulation.

Its milliseconds are predictions and its clock is virtual. Knows plans, nothing of devices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sgbench.engine.request import Chunk, ChunkResult, StepPlan, StepResult
from sgbench.errors import EngineStoppedError


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCost:
    """Milliseconds of a step: a constant, and a price for each prefilled token, decoded token and token of context attended to."""

    step_ms: float
    prefill_token_ms: float
    decode_token_ms: float
    context_token_ms: float = 0.0

    def of(self, plan: StepPlan) -> float:
        """Predicted milliseconds of ``plan``."""
        return self.of_tokens(*self.tokens(plan))

    @staticmethod
    def tokens(plan: StepPlan) -> tuple[int, int, int]:
        """Tokens that ``plan`` prefills, decodes, and attends to."""
        prefill = sum(len(c.token_ids) for c in plan.chunks if len(c.token_ids) > 1 or c.sample_index == 0)
        tokens = sum(len(c.token_ids) for c in plan.chunks)
        context = sum(c.start + len(c.token_ids) for c in plan.chunks)
        return prefill, tokens - prefill, context

    def of_tokens(self, prefill: int, decode: int, context: int) -> float:
        """Predicted milliseconds of a step by what it computes and attends to, in tokens."""
        return (
            self.step_ms
            + self.prefill_token_ms * prefill
            + self.decode_token_ms * decode
            + self.context_token_ms * context
        )


class CostRunner:
    """Implements `sgbench.engine.runner.base.Runner` with given outputs.

    Parameters
    ----------
    kv_tokens, vocab_size, max_context_tokens
        See `Runner`.
    cost
        The price of a step.
    outputs
        Output ids by request; may grow while the engine runs. A request must not ask for more tokens than it has.

    Attributes
    ----------
    clock_ms
        Predicted time so far.
    """

    def __init__(
        self,
        kv_tokens: int,
        vocab_size: int,
        max_context_tokens: int,
        cost: StepCost,
        outputs: Mapping[int, Sequence[int]],
    ) -> None:
        self.kv_tokens = kv_tokens
        self.vocab_size = vocab_size
        self.max_context_tokens = max_context_tokens
        self.description = "cost model (predicted, not measured)"
        self.clock_ms = 0.0
        self._cost = cost
        self._outputs = outputs
        self._closed = False

    def run(self, plan: StepPlan) -> StepResult:
        """Advance the clock and hand out the given tokens; logprobs are 0."""
        if self._closed:
            raise EngineStoppedError("this runner was closed")
        forward_ms = self._cost.of(plan)
        self.clock_ms += forward_ms
        return StepResult(tuple(self._answer(chunk) for chunk in plan.chunks), forward_ms)

    def close(self) -> None:
        """Nothing to free."""
        self._closed = True

    def _answer(self, chunk: Chunk) -> ChunkResult:
        end = chunk.start + len(chunk.token_ids)
        reported = 0
        if chunk.input_logprobs_from is not None:
            last = end if chunk.next_id is not None else end - 1
            reported = max(0, last + 1 - max(chunk.start + 1, chunk.input_logprobs_from))
        return ChunkResult(
            token_id=self._outputs[chunk.rid][chunk.sample_index] if chunk.sample else None,
            logprob=0.0 if chunk.sample and chunk.logprobs else None,
            input_logprobs=(0.0,) * reported,
        )
