"""From events to messages: folds what happens on a thread of its own and publishes at a bounded pace.

The emitting thread only appends to a queue. Frames may be late and large, events are never lost, and the last state is
always published. Knows folds and frames; not how a message travels.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from sgbench.errors import SgbenchError
from sgbench.trace.bulk import many_objects
from sgbench.trace.events import EngineStopped, Event
from sgbench.trace.reader import Reader, reader_of
from sgbench.trace.tree import Patch
from sgbench.trace.vocab import Vocab
from sgbench.views.cells import Cell, CellFold
from sgbench.views.frames import Frame, FrameEncoder
from sgbench.views.tree import TreeView
from sgbench.widgets.source import LiveSource

Publish: TypeAlias = Callable[[Frame], None]

FRAME_S = 1 / 30
"""Least time between two messages."""

SHARE = 0.008
"""Of a processor's time, what the feed may take: a busy engine is shown less often."""

SLOWEST_S = 0.25
"""Longest time between two messages that come of it."""

UNANSWERED_S = 0.5
"""The same while no front end has answered: then each message begins at the beginning."""

UNANSWERED_BYTES = 512_000
"""Largest message to a front end that has not answered."""

PART_BYTES = 4_000_000
"""About the largest message: a longer log travels in parts."""


MAKE_WAY_S = 0.1
"""Longest wait in a frame for an engine in a hurry."""

LOOK_AGAIN_S = 0.005
"""Longest time between two looks at an engine that does not say when it waits for its device."""

SURE_S = 0.001
"""For so long a step of the device lasts at least: work that begins with it is in nobody's way."""

LONG_S = 0.012
"""Steps that last longer are prompts' and last much longer: little is lost if one of them ends while the feed is at work."""

LET_GO_S = 0.0001
"""Between two pieces of work, so that an engine whose device is done gets the interpreter, and need not fight for it."""

AT_ONCE = 24
"""Events that are folded in one piece: a fraction of a millisecond."""


def pace(cost_s: float) -> float:
    """How long to wait after a frame that took ``cost_s`` of processor time, seconds: at most `SHARE` of the time is the feed's."""
    return min(max(FRAME_S, cost_s / SHARE), SLOWEST_S)


def _may_compute(engine: Any) -> bool:
    """Is ``engine`` idle, or in a wait that has just begun or is a long one?"""
    if engine.in_a_hurry:
        return False
    age_s = engine.gap.age_s
    return bool(age_s < SURE_S or age_s > LONG_S)


class Feed:
    """Folds events into a view and publishes the frames.

    Parameters
    ----------
    vocab
        Text of tokens.
    publish
        Takes a frame; called from the feed's thread and from whoever calls `flush`, never twice at once.
    on_failure
        Told once, in a sentence, when events cannot be folded.
    on_stopped
        Told why, when what is followed has ended; its last state is published by then.
    folds
        Views that are tables, folded beside the tree.
    tree
        Publish the tree too.
    bounded
        Let old events go when there are many; a trace keeps all of its own.

    Attributes
    ----------
    view
        The state so far. Read it under `lock`.
    failure
        Why folding stopped; empty while all is well.
    """

    def __init__(
        self,
        vocab: Vocab,
        publish: Publish,
        on_failure: Callable[[str], None],
        folds: Sequence[CellFold] = (),
        *,
        tree: bool = True,
        bounded: bool = True,
        on_stopped: Callable[[str], None] = lambda reason: None,
    ) -> None:
        self.lock = threading.RLock()
        self.view = TreeView()
        self.encoder = FrameEncoder(vocab, tree=tree) if bounded else FrameEncoder(vocab, None, tree=tree)
        self._folds = tuple(folds)
        self._publish = publish
        self._on_failure = on_failure
        self._on_stopped = on_stopped
        self._ended, self._told = "", False
        self._reader = Reader()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._gap = threading.Event()
        self._sent = (0, 0)  # epoch and events that were published
        self._answered = False
        self.failure = ""
        self._engine: Callable[[], Any] = lambda: None  # not held: a view keeps no model in memory
        self._thread: threading.Thread | None = None

    # --- a trace

    def fold_all(self, events: tuple[Event, ...]) -> None:
        """Fold a whole trace; nothing is published."""
        with self.lock, many_objects():
            self._fold(events)
            self._sent = (self.encoder.epoch, len(self.encoder))

    # --- a live source

    def follow(self, source: LiveSource) -> None:
        """Fold and publish what happens in ``source`` until `stop`."""
        # First, because a stopped engine refuses: then no thread is left behind.
        self._reader = reader_of(source)
        self._engine = weakref.ref(source) if hasattr(source, "in_a_hurry") else lambda: None
        self._thread = threading.Thread(target=self._run, name="sgbench-feed", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End following (idempotent); what happened so far is folded and published."""
        self._reader.end()
        self._stopped.set()
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=5)
        self.flush()
        self._tell_end()

    def flush(self) -> None:
        """Fold and publish all that has happened, now."""
        with self.lock:
            self._fold(self._reader.take())
            self._publish_news(final=True)

    def answer(self, epoch: int, have: int) -> None:
        """A front end says that it has ``have`` events of ``epoch``: publish the rest."""
        with self.lock:
            self._answered = True
            self._fold(self._reader.take())
            first = have if epoch == self.encoder.epoch and 0 <= have <= len(self.encoder) else 0
            self._send(first)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._reader.call_at_next(self._wake.set)
            self._wake.wait()
            self._wake.clear()
            before_s = time.thread_time()
            self._frame()
            if self._ended:
                self._tell_end()
                return
            pause_s = pace(time.thread_time() - before_s)
            self._stopped.wait(pause_s if self._answered else UNANSWERED_S)

    def _frame(self) -> None:
        """Fold what has happened so far, and publish."""
        until_s = time.monotonic() + MAKE_WAY_S
        left = len(self._reader)
        while left > 0 and not (self.failure or self._stopped.is_set()):
            self._make_way(until_s)
            with self.lock:
                self._fold(self._reader.take(AT_ONCE))
            left -= AT_ONCE
            time.sleep(LET_GO_S)
        self._make_way(until_s)
        with self.lock:
            self._publish_news(final=bool(self._ended))

    def _tell_end(self) -> None:
        """Say, once, that what is followed has ended; whoever stops the feed may be ahead of its thread."""
        with self.lock:
            tells, self._told = bool(self._ended) and not self._told, self._told or bool(self._ended)
        if tells:
            self._on_stopped(self._ended)

    def _make_way(self, until_s: float) -> None:
        """Let an engine compute first, until then at most: there is one interpreter, and its device must not stand still.

        Work is in nobody's way while the engine waits for its device, and best begins when it begins to wait.
        """
        while not self._stopped.is_set() and (left := until_s - time.monotonic()) > 0:
            engine = self._engine()
            if engine is None or _may_compute(engine):
                return
            self._gap.clear()
            engine.gap.call_at_opening(self._gap.set)
            if not _may_compute(engine):
                del engine
                self._gap.wait(min(left, LOOK_AGAIN_S))

    def _fold(self, events: Sequence[Event]) -> None:
        """Fold these in, a few at a time."""
        for start in range(0, len(events), AT_ONCE):
            if self.failure:
                return
            self._fold_some(events[start : start + AT_ONCE])

    def _fold_some(self, events: Sequence[Event]) -> None:
        """Fold a few events, one fold after the other: an engine empties the processor's caches, and so each loads its code once."""
        patches: list[list[Patch]] = []
        cells: list[list[Cell]] = [[] for _ in events]
        try:
            patches.extend(map(self.view.apply, events))  # up to the one that fails
        except SgbenchError as failure:
            self._fail(f"this view stopped: {failure}")
        kinds = list(map(type, events[: len(patches)]))
        first = not len(self.encoder)  # all look at the first
        for fold in self._folds:
            concerns, apply = fold.concerns, fold.apply
            for i, kind in enumerate(kinds):
                if kind in concerns or (first and not i):
                    cells[i] += apply(events[i])
        for event, changed, rows in zip(events, patches, cells, strict=False):
            self.encoder.add(event, changed, rows)
        if isinstance(events[-1], EngineStopped):
            self._ended = events[-1].reason
            self._wake.set()  # the thread tells, whoever folded it
        self.encoder.begin_again_if_full(self.view.tree, self.view.gauges, events[-1])

    def _fail(self, sentence: str) -> None:
        self.failure = sentence
        self._reader.end()
        self._reader.take()
        self._on_failure(sentence)

    def _publish_news(self, final: bool = False) -> None:
        epoch, sent = self._sent
        if epoch == self.encoder.epoch and sent == len(self.encoder):
            return
        if self._answered:
            self._send(sent if epoch == self.encoder.epoch else 0)
        elif final or self.encoder.since(0).size_bytes <= UNANSWERED_BYTES:
            self._send(0)
        while final and self._sent[1] < len(self.encoder):
            self._send(self._sent[1])

    def _send(self, first: int) -> None:
        until = self.encoder.reach(first, PART_BYTES)
        self._sent = (self.encoder.epoch, until)
        self._publish(self.encoder.since(first, until))
        if until < len(self.encoder):
            self._wake.set()  # the rest of what happens live goes with the next frame; of a trace, when it is asked for
