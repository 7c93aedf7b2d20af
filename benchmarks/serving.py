"""Throughput and latency of the engine, beside the same engine without its cache and beside transformers.

Greedy, fixed lengths, arms alternated, median of repeats: what disturbs the machine disturbs all arms.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.models import Subject

Arm = Callable[[], None]


def alternate(arms: dict[str, Arm], repeats: int) -> dict[str, float]:
    """Median seconds of each arm, arms run in turn; the first round warms up and does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for round_ in range(repeats + 1):
        for name, arm in arms.items():
            began = time.perf_counter()
            arm()
            if round_:
                seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(values) for name, values in seconds.items()}


def few_shot(subject: Subject, repeats: int) -> dict[str, Any]:
    """Requests that share a long prefix: the radix cache against the same engine with the cache off, and with matches refused."""
    n, shared, own, new = (64, 1000, 64, 16) if subject.device == "cpu" else (256, 2000, 64, 16)
    rng = np.random.default_rng(0)
    head = rng.integers(16, subject.vocab_size, shared).tolist()
    prompts = [head + rng.integers(16, subject.vocab_size, own).tolist() for _ in range(n)]
    result: dict[str, Any] = {
        "requests": n,
        "shared_tokens": shared,
        "own_tokens": own,
        "new_tokens": new,
        "seconds": {},
    }
    modes = ("radix", "off", "force-miss")
    if subject.device == "cpu":
        engines = {mode: subject.engine(radix_cache=mode) for mode in modes}
        result["seconds"] = alternate({m: _generate(e, prompts, new) for m, e in engines.items()}, repeats)
        for engine in engines.values():
            engine.shutdown()
    else:
        for mode in modes:  # one pool at a time: each takes the whole GPU
            with subject.engine(radix_cache=mode) as engine:
                result["seconds"] |= alternate({mode: _generate(engine, prompts, new)}, repeats)
    result["speedup_over_off"] = result["seconds"]["off"] / result["seconds"]["radix"]
    result["output_tokens_per_s"] = n * new / result["seconds"]["radix"]
    return result


def _generate(engine: Any, prompts: list[list[int]], new: int) -> Arm:
    params = {"temperature": 0, "max_new_tokens": new, "ignore_eos": True}

    def arm() -> None:
        engine.flush_cache()
        engine.generate(input_ids=prompts, sampling_params=params)

    return arm


def mixed(subject: Subject, repeats: int) -> dict[str, Any]:
    """Unshared prompts of mixed length against transformers' batched generate, as they come and sorted by length."""
    n, new = 64, 32
    rng = np.random.default_rng(1)
    lengths = rng.permutation(np.geomspace(16, 1024, n).astype(int))
    prompts = [rng.integers(16, subject.vocab_size, size).tolist() for size in lengths]
    ordered = sorted(prompts, key=len)
    with subject.engine(**({} if subject.device == "cpu" else {"kv_tokens": 100_000})) as engine:
        arms = {"engine": _generate(engine, prompts, new)}
        for size in (16, 64):
            arms[f"transformers, batches of {size}"] = _peer_arm(subject, prompts, new, size)
            if size < n:
                arms[f"transformers, batches of {size}, sorted"] = _peer_arm(subject, ordered, new, size)
        seconds = alternate(arms, repeats)
    subject.drop_peer()
    return {
        "requests": n,
        "prompt_tokens": int(lengths.sum()),
        "new_tokens": new,
        "seconds": seconds,
        "speedup": {name: s / seconds["engine"] for name, s in seconds.items() if name != "engine"},
    }


def _peer_arm(subject: Subject, prompts: list[list[int]], new: int, size: int) -> Arm:
    batches = [prompts[i : i + size] for i in range(0, len(prompts), size)]
    return lambda: [_peer(subject, batch, new) for batch in batches] and None


def _peer(subject: Subject, prompts: list[list[int]], new: int) -> None:
    import torch

    longest = max(map(len, prompts))
    ids = torch.tensor([[0] * (longest - len(p)) + p for p in prompts], device=subject.device)
    mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts], device=subject.device)
    subject.peer().generate(
        ids, attention_mask=mask, max_new_tokens=new, min_new_tokens=new, do_sample=False, pad_token_id=0
    )
    if subject.device == "cuda":
        torch.cuda.synchronize()


def decode(subject: Subject, repeats: int) -> dict[str, Any]:
    """Milliseconds a token of one request on its own, and the time to its first token."""
    new = 100
    prompt = np.random.default_rng(2).integers(16, subject.vocab_size, 200).tolist()
    with subject.engine(**({} if subject.device == "cpu" else {"kv_tokens": 100_000})) as engine:
        arms: dict[str, Arm] = {}
        for tokens in (1, new + 1):
            arms[f"engine {tokens}"] = _generate(engine, [prompt], tokens)
            arms[f"transformers {tokens}"] = _peer_arm(subject, [prompt], tokens, 1)
        seconds = alternate(arms, repeats)
    subject.drop_peer()
    each = {who: (seconds[f"{who} {new + 1}"] - seconds[f"{who} 1"]) / new * 1e3 for who in ("engine", "transformers")}
    return {
        "ms_per_token": each,
        "first_token_ms": {who: seconds[f"{who} 1"] * 1e3 for who in each},
        "prompt_tokens": 200,
    }
