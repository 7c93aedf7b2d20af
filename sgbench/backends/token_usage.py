"""What a remote backend's calls cost in tokens, as its server counts them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any


class TokenUsage:
    """Sums over all calls since the start or `reset`.

    Attributes
    ----------
    prompt_tokens, completion_tokens, cached_tokens
        As the server told them; a server that tells nothing counts as 0.
    calls
        Requests that were answered.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Count from 0 again."""
        with self._lock:
            self.prompt_tokens = self.completion_tokens = self.cached_tokens = self.calls = 0

    def add(self, meta: Mapping[str, Any], requests: int = 1) -> None:
        """One more call, whose meta information is ``meta``, and which took so many ``requests``."""
        with self._lock:
            self.prompt_tokens += meta.get("prompt_tokens") or 0
            self.completion_tokens += meta.get("completion_tokens") or 0
            self.cached_tokens += meta.get("cached_tokens") or 0
            self.calls += requests

    def __repr__(self) -> str:
        return (
            f"TokenUsage(calls={self.calls}, prompt_tokens={self.prompt_tokens}, "
            f"completion_tokens={self.completion_tokens}, cached_tokens={self.cached_tokens})"
        )
