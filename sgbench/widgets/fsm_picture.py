"""Both machines of a constraint as a picture. Knows the fold; needs no browser."""

from __future__ import annotations

from sgbench.views.machine import MachineFold
from sgbench.views.machine_layout import Placed
from sgbench.widgets.pen import DIM, INK, LINE, WIDTH, Pen

LEFT, RIGHT, ROW, TOP = 34.0, 34.0, 34.0, 50.0
EDGE, GREEN, VIOLET = "#5a6472", "#009e73", "#b0579b"


def fsm_picture(fold: MachineFold) -> Pen:
    """A picture of the last machine, normal above and compressed below, and of the last request's way."""
    if not fold.constraints or fold.constraints[-1].machine is None:
        pen = Pen(60)
        pen.text(16, 18, fold.summary(), 13, INK, WIDTH - 32)
        pen.text(
            16, 40, "no machine to show" if not fold.constraints else fold.constraints[-1].source, 11, DIM, WIDTH - 32
        )
        return pen
    one = fold.constraints[-1]
    ways = [walk.way for walk in fold.walks.values() if walk.constraint == len(fold.constraints) - 1]
    way = dict(ways[-1]) if ways else {}
    middle = TOP + 40 + ROW * (one.normal.rows + 1)
    pen = Pen(int(middle + 40 + ROW * (one.compressed.rows + 1)))
    pen.text(16, 18, fold.summary(), 13, INK, WIDTH - 32)
    pen.text(16, 38, one.source, 11, DIM, WIDTH - 32)
    _machine(pen, "normal", one.normal, TOP + 22, way)
    _machine(pen, "compressed", one.compressed, middle + 22, way)
    return pen


def _machine(pen: Pen, name: str, placed: Placed, top: float, way: dict[int, bool]) -> None:
    room = "" if placed.nodes or not placed.states else ": too large to draw"
    pen.text(16, top - 6, f"{name}: {placed.states} states{room}", 12, INK)
    if not placed.nodes:
        return
    scale = min(1.5, (WIDTH - LEFT - RIGHT) / max(1.0, *(node[1] for node in placed.nodes)))
    at = {id_: (LEFT + x * scale, top + 30 + row * ROW) for id_, x, row, _ in placed.nodes}
    said: set[tuple[int, str]] = set()
    for source, target, label, forced in sorted(placed.edges, key=lambda edge: at[edge[1]][0] - at[edge[0]][0]):
        words = "" if (target, label) in said else label
        said.add((target, label))
        _edge(pen, at, (source, target), words, VIOLET if forced and way.get(target) and source in way else EDGE)
    for id_, _, _, accept in placed.nodes:
        x, y = at[id_]
        size = max(2.5, min(6.0, 9 * scale))
        fill = (VIOLET if way[id_] else GREEN) if id_ in way else "white"
        pen.rectangle((x - size, y - size, x + size, y + size), size, fill, INK if accept else EDGE)
        if accept:
            pen.rectangle((x - size / 2, y - size / 2, x + size / 2, y + size / 2), size / 2, INK)


def _edge(pen: Pen, at: dict[int, tuple[float, float]], ends: tuple[int, int], label: str, colour: str) -> None:
    (x0, y0), (x1, y1) = at[ends[0]], at[ends[1]]
    if ends[0] == ends[1]:
        pen.line([(x0 - 4, y0 - 5), (x0 - 7, y0 - 15), (x0 + 7, y0 - 15), (x0 + 4, y0 - 5)], colour, 1)
        pen.text(x0 - pen.width(label, 9) / 2, y0 - 22, label, 9, DIM, 90)
        return
    blocked = any(abs(y - y0) < 1 and min(x0, x1) < x < max(x0, x1) for x, y in at.values())
    bend = 0.0 if not blocked or y0 != y1 else (14 + min(14, abs(x1 - x0) / 20)) * (1 if x1 > x0 else -1)
    points = []
    for i in range(13):
        t = i / 12
        points.append((x0 + (x1 - x0) * t, y0 + (y1 - y0) * t * t * (3 - 2 * t) + bend * 4 * t * (1 - t)))
    pen.line(points, colour if colour != EDGE else LINE if bend else EDGE, 1.2)
    room = abs(x1 - x0) - 8
    wide = min(pen.width(label, 10), room)
    if room > 5:
        middle = points[6]
        pen.text(middle[0] - wide / 2, middle[1] - 8, label, 10, INK if len(label) > 1 else DIM, room)
