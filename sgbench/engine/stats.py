"""Figures of an engine since its start or the last reset. Plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """What the engine counts as it goes; read through `EngineStats`."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    jumped_tokens: int = 0
    prefill_tokens: int = 0
    forward_passes: int = 0
    finished: int = 0
    aborted: int = 0
    preempted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStats:
    """What `Engine.stats` returns, cumulative unless it says "now".

    Attributes
    ----------
    prompt_tokens, cached_tokens
        Prompt tokens of admitted requests, and those found in the cache, both counted when a request is first admitted: a request that
        was preempted and comes back is not counted again.
    hit_rate
        ``cached_tokens / prompt_tokens``; 0 before the first request.
    completion_tokens
        Tokens generated.
    jumped_tokens
        Tokens that a constraint forced, so that no decode step was spent on them.
    prefill_tokens
        Tokens computed that were known beforehand: of prompts, forced by constraints, and of preempted requests computed again.
    forward_passes
        Device steps, prefill included.
    evicted_tokens
        KV slots that eviction freed.
    kv_tokens_total, kv_tokens_used, kv_tokens_cached
        Now: capacity of the pool, slots that running requests use, slots in the tree that are evictable.
    running, waiting
        Requests, now.
    finished, aborted, preempted
        Requests; a request counts once for every time it was preempted.
    """

    prompt_tokens: int
    cached_tokens: int
    hit_rate: float
    completion_tokens: int
    jumped_tokens: int
    prefill_tokens: int
    forward_passes: int
    evicted_tokens: int
    kv_tokens_total: int
    kv_tokens_used: int
    kv_tokens_cached: int
    running: int
    waiting: int
    finished: int
    aborted: int
    preempted: int
