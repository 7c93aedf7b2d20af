"""A runner without a model: the next token is a function of the tokens before it. For tests, documentation and simulation.

It keeps, in place of keys and values, the token that was written to each KV slot, and reads the sequence back through its slot table. A
wrong slot, a prefix that was evicted too early or a slot with two owners therefore gives a wrong output, as on a real device. Sampling
parameters do not matter except for `Chunk.forbidden_ids` and `Chunk.allowed`. Logprobs are made up, but equal for equal sequences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from sgbench.engine.request import Chunk, ChunkResult, DecodePlan, IntArray, StepPlan, StepResult, TopLogprobs
from sgbench.engine.runner.base import Done
from sgbench.errors import EngineStoppedError

NextToken: TypeAlias = Callable[[tuple[int, ...]], int]
"""The token that follows a sequence; must depend on nothing else."""


def from_table(outputs: Mapping[tuple[int, ...], tuple[int, ...]], end_id: int) -> NextToken:
    """A function that answers each prompt of ``outputs`` with its tokens, and then, or to any other prompt, with ``end_id``."""

    def next_token(tokens: tuple[int, ...]) -> int:
        for prompt, output in outputs.items():
            said = tokens[len(prompt) :]
            if tokens[: len(prompt)] == prompt and output[: len(said)] == said and len(said) < len(output):
                return output[len(said)]
        return end_id

    return next_token


class ScriptedRunner:
    """Implements `sgbench.engine.runner.base.Runner`.

    Parameters
    ----------
    kv_tokens, vocab_size, max_context_tokens
        See `Runner`.
    next_token
        A function of the whole sequence, or a table from prompts to outputs (then ``end_id`` follows).
    end_id
        For a table: what comes after an output, and after an unknown prompt.

    Attributes
    ----------
    plans
        Number of plans run.
    """

    def __init__(
        self,
        kv_tokens: int,
        vocab_size: int,
        max_context_tokens: int,
        next_token: NextToken | Mapping[tuple[int, ...], tuple[int, ...]],
        *,
        end_id: int = 0,
    ) -> None:
        self.kv_tokens = kv_tokens
        self.vocab_size = vocab_size
        self.max_context_tokens = max_context_tokens
        self.description = f"scripted, vocabulary {vocab_size}, {kv_tokens} KV tokens"
        self.plans = 0
        self._next_token = next_token if callable(next_token) else from_table(next_token, end_id)
        self._kv: IntArray = np.full(kv_tokens, -1, dtype=np.int32)
        self._table: dict[int, IntArray] = {}
        self._last: dict[int, tuple[Chunk, int]] = {}  # the chunk that each row ran last and the token it sampled
        self._closed = False

    def run(self, plan: StepPlan) -> StepResult:
        """Write every token to its slot, then answer every chunk from what its slots hold."""
        if self._closed:
            raise EngineStoppedError("this runner was closed")
        self.plans += 1
        plan = plan.known(self._last)
        for chunk in plan.chunks:
            row = self._table.setdefault(chunk.row, np.full(self.max_context_tokens, -1, dtype=np.int32))
            row[chunk.slots_from : chunk.start + len(chunk.token_ids)] = chunk.slots
            self._kv[row[chunk.start : chunk.start + len(chunk.token_ids)]] = chunk.token_ids
        results = tuple(self._answer(chunk) for chunk in plan.chunks)
        for chunk, got in zip(plan.chunks, results, strict=True):
            if got.token_id is not None:
                self._last[chunk.row] = (chunk, got.token_id)
        return StepResult(results, forward_ms=0.0)

    def launch(self, plan: StepPlan | DecodePlan) -> Done:
        """Run at once; whether anybody looks at the result does not matter."""
        if isinstance(plan, DecodePlan):
            plan = StepPlan(-1, plan.chunks([self._last[row] for row in plan.rows.tolist()]), plan.shared)
        return Done(self.run(plan))

    def close(self) -> None:
        """Forget everything."""
        self._closed = True
        self._table.clear()

    def _answer(self, chunk: Chunk) -> ChunkResult:
        end = chunk.start + len(chunk.token_ids)
        tokens = tuple(self._kv[self._table[chunk.row][:end]].tolist())
        logprobs, tops = self._input_logprobs(chunk, tokens)
        if not chunk.sample:
            return ChunkResult(input_logprobs=logprobs, input_top=tops)
        token = self._choose(chunk, tokens)
        return ChunkResult(
            token_id=token,
            logprob=self.logprob(tokens, token) if chunk.logprobs else None,
            top=self._top(tokens, chunk.top_logprobs),
            input_logprobs=logprobs,
            input_top=tops,
        )

    def _choose(self, chunk: Chunk, tokens: tuple[int, ...]) -> int:
        token = self._next_token(tokens)
        allowed = None if chunk.allowed is None else set(chunk.allowed.resolve().to_ids().tolist())
        for offset in range(self.vocab_size):
            candidate = (token + offset) % self.vocab_size
            if candidate not in chunk.forbidden_ids and (allowed is None or candidate in allowed):
                return candidate
        raise ValueError("a chunk leaves no token to choose")

    def _input_logprobs(
        self, chunk: Chunk, tokens: tuple[int, ...]
    ) -> tuple[tuple[float, ...], tuple[TopLogprobs, ...]]:
        if chunk.input_logprobs_from is None:
            return (), ()
        follow = tokens if chunk.next_id is None else (*tokens, chunk.next_id)
        positions = range(max(chunk.start + 1, chunk.input_logprobs_from), len(follow))
        values = tuple(self.logprob(follow[:p], follow[p]) for p in positions)
        tops = tuple(self._top(follow[:p], chunk.top_logprobs) for p in positions) if chunk.top_logprobs else ()
        return values, tops

    def logprob(self, tokens: tuple[int, ...], token_id: int) -> float:
        """The made-up log-probability of ``token_id`` after ``tokens``: highest for the token that really follows."""
        if token_id == self._next_token(tokens):
            return -0.125
        return -3.0 - (token_id * 7 + sum(tokens) * 3 + len(tokens)) % 64 / 32 - token_id / 2**20

    def _top(self, tokens: tuple[int, ...], k: int) -> TopLogprobs:
        ranked = sorted(((self.logprob(tokens, token), token) for token in range(self.vocab_size)), reverse=True)
        return tuple(ranked[:k])
