"""Text and tokens at the seam of forced text: what to append so that the tokens are those the model knows (paper, appendix B).

Knows a tokenizer by `Encoder` only. Forced text is encoded together with text before it, because a tokenizer looks across:
split at the wrong place, the same text has tokens that the model has hardly seen. Every encoding is checked by its bytes; where
a tokenizer changes text or joins tokens across the seam, the answer is None, and the caller samples instead of jumping.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

WINDOW_TOKENS = 10
"""Tokens before the forced text that are encoded with it."""


class Encoder(Protocol):
    """What is needed of a tokenizer."""

    def encode(self, text: str, /) -> list[int]: ...

    def token_bytes(self, token_id: int, /) -> bytes: ...


def whole_characters(data: bytes) -> int:
    """Length of the longest beginning of ``data`` that does not end inside a UTF-8 character."""
    for back in range(1, min(4, len(data)) + 1):
        lead = data[-back]
        if lead < 0x80:
            return len(data)
        if lead >= 0xC0:
            size = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            return len(data) if back >= size else len(data) - back
    return len(data)


def encode_after(before: Sequence[int], data: bytes, encoder: Encoder) -> list[int] | None:
    """Tokens of ``data`` as the tokenizer writes it after the tokens ``before``; None if no token begins where it begins.

    Of ``before`` the last `WINDOW_TOKENS` are looked at, from the first of them that begins a character.
    """
    window = list(before[-WINDOW_TOKENS:])
    while window:
        lead = b"".join(map(encoder.token_bytes, window))
        if _decodes(lead + data):
            return _tail(lead, data, encoder)
        window.pop(0)
    return _tail(b"", data, encoder) if _decodes(data) else None


def encode_alone(data: bytes, encoder: Encoder) -> list[int] | None:
    """Tokens of ``data`` by itself; None if it is no text, or the tokenizer changes it."""
    return _tail(b"", data, encoder) if _decodes(data) else None


def _decodes(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _tail(lead: bytes, data: bytes, encoder: Encoder) -> list[int] | None:
    """Tokens of ``lead + data`` that spell ``data``; a beginning-of-text token or a space put in front is not counted."""
    ids = encoder.encode((lead + data).decode())
    spelled = [encoder.token_bytes(i) for i in ids]
    whole = b"".join(spelled)
    extra = 0 if whole == lead + data else 1
    if extra and (whole != b" " + lead + data or not lead):
        return None
    at, goal = 0, len(lead) + extra
    for index, piece in enumerate(spelled):
        if at == goal and piece:
            return ids[index:]
        at += len(piece)
    return None
