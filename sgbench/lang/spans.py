"""Where each piece of a prompt state's text came from.

The seam between the language and whatever shows it (the `%%sgl` cell's coloured text, the ledger). Plain data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Origin: TypeAlias = Literal["template", "cached", "prefilled", "decoded", "jumped", "selected"]


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text of one origin.

    ``template`` text has not been read by a model (yet); ``cached`` text was found in the radix tree when a call first read
    it, ``prefilled`` text was computed; ``decoded``, ``jumped`` and ``selected`` text was written by `gen` or `select` into
    variable ``name``.
    """

    origin: Origin
    text: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a program cost, summed over its calls (forks included).

    ``prompt_tokens`` counts every call's whole prompt and ``cached_tokens`` the part of it found in the tree: their ratio
    is the paper's hit rate. ``first_token_ms`` is the first call's; None before any token or where the backend cannot tell.
    ``calls_saved`` counts calls that API speculative execution made unnecessary, and ``prompt_tokens_saved`` the least that
    their prompts would have cost.
    """

    calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    jumped_tokens: int = 0
    first_token_ms: float | None = None
    calls_saved: int = 0
    prompt_tokens_saved: int = 0

    @property
    def hit_rate(self) -> float:
        """Cached prompt tokens / prompt tokens; 0 with no prompt."""
        return self.cached_tokens / self.prompt_tokens if self.prompt_tokens else 0.0
