"""Rows of a file, with the place of what is wrong. Knows JSON, no data set."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sgbench.errors import UsageError


class DataSetError(UsageError):
    """A data set is absent or of another format; the message says where."""


def json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """``(place, object)`` for each line; a file that is one JSON list is read as its items."""
    if path.is_dir():
        raise DataSetError(f"{path} is a folder; the data set's file is wanted")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as failure:
        raise DataSetError(f"{path}: no UTF-8 text at byte {failure.start}") from failure
    if text.lstrip().startswith("["):
        items = list(enumerate(_parsed(text, str(path)), start=1))
        whole = "item"
    else:
        items = [(n, _parsed(line, f"{path}:{n}")) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
        whole = "line"
    for n, item in items:
        if not isinstance(item, dict):
            raise DataSetError(f"{path}:{n}: {whole} {n} is a JSON {type(item).__name__}, an object is wanted")
        yield f"{path}:{n}", item


def _parsed(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as failure:
        raise DataSetError(f"{place}: no JSON at column {failure.colno}: {failure.msg}") from failure


def field(item: dict[str, Any], name: str, kind: type, place: str) -> Any:
    """The value of ``name``, which must be of ``kind``.

    Raises
    ------
    DataSetError
        It is missing, or something else.
    """
    value = item.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        has = f"is {value!r:.40}" if name in item else f"is missing (there are {', '.join(map(str, item)) or 'none'})"
        raise DataSetError(f"{place}: the field {name!r} {has}; wanted: {kind.__name__}")
    return value
