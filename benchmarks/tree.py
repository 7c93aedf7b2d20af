"""What the radix tree costs at scale, measured: ``python -m benchmarks.tree`` (no model, no torch).

A tree of 1,000,000 tokens in about 20,000 nodes: how long a match of a 2,000-token prompt takes, and whether an eviction's time depends
on what it evicts or on the tree.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

import numpy as np

from sgbench.engine.radix_attention import RadixCache
from sgbench.trace.journal import Journal

EDGE_TOKENS = 50
DEPTH = 40
VOCAB = 32_000


def build(tokens: int, seed: int = 0) -> tuple[RadixCache, list[np.ndarray]]:
    """A random tree of about ``tokens`` tokens in edges of `EDGE_TOKENS`, and prompts of 2,000 tokens that are in it."""
    source = np.random.default_rng(seed)
    tree = RadixCache(Journal())
    stored: list[np.ndarray] = []
    rid = 0
    while tree.cached_tokens < tokens:
        if stored:
            stem = stored[source.integers(len(stored))]
            kept = EDGE_TOKENS * int(source.integers(0, DEPTH))
            stem = stem[:kept]
        else:
            stem = np.empty(0, dtype=np.int32)
        tail = source.integers(0, VOCAB, DEPTH * EDGE_TOKENS - len(stem)).astype(np.int32)
        sequence = np.concatenate([stem, tail])
        held, cached = tree.root, 0
        for end in range(
            EDGE_TOKENS, len(sequence) + 1, EDGE_TOKENS
        ):  # a request for each edge, so that each is a node
            rid += 1
            match = tree.match(sequence[:end], end)
            attached = tree.attach(rid, match)
            held, cached = attached.node, match.length
            tree.insert(rid, sequence[:end], np.zeros(end, dtype=np.int32), held, cached, final=True)
        stored.append(sequence)
    return tree, stored


def microseconds(function: Callable[[], object], repeats: int) -> float:
    """Median time of one call."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


def figures(tokens: int) -> dict[str, float]:
    """Figures for a tree of ``tokens`` tokens."""
    tree, stored = build(tokens)
    source = np.random.default_rng(1)
    prompts = [stored[i] for i in source.integers(0, len(stored), 200)]
    turn = iter(prompts * 3)
    match_us = microseconds(lambda: tree.match(p := next(turn), len(p)), 200)
    attach_us = microseconds(lambda: tree.release(1, tree.attach(1, tree.match(p := next(turn), len(p) - 1)).node), 200)
    nodes, cached = len(tree.nodes), tree.cached_tokens
    return {
        "tokens": cached,
        "nodes": nodes,
        "match_2000_us": round(match_us, 1),
        "match_attach_release_us": round(attach_us, 1),
        "evict_500_tokens_us": round(microseconds(lambda: tree.evict(500, -1), 50), 1),
        "evict_5000_tokens_us": round(microseconds(lambda: tree.evict(5000, -1), 20), 1),
    }


def measure() -> dict[str, dict[str, float]]:
    """Figures for a small and for a large tree."""
    return {"100k_tokens": figures(100_000), "1m_tokens": figures(1_000_000)}


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
