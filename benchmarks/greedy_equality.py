"""Does jump-forward change greedy output? Counted over real prompts on the bundled model, against masks alone.

In ``safe`` mode output must be equal wherever the tokens that the model chose under masks are the tokenizer's own for that text:
then every jump appends what would have been sampled. Where the model spelled a text otherwise, a jump may lead it elsewhere.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from benchmarks.constraint_suite import CHARACTER
from sgbench.backends.local import Engine
from sgbench.engine.constrained.retokenization import encode_after

COUNTRIES = [
    "France", "Italy", "Japan", "Spain", "Germany", "Peru", "Egypt", "Canada", "Brazil", "India", "China",
    "Greece", "Kenya", "Norway", "Sweden", "Poland", "Austria", "Chile", "Cuba", "Denmark", "Finland", "Iceland",
    "Iran", "Iraq", "Ireland", "Israel", "Mexico", "Morocco", "Nepal", "Portugal", "Russia", "Turkey",
]  # fmt: skip
NAMES = [
    "Harry", "Hermione", "Ron", "Draco", "Luna", "Neville", "Ginny", "Severus", "Minerva", "Rubeus", "Sirius",
    "Albus",
]  # fmt: skip

Case = tuple[str, str]
"""A user's message, and the regex of the answer."""


def cases() -> dict[str, list[Case]]:
    """Prompts by kind of constraint."""
    word = "[A-Za-z ]{1,20}"
    place = rf'\{{"country": "{word}", "capital": "{word}", "continent": "(Africa|Asia|Europe|North America|South America)"\}}'
    return {
        "json": [(f"Describe {c} as JSON.", place) for c in COUNTRIES],
        "free": [
            (f"What is the capital of {c}?", r"The capital( city)? of [A-Za-z ]+ is [A-Za-z ]+\.") for c in COUNTRIES
        ],
        "choice": [
            (f"On which continent is {c}?", "(Africa|Asia|Europe|North America|South America)") for c in COUNTRIES
        ],
        "number": [(f"In which year was {c} founded?", r"In (the year )?\d{3,4}( AD| BC)?\.") for c in COUNTRIES],
        "character": [(f"{n} is at Hogwarts. Fill in a character sheet as JSON.", CHARACTER) for n in NAMES],
    }


def measure(device: str = "cpu", modes: tuple[str, ...] = ("safe", "text")) -> dict[str, Any]:
    """For each kind and mode: texts equal to those of masks alone, and how the rest divides by the tokens masks alone gave."""
    engines = {mode: Engine(device=device, jump_forward=mode) for mode in ("off", *modes)}
    try:
        result: dict[str, Any] = {}
        for kind, rows in cases().items():
            runs = {mode: run(engine, rows) for mode, engine in engines.items()}
            result[kind] = {mode: count(rows, runs["off"], runs[mode], engines["off"]) for mode in modes}
        return result
    finally:
        for engine in engines.values():
            engine.shutdown()


def _prompt(message: str) -> str:
    return f"<|im_start|>user\n{message}<|im_end|>\n<|im_start|>assistant\n"


def run(engine: Any, rows: list[Case]) -> list[dict[str, Any]]:
    """Greedy results, all complete."""
    wishes = [{"temperature": 0, "max_new_tokens": 256, "regex": regex} for _, regex in rows]
    results: list[dict[str, Any]] = engine.generate([_prompt(message) for message, _ in rows], wishes)
    assert all(result["meta_info"]["complete"] for result in results)
    return results


def count(rows: list[Case], off: list[dict[str, Any]], jumped: list[dict[str, Any]], engine: Any) -> dict[str, int]:
    """How the texts of ``jumped`` compare with those of ``off``; the engine's tokenizer says which tokens are canonical."""
    counts: Counter[str] = Counter()
    for (message, _), plain, other in zip(rows, off, jumped, strict=True):
        own = _canonical(engine.tokenizer, _prompt(message), plain)
        same = plain["text"] == other["text"]
        counts[f"{'equal' if same else 'different'}_where_tokens_are_{'canonical' if own else 'not_canonical'}"] += 1
        counts["jumped_tokens"] += other["meta_info"]["jumped_tokens"]
    names = [f"{a}_where_tokens_are_{b}" for b in ("canonical", "not_canonical") for a in ("equal", "different")]
    return {"prompts": len(rows)} | {name: counts[name] for name in (*names, "jumped_tokens")}


def _canonical(tokenizer: Any, prompt: str, result: dict[str, Any]) -> bool:
    """Are the output's tokens those that the tokenizer writes after the prompt?"""
    ids = [i for i in result["output_ids"] if i not in tokenizer.eos_token_ids]
    return encode_after(tokenizer.encode(prompt), result["text"].encode(), tokenizer) == ids
