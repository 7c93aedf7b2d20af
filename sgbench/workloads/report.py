"""What a run of a workload measured. Plain data."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """One request to the engine.

    Attributes
    ----------
    program
        Number of the program that sent it, from 0 in the order of the run; -1: none (a prefix read ahead for the batch).
    prompt_tokens, cached_tokens, completion_tokens
        Its tokens. Requests without completion are prompts read ahead of a fork or a choice, and choices that are scored.
    first_token_ms
        From being queued to its first token; None without completion.
    """

    program: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    first_token_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """A run of a workload on an engine, from an empty cache.

    Attributes
    ----------
    workload, arm
        What ran, and with what switched off (``full``: nothing).
    size, seed, parallel
        Programs, seed of the inputs, programs at once.
    requests
        Every request, in the order of arrival.
    hit_rate
        ``cached_tokens / prompt_tokens`` over all requests, as the paper counts.
    optimal_hit_rate
        The same if every edge of the trie of these requests had been computed once: no cache can do better. What requests generated counts
        as known to requests that came after they had ended.
    prompt_tokens, cached_tokens, completion_tokens, jumped_tokens
        Sums over the requests; jumped tokens were forced by a constraint and cost no decode step.
    forward_passes
        Device steps.
    seconds
        Duration of the run, without making its inputs.
    programs_per_s
        Throughput.
    latency_ms
        Median over programs, from start to end, while ``parallel`` of them run.
    first_token_ms
        Median over requests that generate.
    accuracy
        Share of right answers; None where answers are neither right nor wrong.
    answers
        What each program answered, to compare arms.
    model, device
        Where it ran.
    """

    workload: str
    arm: str = "full"
    size: int
    seed: int
    parallel: int
    requests: tuple[RequestRow, ...]
    hit_rate: float
    optimal_hit_rate: float
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    jumped_tokens: int
    forward_passes: int
    seconds: float
    programs_per_s: float
    latency_ms: float
    first_token_ms: float | None
    accuracy: float | None
    answers: tuple[str, ...]
    model: str
    device: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data."""
        return dataclasses.asdict(self)
