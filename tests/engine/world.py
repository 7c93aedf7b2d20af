"""What the engine's tests share: a scripted engine stepped by hand, an independent fold, what outputs must be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import EngineCore
from sgbench.engine.runner.scripted import ScriptedRunner
from sgbench.trace import events
from sgbench.trace.events import Event

VOCAB = 50


def follow(tokens: tuple[int, ...]) -> int:
    """The next token: depends on every token and its place, so a wrong slot anywhere shows."""
    value = 17
    for token in tokens:
        value = (value * 31 + token + 7) % 1_000_003
    return value % VOCAB


def continuation(prompt: Sequence[int], n: int) -> list[int]:
    """The first ``n`` tokens after ``prompt``."""
    tokens = list(prompt)
    for _ in range(n):
        tokens.append(follow(tuple(tokens)))
    return tokens[len(prompt) :]


class Letters:
    """A tokenizer of single bytes: id i is byte i; 0 ends a text; 256 and above are longer pieces."""

    eos_token_ids = (0,)

    def __init__(self, pieces: Sequence[bytes] = ()) -> None:
        self.pieces = list(pieces)
        self.vocab_size = 256 + len(self.pieces)

    def encode(self, text: str) -> list[int]:
        return list(text.encode())

    def decode(self, ids: Sequence[int]) -> str:
        return b"".join(map(self.token_bytes, ids)).decode("utf-8", "replace")

    def token_bytes(self, token_id: int, skip_special: bool = True) -> bytes:
        if token_id == 0:
            return b"" if skip_special else b"<end>"
        return bytes([token_id]) if token_id < 256 else self.pieces[token_id - 256]


def scripted(
    kv_tokens: int = 64,
    *,
    context: int = 1000,
    next_token: Callable[[tuple[int, ...]], int] | dict[tuple[int, ...], tuple[int, ...]] = follow,
    vocab: int = VOCAB,
    tokenizer: Any = None,
    start: bool = False,
    end_id: int = 0,
    **options: Any,
) -> EngineCore:
    """An engine over a scripted runner, by default without a thread."""
    config = EngineConfig.from_options("scripted", options)
    runner = ScriptedRunner(kv_tokens, vocab, context, next_token, end_id=end_id)
    return EngineCore(config, runner, tokenizer, start=start)


def speaking(reply: str, *, kv_tokens: int = 500, pieces: Sequence[bytes] = (), **options: Any) -> EngineCore:
    """An engine that answers every prompt ending in ``:`` with ``reply`` and then the end, one byte a token."""
    data = list(reply.encode())

    def next_token(tokens: tuple[int, ...]) -> int:
        said = len(tokens) - 1 - max(i for i, token in enumerate(tokens) if token == ord(":"))
        return data[said] if said < len(data) else 0

    return scripted(kv_tokens, next_token=next_token, vocab=256 + len(pieces), tokenizer=Letters(pieces), **options)


class Fold:
    """The radix tree rebuilt from events alone, as slowly and plainly as possible; also counts how requests ended."""

    def __init__(self) -> None:
        self.nodes: dict[int, dict[str, Any]] = {}
        self.ended = Counter[int]()
        self.queued: list[int] = []
        self.seqs: list[int] = []

    def path(self, node: int) -> list[dict[str, Any]]:
        found = []
        while node != 0:
            found.append(self.nodes[node])
            node = self.nodes[node]["parent"]
        return found

    def __call__(self, event: Event) -> None:
        self.seqs.append(event.seq)
        match event:
            case events.Keyframe():
                self.nodes = {node["id"]: dict(node) for node in event.tree["nodes"]}
            case events.CacheReset():
                self.nodes = {0: self.nodes[0]}
            case events.NodeInserted():
                assert event.node not in self.nodes and event.parent in self.nodes
                self.nodes[event.node] = {
                    "id": event.node,
                    "parent": event.parent,
                    "token_ids": list(event.token_ids),
                    "ref_count": 0,
                    "last_access": event.tick,
                }
            case events.NodeExtended():
                grown = self.nodes[event.node]
                assert all(node["parent"] != event.node for node in self.nodes.values()), "a node with children grew"
                assert grown["ref_count"] <= 1, "a node that others use grew"
                grown["token_ids"] = grown["token_ids"] + list(event.token_ids)
            case events.NodeSplit():
                lower = self.nodes[event.node]
                assert 0 < event.length_tokens < len(lower["token_ids"])
                upper = {**lower, "id": event.upper, "token_ids": lower["token_ids"][: event.length_tokens]}
                lower["token_ids"] = lower["token_ids"][event.length_tokens :]
                lower["parent"] = event.upper
                self.nodes[event.upper] = upper
            case events.PathAccessed():
                for node in self.path(event.node):
                    node["last_access"] = event.tick
            case events.PathLocked():
                for node in self.path(event.node):
                    node["ref_count"] += 1
            case events.PathUnlocked():
                for node in self.path(event.node):
                    node["ref_count"] -= 1
                    assert node["ref_count"] >= 0
            case events.NodeEvicted():
                assert all(node["parent"] != event.node for node in self.nodes.values()), (
                    "a node with children was evicted"
                )
                gone = self.nodes.pop(event.node)
                assert gone["ref_count"] == 0, "a node in use was evicted"
            case events.RequestQueued():
                self.queued.append(event.rid)
            case events.RequestFinished() | events.RequestAborted():
                self.ended[event.rid] += 1

    def snapshot(self) -> dict[str, Any]:
        return {"nodes": [node for _, node in sorted(self.nodes.items())]}
