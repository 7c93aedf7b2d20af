"""From token ids to what the caller reads: text, stops, logprobs, SGLang's meta information.

Text is made of bytes: tokens may end inside a UTF-8 character, so an incremental decoder holds such bytes back. Knows tokenizers by
`TokenBytes` only, and nothing of scheduling.
"""

from __future__ import annotations

import codecs
import re
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sgbench.engine.request import ChunkResult, SamplingParams, TopLogprobs

_Decoder = codecs.getincrementaldecoder("utf-8")


class TokenBytes(Protocol):
    """What the engine asks of a tokenizer."""

    @property
    def eos_token_ids(self) -> tuple[int, ...]:
        """Every id that ends a text."""
        ...

    def encode(self, text: str) -> list[int]:
        """Token ids of a prompt."""
        ...

    def token_bytes(self, token_id: int, skip_special: bool = True) -> bytes:
        """The bytes a token stands for; empty for a special one that is skipped."""
        ...


class Transcript:
    """Everything one request has said so far.

    Parameters
    ----------
    params
        Stops and trimming.
    tokenizer
        None: ids only, the text stays empty and stop strings are impossible.
    eos_token_ids
        Ids that end the text unless ``ignore_eos``.
    may_end_stop
        Tokens for which this is false end no stop string, and are read later. None: look at the text after every token.
    """

    def __init__(
        self,
        params: SamplingParams,
        tokenizer: TokenBytes | None,
        eos_token_ids: tuple[int, ...],
        may_end_stop: Callable[[int], bool] | None = None,
    ) -> None:
        self._params = params
        self._tokenizer = tokenizer
        self.stop_ids = frozenset(
            params.stop_token_ids if params.ignore_eos else (*params.stop_token_ids, *eos_token_ids)
        )
        self._patterns = tuple(map(re.compile, params.stop_regex))
        self._looks = bool(params.stop or self._patterns)
        self._may_end_stop = None if self._patterns else may_end_stop
        self._decoder = _Decoder("replace")
        self._text = ""
        self._read = 0  # output tokens that are part of the text
        self._longest_stop = max(map(len, params.stop), default=0)
        self.output_ids: list[int] = []
        self.jumped: list[bool] = []
        self.finish_reason: dict[str, Any] | None = None
        self.input_logprobs: list[float] = []
        self.input_top: list[TopLogprobs] = []
        self.output_logprobs: list[float] = []
        self.output_top: list[TopLogprobs] = []
        self.queued_at = time.perf_counter()
        self.first_token_s: float | None = None
        self.finished_s: float | None = None

    @property
    def forbidden_ids(self) -> tuple[int, ...]:
        """Ids that may not be sampled now: below ``min_new_tokens`` nothing ends the text."""
        return tuple(sorted(self.stop_ids)) if len(self.output_ids) < self._params.min_new_tokens else ()

    def accept(self, result: ChunkResult, room: int, *, jumped: bool = False) -> None:
        """Take a sampled or forced token; may set `finish_reason`.

        Parameters
        ----------
        room
            Tokens that may still follow this one.
        jumped
            It was not sampled: a constraint forced it.
        """
        token_id = result.token_id
        assert token_id is not None
        if self.first_token_s is None:
            self.first_token_s = time.perf_counter() - self.queued_at
        self.output_ids.append(token_id)
        self.jumped.append(jumped)
        if result.logprob is not None:
            self.output_logprobs.append(result.logprob)
            self.output_top.append(result.top)
        if token_id in self.stop_ids:
            self.finish({"type": "stop", "matched": token_id})
        elif self._looks and (self._may_end_stop is None or self._may_end_stop(token_id)) and self._stop_in_text():
            pass
        elif room <= 0:
            self.finish({"type": "length", "length": len(self.output_ids)})

    def finish(self, reason: dict[str, Any]) -> None:
        """The end: complete the text and keep the reason."""
        by_id = reason["type"] == "stop" and isinstance(reason["matched"], int)
        self._read_tokens(len(self.output_ids) - (by_id and not self._params.no_stop_trim))
        if reason["type"] != "stop" or by_id:
            self._text += self._decoder.decode(b"", True)
        self.finish_reason = reason
        self.finished_s = time.perf_counter() - self.queued_at

    def rewind(self, n_tokens: int) -> None:
        """Only the first ``n_tokens`` output tokens stay; what follows will spell the same text in other tokens."""
        del self.output_ids[n_tokens:], self.jumped[n_tokens:]
        del self.output_logprobs[n_tokens:], self.output_top[n_tokens:]
        self._decoder.reset()
        self._text, self._read = "", 0
        self._read_tokens(n_tokens)

    # --- text -------------------------------------------------------------------------------------------------------

    def text(self) -> str:
        """Text so far; while running without anything that may yet be trimmed."""
        if self.finish_reason is not None:
            return self._text
        self._read_tokens(len(self.output_ids))
        if self._patterns and not self._params.no_stop_trim:
            return ""  # whether a pattern is about to match cannot be known: all of it may be trimmed
        return self._text[: len(self._text) - (0 if self._params.no_stop_trim else self._held_back())]

    def _read_tokens(self, until: int) -> None:
        """Add the bytes of the output tokens before ``until`` to the text."""
        if self._tokenizer is not None:
            skip = self._params.skip_special_tokens
            data = b"".join(
                self._tokenizer.token_bytes(i, skip_special=skip) for i in self.output_ids[self._read : until]
            )
            self._text += self._decoder.decode(data)
        self._read = until

    def spelled_bytes(self, token_ids: Sequence[int]) -> int:
        """How many bytes tokens add to the text; 0 without a tokenizer."""
        if self._tokenizer is None:
            return 0
        skip = self._params.skip_special_tokens
        return sum(len(self._tokenizer.token_bytes(i, skip_special=skip)) for i in token_ids)

    def jumped_spans(self) -> list[tuple[int, int]]:
        """Character ranges of the text that forced tokens spell; a character belongs to the token that ends it."""
        spans: list[tuple[int, int]] = []
        if self._tokenizer is None or not any(self.jumped):
            return spans
        decoder = _Decoder("replace")
        end = 0
        for token_id, jumped in zip(self.output_ids, self.jumped, strict=True):
            data = self._tokenizer.token_bytes(token_id, skip_special=self._params.skip_special_tokens)
            start, end = end, min(end + len(decoder.decode(data)), len(self._text))
            if jumped and end > start:
                joined = bool(spans) and spans[-1][1] == start
                spans[-1:] = [(spans[-1][0], end)] if joined else [*spans[-1:], (start, end)]
        return spans

    def _held_back(self) -> int:
        """Length of the longest end of the text that a stop string begins with."""
        for length in range(min(self._longest_stop - 1, len(self._text)), 0, -1):
            end = self._text[-length:]
            if any(stop.startswith(end) for stop in self._params.stop):
                return length
        return 0

    def _stop_in_text(self) -> bool:
        """Look for the first stop string or pattern that ends in new text; finish there."""
        before = len(self._text)
        self._read_tokens(len(self.output_ids))
        if len(self.output_ids) < self._params.min_new_tokens:
            return False
        found: list[tuple[int, int, str]] = []
        for stop in self._params.stop:
            at = self._text.find(stop, max(0, before - len(stop) + 1))
            if at >= 0:
                found.append((at, -(at + len(stop)), stop))
        for pattern in self._patterns:
            for hit in pattern.finditer(self._text):
                if hit.end() > max(before, hit.start()):
                    found.append((hit.start(), -hit.end(), pattern.pattern))
                    break
        if not found:
            return False
        start, end, matched = min(found)
        self.finish({"type": "stop", "matched": matched})
        self._text = self._text[: -end if self._params.no_stop_trim else start]
        return True

    # --- what the caller sees ---------------------------------------------------------------------------------------

    def token_text(self, token_id: int) -> str | None:
        """A token's own text, special ones too; None without a tokenizer."""
        if self._tokenizer is None:
            return None
        return self._tokenizer.token_bytes(token_id, skip_special=False).decode("utf-8", "replace")

    def entries(
        self, logprobs: Sequence[float | None], ids: Sequence[int], text: bool
    ) -> list[tuple[Any, int, str | None]]:
        """SGLang's ``(logprob, token_id, text or None)`` triples."""
        return [
            (value, int(i), self.token_text(int(i)) if text else None) for value, i in zip(logprobs, ids, strict=True)
        ]

    def top_entries(self, tops: Sequence[TopLogprobs], text: bool) -> list[list[tuple[float, int, str | None]]]:
        """The same for each position's most likely tokens."""
        return [[(value, i, self.token_text(i) if text else None) for value, i in top] for top in tops]
