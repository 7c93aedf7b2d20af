"""Which parts of a step's shared prefixes are read together? Decided for `PrefixWindow`.

Each pass over a shared segment costs a few calls and a partial result to be joined, however short the segment is. A short one whose
requests all share more below it is read with what lies below: once for each of these, but without a pass of its own.
Knows `SharedPrefix` only.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sgbench.engine.request import SharedPrefix

MOST_COPIED = 1024
"""Most tokens that stand below a segment in place of it: its length, times how many segments take it over."""


def joined_downwards(shared: tuple[SharedPrefix, ...], most: int = MOST_COPIED) -> tuple[SharedPrefix, ...]:
    """The same prefixes in fewer segments.

    Parameters
    ----------
    shared
        As in `StepPlan.shared`.
    most
        Most tokens that copies of a segment may take.

    Returns
    -------
    tuple of SharedPrefix
        For each chunk they cover what ``shared`` covers, without overlap. Two of them may read the same KV.
    """
    ends = {(segment.end, chunk): i for i, segment in enumerate(shared) for chunk in segment.chunks}
    below: dict[int, list[int]] = {}
    for i, segment in enumerate(shared):
        above = ends.get((segment.start, segment.chunks[0]))
        if above is not None:
            below.setdefault(above, []).append(i)
    found = list(shared)
    gone: set[int] = set()
    for i in sorted(below, key=lambda i: shared[i].start):
        lower, length = below[i], found[i].end - found[i].start
        everyone = sum(len(shared[j].chunks) for j in lower) == len(shared[i].chunks)
        if everyone and length * len(lower) <= most:
            gone.add(i)
            for j in lower:
                found[j] = dataclasses.replace(found[j], start=found[i].start)
    return tuple(segment for i, segment in enumerate(found) if i not in gone)
