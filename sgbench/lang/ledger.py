"""Adds up what calls cost. Pure; knows meta information and `Usage`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sgbench.lang.spans import Usage


def charged(usage: Usage, meta: Mapping[str, Any]) -> Usage:
    """``usage`` and one call more, whose meta information is ``meta``; what a backend does not tell counts as 0."""
    latency_s = meta.get("first_token_latency")
    made = 0 if meta.get("speculated") else meta.get("calls", 1)
    return Usage(
        calls=usage.calls + made,
        prompt_tokens=usage.prompt_tokens + (meta.get("prompt_tokens") or 0),
        cached_tokens=usage.cached_tokens + (meta.get("cached_tokens") or 0),
        completion_tokens=usage.completion_tokens + (meta.get("completion_tokens") or 0),
        jumped_tokens=usage.jumped_tokens + (meta.get("jumped_tokens") or 0),
        first_token_ms=_first(usage.first_token_ms, None if latency_s is None else latency_s * 1e3),
        calls_saved=usage.calls_saved + (not made),
        prompt_tokens_saved=usage.prompt_tokens_saved + (meta.get("prompt_tokens_saved") or 0),
    )


def total(parts: Iterable[Usage]) -> Usage:
    """The sum; the first token is that of the first part that has one."""
    whole = Usage()
    for part in parts:
        whole = Usage(
            whole.calls + part.calls,
            whole.prompt_tokens + part.prompt_tokens,
            whole.cached_tokens + part.cached_tokens,
            whole.completion_tokens + part.completion_tokens,
            whole.jumped_tokens + part.jumped_tokens,
            _first(whole.first_token_ms, part.first_token_ms),
            whole.calls_saved + part.calls_saved,
            whole.prompt_tokens_saved + part.prompt_tokens_saved,
        )
    return whole


def _first(one: float | None, other: float | None) -> float | None:
    return other if one is None else one
