"""A variable of a prompt state, from the moment the call that makes it is submitted. Knows no executor."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from sgbench.lang.waiting import Latch

MISSING: Any = object()

LOGPROB_LISTS = ("output_token_logprobs", "output_top_logprobs", "input_token_logprobs", "input_top_logprobs")
"""Meta information that adds up over the pieces of a stream."""

Meta = dict[str, Any]


class Slot:
    """One submission's variable: a later submission of the same name has a slot of its own.

    Attributes
    ----------
    name
        The variable.
    done
        Opens when nothing more will come, also after a failure.
    value
        Its value, or so far (a stream), or `MISSING`.
    meta
        Meta information of the call; None where there is none.
    chunks
        The pieces it came in.
    rids
        Requests that made it.
    held
        Its scope is open: the end of the item that opened it does not end it.
    opened_by
        The thread that opened the scope, for a scope that is still open; None otherwise.
    """

    __slots__ = ("chunks", "done", "held", "meta", "name", "opened_by", "rids", "value")

    def __init__(self, name: str | None, scope: bool = False) -> None:
        self.name = name
        self.done = Latch()
        self.held = False
        self.value: Any = MISSING
        self.meta: Meta | None = None
        self.chunks: list[tuple[str, Meta]] = []
        self.rids: tuple[int, ...] = ()
        self.opened_by = threading.get_ident() if scope else None


def release(slots: Iterable[Slot], held_too: bool = False) -> None:
    """Let go whoever waits for ``slots``; those of open scopes only if ``held_too``."""
    for slot in slots:
        if held_too or not slot.held:
            slot.done.set()


def merge_lists(earlier: Meta, later: Meta) -> Meta:
    """``later`` with its logprob lists preceded by those of ``earlier``."""
    merged = {**earlier, **later}
    for key in LOGPROB_LISTS:
        if earlier.get(key) and key in later:
            merged[key] = [*earlier[key], *later[key]]
    return merged
