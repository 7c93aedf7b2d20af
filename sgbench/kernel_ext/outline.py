"""A prompt state as something to show: runs of text by origin, with its forks where they branched off.

Knows `Span` and what a state offers without waiting (`spans`, `children`). Does not know HTML, consoles or engines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from sgbench.lang.spans import Span


class ShownState(Protocol):
    """What a view needs of a state; all of it returns at once."""

    def spans(self) -> list[Span]: ...
    def children(self) -> Sequence[ShownState]: ...
    @property
    def fork_start(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Fork:
    """Branches that began at one place of their parent's text; each shows only what it added."""

    branches: tuple[Outline, ...]


Outline: TypeAlias = "tuple[Span | Fork, ...]"


def outline(state: ShownState) -> Outline:
    """The text of ``state`` and of all its forks, so far."""
    return _outline(state, 0)


def _outline(state: ShownState, start: int) -> Outline:
    children = sorted(state.children(), key=lambda child: child.fork_start)
    parts: list[Span | Fork] = []
    position = start
    spans = cut(state.spans(), start)
    while children:
        place = max(children[0].fork_start, start)
        here = [child for child in children if max(child.fork_start, start) == place]
        children = children[len(here) :]
        before, spans = divide(spans, place - position)
        position = place
        parts.extend(before)
        parts.append(Fork(tuple(_outline(child, child.fork_start) for child in here)))
    return (*parts, *spans)


def divide(spans: Sequence[Span], length: int) -> tuple[list[Span], list[Span]]:
    """The first ``length`` characters of ``spans``, and the rest."""
    before: list[Span] = []
    rest = list(spans)
    while rest and length > 0:
        span = rest.pop(0)
        if len(span.text) > length:
            rest.insert(0, Span(span.origin, span.text[length:], span.name))
            span = Span(span.origin, span.text[:length], span.name)
        before.append(span)
        length -= len(span.text)
    return before, rest


def cut(spans: Sequence[Span], start: int) -> list[Span]:
    """``spans`` without their first ``start`` characters."""
    return divide(spans, start)[1]


def elided(parts: Outline, limit: int) -> Outline:
    """``parts`` with long spans cut in their middle, so that about ``limit`` characters are left; says how many are not shown."""
    whole = sum(len(span.text) for span in flatten(parts))
    if whole <= limit:
        return parts
    share = limit / whole

    def cut_span(span: Span) -> Span:
        keep = max(int(len(span.text) * share), 80)
        if len(span.text) <= keep + 40:
            return span
        hidden = len(span.text) - keep
        head, tail = span.text[: keep // 2], span.text[len(span.text) - (keep - keep // 2) :]
        return Span(span.origin, f"{head} … {hidden:,} characters … {tail}", span.name)

    return tuple(
        Fork(tuple(elided(branch, max(int(limit * share), 400)) for branch in part.branches))
        if isinstance(part, Fork)
        else cut_span(part)
        for part in parts
    )


def flatten(parts: Outline) -> list[Span]:
    """Every span, forks in place."""
    found: list[Span] = []
    for part in parts:
        if isinstance(part, Fork):
            for branch in part.branches:
                found.extend(flatten(branch))
        else:
            found.append(part)
    return found


def plain_text(parts: Outline, indent: str = "") -> str:
    """The outline as plain text: branches are indented and numbered."""
    shown = ""
    for part in parts:
        if isinstance(part, Fork):
            for number, branch in enumerate(part.branches):
                body = plain_text(branch).strip("\n").replace("\n", f"\n{indent}  │ ")
                shown += ("" if not shown or shown.endswith("\n") else "\n") + f"{indent}  ├─ [{number}] {body}\n"
        else:
            shown += part.text
    return shown
