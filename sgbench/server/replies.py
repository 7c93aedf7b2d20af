"""OpenAI's replies made of the engine's outputs. Pure; knows both shapes."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sgbench.engine.request import RequestOutput


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every reply to one request carries.

    Attributes
    ----------
    kind
        ``object`` of the reply.
    model
        The served name.
    id, created
        Of the request.
    """

    kind: str
    model: str
    id: str = field(default_factory=lambda: uuid4().hex)
    created: int = field(default_factory=lambda: int(time.time()))

    def around(self, choices: list[dict[str, Any]], usage: dict[str, Any] | None = None) -> dict[str, Any]:
        """The reply with ``choices``; ``usage`` only where given."""
        reply = {"id": self.id, "object": self.kind, "created": self.created, "model": self.model, "choices": choices}
        return reply if usage is None else reply | {"usage": usage}


def usage(outputs: Sequence[RequestOutput], samples: int) -> dict[str, Any]:
    """Tokens that ``outputs`` cost; a prompt of several ``samples`` counts once."""
    firsts = [output.meta_info for output in outputs[::samples]]
    prompt = sum(meta["prompt_tokens"] for meta in firsts)
    completion = sum(output.meta_info["completion_tokens"] for output in outputs)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": sum(meta["cached_tokens"] for meta in firsts)},
    }


def finish_reason(output: RequestOutput) -> str | None:
    """``stop``, ``length``, or None while it runs."""
    return None if output.finish_reason is None else str(output.finish_reason["type"])


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens with their logprobs, as the engine gives them: ``(logprob, id, text)`` each, and the likeliest ones."""

    entries: Sequence[Sequence[Any]]
    top: Sequence[Sequence[Sequence[Any]] | None]

    @classmethod
    def of(cls, output: RequestOutput, start: int = 0, prompt: bool = False) -> Tokens:
        """Those of the output from the ``start``-th on; of the prompt before them too, where ``prompt``."""
        meta = output.meta_info
        entries = list(meta["output_token_logprobs"][start:])
        top = list(meta.get("output_top_logprobs", [])[start:])
        if prompt:
            entries = [*meta["input_token_logprobs"], *entries]
            top = [*meta.get("input_top_logprobs", []), *top]
        return cls(entries, top)

    def as_completion(self, offset: int) -> dict[str, Any]:
        """The ``logprobs`` of a completion; ``offset``: characters of text before them."""
        texts = [entry[2] for entry in self.entries]
        ends = itertools.accumulate((len(text) for text in texts), initial=offset)
        return {
            "tokens": texts,
            "token_logprobs": [entry[0] for entry in self.entries],
            "top_logprobs": [_likeliest(row) for row in self.top] or None,
            "text_offset": list(ends)[:-1],
        }

    def as_chat(self) -> dict[str, Any]:
        """The ``logprobs`` of a chat."""
        tops: Iterable[Any] = self.top or [()] * len(self.entries)
        content = [
            _token(entry) | {"top_logprobs": [_token(other) for other in row or ()]}
            for entry, row in zip(self.entries, tops, strict=True)
        ]
        return {"content": content, "refusal": None}


def _likeliest(row: Sequence[Sequence[Any]] | None) -> dict[str, float] | None:
    """By text; of two tokens that look the same, the likelier."""
    if row is None:
        return None
    found: dict[str, float] = {}
    for logprob, _, text in row:
        found.setdefault(text, logprob)
    return found


def _token(entry: Sequence[Any]) -> dict[str, Any]:
    return {"token": entry[2], "logprob": entry[0], "bytes": list(entry[2].encode())}
