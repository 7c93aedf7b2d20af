"""Constrained decoding: compile, mask, jump; alone, beside other libraries where these are installed, and end to end.

The vocabulary has 131,072 tokens where the extra ``bench`` is installed, else it is the bundled model's. Peers are measured in the same
process, one after the other, each pattern best of a few (`benchmarks.constraint_peers`). Microseconds and milliseconds are processor time,
so that a busy machine does not change them much; end to end is wall time, except for what masks add to a step.

python -m benchmarks.constrained [--out FILE] [--without PEER]: the table of patterns beside other libraries, in under three minutes.
"""

from __future__ import annotations

import argparse
import functools
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.constraint_peers import PASSES, best_ms
from benchmarks.constraint_peers import measure as measure_peer
from benchmarks.constraint_peers import peers as installed_peers
from benchmarks.constraint_suite import CHARACTER, SUITE, large_tokenizer, large_vocabulary
from benchmarks.constraint_targets import targets
from benchmarks.machine import describe
from sgbench.backends.local import Engine
from sgbench.engine.constrained.compiler import regex_machine
from sgbench.engine.constrained.constraint import Constraint
from sgbench.engine.constrained.token_mask import TokenMasks
from sgbench.engine.constrained.vocabulary import Vocabulary
from sgbench.engine.hub import bundled_folder
from sgbench.engine.tokenizer import Tokenizer
from sgbench.errors import ConstraintError

EXPONENTIAL = (
    "x(a|b)*a(a|b){24}y",
    r'"[^"]{1,9000}"',
    "(a{100}){1000}x",
    "(a?){4000}",
    r"(\w+ ?){2000}",
    "(a|aa){1,3000}",
)


def main() -> None:
    """Measure, print as it goes, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--without", action="append", default=[], metavar="PEER")
    args = parser.parse_args()
    result = {"machine": describe("cpu")} | measure(1, tuple(args.without), lambda line: print(line, flush=True))
    if args.out:
        args.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def measure(
    repeats: int, without: tuple[str, ...] = (), tell: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Every pattern of the suite here and in other libraries, and which targets are met."""
    vocabulary = large_vocabulary()
    tokenizer: Any = large_tokenizer()
    if vocabulary is None:
        tokenizer = Tokenizer(bundled_folder())
        vocabulary = Vocabulary.of(tokenizer)
    began = time.process_time()
    levels = vocabulary.levels
    result: dict[str, Any] = {
        "vocabulary_tokens": len(vocabulary),
        "trie_nodes": sum(len(level.byte) for level in levels),
        "trie_ms": (time.process_time() - began) * 1e3,
        "patterns": {},
    }
    found, result["peers"] = installed_peers(vocabulary, tokenizer)
    found = {name: peer for name, peer in found.items() if name not in without}
    tell(json.dumps(result["peers"]))
    tell(_HEAD)
    for name, (pattern, text) in SUITE.items():
        row = _ours(pattern, text, vocabulary, tokenizer, repeats)
        row |= _forced(pattern, text, tokenizer, vocabulary)
        for peer, library in found.items():
            row[peer] = measure_peer(library, pattern, text, tokenizer, 2)
        result["patterns"][name] = row
        tell("\n".join(_lines(name, row, list(found))))
    result["stopped_ms"] = {pattern: best_ms(functools.partial(_stopped, pattern), 1) for pattern in EXPONENTIAL}
    result["targets"] = targets(result["patterns"], result["stopped_ms"])
    for name, line in result["targets"].items():
        tell(
            f"{'holds' if line['holds'] else 'MISSED':7}{name}: {line['measured']:.4g}, {line.get('at_most', line.get('at_least'))}"
        )
    return result


_HEAD = "| pattern | engine | compile ms | cold mask us, mean / most | kept us | MB | sampled tokens |\n|---|---|---|---|---|---|---|"


def _lines(name: str, row: dict[str, Any], found: list[str]) -> list[str]:
    """Rows of the table: ours, then each library's; what one refuses or fails at stands where its figures would."""
    sampled = " / ".join(str(row[f"sampled_{mode}"]) for mode in ("off", "safe", "text"))
    lines = [
        f"| {name} | sgbench | {row['compile_ms']:.2f} + {row['class_trie_ms']:.1f} | "
        f"{row['mask_us_mean']:.0f} / {row['mask_us_max']:.0f} | {row['cached_mask_us']:.1f} | {row['memory_mb']:.1f} | {sampled} |"
    ]
    for peer in found:
        theirs = row[peer]
        compiled = f"{theirs['compile_ms']:.2f}" if "compile_ms" in theirs else "-"
        if "mask_us_mean" in theirs:
            cold, kept, memory = (
                f"{theirs['mask_us_mean']:.0f} / {theirs['mask_us_max']:.0f}",
                f"{theirs['second_mask_us_mean']:.1f}",
                f"{theirs['memory_mb']:.1f}",
            )
        else:
            cold, kept, memory = "-", "-", "-"
        last = theirs.get("sampled", "")
        lines.append(f"| {name} | {peer} | {compiled} | {cold} | {kept} | {memory} | {theirs.get('failed', last)} |")
    return lines


def _stopped(pattern: str) -> None:
    try:
        regex_machine(pattern)
    except ConstraintError:
        return
    raise AssertionError(f"{pattern!r} was to be too large")


def _ours(pattern: str, text: str, vocabulary: Vocabulary, tokenizer: Any, repeats: int) -> dict[str, Any]:
    machine = regex_machine(pattern)
    assert machine.accepts(text), pattern
    tried = [TokenMasks(machine, vocabulary) for _ in range(PASSES)]
    trie_ms = min(best_ms(functools.partial(getattr, masks, "trie"), 1) for masks in tried)
    masks, states = tried[0], [machine.start]
    for token in tokenizer.encode(text):
        states.append(machine.step(states[-1], tokenizer.token_bytes(token)))
    visited = dict.fromkeys(states[:-1])
    cold = [min(best_ms(functools.partial(one.token_set, state), 1) * 1e3 for one in tried) for state in visited]
    return {
        "states": machine.n_states,
        "compressed_nodes": len(machine.compressed["nodes"]),
        "compile_ms": best_ms(lambda: regex_machine(pattern), max(3, repeats)),
        "class_trie_ms": trie_ms,
        "mask_us_mean": statistics.mean(cold),
        "mask_us_max": max(cold),
        "cached_mask_us": _cached_us(masks, states[:-1]),
        "memory_mb": (masks.nbytes - masks.cached_bytes + machine.dfa.table.nbytes + machine.rows.nbytes) / 1e6,
        "cached_mask_kb": masks.cached_bytes / len(visited) / 1e3,
    }


def _cached_us(masks: TokenMasks, states: list[int]) -> float:
    """One look-up, as the sampler gets it; so many at once that the clock can tell."""

    def look() -> None:
        for state in states:
            masks.token_set(state)

    rounds = -(-2000 // len(states))
    return best_ms(lambda: [look() for _ in range(rounds)], 5) * 1e3 / (rounds * len(states))


def _forced(pattern: str, text: str, tokenizer: Any, vocabulary: Vocabulary) -> dict[str, int]:
    """Tokens that a model which writes ``text`` must sample, by mode."""
    masks = TokenMasks(regex_machine(pattern), vocabulary)
    return {f"sampled_{mode}": _walk(masks, text, tokenizer, mode) for mode in ("off", "safe", "text")}


def _walk(masks: TokenMasks, text: str, tokenizer: Any, mode: str) -> int:
    """Follow ``text``, taking its own tokens where they are allowed, else the longest allowed that fits."""
    constraint = Constraint(masks, tokenizer, frozenset(tokenizer.eos_token_ids), mode)
    data, out, sampled = text.encode(), [], 0
    own, at = {}, 0
    for token in tokenizer.encode(text):
        own[at] = token
        at += len(tokenizer.token_bytes(token))

    def enter(ids: tuple[int, ...]) -> None:
        for token in ids:
            out.append(token)
            constraint.advance(token)

    while True:
        while (jump := constraint.jump([], out, len(data))) is not None:
            del out[jump.keep :]
            constraint.rewind(jump.keep)
            enter(jump.token_ids)
        at = sum(len(tokenizer.token_bytes(token)) for token in out)
        if at == len(data):
            return sampled
        allowed = set(masks.allowed(constraint.state).tolist())
        if own.get(at) not in allowed:
            own[at] = max(
                (t for t in allowed if data.startswith(tokenizer.token_bytes(t), at)),
                key=lambda t: len(tokenizer.token_bytes(t)),
            )
        enter((own[at],))
        sampled += 1


# --- end to end -----------------------------------------------------------------------------------------------------

PROMPT = "<|im_start|>user\nHarry Potter is a wizard. Fill in his character sheet as JSON.<|im_end|>\n<|im_start|>assistant\n"


def end_to_end(repeats: int, batch: int = 16, device: str = "cpu") -> dict[str, Any]:
    """The paper's character sheet: jump-forward against masks alone, one request and a batch; machines kept and built anew."""
    result: dict[str, Any] = {}
    engine = functools.partial(Engine, device=device)
    engines = {mode: engine(jump_forward=mode) for mode in ("off", "safe", "text")}
    uncached = engine(jump_forward="safe")
    uncached.compiler.max_machines = 0
    try:
        for size in (1, batch):
            prompts = [f"{PROMPT}{' ' * i}" for i in range(size)]
            result[f"batch_{size}"] = _arms(engines, prompts, repeats)
        prompts = [f"{PROMPT}{' ' * i}" for i in range(batch)]
        seconds = _seconds({"kept": engines["safe"], "anew": uncached}, prompts, repeats)
        result["fsm_cache"] = {"seconds": seconds, "speedup": seconds["anew"] / seconds["kept"]}
        result["decode_step_of_32"] = _mask_overhead(engines["off"], max(5, repeats))
    finally:
        for one in (*engines.values(), uncached):
            one.shutdown()
    return result


ENDLESS = {"wide": r'[^"\\\x00-\x1f]*', "narrow": r"[0-9]*"}
"""Constraints that a text can satisfy for ever: one allows most tokens, one a few."""


def _mask_overhead(engine: Any, rounds: int) -> dict[str, Any]:
    """Milliseconds of processor time of a decode step of 32 requests, free and bound by masks alone: medians, arms alternated."""
    params: dict[str, Any] = {"temperature": 0, "max_new_tokens": 64, "ignore_eos": True}
    arms = {"free": params} | {name: params | {"regex": pattern} for name, pattern in ENDLESS.items()}
    taken: dict[str, list[float]] = {name: [] for name in arms}
    ratios: dict[str, list[float]] = {name: [] for name in ENDLESS}
    for round_ in range(rounds + 1):
        for name, options in arms.items():
            engine.flush_cache()
            engine.reset_stats()
            began = time.process_time()
            engine.generate([f"Tell me more {i}" for i in range(32)], options)
            ms = (time.process_time() - began) * 1e3 / engine.stats().forward_passes
            if round_:
                taken[name].append(ms)
        if round_:
            for name in ENDLESS:
                ratios[name].append(taken[name][-1] / taken["free"][-1] - 1)
    overhead = {name: statistics.median(values) for name, values in ratios.items()}
    return {"ms": {name: statistics.median(values) for name, values in taken.items()}, "overhead": overhead}


def _arms(engines: dict[str, Any], prompts: list[str], repeats: int) -> dict[str, Any]:
    seconds = _seconds(engines, prompts, repeats)
    arms: dict[str, Any] = {}
    for mode, engine in engines.items():
        engine.flush_cache()
        engine.reset_stats()
        _run(engine, prompts)
        stats = engine.stats()
        arms[mode] = {
            "seconds": seconds[mode],
            "forward_passes": stats.forward_passes,
            "completion_tokens": stats.completion_tokens,
            "jumped_tokens": stats.jumped_tokens,
        }
    for mode in ("safe", "text"):
        arms[mode]["fewer_passes"] = arms["off"]["forward_passes"] / arms[mode]["forward_passes"]
        arms[mode]["speedup"] = seconds["off"] / seconds[mode]
    return arms


def _seconds(engines: dict[str, Any], prompts: list[str], repeats: int) -> dict[str, float]:
    """Medians, arms alternated, caches of text (not of machines) flushed; the first round does not count."""
    taken: dict[str, list[float]] = {name: [] for name in engines}
    for round_ in range(repeats + 1):
        for name, engine in engines.items():
            engine.flush_cache()
            began = time.perf_counter()
            _run(engine, prompts)
            if round_:
                taken[name].append(time.perf_counter() - began)
    return {name: statistics.median(values) for name, values in taken.items()}


def _run(engine: Any, prompts: list[str]) -> None:
    results = engine.generate(prompts, {"temperature": 0, "max_new_tokens": 256, "regex": CHARACTER})
    assert all(result["meta_info"]["complete"] for result in results)


if __name__ == "__main__":
    main()
