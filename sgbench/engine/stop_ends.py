"""Which tokens can end a stop string, so that only those have their text looked at. Knows tokenizers by `TokenBytes` only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Spelling(Protocol):
    """What is asked of a tokenizer."""

    def token_bytes(self, token_id: int, skip_special: bool = True) -> bytes:
        """The bytes a token stands for; empty for a special one that is skipped."""
        ...


class StopEnds:
    """Asked with a token id: may one of ``stops`` end within this token?

    A string ends where the last byte of its UTF-8 comes, so a token without any of these bytes ends none. Never says no
    wrongly; a yes only means that the text is worth a look. Shared by requests: it remembers every token it was asked about.

    Parameters
    ----------
    stops
        The stop strings.
    tokenizer
        Spells tokens.
    skip_special
        Special tokens add no text.
    """

    def __init__(self, stops: Sequence[str], tokenizer: Spelling, skip_special: bool) -> None:
        self._tokenizer, self._skip_special = tokenizer, skip_special
        # U+FFFD is what bytes that are no UTF-8 are read as: any byte can bring one.
        self._any = any(stop[-1:] in ("", "\ufffd") for stop in stops)
        self._last = bytes({stop.encode("utf-8", "surrogatepass")[-1] for stop in stops if stop})
        self._known: dict[int, bool] = {}

    def __call__(self, token_id: int) -> bool:
        found = self._known.get(token_id)
        if found is None:
            data = self._tokenizer.token_bytes(token_id, skip_special=self._skip_special)
            found = self._known[token_id] = self._any or any(byte in data for byte in self._last)
        return found
