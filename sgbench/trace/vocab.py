"""The text of token ids, kept beside the events so that a trace opens with no model.

A token of a byte-level tokenizer may end inside a UTF-8 character. The text of one token is therefore kept with
surrogate escapes for the bytes that are no character of their own; joining such texts and reading them as UTF-8 gives
the true text back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

TokenText: TypeAlias = Callable[[int], str]
"""Token id to its text; bytes that are no whole character stand as surrogate escapes."""


def from_bytes(raw: bytes) -> str:
    """The text of one token from its bytes (`tokenizer.token_bytes(id)`), lossless."""
    return raw.decode("utf-8", "surrogateescape")


def readable(text: str) -> str:
    """``text`` with the escapes joined to characters where they make some, U+FFFD where not."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class Vocab:
    """Texts of the token ids that occurred. Unknown ids read ``‹id›``.

    Parameters
    ----------
    texts
        What is known already.
    lookup
        Asked once for each id that is not known (a live engine's tokenizer); None: nobody to ask.
    """

    def __init__(self, texts: Mapping[int, str] | None = None, lookup: TokenText | None = None) -> None:
        self._texts = dict(texts or {})
        self._lookup = lookup
        self._shown = _Shown(self)

    def __call__(self, token_id: int) -> str:
        """The token's own text, with escapes (see the module's docstring)."""
        text = self._texts.get(token_id)
        if text is None:
            if self._lookup is None:
                return f"‹{token_id}›"
            text = self._texts[token_id] = self._lookup(token_id)
        return text

    def text(self, token_ids: Iterable[int]) -> str:
        """The readable text of a run of tokens."""
        text = "".join(map(self._shown.__getitem__, token_ids))
        return text if text.isascii() else readable(text)

    def of(self, token_ids: Iterable[int]) -> dict[int, str]:
        """The texts of ``token_ids``, for a file; ids that nobody can read are left out."""
        if self._lookup is not None:
            return {i: self(i) for i in sorted(set(token_ids))}
        return {i: self._texts[i] for i in sorted(set(token_ids)) if i in self._texts}


class _Shown(dict[int, str]):
    """What ids read, unknown ones too: a long run is then read without a call for each."""

    def __init__(self, vocab: Vocab) -> None:
        super().__init__()
        self._read = vocab.__call__

    def __missing__(self, token_id: int) -> str:
        text = self[token_id] = self._read(token_id)
        return text
