"""A slow, plain radix cache that emits events: what the views are tested with, independent of the engine's own."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sgbench.trace import Recording, Trace, TraceHeader
from sgbench.trace.events import (
    CacheReset,
    Event,
    Keyframe,
    NodeEvicted,
    NodeInserted,
    NodeSplit,
    PathAccessed,
    PathLocked,
    PathUnlocked,
    RequestAdmitted,
    RequestFinished,
    RequestQueued,
    StepFinished,
    StepPlanned,
)
from sgbench.trace.journal import Journal


def word(token_id: int) -> str:
    """Text of a token of the twin: letters with a space before each word."""
    return f" {'aeiou'[token_id % 5]}{'bcdfgklmnprst'[token_id % 13]}{token_id}"


class RadixTwin:
    """Rows of ``[parent, tokens, ref_count, last_access]`` by id. One request at a time unless `begin`/`end` are used."""

    def __init__(self, capacity: int = 1 << 20, token_text: Callable[[int], str] = word) -> None:
        self.journal = Journal()
        self.capacity = capacity
        self.token_text = token_text
        self.rows: dict[int, list[Any]] = {0: [None, (), 0, 0]}
        self.next_id = 1
        self.tick = 0
        self.next_rid = 0

    # --- what a widget and a recording need of an engine

    def snapshot(self) -> dict[str, Any]:
        names = ("parent", "token_ids", "ref_count", "last_access")
        rows = [{"id": i, **dict(zip(names, row, strict=True))} for i, row in sorted(self.rows.items())]
        return {"nodes": [{**row, "token_ids": list(row["token_ids"])} for row in rows]}

    def keyframe(self) -> Keyframe:
        return Keyframe(tree=self.snapshot(), capacity_tokens=self.capacity)

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        unsubscribe = self.journal.subscribe(callback)
        self.journal.emit(self.keyframe())
        return unsubscribe

    @contextmanager
    def record(self, **options: Any) -> Iterator[Trace]:
        with Recording(
            self.journal, TraceHeader(seed=7, model={"name": "twin"}), self.token_text, **options
        ) as recording:
            recording.start(self.keyframe())
            yield recording.trace

    # --- a request

    def request(self, prompt: tuple[int, ...], output: tuple[int, ...] = ()) -> None:
        rid, node = self.begin(prompt, len(output))
        self.end(rid, node, prompt, output)

    def begin(self, prompt: tuple[int, ...], new: int = 8) -> tuple[int, int]:
        rid, self.next_rid = self.next_rid, self.next_rid + 1
        self.journal.emit(RequestQueued(rid=rid, prompt_ids=prompt, max_new_tokens=new))
        self.journal.step += 1
        node, cached = self.match(prompt)
        self.access(node, rid)
        self.journal.emit(RequestAdmitted(rid=rid, node=node, prompt_tokens=len(prompt), cached_tokens=cached))
        self.lock(node, rid, 1)
        self.journal.emit(StepPlanned(prefill=((rid, len(prompt) - cached),), decode=(), waiting=0))
        leaf = self.extend(node, prompt, cached, rid)
        self.lock(leaf, rid, 1)
        self.lock(node, rid, -1)
        self.step_done((rid,), (1,), sum(len(r[1]) for r in self.rows.values()))
        return rid, leaf

    def end(self, rid: int, leaf: int, prompt: tuple[int, ...], output: tuple[int, ...]) -> None:
        self.journal.step += 1
        whole = prompt + output
        node, cached = self.match(whole)
        self.extend(node, whole, cached, rid)
        self.lock(leaf, rid, -1)
        done = RequestFinished(rid=rid, reason="stop", output_ids=output, prompt_tokens=len(prompt), cached_tokens=0)
        self.journal.emit(done)
        self.step_done((rid,), (-1,), 0)

    def flush(self) -> None:
        self.rows = {0: self.rows[0]}
        self.journal.emit(CacheReset(reason="flush_cache"))

    # --- the tree

    def match(self, tokens: tuple[int, ...]) -> tuple[int, int]:
        """The node where the longest prefix ends (split there if it must be), and the prefix's length."""
        node, done = 0, 0
        while True:
            child = (
                next((i for i, r in self.rows.items() if r[0] == node and r[1][0] == tokens[done : done + 1][0]), None)
                if done < len(tokens)
                else None
            )
            if child is None:
                return node, done
            edge = self.rows[child][1]
            same = next(
                (k for k, (a, b) in enumerate(zip(edge, tokens[done:], strict=False)) if a != b),
                min(len(edge), len(tokens) - done),
            )
            if same < len(edge):
                return self.split(child, same), done + same
            node, done = child, done + same

    def split(self, node: int, cut: int) -> int:
        upper, self.next_id = self.next_id, self.next_id + 1
        parent, edge, count, last = self.rows[node]
        self.rows[upper] = [parent, edge[:cut], count, last]
        self.rows[node][:2] = [upper, edge[cut:]]
        self.journal.emit(NodeSplit(node=node, upper=upper, length_tokens=cut))
        return upper

    def extend(self, node: int, tokens: tuple[int, ...], cached: int, rid: int) -> int:
        tail = tokens[cached:]
        if not tail:
            return node
        self.lock(node, rid, 1)
        self.make_room(len(tail), rid)
        self.lock(node, rid, -1)
        self.tick += 1
        leaf, self.next_id = self.next_id, self.next_id + 1
        self.rows[leaf] = [node, tail, 0, self.tick]
        self.journal.emit(NodeInserted(node=leaf, parent=node, token_ids=tail, rid=rid, tick=self.tick))
        return leaf

    def make_room(self, tokens: int, rid: int) -> None:
        while sum(len(r[1]) for r in self.rows.values()) + tokens > self.capacity:
            parents = {r[0] for r in self.rows.values()}
            leaves = [(r[3], i) for i, r in self.rows.items() if i and i not in parents and r[2] == 0]
            if not leaves:
                return
            _, oldest = min(leaves)
            edge = self.rows.pop(oldest)[1]
            self.journal.emit(NodeEvicted(node=oldest, length_tokens=len(edge), for_rid=rid))

    def access(self, node: int, rid: int) -> None:
        self.tick += 1
        for i in self.path(node):
            self.rows[i][3] = self.tick
        self.journal.emit(PathAccessed(node=node, rid=rid, tick=self.tick))

    def lock(self, node: int, rid: int, change: int) -> None:
        for i in self.path(node):
            self.rows[i][2] += change
        self.journal.emit((PathLocked if change > 0 else PathUnlocked)(node=node, rid=rid))

    def path(self, node: int) -> list[int]:
        ids = []
        while node:
            ids.append(node)
            node = self.rows[node][0]
        return ids

    def step_done(self, rids: tuple[int, ...], token_ids: tuple[int, ...], used: int) -> None:
        cached = sum(len(r[1]) for i, r in self.rows.items() if r[2] == 0)
        used = sum(len(r[1]) for i, r in self.rows.items() if r[2] > 0)
        free = self.capacity - cached - used
        self.journal.emit(
            StepFinished(
                rids=rids, token_ids=token_ids, forward_ms=1.0, free_tokens=free, cached_tokens=cached, used_tokens=used
            )
        )


def chats(requests: int, seed: int = 0) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Prompts and outputs of some chats with one of three system prompts, and few-shot questions."""
    random_ = random.Random(seed)
    systems = [tuple(random_.randrange(1000) for _ in range(n)) for n in (24, 60, 120)]
    histories: list[tuple[int, ...]] = []
    for _ in range(requests):
        goes_on = histories and random_.random() < 0.45
        history = random_.choice(histories[-12:]) if goes_on else random_.choice(systems)
        prompt = history + tuple(random_.randrange(1000) for _ in range(random_.randrange(3, 40)))
        output = tuple(random_.randrange(1000) for _ in range(random_.randrange(2, 30)))
        histories.append(prompt + output)
        yield prompt, output
