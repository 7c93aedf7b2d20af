"""The `.sgtrace` file: JSON Lines, data only, gzip when the name ends in ``.gz``.

Line 1 is the header, ``{"sgtrace": 1, ...}``. Every other line is an event (`sgbench.trace.events.to_dict`) or a
``{"kind": "vocab", "tokens": {"17": " the"}}`` with the text of token ids; kinds that this version does not know are
kept as they are and written back. Knows no engine and runs nothing that it reads.
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
from sgbench.trace.events import Event, from_dict, to_dict
from sgbench.trace.header import VERSION, TraceHeader

VOCAB = "vocab"


@dataclasses.dataclass(frozen=True, slots=True)
class Unknown:
    """A line whose kind this version does not know; ``after`` events stood before it."""

    after: int
    data: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Contents:
    """All that a file holds."""

    header: TraceHeader
    events: list[Event]
    vocab: dict[int, str]
    unknown: tuple[Unknown, ...]


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
            for i, event in enumerate(contents.events):
                while unknown and unknown[0].after <= i:
                    file.write(_dump(unknown.pop(0).data))
                file.write(event_line(event))
            file.writelines(_dump(line.data) for line in unknown)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read(path: Path) -> Contents:
    """Read a whole trace.

    Raises
    ------
    TraceError
        It is no trace, of a newer version, or damaged; the message names the line.
    FileNotFoundError
        There is no such file.
    """
    events: list[Event] = []
    vocab: dict[int, str] = {}
    unknown: list[Unknown] = []
    number = 1
    try:
        with open_text(path, "r") as file:
            header = _read_header(_parse(file.readline()), path)
            for number, line in enumerate(file, start=2):  # noqa: B007  (the errors below name it)
                if line.isspace():
                    continue
                data = _parse(line)
                if data["kind"] == VOCAB:
                    vocab.update({int(i): str(text) for i, text in data["tokens"].items()})
                elif (event := from_dict(data)) is not None:
                    events.append(event)
                else:
                    unknown.append(Unknown(len(events), data))
    except FileNotFoundError:
        raise
    except KeyError as missing:
        raise TraceError(f"{path}, line {number}: the field {missing} is missing") from missing
    except (EOFError, OSError, zlib.error, UnicodeDecodeError) as damage:
        where = number + (number > 1)  # reading failed after the last line that came whole
        raise TraceError(f"{path}, line {where}: the file is damaged or cut short ({damage})") from damage
    except TraceError:
        raise
    except (ValueError, TypeError, AttributeError) as wrong:
        raise TraceError(f"{path}, line {number}: {wrong}") from wrong
    return Contents(header, events, vocab, tuple(unknown))


def _parse(line: str) -> dict[str, Any]:
    if not line.endswith("\n") and not line.endswith("}"):
        raise ValueError("the file ends in the middle of a line: it was cut short")
    data = json.loads(line)
    if not isinstance(data, dict):
        raise ValueError("a line must be a JSON object")
    return data


def _read_header(data: dict[str, Any], path: Path) -> TraceHeader:
    if "sgtrace" not in data:
        raise TraceError(f'{path}, line 1: this is no sgbench trace (its first line must hold "sgtrace")')
    version = data["sgtrace"]
    if type(version) is not int or not 1 <= version <= VERSION:
        raise TraceError(
            f"{path}, line 1: the trace is of version {version!r}; this sgbench reads up to {VERSION}: upgrade sgbench"
        )
    known = {f.name for f in dataclasses.fields(TraceHeader)}
    return TraceHeader(**{name: value for name, value in data.items() if name in known})


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
