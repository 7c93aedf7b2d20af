"""Many language programs at once against the same requests given to ``generate`` in one call: what the language costs.

On a 1B shape, where a step is short and the host has little time. The bundled model's tokenizer stands in for one of that model's own.
"""

from __future__ import annotations

import gc
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.gpu_engine import Clock
from tests.gpu.test_llama_8b_shape import LLAMA_31_8B

LLAMA_1B: dict[str, Any] = LLAMA_31_8B | {
    "vocab_size": 4096,
    "hidden_size": 2048,
    "intermediate_size": 8192,
    "num_hidden_layers": 16,
    "head_dim": 64,
}
"""Llama-3.2-1B's layers with the bundled tokenizer's vocabulary."""

_SYSTEM = "You answer questions about cities, briefly and to the point. " * 8


def shape_folder(shape: dict[str, Any]) -> Path:
    """A folder that holds ``shape`` as its config.json and nothing else."""
    folder = Path(tempfile.mkdtemp(prefix="shape-"))
    (folder / "config.json").write_text(json.dumps(shape), encoding="utf-8")
    return folder


class Contest:
    """Programs, and the same token requests in one call.

    Parameters
    ----------
    engine
        With a tokenizer, or an `EngineCore` that has one.
    n, new_tokens
        Programs at once, and what each generates.
    """

    def __init__(self, engine: Any, n: int = 64, new_tokens: int = 128) -> None:
        import sgbench as sgl
        from sgbench.backends.local import LocalBackend

        self._engine, self._n, self._new = engine, n, new_tokens
        self._backend = getattr(engine, "endpoint", None) or LocalBackend(engine)

        @sgl.function
        def ask(s: Any, city: str) -> None:
            s += _SYSTEM + "Question: what is there to see in " + city + "?\nAnswer:"
            s += sgl.gen("answer", max_tokens=new_tokens, temperature=0, ignore_eos=True)

        self._ask = ask
        self._batch = [{"city": f"town number {i}"} for i in range(n)]
        texts = [_SYSTEM + f"Question: what is there to see in {one['city']}?\nAnswer:" for one in self._batch]
        self._ids = [engine.tokenizer.encode(text) for text in texts]

    def take_turns(self, at_once: int) -> None:
        """So many programs compute at once; 0: all."""
        from sgbench.lang.turns import Turns

        self._backend.turns = Turns(at_once=at_once) if at_once else None

    def play(self, who: str) -> None:
        """``programs`` or ``requests``, once.

        Raises
        ------
        RuntimeError
            Tokens are missing.
        """
        if who == "programs":
            states = self._ask.run_batch(self._batch, backend=self._backend, num_threads=self._n)
            made = sum(s.get_meta_info("answer")["completion_tokens"] for s in states)
        else:
            params = {"temperature": 0, "max_new_tokens": self._new, "ignore_eos": True}
            made = sum(
                len(out["output_ids"]) for out in self._engine.generate(input_ids=self._ids, sampling_params=params)
            )
        if made != self._n * self._new:
            raise RuntimeError(f"{who}: {made} tokens instead of {self._n * self._new}")

    def seconds(self, who: str) -> float:
        """Of `play` on a cold cache, with no whole collection of Python's garbage due, which takes as long as all programs."""
        self._engine.flush_cache()
        gc.collect()
        began = time.perf_counter()
        self.play(who)
        return time.perf_counter() - began


def programs_against_requests(
    clock: Clock, device: str, shape: dict[str, Any] | None = None, n: int = 64, new_tokens: int = 128, rounds: int = 3
) -> dict[str, Any]:
    """Tokens a second of ``n`` programs and of one ``generate`` call with the same prompts, alternated; medians."""
    import sgbench as sgl

    options: dict[str, Any] = {"load_format": "dummy", "tokenizer_path": "bundled", "context_length": 4096}
    began = time.perf_counter()
    engine = sgl.Engine(str(shape_folder(shape or LLAMA_1B)), device=device, kv_tokens=200_000, **options)
    seconds: dict[str, list[float]] = {"programs": [], "requests": []}
    with engine:
        start_s = time.perf_counter() - began
        contest = Contest(engine, n, new_tokens)
        for round_ in range(rounds + 1):
            for name in ("requests", "programs"):
                if clock.left_s < 1:
                    break
                taken = contest.seconds(name)
                if round_:
                    seconds[name].append(taken)
    if not seconds["programs"]:
        return {"over": clock.budget_s}
    middle = {name: sorted(values)[len(values) // 2] for name, values in seconds.items()}
    return {
        "programs": n,
        "new_tokens": new_tokens,
        "seconds": middle,
        "tokens_per_s": {name: n * new_tokens / s for name, s in middle.items()},
        "programs_over_requests": middle["requests"] / middle["programs"],
        "engine_start_s": start_s,
        "all": seconds,
    }
