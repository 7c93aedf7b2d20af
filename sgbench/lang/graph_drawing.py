"""A program's graph as a picture: one column for each stream, time downwards (paper appendix D).

Static SVG on a light card, as all still pictures are, so it is readable on paper, on light and on dark. Knows graphs; knows no
notebook.
"""

from __future__ import annotations

import html
from dataclasses import dataclass, field

from sgbench.lang.graph import Graph, GraphNode
from sgbench.lang.ir import (
    SglArgument,
    SglCall,
    SglCommitLazy,
    SglConstantText,
    SglExpr,
    SglFork,
    SglGen,
    SglGetForkItem,
    SglImage,
    SglJoin,
    SglReturn,
    SglRoleBegin,
    SglRoleEnd,
    SglSelect,
    SglSeparateReasoning,
    SglSetVariable,
    SglVariable,
    SglVarScopeBegin,
    SglVarScopeEnd,
    SglVideo,
)

_TEXT = (SglConstantText, SglArgument, SglRoleBegin, SglRoleEnd, SglVarScopeBegin, SglVarScopeEnd, SglCommitLazy)
_COLOURS = {"text": "#7a8594", "model": "#2f9e63", "value": "#1f8fb3", "stream": "#8c62c9"}
_LEGEND = {
    "text": "text of the program",
    "model": "a model writes",
    "value": "a variable",
    "stream": "fork, join, call",
}

HEIGHT, GAP_Y, MARGIN, TOP = 26, 20, 14, 34
WIDEST, NARROWEST = 244, 162
"""Pixels from one column to the next, the gap between them included."""
PAGE = 840
"""Pixels of a notebook's cell in a window of 1,280: columns grow narrower rather than reach beyond, as long as they can be read."""
_INK = "#1d232b"
_LETTER = 6.2  # mean width of a letter at 12 px


@dataclass(slots=True)
class _Box:
    pid: int
    kind: str
    level: int
    step: int  # pixels from one column to the next
    parts: list[str] = field(default_factory=list)
    after: list[_Box] = field(default_factory=list)
    values: list[_Box] = field(default_factory=list)

    @property
    def x(self) -> int:
        return MARGIN + self.pid * self.step

    @property
    def width(self) -> int:
        return self.step - _gap(self.step)

    @property
    def y(self) -> int:
        return TOP + self.level * (HEIGHT + GAP_Y)


def draw(graph: Graph) -> str:
    """The graph as an SVG element."""
    step = _step(len(graph.streams))
    boxes = _boxes(graph, step)
    width = 2 * MARGIN + len(graph.streams) * step - _gap(step)
    bottom = TOP + (max((box.level for box in boxes), default=-1) + 1) * (HEIGHT + GAP_Y)
    width, height = max(width, 4 * 150 + 2 * MARGIN), bottom + 24
    titles = [
        f'<text x="{MARGIN + stream.pid * step + (step - _gap(step)) / 2}" y="20" text-anchor="middle" font-weight="600">'
        f"{html.escape(stream.name)}</text>"
        for stream in graph.streams
    ]
    edges = [_edge(source, box) for box in boxes for source in (*box.after, *box.values)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="graph of a program" viewBox="0 0 {width} {height}" '
        f'width="{width}" style="max-width:100%;height:auto" font-family="system-ui, sans-serif" font-size="12" '
        f'fill="{_INK}"><rect width="{width}" height="{height}" rx="9" fill="white" stroke="#d5dae1"/>'
        f"{''.join(titles)}{''.join(edges)}{''.join(map(_picture, boxes))}{_legend(bottom)}</svg>"
    )


def _gap(step: int) -> int:
    return step // 7


def _step(columns: int) -> int:
    """As wide as the page allows, between what can be read and what is needed."""
    fitting = (PAGE - 2 * MARGIN) * 7 // (7 * columns - 1)  # the last column has no gap behind it
    return max(NARROWEST, min(WIDEST, fitting))


def _boxes(graph: Graph, step: int) -> list[_Box]:
    """One box for each node, but one for a run of text that nothing else interrupts."""
    boxes: list[_Box] = []
    of: dict[int, _Box] = {}
    newest: dict[int, _Box] = {}
    for node in graph.nodes:
        if isinstance(node.expr, SglReturn):
            continue
        kind, label = _kind(node.expr), _label(node.expr)
        last = newest.get(node.pid)
        if kind == "text" and last is not None and last.kind == "text" and not node.sources:
            last.parts.append(label)
            of[node.node_id] = last
            continue
        after = [of[node.prev_node.node_id]] if node.prev_node else []
        values = [of[source.node_id] for source in _seen(node)]
        level = 1 + max((box.level for box in (*after, *values)), default=-1)
        box = of[node.node_id] = newest[node.pid] = _Box(node.pid, kind, level, step, [label], after, values)
        boxes.append(box)
    return boxes


def _seen(node: GraphNode) -> tuple[GraphNode, ...]:
    """The sources that are drawn; a call's place in its caller's text is not."""
    return tuple(dict.fromkeys(node.sources)) if not isinstance(node.expr, SglCall) else ()


def _kind(expr: SglExpr) -> str:
    if isinstance(expr, _TEXT):
        return "text"
    if isinstance(expr, SglFork | SglGetForkItem | SglJoin | SglCall):
        return "stream"
    return "value" if isinstance(expr, SglVariable | SglSetVariable) else "model"


def _label(expr: SglExpr) -> str:
    if isinstance(expr, SglConstantText):
        return repr(expr.value)
    if isinstance(expr, SglArgument):
        return "{" + expr.name + "}"
    if isinstance(expr, SglRoleBegin | SglVarScopeBegin):
        return f"{expr.role if isinstance(expr, SglRoleBegin) else expr.name}:"
    if isinstance(expr, SglRoleEnd | SglVarScopeEnd):
        return "∎"
    if isinstance(expr, SglGen | SglSelect):
        return f"{'gen' if isinstance(expr, SglGen) else 'select'} {expr.name or ''}".rstrip()
    if isinstance(expr, SglVariable):
        return str(expr.name)
    return _structure(expr)


def _structure(expr: SglExpr) -> str:
    if isinstance(expr, SglFork):
        return f"fork into {expr.number}"
    if isinstance(expr, SglGetForkItem):
        return f"branch {expr.index}"
    if isinstance(expr, SglJoin):
        return "join: variables" if expr.mode == "gather_variable" else "join: text"
    if isinstance(expr, SglCall):
        return f"call {expr.name}"
    if isinstance(expr, SglSetVariable):
        return f"{expr.name} = {expr.value!r}"
    if isinstance(expr, SglSeparateReasoning):
        return "gen, thinking apart"
    if isinstance(expr, SglImage | SglVideo):
        return "image" if isinstance(expr, SglImage) else "video"
    return repr(expr)


def _picture(box: _Box) -> str:
    label = whole = " ".join(box.parts)
    room = int((box.width - 18) / _LETTER)
    if len(label) > room:
        label = label[: room - 1] + "…"
    colour = _COLOURS[box.kind]
    return (
        f'<g><title>{html.escape(whole)}</title><rect x="{box.x}" y="{box.y}" width="{box.width}" height="{HEIGHT}" rx="5" '
        f'fill="{colour}" fill-opacity="0.18" stroke="{colour}"/>'
        f'<text x="{box.x + 9}" y="{box.y + 17}">{html.escape(label)}</text></g>'
    )


def _edge(source: _Box, target: _Box) -> str:
    """Down within a stream, and to a new one; into the side of a box that waits for another stream."""
    x1, y1 = source.x + source.width / 2, source.y + HEIGHT
    waits = source in target.values
    if waits and source.pid != target.pid:
        side = target.width if source.pid > target.pid else 0
        x2, y2 = float(target.x + side), target.y + HEIGHT / 2
        path = f"M{x1} {y1}C{x1} {y2} {x1} {y2} {x2} {y2}"
    else:
        x2, y2 = target.x + target.width / 2, target.y
        path = f"M{x1} {y1}C{x1} {(y1 + y2) / 2} {x2} {(y1 + y2) / 2} {x2} {y2}"
    style = ' stroke-dasharray="4 3"' if waits and target.kind == "value" else ""
    colour = _COLOURS[target.kind if waits else "text"]
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.4"{style}/>'


def _legend(y: int) -> str:
    return "".join(
        f'<rect x="{MARGIN + 150 * i}" y="{y}" width="12" height="12" rx="3" fill="{_COLOURS[kind]}" fill-opacity="0.18" '
        f'stroke="{_COLOURS[kind]}"/><text x="{MARGIN + 150 * i + 18}" y="{y + 10}" font-size="11">{words}</text>'
        for i, (kind, words) in enumerate(_LEGEND.items())
    )
