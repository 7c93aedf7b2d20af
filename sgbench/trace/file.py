"""The `.sgtrace` file: JSON Lines, data only, gzip when the name ends in ``.gz``.

Line 1 is the header, ``{"sgtrace": 1, ...}``. Every other line is an event (`sgbench.trace.events.to_dict`) or a
``{"kind": "vocab", "tokens": {"17": " the"}}`` with the text of token ids, or a ``{"kind": "machine", ...}`` with the machine
of a constraint (`sgbench.views.machine_data`), for readers that cannot compile it again; kinds that this version does not
know are kept as they are and written back. Knows no engine and runs nothing that it reads.
"""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from sgbench.errors import TraceError
from sgbench.trace.bulk import many_objects
from sgbench.trace.events import Event, from_dict, to_dict
from sgbench.trace.header import VERSION, TraceHeader

VOCAB = "vocab"
MACHINE = "machine"

LONGEST_LINE = 1 << 28
"""Characters; a keyframe of a tree of ten million tokens is shorter."""


@dataclasses.dataclass(frozen=True, slots=True)
class Unknown:
    """A line whose kind this version does not know; ``after`` events stood before it."""

    after: int
    data: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Contents:
    """All that a file holds; ``missing`` says what of it could not be read. ``machines`` are written, and made anew after reading."""

    header: TraceHeader
    events: list[Event]
    vocab: dict[int, str]
    unknown: tuple[Unknown, ...]
    missing: str = ""
    machines: tuple[Mapping[str, Any], ...] = ()


def open_text(path: Path, mode: str) -> IO[str]:
    """Open a trace for ``"r"`` or ``"w"``, through gzip when the name says so."""
    if path.name.endswith(".gz"):
        # No time stamp, so that the same trace gives the same bytes.
        return io.TextIOWrapper(gzip.GzipFile(path, mode + "b", mtime=0), encoding="utf-8", newline="\n")
    return path.open(mode, encoding="utf-8", newline="\n")


def header_line(header: TraceHeader) -> str:
    """The first line."""
    return _dump({"sgtrace": VERSION, **dataclasses.asdict(header)})


def vocab_line(texts: Mapping[int, str]) -> str:
    """A line with the texts of token ids."""
    return _dump({"kind": VOCAB, "tokens": {str(i): text for i, text in texts.items()}})


def event_line(event: Event) -> str:
    """An event's line."""
    return _dump(to_dict(event))


def write(path: Path, contents: Contents) -> None:
    """Write a whole trace; an existing file is replaced only when all of it is written."""
    part = path.with_name("." + path.name)  # keeps the suffix, which chooses the compression
    unknown = list(contents.unknown)
    try:
        with open_text(part, "w") as file:
            file.write(header_line(contents.header))
            file.write(vocab_line(contents.vocab))
            file.writelines(_dump({"kind": MACHINE, **machine}) for machine in contents.machines)
            for i, event in enumerate(contents.events):
                while unknown and unknown[0].after <= i:
                    file.write(_dump(unknown.pop(0).data))
                file.write(event_line(event))
            file.writelines(_dump(line.data) for line in unknown)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@dataclasses.dataclass(frozen=True, slots=True)
class Limit:
    """How much of a file is read, the first of it: so many events, which fill about so much memory."""

    events: int
    memory_bytes: int


_PARSED = 6
"""Bytes that a character of JSON takes as plain data, or as an event with numbers of its own."""

_FRUGAL_BYTES = 200_000_000
"""From here on each token id is kept once: a quarter of the memory, for twice the time."""


def _shared_size(chars: int) -> int:
    """About how many bytes an event takes whose line has ``chars``: objects for a few fields, or a word for each token id."""
    return 150 + int(1.4 * chars)


def read(path: Path, limit: Limit | None = None) -> Contents:
    """Read a trace, or the good part of one that is damaged, cut short, newer, or goes beyond ``limit``: `Contents.missing` says so.

    Raises
    ------
    TraceError
        It is no trace, or no event of it can be read; the message names the line.
    FileNotFoundError
        There is no such file.
    """
    reader = _Reader(path, limit)
    try:
        with many_objects():
            reader.read()
    except FileNotFoundError:
        raise
    except KeyError as gone:
        reader.stopped(f"line {reader.number}: the field {gone} is missing", gone)
    except (EOFError, OSError, zlib.error, UnicodeDecodeError) as damage:
        where = reader.number + (reader.number > 1)  # reading failed after the last line that came whole
        reader.stopped(f"line {where}: the file is damaged or cut short ({damage})", damage)
    except TraceError:
        raise
    except (ValueError, TypeError, AttributeError, RecursionError) as wrong:
        reader.stopped(f"line {reader.number}: {wrong}", wrong)
    return reader.contents()


class _Reader:
    """Reads a file line by line and keeps what was good."""

    def __init__(self, path: Path, limit: Limit | None) -> None:
        self._path = path
        self._limit = limit
        self._numbers: dict[int, int] = {}
        self._memory_bytes = 0
        self._header: TraceHeader | None = None
        self._events: list[Event] = []
        self._vocab: dict[int, str] = {}
        self._unknown: list[Unknown] = []
        self._missing = ""
        self.number = 1

    def read(self) -> None:
        with open_text(self._path, "r") as lines:
            newer = self._read_header(self._first(lines.readline(LONGEST_LINE)))
            for self.number, line in enumerate(iter(lambda: lines.readline(LONGEST_LINE), ""), start=2):
                if line.isspace():
                    continue
                frugal = self._memory_bytes > _FRUGAL_BYTES
                self._memory_bytes += _shared_size(len(line)) if frugal else _PARSED * len(line)
                if self._limit is not None and self._full(self._limit):
                    break
                self._take(_parse(line), self._numbers if frugal else None)
        if newer and not self._events:
            raise TraceError(f"{self._path}, line 1: {newer}")
        self._missing = "; ".join(filter(None, (newer, self._missing)))

    def _full(self, limit: Limit) -> bool:
        """Is there no room for the present line? Then say so."""
        many = len(self._events) >= limit.events
        if not many and (self._memory_bytes <= limit.memory_bytes or not (self._events or self._unknown)):
            return False
        why = "" if many else f", which fill about {limit.memory_bytes / 1e9:.1f} GB of memory"
        self._missing = (
            f"only the first {len(self._events):,} events are here{why}, the file goes on at line {self.number:,}: "
            "Trace.load(path, max_events=None) reads all"
        )
        return True

    def _take(self, data: dict[str, Any], numbers: dict[int, int] | None) -> None:
        if data["kind"] == VOCAB:
            self._vocab.update({int(i): str(text) for i, text in data["tokens"].items()})
        elif data["kind"] == MACHINE:
            return
        elif (event := from_dict(data, numbers)) is not None:
            self._events.append(event)
        else:
            self._unknown.append(Unknown(len(self._events), data))

    def _first(self, line: str) -> dict[str, Any]:
        if line and not line.startswith("{"):
            raise TraceError(f"{self._path}, line 1: this is no sgbench trace: it does not begin with a JSON object")
        return _parse(line)

    def _read_header(self, data: dict[str, Any]) -> str:
        """Keep it; returns what a newer version means for the reader, or nothing."""
        if "sgtrace" not in data:
            raise TraceError(f'{self._path}, line 1: this is no sgbench trace (its first line must hold "sgtrace")')
        version = data["sgtrace"]
        if type(version) is not int or version < 1:
            raise TraceError(f"{self._path}, line 1: the trace is of version {version!r}, which is none")
        known = {f.name for f in dataclasses.fields(TraceHeader)}
        self._header = TraceHeader(**{name: value for name, value in data.items() if name in known})
        if version <= VERSION:
            return ""
        return f"the trace is of version {version}, this sgbench reads up to {VERSION} and shows what it knows: upgrade sgbench"

    def stopped(self, why: str, cause: Exception) -> None:
        """Nothing more can be read. Without any event there is nothing to show."""
        if self._header is None or not self._events:
            raise TraceError(f"{self._path}, {why}") from cause
        self._missing = f"{why}; the {len(self._events):,} events before it are here"

    def contents(self) -> Contents:
        assert self._header is not None
        return Contents(self._header, self._events, self._vocab, tuple(self._unknown), self._missing)


def _parse(line: str) -> dict[str, Any]:
    if len(line) == LONGEST_LINE:
        raise ValueError(f"the line has more than {LONGEST_LINE:,} characters: no event is that long")
    if not line.endswith("\n") and not line.endswith("}"):
        raise ValueError("the file ends in the middle of a line: it was cut short")
    data = json.loads(line)
    if not isinstance(data, dict):
        raise ValueError("a line must be a JSON object")
    return data


def _dump(data: Any) -> str:
    # ASCII only: surrogate escapes of half characters survive, and no editor re-encodes the file.
    return json.dumps(data, ensure_ascii=True, separators=(",", ":")) + "\n"


def token_ids(events: Iterable[Event]) -> Iterator[int]:
    """Every token id that the events speak of, with repetitions."""
    for event in events:
        for name in ("token_ids", "prompt_ids", "output_ids"):
            yield from (i for i in getattr(event, name, ()) if i >= 0)
        tree = getattr(event, "tree", None)
        if tree is not None:
            for row in tree["nodes"]:
                yield from row["token_ids"]
