"""The cache's figures as a picture. Knows the fold; needs no browser."""

from __future__ import annotations

from sgbench.views.stats import StatsFold
from sgbench.widgets.pen import DIM, INK, LINE, WIDTH, Pen

LEFT, RIGHT = 56.0, 18.0
BLUE, PALE, AMBER = "#0072b2", "#cfe3f1", "#e69f00"
GREY, DARK, EMPTY, RED = "#8296ae", "#4b3f72", "#f1f4f8", "#c62828"
MAX_BARS = 120


def stats_picture(fold: StatsFold) -> Pen:
    """A PNG: hit rate over time, the pool, and each request's prompt."""
    pen = Pen(380)
    pen.text(16, 18, fold.summary(), 13, INK)
    end = max([r.ms for r in fold.readings.values()] + [h.ms for h in fold.hits.values()] + [1.0])
    _rate(pen, fold, end)
    _pool(pen, fold, end)
    _prompts(pen, fold)
    return pen


def _x(ms: float, end: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * ms / end


def _rate(pen: Pen, fold: StatsFold, end: float) -> None:
    top, bottom = 58.0, 150.0
    pen.text(LEFT, 44, "hit rate over time: all requests so far (line), each request (dots)", 11, DIM)
    for share in (0.0, 0.5, 1.0):
        y = bottom - (bottom - top) * share
        pen.line([(LEFT, y), (WIDTH - RIGHT, y)], LINE, 1)
        pen.text(18, y, f"{share:.0%}", 10, DIM)
    prompt = cached = 0
    points = []
    for hit in fold.hits.values():
        prompt, cached = prompt + hit.prompt_tokens, cached + hit.cached_tokens
        points.append((_x(hit.ms, end), bottom - (bottom - top) * cached / max(prompt, 1)))
        x, y = points[-1][0], bottom - (bottom - top) * hit.cached_tokens / max(hit.prompt_tokens, 1)
        pen.rectangle((x - 2.5, y - 2.5, x + 2.5, y + 2.5), 2.5, PALE, BLUE)
    if points:
        pen.line([*points, (WIDTH - RIGHT, points[-1][1])], BLUE, 2)


def _pool(pen: Pen, fold: StatsFold, end: float) -> None:
    top, bottom = 184.0, 256.0
    pen.text(LEFT, 170, "the KV pool: in use (dark), cached (grey), free (empty); evictions below", 11, DIM)
    readings = list(fold.readings.values())
    pen.rectangle((LEFT, top, WIDTH - RIGHT, bottom), 0, EMPTY)
    if not readings:
        return
    capacity = sum(readings[-1][1:4])
    pen.text(14, top, f"{capacity:,}", 10, DIM)
    evicted = 0
    for reading, following in zip(readings, [*readings[1:], None], strict=True):
        left, right = _x(reading.ms, end), _x(following.ms if following else end, end)
        high = [(bottom - top) * tokens / max(capacity, 1) for tokens in (reading.used_tokens, reading.cached_tokens)]
        pen.rectangle((left, bottom - sum(high), right + 0.5, bottom), 0, GREY)
        pen.rectangle((left, bottom - high[0], right + 0.5, bottom), 0, DARK)
        if reading.evicted_tokens > evicted:
            pen.rectangle((left, bottom + 2, left + 2, bottom + 8), 0, RED)
        evicted = reading.evicted_tokens
    pen.text(LEFT, bottom + 14, "0", 10, DIM)
    pen.text(WIDTH - RIGHT - 44, bottom + 14, f"{end / 1000:.2f} s", 10, DIM)


def _prompts(pen: Pen, fold: StatsFold) -> None:
    top, bottom = 304.0, 366.0
    hits = list(fold.hits.values())
    size = max(1, -(-len(hits) // MAX_BARS))
    each = f"{size} requests to a bar" if size > 1 else "each request"
    pen.text(LEFT, 290, f"prompts, {each}: from the cache (blue), computed (amber)", 11, DIM)
    parts = [hits[i : i + size] for i in range(0, len(hits), size)]
    bars = [(sum(h.prompt_tokens for h in part), sum(h.cached_tokens for h in part)) for part in parts]
    tallest = max((prompt for prompt, _ in bars), default=1)
    step = min(26.0, (WIDTH - LEFT - RIGHT) / max(len(bars), 1))
    for i, (prompt, cached) in enumerate(bars):
        left = LEFT + i * step
        right = left + max(1.0, step * 0.78)
        scale = (bottom - top) / max(tallest, 1)
        pen.rectangle((left, bottom - prompt * scale, right, bottom - cached * scale), 0, AMBER)
        pen.rectangle((left, bottom - cached * scale, right, bottom), 0, PALE, BLUE)
    pen.text(14, top, f"{tallest:,}", 10, DIM)
    pen.line([(LEFT, bottom), (WIDTH - RIGHT, bottom)], LINE, 1)
