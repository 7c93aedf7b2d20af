"""Which pieces of a completion were decoded and which were jumped over, from its meta information. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sgbench.lang.spans import Origin


def written(text: str, start: int, meta: Mapping[str, Any]) -> Iterator[tuple[Origin, str]]:
    """Cut ``text``, which stands at character ``start`` of a completion, where its origin changes.

    ``meta["jumped_spans"]`` has the character ranges of the completion that a constraint forced; without it all is decoded.
    """
    at, end = start, start + len(text)
    for first, last in meta.get("jumped_spans") or ():
        low, high = max(first, at), min(last, end)
        if low < high:
            if at < low:
                yield "decoded", text[at - start : low - start]
            yield "jumped", text[low - start : high - start]
            at = high
    if at < end:
        yield "decoded", text[at - start :]
