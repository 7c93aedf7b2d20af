"""What the browser shows. Knows views and traces, no engine. Widgets are imported when first asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sgbench.widgets.cache_stats import CacheStats
    from sgbench.widgets.compare import Compare
    from sgbench.widgets.dashboard import Dashboard
    from sgbench.widgets.fsm import FSM
    from sgbench.widgets.radix_tree import RadixTree
    from sgbench.widgets.timeline import Timeline
    from sgbench.widgets.tokens import Tokens

__all__ = ["FSM", "CacheStats", "Compare", "Dashboard", "RadixTree", "Timeline", "Tokens"]

_HOME = {
    "FSM": "fsm",
    "CacheStats": "cache_stats",
    "Compare": "compare",
    "Dashboard": "dashboard",
    "RadixTree": "radix_tree",
    "Timeline": "timeline",
    "Tokens": "tokens",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
