"""Patches as columns: what travels to the browser, and what it plays forward and backward.

The wire format (``widgets/js/player.js`` is the reader; a golden test holds the two together):

* ``events``: `EVENT_STRIDE` int32 for each event: seq, step, time (0.1 ms since the first), index in ``kinds``, request (-1),
  node (-1), and two numbers that the kind explains (`_NUMBERS`), then the end of its patches in ``patches``.
* ``patches``: `PATCH_STRIDE` int32 for each patch: op, id, before, after. Token runs stand as indices into ``spans``.
* ``spans``: ``[length_tokens, text]`` pairs; long texts keep their head and tail.
* ``rows``: ``[table, key, *values]`` of the views that are tables; a patch ``ROW`` sets a cell to one of them by index (-1: none).

Knows folds and texts; no widget, no comm.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from sgbench.trace import events as ev
from sgbench.trace.events import KINDS, Event
from sgbench.trace.tree import Op, Patch, TreeState
from sgbench.trace.vocab import Vocab
from sgbench.views.cells import Cell

EVENT_STRIDE = 9
PATCH_STRIDE = 4
HEAD_CHARS = 180
TAIL_CHARS = 60
UNKNOWN = "Unknown"
MAX_CARRIED = 20_000
"""Most rows that a new epoch takes over, the youngest."""

_KIND_NAMES: tuple[str, ...] = (*KINDS, UNKNOWN)
_KIND_INDEX = {name: i for i, name in enumerate(_KIND_NAMES)}
_SPAN_OPS = frozenset({Op.ADD, Op.REMOVE, Op.TOKENS})
_ROW, _GAUGE = Op.ROW, Op.GAUGE  # found in the enumeration once: that is a call in Python


class Frame(NamedTuple):
    """A run of events, ready to send.

    Attributes
    ----------
    epoch
        Rises when the columns begin anew; a reader that holds another epoch drops what it has.
    first, patch_first, span_first, row_first
        Where this run begins in its epoch's columns: events, patches, spans, rows.
    events, patches
        Little-endian int32 columns.
    spans
        New token runs.
    rows
        New rows of tables.
    dropped
        Events that were let go before this epoch began.
    tree
        Whether the tree's patches are among them.
    total
        Events that the epoch has so far: where the run ends before it, more is to be asked for.
    """

    epoch: int
    first: int
    patch_first: int
    span_first: int
    row_first: int
    events: bytes
    patches: bytes
    spans: list[list[Any]]
    rows: list[list[Any]]
    dropped: int
    tree: bool = True
    total: int = 0

    def message(self) -> tuple[dict[str, Any], list[bytes]]:
        """As a custom message and its buffers."""
        meta = self._asdict()
        del meta["events"], meta["patches"]
        return {"type": "frames", "kinds": _KIND_NAMES, **meta}, [self.events, self.patches]

    def state(self) -> dict[str, Any]:
        """As one value, for widget state: what `message` says, buffers included."""
        return {"kinds": list(_KIND_NAMES), **self._asdict()}

    @property
    def size_bytes(self) -> int:
        """About what it weighs on the wire."""
        texts = sum(len(text) + 8 for _, text in self.spans)
        return len(self.events) + len(self.patches) + texts + sum(len(str(row)) for row in self.rows)


class _Column:
    """int32 numbers in a row: taken as a list, which is quick, and kept as an array, which is small.

    Attributes
    ----------
    fresh
        Takes the next numbers.
    kept
        How many came before.
    """

    def __init__(self) -> None:
        self._numbers = array("i")
        self.fresh: list[int] = []
        self.kept = 0

    def cut(self, first: int, last: int) -> bytes:
        """Little-endian, from the number ``first`` up to ``last``."""
        self._numbers.extend(array("i", self.fresh))
        self.fresh.clear()
        self.kept = len(self._numbers)
        return self._numbers[first:last].tobytes()


class FrameEncoder:
    """Keeps the columns of one epoch; gives any later part of them as a `Frame`.

    Parameters
    ----------
    vocab
        Text of tokens.
    max_events
        When an epoch has more, a new one begins: with one event that holds the whole state. None: never.
    tree
        Encode the tree's patches too; else only the gauges and the rows.
    """

    def __init__(self, vocab: Vocab, max_events: int | None = 400_000, *, tree: bool = True) -> None:
        self._vocab = vocab
        self._tree = tree
        self._t0_ns: int | None = None
        self._cells: dict[tuple[str, int | str], list[Any]] = {}
        self._max_events = max_events
        self._epoch = 0
        self._dropped = 0
        self._clear()

    def _clear(self) -> None:
        self._events, self._patches = _Column(), _Column()
        self._spans: list[list[Any]] = []
        self._span_of: dict[int, int] = {}
        self._rows: list[list[Any]] = []
        self._row_of: dict[tuple[str, int | str], tuple[int, int]] = {}  # cell number, present row
        self._patch_ends, self._span_ends, self._row_ends = [0], [0], [0]  # before each event, and behind the last

    def __len__(self) -> int:
        return len(self._patch_ends) - 1

    @property
    def epoch(self) -> int:
        """Number of the present epoch."""
        return self._epoch

    def add(self, event: Event, patches: list[Patch], cells: Iterable[Cell] = ()) -> None:
        """Take the next event and what it changed."""
        tree, column = self._tree, self._patches
        put = column.fresh.extend
        for patch in patches:
            op = patch[0]
            if op not in _SPAN_OPS:
                if tree or op is _GAUGE:
                    put(patch)
            elif tree:
                self._add_span(patch)
        for cell in cells:
            self._add_cell(cell)
        if self._t0_ns is None:
            self._t0_ns = event.t_ns
        kind, numbers = _OF_KIND.get(type(event), _OF_OTHERS)
        time = (event.t_ns - self._t0_ns) // 100_000
        end = (column.kept + len(column.fresh)) // PATCH_STRIDE
        self._events.fresh.extend((event.seq, event.step, time, kind, *numbers(event), end))
        self._patch_ends.append(end)
        self._span_ends.append(len(self._spans))
        self._row_ends.append(len(self._rows))

    def begin_again_if_full(self, state: TreeState, gauges: list[int], last: Event) -> bool:
        """Begin a new epoch from ``state`` when this one is full; returns whether it did."""
        if self._max_events is None or len(self) <= self._max_events:
            return False
        self._dropped += len(self)
        self._epoch += 1
        self._clear()
        carried = [Cell(table, key, value) for (table, key), value in self._cells.items()][-MAX_CARRIED:]
        self.add(_Restart.of(last), whole(state, gauges), carried)
        return True

    def reach(self, first: int, most_bytes: int) -> int:
        """The last event before which a frame from ``first`` on weighs about ``most_bytes``; at least one further."""
        patches, spans, rows = self._ends(first)

        def weight(until: int) -> int:
            p, s, r = self._ends(until)
            return 36 * (until - first) + 16 * (p - patches) + 80 * (s - spans) + 80 * (r - rows)

        found = bisect_right(range(first, len(self) + 1), most_bytes, key=weight) + first - 1
        return min(max(found, first + 1), len(self))

    def since(self, first: int = 0, until: int | None = None) -> Frame:
        """Everything from event ``first`` of this epoch on, up to ``until``."""
        patch_first, span_first, row_first = self._ends(first)
        last = len(self) if until is None else until
        patch_last, span_last, row_last = self._ends(last)
        return Frame(
            self._epoch,
            first,
            patch_first,
            span_first,
            row_first,
            self._events.cut(first * EVENT_STRIDE, last * EVENT_STRIDE),
            self._patches.cut(patch_first * PATCH_STRIDE, patch_last * PATCH_STRIDE),
            self._spans[span_first:span_last],
            self._rows[row_first:row_last],
            self._dropped,
            self._tree,
            len(self),
        )

    def _ends(self, event: int) -> tuple[int, int, int]:
        """Patches, spans and rows before ``event``."""
        return self._patch_ends[event], self._span_ends[event], self._row_ends[event]

    def _add_span(self, patch: Patch) -> None:
        op, id_, before, after = patch
        if op is Op.TOKENS:
            before = self._span_of[id_]
        after = self._span_of.pop(id_) if op is Op.REMOVE else self._span(id_, after)
        self._patches.fresh.extend((op, id_, before, after))

    def _add_cell(self, cell: Cell) -> None:
        table, key, value = cell
        place = (table, key)
        number, before = self._row_of.get(place) or (len(self._row_of), -1)
        after = -1
        if value:
            self._cells[place] = value
            after = len(self._rows)
            self._rows.append([table, key, *value])
        else:
            self._cells.pop(place, None)
            if before < 0:
                return  # no row was there to take away
        self._row_of[place] = (number, after)
        self._patches.fresh.extend((_ROW, number, before, after))

    def _span(self, id_: int, token_ids: tuple[int, ...]) -> int:
        index = self._span_of[id_] = len(self._spans)
        self._spans.append([len(token_ids), preview(self._vocab, token_ids)])
        return index


class _Restart(ev.Event):
    """Stands at the head of a later epoch."""

    @classmethod
    def of(cls, last: Event) -> _Restart:
        return cls(seq=last.seq, step=last.step, t_ns=last.t_ns)


def preview(vocab: Vocab, token_ids: tuple[int, ...]) -> str:
    """The text of a run of tokens; a long one keeps its head and tail around ``" … "``."""
    if len(token_ids) > HEAD_CHARS + TAIL_CHARS:  # a token has about one character at least
        text = vocab.text(token_ids[:HEAD_CHARS])[:HEAD_CHARS], vocab.text(token_ids[-TAIL_CHARS:])[-TAIL_CHARS:]
        return " … ".join(text)
    text_ = vocab.text(token_ids)
    if len(text_) <= HEAD_CHARS + TAIL_CHARS + 3:
        return text_
    return f"{text_[:HEAD_CHARS]} … {text_[-TAIL_CHARS:]}"


def whole(state: TreeState, gauges: list[int]) -> list[Patch]:
    """Patches that make all of ``state`` from an empty tree."""
    patches = []
    stack = sorted(state.nodes[0].children)
    while stack:
        id_ = stack.pop()
        node = state.nodes[id_]
        stack += sorted(node.children)
        assert node.parent is not None, "the root is not on the stack"
        patches.append(Patch(Op.ADD, id_, node.parent, node.token_ids))
        fields = [(Op.LAST_ACCESS, node.last_access, 0), (Op.REF_COUNT, node.ref_count, 0)]
        fields += [(Op.BORN, node.born, -1), (Op.GROWN, node.grown, -1), (Op.TOUCHED, node.touched, -1)]
        patches += [Patch(op, id_, empty, value) for op, value, empty in fields if value != empty]
    patches += [Patch(Op.GAUGE, i, -1, value) for i, value in enumerate(gauges) if value != -1]
    return patches


_NUMBERS: dict[type[Event], Callable[[Any], tuple[int, int, int, int]]] = {
    ev.NodeInserted: lambda e: (e.rid, e.node, len(e.token_ids), -1),
    ev.NodeExtended: lambda e: (e.rid, e.node, len(e.token_ids), -1),
    ev.NodeSplit: lambda e: (-1, e.node, e.length_tokens, e.upper),
    ev.NodeEvicted: lambda e: (e.for_rid, e.node, e.length_tokens, -1),
    ev.PathAccessed: lambda e: (e.rid, e.node, -1, -1),
    ev.PathLocked: lambda e: (e.rid, e.node, -1, -1),
    ev.PathUnlocked: lambda e: (e.rid, e.node, -1, -1),
    ev.RequestQueued: lambda e: (e.rid, -1, e.prompt_tokens, e.max_new_tokens),
    ev.RequestAdmitted: lambda e: (e.rid, e.node, e.cached_tokens, e.prompt_tokens),
    ev.RequestDeferred: lambda e: (e.rid, -1, e.shared_tokens, e.for_rid),
    ev.RequestPreempted: lambda e: (e.rid, -1, e.output_tokens, -1),
    ev.RequestFinished: lambda e: (e.rid, -1, len(e.output_ids), -1),
    ev.RequestAborted: lambda e: (e.rid, -1, len(e.output_ids), -1),
    ev.StepPlanned: lambda e: (-1, -1, sum(tokens for _, tokens in e.prefill), len(e.decode)),
    ev.StepFinished: lambda e: (-1, -1, len(e.rids), -1),
    ev.JumpForward: lambda e: (e.rid, -1, len(e.token_ids), e.position),
    ev.Retokenized: lambda e: (e.rid, -1, len(e.old_ids), len(e.new_ids)),
    ev.RequestConstrained: lambda e: (e.rid, -1, e.states, -1),
    ev.BranchForked: lambda e: (-1, -1, len(e.branches), e.parent),
    ev.BranchJoined: lambda e: (-1, -1, len(e.branches), e.parent),
    ev.SpanAppended: lambda e: (e.rid, -1, len(e.text), e.branch),
}
"""By kind: request, node, and the two numbers that the kind explains."""

_OF_OTHERS: tuple[int, Callable[[Any], tuple[int, int, int, int]]] = (_KIND_INDEX[UNKNOWN], lambda e: (-1, -1, -1, -1))
_OF_KIND = {kind: (_KIND_INDEX[name], _NUMBERS.get(kind, _OF_OTHERS[1])) for name, kind in KINDS.items()}
"""By kind: its index, and its reader of numbers."""
