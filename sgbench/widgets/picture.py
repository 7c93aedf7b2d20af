"""The tree as a picture, for notebooks that nobody runs. Knows the view; needs no browser and no front end.

Drawn at twice the size and in one light theme, so that it reads on paper, on GitHub, and on a dark page as a card.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from sgbench.trace.tree import ROOT
from sgbench.trace.vocab import Vocab
from sgbench.views.collapse import Collapsed, collapse
from sgbench.views.frames import preview
from sgbench.views.text import summary
from sgbench.views.tree import Gauge, Ghost, Mark, TreeView, children_in_order
from sgbench.widgets.pen import DIM, INK, LINE, WIDTH, Pen

ROWS = 34
GHOSTS = 10
HEAD = 62
LEFT, RIGHT, BOTTOM = 16, 16, 14
ROOT_WIDTH = 34
LINK = "#b9c2ce"
FILL = {Mark.NONE: "#f1f4f8", Mark.NEW: "#dcf5ec", Mark.ACCESSED: "#ddecfa", Mark.EVICTED: "#fde7e7"}
EDGE = {Mark.NONE: "#b5bfcc", Mark.NEW: "#00875f", Mark.ACCESSED: "#0072b2", Mark.EVICTED: "#c62828"}
USED, CACHED = "#4b3f72", "#8296ae"
WORDS = {Mark.NEW: "new", Mark.ACCESSED: "accessed", Mark.EVICTED: "evicted"}


class Block(NamedTuple):
    """A run of tokens on its place: rows from ``row``, ``parent`` an index into the blocks (-1: none)."""

    parent: int
    depth: int
    row: int
    rows: int
    tokens: int
    text: str
    mark: Mark
    ref_count: int
    counted: bool


def tree_picture(view: TreeView, vocab: Vocab, since: int = 0, words: str = "") -> Pen:
    """A picture of the tree at ``view``; colours look back to the event ``since`` (a seq), which ``words`` say."""
    blocks = list(_blocks(view, vocab, since))
    rows = blocks[0].rows
    row_height = max(13.0, min(30.0, 640 / max(rows, 1)))
    height = int(HEAD + rows * row_height + BOTTOM)
    pen = Pen(height)
    _head(pen, view, blocks, words)
    _tree(pen, blocks, row_height)
    return pen


# --- what stands where


def _blocks(view: TreeView, vocab: Vocab, since: int) -> Iterator[Block]:
    """All blocks, parents first."""
    chosen = collapse(view.tree, ROWS)
    ghosts: dict[int, list[Ghost]] = {}
    for ghost in view.ghosts_since(since)[-GHOSTS:]:
        ghosts.setdefault(ghost.parent, []).append(ghost)
    found: list[Block] = []
    _visit(found, view, vocab, since, chosen, ghosts)
    yield from found


def _visit(
    found: list[Block],
    view: TreeView,
    vocab: Vocab,
    since: int,
    chosen: Collapsed,
    ghosts: dict[int, list[Ghost]],
) -> None:
    row = 0

    def put(id_: int, block: Block) -> None:
        nonlocal row
        index = len(found)
        found.append(block)
        start, row_before = row, row
        below: list[tuple[int, int, Block]] = []
        if not block.counted:
            for child in children_in_order(view.tree, id_) if id_ in view.tree.nodes else ():
                if child in chosen.shown:
                    node = view.tree.nodes[child]
                    mark = view.mark(child, since)
                    words = preview(vocab, node.token_ids)
                    made = Block(index, block.depth + 1, 0, 0, len(node.token_ids), words, mark, node.ref_count, False)
                    below.append((node.born, child, made))
            for ghost in ghosts.get(id_, ()):
                words = preview(vocab, ghost.token_ids)
                made = Block(index, block.depth + 1, 0, 0, len(ghost.token_ids), words, Mark.EVICTED, 0, False)
                below.append((ghost.born, ghost.id, made))
        for _, child, made in sorted(below, key=lambda entry: entry[:2]):
            put(child, made._replace(row=row))
        rest = chosen.hidden.get(id_) if not block.counted and block.mark is not Mark.EVICTED else None
        if rest is not None:
            words = f"+{rest.nodes:,} nodes · {rest.tokens:,} tokens"
            put(-1, Block(index, block.depth + 1, row, 0, rest.tokens, words, Mark.NONE, 0, True))
        if row == row_before:
            row += 1
        found[index] = block._replace(row=start, rows=row - start)

    put(ROOT, Block(-1, 0, 0, 0, 0, "root", Mark.NONE, 0, False))


def _columns(blocks: list[Block]) -> list[tuple[float, float]]:
    """Left edge and width of each block."""
    natural = [0.0 if b.parent < 0 else 120.0 if b.counted else 40 + 34 * math.log2(1 + b.tokens) for b in blocks]
    ends: list[float] = []
    for block, width in zip(blocks, natural, strict=True):
        ends.append((ends[block.parent] if block.parent >= 0 else 0.0) + width)
    depth = max(block.depth for block in blocks)
    room = WIDTH - LEFT - RIGHT - ROOT_WIDTH
    gap = max(4.0, min(30.0, room * 0.3 / max(depth, 1)))
    scale = min(1.3, (room - gap * depth) / max(*ends, 1.0))
    inner = {block.parent for block in blocks}
    places: list[tuple[float, float]] = []
    for i, (block, width) in enumerate(zip(blocks, natural, strict=True)):
        if block.parent < 0:
            places.append((LEFT, ROOT_WIDTH))
            continue
        left = sum(places[block.parent]) + gap
        wide = max(3.0, width * scale)
        if i not in inner:  # nothing stands to the right of a leaf: room for its text
            wide = max(wide, min(WIDTH - RIGHT - left, 48 + 6.4 * len(block.text)))
        places.append((left, wide))
    return places


# --- drawing


def _head(pen: Pen, view: TreeView, blocks: list[Block], since: str) -> None:
    pen.text(LEFT, 18, summary(view), 13, INK)
    x = WIDTH - RIGHT - 226.0 - (pen.width(since, 11) + 4 if since else 0)
    for mark, word in WORDS.items():
        pen.rectangle((x, 11, x + 13, 24), 3, FILL[mark], EDGE[mark])
        _sign(pen, x + 6.5, 17.5, mark)
        count = sum(block.mark is mark and not block.counted for block in blocks)
        x += 18 + pen.text(x + 18, 18, f"{count} {word}", 11, DIM) + 14
    pen.text(x, 18, since, 11, DIM)
    capacity = view.gauges[Gauge.CAPACITY]
    if capacity <= 0:
        return
    full = WIDTH - LEFT - RIGHT
    used, cached = (max(view.gauges[g], 0) / capacity * full for g in (Gauge.USED, Gauge.CACHED))
    pen.rectangle((LEFT, 36, LEFT + full, 44), 4, FILL[Mark.NONE], LINE)
    pen.rectangle((LEFT, 36, LEFT + used + cached, 44), 4, CACHED)
    pen.rectangle((LEFT, 36, LEFT + used, 44), 4, USED)
    parts = (Gauge.USED, "in use"), (Gauge.CACHED, "cached"), (Gauge.FREE, "free")
    words = " · ".join(f"{max(view.gauges[gauge], 0):,} {word}" for gauge, word in parts)
    pen.text(LEFT, 53, f"{words} of {capacity:,} tokens of KV", 10, DIM)


def _tree(pen: Pen, blocks: list[Block], row_height: float) -> None:
    columns = _columns(blocks)
    block_height = min(24.0, row_height * 0.8)
    middles = [HEAD + (block.row + block.rows / 2) * row_height for block in blocks]
    for i, block in enumerate(blocks):
        if block.parent >= 0:
            left, width = columns[block.parent]
            colour = LINK if block.mark is Mark.NONE else EDGE[block.mark]
            pen.line(_curve(left + width, middles[block.parent], columns[i][0], middles[i]), colour, 1.2)
    for block, (left, width), middle in zip(blocks, columns, middles, strict=True):
        _block(pen, block, (left, middle - block_height / 2, left + width, middle + block_height / 2))


def _block(pen: Pen, block: Block, box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = box
    middle, width = (top + bottom) / 2, right - left
    if block.counted:
        pen.text(left + 2, middle, block.text, 10, DIM)
        return
    if block.parent < 0:
        pen.rectangle(box, 12, "white", DIM)
        pen.text(left + 6, middle, "root", 10, DIM)
        return
    pen.rectangle(box, 5, FILL[block.mark], EDGE[block.mark])
    inner = left + 6.0
    if block.mark is not Mark.NONE and width > 30:
        _sign(pen, inner + 4, middle, block.mark)
        inner += 13
    number = f"{block.tokens:,}" + (f" ({block.ref_count})" if block.ref_count else "")
    wide = 6.2 * len(number)
    if right - inner < wide + 6:
        return
    pen.text(right - 5 - wide, middle, number, 10, DIM)
    words = block.text.replace("\n", " ").strip()  # the built-in font has no return sign
    pen.text(inner, middle, words, min(11.5, (bottom - top) * 0.62), INK, right - inner - wide - 10)


def _sign(pen: Pen, x: float, y: float, mark: Mark) -> None:
    """A shape for each mark: colour is never the only sign."""
    colour = EDGE[mark]
    if mark is Mark.NEW:
        pen.line([(x - 3.5, y), (x + 3.5, y)], colour, 1.5)
        pen.line([(x, y - 3.5), (x, y + 3.5)], colour, 1.5)
    elif mark is Mark.EVICTED:
        pen.line([(x - 3, y - 3), (x + 3, y + 3)], colour, 1.5)
        pen.line([(x - 3, y + 3), (x + 3, y - 3)], colour, 1.5)
    else:
        pen.rectangle((x - 4, y - 4, x + 4, y + 4), 4, FILL[mark], colour)
        pen.rectangle((x - 1.5, y - 1.5, x + 1.5, y + 1.5), 2, colour)


def _curve(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    """A cubic with level ends, as points."""
    points = []
    for i in range(17):
        t = i / 16
        middle = 3 * t * (1 - t) * (x0 + x1) / 2
        points.append(((1 - t) ** 3 * x0 + middle + t**3 * x1, y0 + (y1 - y0) * t * t * (3 - 2 * t)))
    return points
