"""The timeline as a picture. Knows the fold; needs no browser."""

from __future__ import annotations

from sgbench.views.timeline import RequestLine, Span, Stretch, TimelineFold
from sgbench.widgets.pen import DIM, INK, LINE, WIDTH, Pen

LEFT, RIGHT, TOP = 56.0, 18.0, 44.0
LANE, LANES_HEIGHT, BATCH = 22.0, 320.0, 64.0
AMBER, GREEN, MINT, BLUE, SKY = "#e69f00", "#009e73", "#d3efe6", "#0072b2", "#cfe3f1"
GREY, VIOLET = "#b5bfcc", "#b0579b"


def timeline_picture(fold: TimelineFold) -> Pen:
    """A PNG: a line for each request, and each step's batch below."""
    pitch = max(2.0, min(LANE, LANES_HEIGHT / max(fold.lanes, 1)))
    bottom = TOP + pitch * max(fold.lanes, 1)
    pen = Pen(int(bottom + BATCH + 66))
    pen.text(16, 18, fold.summary(), 13, INK)
    _legend(pen)
    for line in fold.requests.values():
        _request(pen, fold, line, TOP + line.lane * pitch, pitch)
    pen.text(LEFT, bottom + 10, "0", 10, DIM)
    pen.text(WIDTH - RIGHT - 44, bottom + 10, f"{fold.end_ms / 1000:.2f} s", 10, DIM)
    _batches(pen, fold, bottom + 40)
    return pen


def _legend(pen: Pen) -> None:
    x = WIDTH - RIGHT - 336.0
    for fill, edge, words in (
        (GREY, None, "queued"),
        (SKY, BLUE, "prefill: cached"),
        (AMBER, None, "prefill: computed"),
        (GREEN, None, "decode"),
        (VIOLET, None, "jump"),
    ):
        pen.rectangle((x, 29, x + 9, 38), 2, fill, edge)
        x += 13 + pen.text(x + 13, 34, words, 10, DIM) + 10


def _x(fold: TimelineFold, ms: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * ms / max(fold.end_ms, 1.0)


def _request(pen: Pen, fold: TimelineFold, line: RequestLine, top: float, pitch: float) -> None:
    tall = pitch - (4 if pitch > 8 else 0.6)
    for span in line.spans:
        _span(pen, fold, span, top, tall)
    for ms, _ in line.jumps:
        x = _x(fold, ms)
        pen.rectangle((x - 1, top, x + 1, top + tall), 0, VIOLET)
    decode = next((span for span in line.spans if span.kind is Stretch.DECODE), None)
    if decode is not None and tall >= 12:
        left, right = _x(fold, decode.start_ms), _x(fold, decode.end_ms if decode.end_ms >= 0 else fold.end_ms)
        pen.text(left + 4, top + tall / 2, f"#{line.rid}", 10, INK, max(right - left - 6, 0))


def _span(pen: Pen, fold: TimelineFold, span: Span, top: float, tall: float) -> None:
    left = _x(fold, span.start_ms)
    right = max(left + 0.6, _x(fold, span.end_ms if span.end_ms >= 0 else fold.end_ms))
    if span.kind is Stretch.QUEUED:
        middle = top + tall / 2
        pen.rectangle((left, middle - min(2, tall / 2), right, middle + min(2, tall / 2)), 0, GREY)
    elif span.kind is Stretch.PREFILL:
        share = span.cached / span.tokens if span.tokens else 0.0
        pen.rectangle((left, top, right, top + tall), 0, AMBER)
        pen.rectangle((left, top + tall * (1 - share), right, top + tall), 0, SKY, BLUE)
    else:
        pen.rectangle((left, top, right, top + tall), 0, MINT)
        pen.rectangle((left, top + tall * 0.78, right, top + tall), 0, GREEN)


def _batches(pen: Pen, fold: TimelineFold, top: float) -> None:
    steps = fold.steps.values()
    most = max([1, *(step.prefill_requests + step.decode_requests for step in steps)])
    bottom = top + BATCH
    pen.text(LEFT, top - 10, "requests in each step's batch: decode (green), prefill (amber)", 11, DIM)
    pen.text(24, top + 4, f"{most}", 10, DIM)
    for step in steps:
        left = _x(fold, step.planned_ms)
        right = max(left + 0.6, _x(fold, step.finished_ms if step.finished_ms >= 0 else fold.end_ms) - 0.6)
        decode, prefill = (BATCH * count / most for count in (step.decode_requests, step.prefill_requests))
        pen.rectangle((left, bottom - decode, right, bottom), 0, GREEN)
        pen.rectangle((left, bottom - decode - prefill, right, bottom - decode), 0, AMBER)
    pen.line([(LEFT, bottom), (WIDTH - RIGHT, bottom)], LINE, 1)
