"""A trace without its text: tokens become numbers drawn at random, texts become dots.

Equal tokens stay equal within the file, so the tree, hits, misses, what-if and lint read as before; what the tokens were cannot be
read, and two files cannot be joined. What stays visible: lengths, times, which prompts share what, how often a token occurs, and the
names of programs and variables. Knows events; keeps no key.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sgbench.trace.events import Event
from sgbench.trace.file import token_ids
from sgbench.trace.vocab import Vocab

DOT = "·"
_TOKENS = ("token_ids", "prompt_ids", "output_ids", "old_ids", "new_ids")
_TEXTS = ("text", "held_back", "appended", "source")
_REASONS = ("error",)


def redacted(events: Iterable[Event], vocab: Vocab) -> tuple[list[Event], dict[int, str]]:
    """``events`` without text, and the dots that stand for the text of each new token."""
    kept = list(events)
    ids = sorted(set(_ids(kept)))
    numbers = list(range(len(ids)))
    secrets.SystemRandom().shuffle(numbers)
    new = dict(zip(ids, numbers, strict=True))
    dots = {number: DOT * len(vocab.text((id_,))) for id_, number in new.items()}
    return [_event(event, lambda id_: new.get(id_, id_)) for event in kept], dots


def _ids(events: Iterable[Event]) -> Iterator[int]:
    yield from token_ids(events)
    for event in events:
        for name in ("old_ids", "new_ids"):
            yield from getattr(event, name, ())


def _event(event: Event, number: Callable[[int], int]) -> Event:
    changed: dict[str, Any] = {}
    for field in dataclasses.fields(event):
        value = getattr(event, field.name)
        if field.name in _TOKENS:
            changed[field.name] = tuple(map(number, value))
        elif field.name in _TEXTS:
            changed[field.name] = DOT * len(value)
        elif field.name in _REASONS and value:
            changed[field.name] = "failed"
        elif field.name == "tree":
            rows = [{**row, "token_ids": list(map(number, row["token_ids"]))} for row in value["nodes"]]
            changed[field.name] = {**value, "nodes": rows}
    return dataclasses.replace(event, **changed) if changed else event
