"""A prompt that was asked, compared with others as fast as memory is read. Knows tokens and who asked; no texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sgbench.analysis.token_trie import Tokens, shared_tokens, tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sgbench.trace.events import RequestQueued


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """Who asked, the tokens, and the same as bytes; prompts of one ``kind`` are compared."""

    asked: RequestQueued
    tokens: Tokens
    raw: bytes
    kind: tuple[Any, ...]

    @classmethod
    def of(cls, asked: RequestQueued, kind: tuple[Any, ...]) -> Prompt:
        """The prompt of ``asked``."""
        raw = tokens_of(asked.prompt_ids).tobytes()
        return cls(asked, np.frombuffer(raw, np.int32), raw, kind)

    def goes_on_from(self, other: Prompt) -> bool:
        """Is the other's prompt the beginning of this one, and not all of it?"""
        return len(self.raw) > len(other.raw) and self.raw.startswith(other.raw)

    def nearest(self, others: Iterable[Prompt]) -> tuple[int, Prompt | None]:
        """The first of those that share most with this one, and how many tokens that is; None: there are no others."""
        most, best = 0, None
        for other in others:
            # Bytes are compared as fast as memory is read, and most others part from this one at once.
            if best is None or other.raw.startswith(self.raw[: (most + 1) * self.tokens.itemsize]):
                shared = shared_tokens(other.tokens, self.tokens)
                if best is None or shared > most:
                    most, best = shared, other
        return most, best
