"""The browser half of a widget as one module and one style sheet.

The modules under ``js/`` are plain ES modules, so that node tests them as they are. A widget gets them joined, imported
ones first, without their import and export words: no bundler, nothing fetched, nothing to build at the user's side.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "js"
_IMPORT = re.compile(r'^import [^;]*? from "\./([\w.]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|class|function)\b)", re.MULTILINE)


@cache
def module(name: str) -> str:
    """``js/NAME.js`` and all that it imports, as one ES module."""
    parts: dict[str, str] = {}
    _collect(f"{name}.js", parts)
    return "\n".join(parts.values())


@cache
def style(*names: str) -> str:
    """The style sheets ``js/NAME.css``, joined."""
    return "\n".join((_FOLDER / f"{name}.css").read_text(encoding="utf-8") for name in names)


def _collect(file: str, parts: dict[str, str]) -> None:
    source = (_FOLDER / file).read_text(encoding="utf-8")
    for imported in _IMPORT.findall(source):
        if imported not in parts:
            _collect(imported, parts)
    parts[file] = _EXPORT.sub("", _IMPORT.sub("", source))
