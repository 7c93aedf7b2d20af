"""What the widgets that watch an engine or play a trace share: source, feed, recording, picture, the life of a view.

Knows feeds and sources. What is shown is a subclass's: its folds, its picture, its words.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

import traitlets

from sgbench.errors import UsageError
from sgbench.trace import Trace
from sgbench.trace.vocab import Vocab
from sgbench.views.cells import CellFold
from sgbench.views.frames import Frame
from sgbench.widgets.base import SgWidget
from sgbench.widgets.feed import Feed
from sgbench.widgets.source import Source, open_source, vocab_of

SAVED_BYTES = 8_000_000
"""Largest recording that is kept in the widget's state, where saved notebooks find it."""

SPEEDS = (0.5, 1, 2, 4, 16)


class Watcher(SgWidget):
    """Base of the widgets that fold events, live or from a trace.

    A subclass says in `_begin` what it folds, and gives `picture`, `summary` and `records`.

    Parameters
    ----------
    source
        An engine (live, until `finish`, `close`, or for ever), a `Trace`, or the path of a trace file.
    height
        Of the drawing, CSS pixels.
    speed
        Of the replay: 0.5, 1, 2, 4 or 16.
    options
        Further traits of the subclass.

    Raises
    ------
    UsageError
        An option or the source is of the wrong kind.
    TraceError
        The file is no trace, or events in it are missing.
    """

    TREE: ClassVar[bool] = False
    """Do the tree's patches travel?"""
    COLUMNS: ClassVar[tuple[str, ...]] = ()
    """Of `table`; the first is its index."""

    height = traitlets.Int(300).tag(sync=True)
    speed = traitlets.Float(1.0).tag(sync=True)
    status = traitlets.Unicode("live").tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    recording = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    key = traitlets.Unicode().tag(sync=True)
    """Tells the page which views show the same widget."""

    def __init__(self, source: Source, *, height: int = 300, speed: float = 1.0, **options: Any) -> None:
        if speed not in SPEEDS:
            raise UsageError(f"speed={speed!r}: choose one of {', '.join(map(str, SPEEDS))}")
        opened = open_source(source)
        self._vocab = vocab_of(opened)
        bounded = not isinstance(opened, Trace)
        folds = self._begin(self._vocab)
        self._feed = Feed(
            self._vocab,
            self._publish,
            self._fail,
            folds,
            tree=self.TREE,
            bounded=bounded,
            on_stopped=self._engine_stopped,
        )
        values: dict[str, Any] = {"height": height, "speed": float(speed), **options}
        if isinstance(opened, Trace):
            self._feed.fold_all(opened.events)
            values.update(status=self._feed.failure or "replay", recording=self._saved(), note="; ".join(opened.notes))
        super().__init__(**values)
        self.on_msg(self._answer)
        if not isinstance(opened, Trace):
            self._feed.follow(opened)

    @traitlets.default("key")
    def _new_key(self) -> str:
        return uuid.uuid4().hex

    # --- a subclass's

    def _begin(self, vocab: Vocab) -> Sequence[CellFold]:
        """Make the folds, empty."""
        return ()

    def records(self) -> list[dict[str, Any]]:
        """The rows of `table`."""
        raise NotImplementedError

    # --- for the user

    def table(self) -> Any:
        """The data as a pandas frame where pandas is installed, else as plain text."""
        with self._feed.lock:
            records = self.records()
        try:
            import pandas as pd
        except ImportError:
            return self.summary()
        return pd.DataFrame.from_records(records, columns=list(self.COLUMNS)).set_index(self.COLUMNS[0])

    def finish(self) -> None:
        """End following the engine: send the last state, keep the recording, refresh the stored picture (idempotent)."""
        live = self.status == "live"
        self._feed.stop()  # also where its thread has just said that the engine ended: it is gone when this returns
        if not live:
            return
        if self.status == "live":
            self.status = "ended"
        with self._feed.lock:
            self.recording = self._saved()
        self.refresh_picture()

    def close(self) -> None:
        """End following and take the widget away."""
        if hasattr(self, "_feed"):  # else its making failed, and it is only cleaned up
            self._feed.stop()
        super().close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status}: {self.summary().splitlines()[0]}>"

    # --- the wire

    def _saved(self) -> Any:
        """The recording as widget state; None when it is too large for a notebook."""
        frame = self._feed.encoder.since()
        return frame.state() if frame.size_bytes <= SAVED_BYTES else None

    def _publish(self, frame: Frame) -> None:
        content, buffers = frame.message()
        self.send(content, buffers)

    def _fail(self, sentence: str) -> None:
        if self.comm is not None:  # else it is being made, and will say so itself
            self.status = sentence

    def _engine_stopped(self, reason: str) -> None:
        self.note = f"{reason}: this is its last state"
        self.finish()

    def _answer(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if content.get("type") == "resync":
            self._feed.answer(int(content.get("epoch", 0)), int(content.get("have", 0)))
