"""Engines for the language's tests: scripted ones over single bytes, and the bundled model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sgbench.backends.local import LocalBackend
from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import EngineCore
from sgbench.engine.runner.scripted import ScriptedRunner
from sgbench.lang.chat_template import get_chat_template

VOCAB = 256


def follow(tokens: tuple[int, ...]) -> int:
    """The next byte, a letter: depends on every token and its place, so a wrong KV slot anywhere shows."""
    value = 17
    for token in tokens:
        value = (value * 31 + token + 7) % 1_000_003
    return 97 + value % 26


def completion(prompt: str, n: int) -> str:
    """The first ``n`` bytes that the scripted engine adds to ``prompt``."""
    tokens = list(prompt.encode())
    for _ in range(n):
        tokens.append(follow(tuple(tokens)))
    return bytes(tokens[-n:]).decode() if n else ""


class _Read:
    def __init__(self, text: str) -> None:
        self.ids = list(text.encode())

    def chars(self, n_tokens: int) -> int:
        return len(bytes(self.ids[:n_tokens]).decode("utf-8", "ignore"))


class Letters:
    """A tokenizer of single bytes; 0 ends a text."""

    eos_token_ids = (0,)
    vocab_size = VOCAB
    chat_template = None

    def encode(self, text: str) -> list[int]:
        return list(text.encode())

    def read(self, text: str) -> _Read:
        return _Read(text)

    def decode(self, ids: Sequence[int]) -> str:
        return bytes(ids).decode("utf-8", "replace")

    def token_bytes(self, token_id: int, skip_special: bool = True) -> bytes:
        return bytes([token_id])


def backend(kv_tokens: int = 500, **options: Any) -> LocalBackend:
    """Programs on a scripted engine with a thread of its own."""
    config = EngineConfig.from_options("scripted", {"max_running": 4, **options})
    core = EngineCore(config, ScriptedRunner(kv_tokens, VOCAB, 400, follow), Letters())
    return LocalBackend(core, get_chat_template("default"))
