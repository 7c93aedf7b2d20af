"""What the cache itself costs: the time that an engine spends in its tree, measured call by call. Knows the cache's protocol, no device."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from sgbench.engine.engine import EngineCore
    from sgbench.engine.prefix_cache import PrefixCache

_TIMED = ("match", "unlocked_tokens", "attach", "insert", "release", "evict", "flush", "shared", "held_slots")


class TimedCache:
    """A prefix cache whose calls are timed. What is not a call goes through.

    Attributes
    ----------
    seconds, calls
        Sum over all calls so far, measuring included.
    """

    def __init__(self, kept: PrefixCache) -> None:
        self._kept = kept
        self.seconds = 0.0
        self.calls = 0
        for name in _TIMED:
            setattr(self, name, self._timed(getattr(kept, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kept, name)

    def _timed(self, call: Any) -> Any:
        def timed(*given: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return call(*given, **named)
            finally:
                self.seconds += time.perf_counter() - began
                self.calls += 1

        return timed


@contextmanager
def timed_cache(engine: EngineCore) -> Iterator[TimedCache]:
    """Time the cache of ``engine`` in a ``with`` block, while no request is live at its ends.

    Raises
    ------
    UsageError
        Requests are running or waiting.
    """
    made: list[TimedCache] = []

    def wrap(kept: PrefixCache) -> PrefixCache:
        made.append(TimedCache(kept))
        return cast("PrefixCache", made[0])

    with engine.wrapped_cache(wrap):
        yield made[0]
