"""A trace: what happened in one engine while somebody recorded.

Knows events, the file format and the fold of the tree. Knows no engine: a trace opens with no model and no GPU.
"""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgbench.errors import TraceError, UsageError
from sgbench.trace import file
from sgbench.trace.events import Event, Keyframe, RequestConstrained, TreeSnapshot
from sgbench.trace.header import TraceHeader
from sgbench.trace.redact import redacted
from sgbench.trace.tree import TreeState
from sgbench.trace.vocab import TokenText, Vocab

if TYPE_CHECKING:
    from sgbench.analysis import Misses, MissRatioCurve, PromptLint
    from sgbench.widgets import RadixTree

MAX_EVENTS = 2_000_000
"""Most events that `Trace.load` reads unless it is told otherwise."""

MAX_MEMORY_BYTES = 1_000_000_000
"""About the most memory that `Trace.load` fills with them: long prompts take more of it than many steps."""


class Trace:
    """Events in order, with what is needed to read them elsewhere.

    ``Engine.record()`` gives one that fills while its block runs; `load` reads one from a file. Iterating gives the
    events.

    Parameters
    ----------
    events
        In order of ``seq``.
    header
        What is known of the run.
    token_text
        Text of a token id (see `sgbench.trace.vocab`); None: ids read ``‹id›``.
    unknown
        Lines of a newer version that were read and are written back.
    missing
        What a file held besides; empty: nothing.

    Attributes
    ----------
    missing
        As given.

    Examples
    --------
    >>> with engine.record() as trace:  # doctest: +SKIP
    ...     engine.generate("Hello")
    >>> trace.save("hello.sgtrace.gz")  # doctest: +SKIP
    >>> sgl.Trace.load("hello.sgtrace.gz").replay()  # doctest: +SKIP
    """

    def __init__(
        self,
        events: Iterable[Event] = (),
        header: TraceHeader | None = None,
        token_text: TokenText | None = None,
        *,
        unknown: Iterable[file.Unknown] = (),
        missing: str = "",
    ) -> None:
        self.header = header or TraceHeader()
        self.missing = missing
        self._lock = threading.Lock()
        self._events = list(events)
        self._vocab = token_text if isinstance(token_text, Vocab) else Vocab(lookup=token_text)
        self._unknown = tuple(unknown)
        self._dropped = 0

    # --- reading

    @property
    def events(self) -> tuple[Event, ...]:
        """The events so far, in order of ``seq``."""
        with self._lock:
            return tuple(self._events)

    @property
    def dropped_events(self) -> int:
        """Events that a bounded recording let go; the first event is then a keyframe that stands for them."""
        return self._dropped

    @property
    def notes(self) -> list[str]:
        """What whoever looks at this must know: what is missing, what is not shown."""
        notes = [self.missing] if self.missing else []
        kinds = sorted({str(line.data["kind"]) for line in self._unknown})
        if kinds:
            count = len(self._unknown)
            lines = f"{count:,} line{'' if count == 1 else 's'}"
            notes.append(
                f"{lines} of kinds that this sgbench does not know ({', '.join(kinds[:5])}) are kept and not shown"
            )
        return notes

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self._events)

    def __repr__(self) -> str:
        events = self.events
        span = f", seq {events[0].seq} to {events[-1].seq}" if events else ""
        return f"<Trace: {len(events):,} events{span}{''.join(f'; {note}' for note in self.notes)}>"

    def token_text(self, token_id: int) -> str:
        """A token's text, readable: bytes that are no whole character show as U+FFFD."""
        return self._vocab.text((token_id,))

    def text(self, token_ids: Iterable[int]) -> str:
        """The text of a run of tokens; characters that several tokens make up come out whole."""
        return self._vocab.text(token_ids)

    @property
    def vocab(self) -> Vocab:
        """Texts of tokens, lossless; what views read with."""
        return self._vocab

    def snapshot(self, seq: int | None = None) -> TreeSnapshot:
        """The radix tree after the event ``seq`` (None: after the last), folded from the events.

        At the end of a recording it equals the engine's own ``snapshot()``.

        Raises
        ------
        UsageError
            The trace begins after ``seq``.
        TraceError
            Events are missing, so that the rest cannot be folded.
        """
        events = self.events
        if seq is not None and events and seq < events[0].seq:
            raise UsageError(f"the trace begins at seq {events[0].seq}; there is no snapshot at {seq}")
        state = TreeState()
        for event in events:
            if seq is not None and event.seq > seq:
                break
            state.apply(event)
        return state.snapshot()

    def replay(self, **options: Any) -> RadixTree:
        """A player of the trace, for a notebook: the radix tree with play, pause, step, speed and a scrubber.

        Parameters
        ----------
        **options
            Those of `sgbench.widgets.RadixTree`.

        Notes
        -----
        To hand the events to code of your own, iterate: ``for event in trace: ...``.
        """
        from sgbench.widgets import RadixTree

        return RadixTree(self, **options)

    # --- questions

    def what_if(self, *, arrivals: str = "recorded", **options: Any) -> Trace:
        """What this run would have been with other engine options: its causes run again through the real scheduler and tree.

        No model and no GPU is needed. Times come from a cost model fitted to this trace: the result's ``header.predicted`` says that
        they are predicted, and how far the prediction is off on the recorded configuration.

        Parameters
        ----------
        arrivals
            When requests come that waited for no other one; see `sgbench.what_if.predict`.
        **options
            Options of `sgbench.Engine` that decide on the host: ``kv_tokens`` (also ``"0.5x"``), ``eviction``, ``schedule``,
            ``radix_cache``, ``max_running``, ``max_prefill_tokens``, ...

        Raises
        ------
        UsageError
            A trace cannot answer for an option, or holds no request.
        """
        from sgbench.what_if.predict import predict

        return predict(self, arrivals=arrivals, **options)[0]

    def why(self, last: int | None = None) -> Misses:
        """Why was not more cached? Each request's computed tokens by reason; see `sgbench.analysis.why`."""
        from sgbench.analysis import why

        return why(self, last)

    def mrc(self, rerun: bool = True) -> MissRatioCurve:
        """Hit rate against cache size; with ``rerun``, points of the real scheduler and tree beside the LRU curve."""
        from sgbench.what_if.points import curve

        return curve(self, rerun)

    def lint(self) -> PromptLint:
        """What breaks sharing in the prompts; see `sgbench.analysis.prompt_lint`."""
        from sgbench.analysis import prompt_lint

        return prompt_lint(self)

    # --- files

    def save(self, path: str | Path, *, hash_prompts: bool = False) -> Path:
        """Write the trace to ``path`` (``.sgtrace``, or ``.sgtrace.gz`` compressed); returns the path.

        The text of every token that occurs goes along, so that the file opens without the model, and the machines of constraints.

        Parameters
        ----------
        hash_prompts
            Leave all text out, of prompts and of answers: tokens become numbers drawn anew for this file, equal ones the same, so that
            every view and every question still works; see `sgbench.trace.redact` for what can still be seen. Lines of a newer version,
            of which we cannot know what they hold, are left out too.
        """
        target = Path(path)
        events = list(self.events)
        if hash_prompts:
            events, dots = redacted(events, self._vocab)
            file.write(target, file.Contents(self.header, events, dots, ()))
            return target
        vocab = self._vocab.of(file.token_ids(events))
        machines: tuple[dict[str, Any], ...] = ()
        if any(isinstance(event, RequestConstrained) for event in events):
            from sgbench.views.machine_data import machines_of

            machines = tuple(machines_of(events))
        file.write(target, file.Contents(self.header, events, vocab, self._unknown, machines=machines))
        return target

    def to_perfetto(self, path: str | Path) -> Path:
        """Write the trace for Perfetto (ui.perfetto.dev) and chrome://tracing; returns the path.

        Requests and steps are slices, jumps are instants, the KV pool and the batch are counters. No prompt text goes along.
        """
        from sgbench.views.perfetto import perfetto

        target = Path(path)
        target.write_text(json.dumps(perfetto(self.events), separators=(",", ":")), encoding="utf-8")
        return target

    @classmethod
    def load(cls, path: str | Path, *, max_events: int | None = MAX_EVENTS, whole: bool = False) -> Trace:
        """Read a trace that `save` wrote.

        Of a file that is cut short, corrupt, of a newer version or too long the good part is read; a warning, `missing` and every view
        say what is not there.

        Parameters
        ----------
        max_events
            Read at most so many, the first, and no more than fill about one gigabyte of memory; None: all, whatever they take.
        whole
            Take nothing but a whole trace.

        Raises
        ------
        TraceError
            The file is no trace, or no event of it can be read, or, with ``whole``, anything is missing; the message names the line.
        FileNotFoundError
            There is no such file.
        """
        limit = None if max_events is None else file.Limit(max_events, MAX_MEMORY_BYTES)
        contents = file.read(Path(path), limit)
        if contents.missing:
            sentence = f"{path}, {contents.missing}"
            if whole:
                raise TraceError(sentence)
            warnings.warn(sentence, stacklevel=2)
        vocab = Vocab(contents.vocab)
        return cls(contents.events, contents.header, vocab, unknown=contents.unknown, missing=contents.missing)

    # --- filling (by a recording)

    def append(self, event: Event) -> None:
        """Add what happened next."""
        with self._lock:
            self._events.append(event)

    def let_go(self, keep: int, keyframe: Callable[[list[Event]], Keyframe]) -> list[Event]:
        """Forget the oldest events but ``keep``; ``keyframe`` makes the one that stands for those given to it."""
        with self._lock:
            old = self._events[:-keep] if keep else self._events[:]
            self._events[: len(old)] = [keyframe(old)]
            self._dropped += len(old)
        return old
