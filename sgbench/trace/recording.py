"""A recording: subscribes to a journal and fills a trace, in bounded memory.

Knows the journal and traces; not the engine, which emits a `Keyframe` on its own thread right after `start`.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from pathlib import Path

from sgbench.errors import UsageError
from sgbench.trace import file
from sgbench.trace.events import Event, Keyframe
from sgbench.trace.header import TraceHeader
from sgbench.trace.journal import Journal
from sgbench.trace.requests import RequestState
from sgbench.trace.trace import Trace
from sgbench.trace.tree import TreeState
from sgbench.trace.vocab import TokenText, Vocab

MAX_EVENTS = 2_000_000
"""Most events that a recording keeps in memory; older ones become a keyframe."""


class Recording:
    """One recording of one engine.

    Parameters
    ----------
    journal
        Where the events come from.
    header
        What the trace says of the run.
    token_text
        Text of a token id (`sgbench.trace.vocab.from_bytes` of the tokenizer's bytes); None: no tokenizer.
    max_events
        Most events kept in memory. When more come, the oldest half is folded into a keyframe that stands for it.
    spill
        A trace file that gets every event as it happens, also those that memory lets go; None: no file.

    Examples
    --------
    An engine's ``record()``::

        with Recording(self._journal, header, token_text) as recording:
            self.call(lambda: recording.start(self._keyframe()))  # on the engine's thread, between two steps
            yield recording.trace
    """

    def __init__(
        self,
        journal: Journal,
        header: TraceHeader | None = None,
        token_text: TokenText | None = None,
        *,
        max_events: int = MAX_EVENTS,
        spill: str | Path | None = None,
    ) -> None:
        if max_events < 2:
            raise UsageError(f"max_events={max_events}: a recording must be able to hold at least 2 events")
        self._journal = journal
        self._vocab = token_text if isinstance(token_text, Vocab) else Vocab(lookup=token_text)
        self.trace = Trace((), header, self._vocab)
        self._max_events = max_events
        self._past = _Past()
        self._unsubscribe: Callable[[], None] = lambda: None
        self._started = False
        self._spill = _Spill(Path(spill), self.trace.header, self._vocab) if spill is not None else None
        self._lock = threading.Lock()

    def start(self, keyframe: Keyframe) -> None:
        """Begin with ``keyframe``. Call on the thread that changes the tree, so that nothing happens in between."""
        if self._started:
            raise UsageError("this recording was started already; make another one")
        self._started = True
        self._unsubscribe = self._journal.subscribe(self._take)
        self._journal.emit(keyframe)

    def stop(self) -> Trace:
        """End the recording (idempotent); returns the trace."""
        self._unsubscribe()
        with self._lock:
            if self._spill is not None:
                self._spill.close()
                self._spill = None
        return self.trace

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _take(self, event: Event) -> None:
        with self._lock:
            if self._spill is not None:
                self._spill.write(event)
            self.trace.append(event)
            if len(self.trace) > self._max_events:
                self.trace.let_go(self._max_events // 2, self._past.keyframe)


class _Past:
    """The state that events let go had led to."""

    def __init__(self) -> None:
        self._tree = TreeState()
        self._requests = RequestState()
        self._capacity = 0

    def keyframe(self, events: list[Event]) -> Keyframe:
        """Fold ``events`` in and return the keyframe that stands for them and all before."""
        for event in events:
            self._tree.apply(event)
            self._requests.apply(event)
            if isinstance(event, Keyframe):
                self._capacity = event.capacity_tokens
        last = events[-1]
        frame = Keyframe(
            tree=self._tree.snapshot(),
            capacity_tokens=self._capacity,
            running=tuple(self._requests.running),
            waiting=tuple(self._requests.waiting),
        )
        return dataclasses.replace(frame, seq=last.seq, step=last.step, t_ns=last.t_ns)


class _Spill:
    """A trace file that grows with the recording. A line with texts precedes the first event that needs them."""

    def __init__(self, path: Path, header: TraceHeader, vocab: Vocab) -> None:
        self._file = file.open_text(path, "w")
        self._vocab = vocab
        self._written: set[int] = set()
        self._file.write(file.header_line(header))

    def write(self, event: Event) -> None:
        fresh = set(file.token_ids((event,))) - self._written
        if fresh:
            self._file.write(file.vocab_line(self._vocab.of(fresh)))
            self._written |= fresh
        self._file.write(file.event_line(event))

    def close(self) -> None:
        self._file.close()
