"""A run as HTML: text by origin, forks as branches, a strip and the ledger that is also the legend.

Knows HTML and CSS only. Every text of a model or a user is escaped; no script, no address. Colours are tints over the
theme's own background, so light and dark need one sheet; each origin also has its own underline, so colour is not the only
sign.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path

from sgbench.kernel_ext.ledger import Comparison, Ledger
from sgbench.kernel_ext.outline import Fork, Outline, flatten
from sgbench.lang.spans import Span

SHOWN_ITEMS = 12
"""Items of a batch whose text is shown; the others are counted."""

_MARKER = re.compile(r"&lt;\|[A-Za-z0-9_]{1,40}\|&gt;(?:(?:system|user|assistant|tool)\b)?")

_LOOKS = {
    "cached": "background-color:rgba(36,135,204,0.16);border-bottom:2px dotted #2487cc",
    "prefilled": "background-color:rgba(230,159,0,0.18);border-bottom:2px dashed #e69f00",
    "decoded": "background-color:rgba(0,158,115,0.2);border-bottom:2px solid #009e73;font-weight:600",
    "jumped": "background-color:rgba(176,87,155,0.24);border-bottom:3px double #b0579b;font-weight:600",
    "selected": "background-color:rgba(213,94,0,0.22);border:2px solid #d55e00;font-weight:600",
}
"""What stays of the style sheet where a notebook is not trusted: JupyterLab then takes the sheet away and leaves plain styles."""

_BETWEEN = '<span class="sgr-between"> · </span>'

STYLE = f"<style>{(Path(__file__).parent / 'run.css').read_text(encoding='utf-8')}</style>"


@dataclass(frozen=True, slots=True)
class Item:
    """One state of a run: its outline, and for an item of a batch the variables it was given."""

    parts: Outline
    label: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A run at one moment: what there is to show.

    ``note`` says how it ended where it did not end well, or that it still runs.
    """

    items: Sequence[Item]
    ledger: Ledger | None = None
    comparison: Comparison | None = None
    note: str = ""


def run_html(picture: Picture) -> str:
    """The whole output of a cell."""
    if len(picture.items) == 1 and not picture.items[0].label:
        body = _text(picture.items[0].parts)
    else:
        body = "".join(_item(item) for item in picture.items[:SHOWN_ITEMS])
        hidden = len(picture.items) - SHOWN_ITEMS
        body += f'<div class="sgr-note">and {hidden} more</div>' if hidden > 0 else ""
    fold = f'<div class="sgr-fold"><div>{body}</div></div>' if body else ""
    ledger = _strip(picture.ledger) + _ledger(picture.ledger, _selected(picture.items)) if picture.ledger else ""
    comparison = _comparison(picture.comparison) if picture.comparison else ""
    note = f'<div class="sgr-note">{escape(picture.note)}</div>' if picture.note else ""
    return f'{STYLE}<div class="sgr-run">{fold}{ledger}{comparison}{note}</div>'


def _text(parts: Outline) -> str:
    return f'<div class="sgr-text" style="white-space:pre-wrap">{_parts(parts)}</div>'


def _parts(parts: Outline) -> str:
    shown = []
    for part in parts:
        if isinstance(part, Fork):
            for number, branch in enumerate(part.branches):
                shown.append(
                    f'<div class="sgr-branch" style="margin-left:16px"><span class="sgr-number">{number} </span>{_parts(branch)}</div>'
                )
        elif part.text:
            title = f"{part.origin}: {part.name}" if part.name else part.origin
            text = _MARKER.sub(r'<span class="sgr-mark">\g<0></span>', escape(part.text))
            look = f' style="{_LOOKS[part.origin]}"' if part.origin in _LOOKS else ""
            shown.append(f'<span class="sgr-o {part.origin}" title="{escape(title)}"{look}>{text}</span>')
    return "".join(shown)


def answers(item: Item) -> list[str]:
    """What the model wrote and chose in an item, variable by variable, without blanks around it."""
    return [text for text in ("".join(span.text for span in spans).strip() for _, spans in _written(item)) if text]


def _written(item: Item) -> list[tuple[str | None, list[Span]]]:
    """The written spans of an item, grouped where one variable's follow one another."""
    spans = [span for span in flatten(item.parts) if span.origin in ("decoded", "jumped", "selected") and span.text]
    return [(name, list(group)) for name, group in groupby(spans, key=lambda span: span.name)]


def _item(item: Item) -> str:
    lengths = Counter[str]()
    for part in flatten(item.parts):
        lengths[part.origin] += len(part.text)
    shown = " ".join(f'<span class="sgr-text">{_parts(tuple(spans))}</span>' for _, spans in _written(item))
    summary = f'<summary><span class="sgr-label">{escape(item.label)}</span> {shown}</summary>'
    return f'<details class="sgr-item">{summary}{_text(item.parts)}{_bar(lengths)}</details>'


def _strip(ledger: Ledger) -> str:
    used = ledger.usage
    decoded = used.completion_tokens - used.jumped_tokens
    return _bar(
        {
            "cached": used.cached_tokens,
            "prefilled": ledger.prefilled_tokens,
            "decoded": decoded,
            "jumped": used.jumped_tokens,
        }
    )


def _bar(lengths: dict[str, int]) -> str:
    order = ("cached", "prefilled", "decoded", "jumped", "selected")
    parts = "".join(
        f'<i style="flex:{lengths[kind]};background:var(--{kind})" title="{kind}"></i>'
        for kind in order
        if lengths.get(kind)
    )
    return f'<div class="sgr-strip" role="presentation">{parts}</div>' if parts else ""


def _selected(items: Sequence[Item]) -> int:
    """Choices made, for the legend."""
    return sum(span.origin == "selected" for item in items for span in flatten(item.parts))


def _ledger(ledger: Ledger, selected: int) -> str:
    words = ledger.entries()
    if selected:
        words.insert(5, ("selected", f"{selected:,} selected"))
    entries = [
        f'<span class="sgr-o {kind}" style="{_LOOKS[kind]}">{escape(text)}</span>'
        if kind
        else f"<span>{escape(text)}</span>"
        for kind, text in words
    ]
    return f'<div class="sgr-ledger">{_BETWEEN.join(entries)}</div>'


def _comparison(comparison: Comparison) -> str:
    verdict = comparison.verdict()
    entries = [
        f"<b>{escape(words)}</b>" if words == verdict else f"<span>{escape(words)}</span>"
        for words in comparison.sentences()
    ]
    return f'<div class="sgr-ledger">{_BETWEEN.join(entries)}</div>'
