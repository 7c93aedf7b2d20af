"""An engine's options: named once, checked once, frozen.

Knows names, defaults and allowed values. Does not know hardware: ``auto`` values are resolved by the runner, which
returns a new config (`dataclasses.replace`), shown to the user as ``engine.config``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from sgbench.engine.server_arguments import translated
from sgbench.errors import UnknownOptionError, UsageError

CHOICES: dict[str, tuple[str, ...]] = {
    "load_format": ("auto", "dummy"),
    "dtype": ("auto", "float32", "float16", "bfloat16"),
    "radix_cache": ("radix", "flat", "force-miss", "off"),
    "schedule": ("lpm", "dfs", "fcfs", "random", "hrrn"),
    "jump_forward": ("safe", "text", "off"),
    "grammar_backend": ("fsm", "llguidance"),
    "attention": ("auto", "flashinfer", "triton", "torch"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """Options of `sgbench.Engine`; see the contract in its docstring.

    Attributes
    ----------
    model_path
        ``"bundled"``, a local folder in Hugging Face layout, or a hub id that is in the local cache or can be fetched.
    kv_tokens
        Capacity of the KV pool, tokens; None: from free memory.
    max_running
        Most requests in one batch; None: 64 on a CPU, 256 on a GPU, fewer if the pool is small.
    max_prefill_tokens
        Chunk size: prompt tokens computed in one step, at most; up to a sixty-fourth more where that ends a prompt, which is not cut
        for its last few tokens (`longest_chunk`). None: 2,048 on a CPU, 8,192 on a GPU.
    radix_cache
        ``radix``; ``flat`` (a table of whole prefixes, no tree); ``force-miss`` (the tree is kept, every match refused);
        ``off`` (nothing is kept).
    schedule
        ``lpm`` longest shared prefix first (paper, Algorithm 1), ``dfs`` depth first by weight, ``fcfs``, ``random``,
        ``hrrn`` highest response ratio next (long waits make up for cold prompts).
    eviction
        ``lru`` (paper), ``lfu``, ``fifo``, ``mru``, ``slru``, ``cost``, or one that a package brings (`sgbench.engine.eviction`).
    starvation_bound
        A waiting request is overtaken at most this many times by later ones, then goes first.
    in_flight_tokens
        A request waits for a running prefill that shares at least this many more tokens with it than the cache does; fewer suffice where it
        would run in the step behind.
    grammar_backend
        What holds ``regex`` and ``json_schema``: ``fsm``, compressed finite machines (paper, section 4), or ``llguidance`` (extra
        ``grammar``), which takes recursive schemas. ``ebnf`` always needs the latter.
    cuda_graph
        Replay decode steps as CUDA graphs; None: on an NVIDIA GPU.
    overlap
        Launch the next step's decodes, and prompts that were decided on beforehand, before this step's tokens are read; None: on an NVIDIA
        GPU.
    deterministic
        Wait until all live branches of the running programs wait, order the queue by (program, branch, op). On a GPU also kernels whose
        results do not depend on the batch, so that a token is the same to the last bit, cached or not, alone or in company.
    """

    model_path: str = "bundled"
    tokenizer_path: str | None = None
    skip_tokenizer_init: bool = False
    device: str = "auto"
    dtype: str = "auto"
    load_format: str = "auto"
    kv_tokens: int | None = None
    max_running: int | None = None
    max_prefill_tokens: int | None = None
    context_length: int | None = None
    radix_cache: str = "radix"
    schedule: str = "lpm"
    eviction: str = "lru"
    starvation_bound: int = 64
    in_flight_tokens: int = 32
    frontend_hint: bool = True
    jump_forward: str = "safe"
    grammar_backend: str = "fsm"
    attention: str = "auto"
    shared_prefix_attention: bool = True
    cuda_graph: bool | None = None
    overlap: bool | None = None
    tp_size: int = 1
    deterministic: bool = False
    seed: int = 0

    @classmethod
    def from_options(cls, model_path: str, options: dict[str, Any]) -> EngineConfig:
        """Check ``options`` and build a config. SGLang's server arguments are taken where they mean the same.

        Raises
        ------
        UnknownOptionError
            An option does not exist; the message names the nearest one.
        UsageError
            A value is out of range.
        """
        options = translated(options)
        known = {f.name for f in dataclasses.fields(cls)}
        for name in options:
            if name not in known:
                raise UnknownOptionError(name, known, "Engine")
        config = cls(model_path=model_path, **options)
        config._check()
        return config

    def _check(self) -> None:
        for name, allowed in CHOICES.items():
            value = getattr(self, name)
            if value not in allowed:
                raise UsageError(f"Engine option {name}={value!r}: choose one of {', '.join(allowed)}")
        for name in ("kv_tokens", "max_running", "max_prefill_tokens", "context_length", "tp_size"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise UsageError(f"Engine option {name}={value!r}: a whole number of at least 1 is needed")
        for name in ("starvation_bound", "in_flight_tokens"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise UsageError(f"Engine option {name}={value!r}: a whole number of at least 0 is needed")


def longest_chunk(max_prefill_tokens: int) -> int:
    """Prompt tokens of the largest step that `EngineConfig.max_prefill_tokens` allows: one with the end of a prompt that almost fits."""
    return max_prefill_tokens + max_prefill_tokens // 64
