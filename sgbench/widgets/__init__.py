"""What the browser shows. Knows views and traces, no engine. Widgets are imported when first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sgbench.widgets.radix_tree import RadixTree

__all__ = ["RadixTree"]


def __getattr__(name: str) -> Any:
    if name == "RadixTree":
        from sgbench.widgets.radix_tree import RadixTree

        return RadixTree
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
