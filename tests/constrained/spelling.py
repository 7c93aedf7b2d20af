"""A small tokenizer for tests: longest match from the left over a list of byte strings."""

from __future__ import annotations

from collections.abc import Iterable

from sgbench.engine.constrained.vocabulary import Vocabulary

EOS = 0
WORDS = [
    "{\"", "\":", " \"", "\": \"", "\", \"", "name", "summary", "sum", "mary", "grade", "or", "der", "order", "Id", "Name",
    "orderId", "the", " the", "an", "and", " and", "12", "123", "00", "中", "中国", "é", "Above", " Average", "Ab", "true",
    "false", ": ", ", ", "\"}", "\n  ", "aa", "aaa", "ab", "abc", "bc", "x1", "-", "2024", "Gry", "ffindor", "Gryffindor",
]  # fmt: skip


class LongestMatch:
    """Token 0 is EOS; tokens 1 to 256 are the bytes (those asked for); words follow."""

    def __init__(self, words: Iterable[str] = WORDS, single_bytes: Iterable[int] = range(256)) -> None:
        self.tokens = [b"", *(bytes([b]) for b in single_bytes), *(w.encode() for w in words if len(w.encode()) > 1)]
        self.ids = {token: i for i, token in enumerate(self.tokens) if token}
        self.longest = max(map(len, self.tokens))
        self.eos_token_ids = (EOS,)

    @property
    def vocab_size(self) -> int:
        return len(self.tokens)

    def token_bytes(self, token_id: int, /, skip_special: bool = True) -> bytes:
        return self.tokens[token_id] if token_id or skip_special else b"<eos>"

    def encode(self, text: str, /) -> list[int]:
        data, at, out = text.encode(), 0, []
        while at < len(data):
            for size in range(min(self.longest, len(data) - at), 0, -1):
                if data[at : at + size] in self.ids:
                    out.append(self.ids[data[at : at + size]])
                    at += size
                    break
            else:
                raise ValueError(f"no token begins {data[at:]!r}")
        return out

    def decode(self, ids: Iterable[int]) -> bytes:
        return b"".join(self.tokens[i] for i in ids)

    def vocabulary(self) -> Vocabulary:
        return Vocabulary.of(self)
