"""The documented table of what backends can do is what they say of themselves."""

from __future__ import annotations

from pathlib import Path

from sgbench.backends.table import capability_table

DOCUMENT = Path(__file__).parent.parent.parent / "docs/backends.md"


def test_the_document_has_the_table() -> None:
    assert capability_table() in DOCUMENT.read_text(encoding="utf-8"), (
        "write sgbench.backends.table.capability_table() into it"
    )
