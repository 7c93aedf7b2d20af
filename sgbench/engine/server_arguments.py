"""SGLang's server arguments as options of this engine, where they mean the same; the others are refused with a reason.

Knows names only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sgbench.errors import UsageError

_SCHEDULES = {"lpm": "lpm", "dfs-weight": "dfs", "fcfs": "fcfs", "random": "random", "hrrn": "hrrn"}
_ATTENTION = {"flashinfer": "flashinfer", "triton": "triton", "torch_native": "torch"}


def _one_of(table: Mapping[str, str]) -> Callable[[str, Any], str]:
    def convert(name: str, value: Any) -> str:
        if value not in table:
            raise UsageError(f"Engine option {name}={value!r}: of SGLang's values this engine has {', '.join(table)}")
        return table[value]

    return convert


def _same(name: str, value: Any) -> Any:
    return value


def _when_true(yes: Any, no: Any) -> Callable[[str, Any], Any]:
    def convert(name: str, value: Any) -> Any:
        if not isinstance(value, bool):
            raise UsageError(f"Engine option {name}={value!r}: True or False is needed")
        return yes if value else no

    return convert


def _chunk(name: str, value: Any) -> Any:
    if value == -1:
        raise UsageError(
            f"Engine option {name}=-1: this engine always reads long prompts in chunks; give max_prefill_tokens"
        )
    return value


_MEANS: dict[str, tuple[str, Callable[[str, Any], Any]]] = {
    "schedule_policy": ("schedule", _one_of(_SCHEDULES)),
    "disable_radix_cache": ("radix_cache", _when_true("off", "radix")),
    "disable_jump_forward": ("jump_forward", _when_true("off", "safe")),
    "disable_cuda_graph": ("cuda_graph", _when_true(False, True)),
    "disable_overlap_schedule": ("overlap", _when_true(False, True)),
    "chunked_prefill_size": ("max_prefill_tokens", _chunk),
    "max_running_requests": ("max_running", _same),
    "max_total_tokens": ("kv_tokens", _same),
    "random_seed": ("seed", _same),
    "attention_backend": ("attention", _one_of(_ATTENTION)),
    "radix_eviction_policy": ("eviction", _same),
    "tensor_parallel_size": ("tp_size", _same),
}
"""SGLang's name: ours, and how its value becomes ours."""

_REFUSED = {
    "mem_fraction_static": "the KV pool is given in tokens: kv_tokens=... (None: from free memory)",
    "schedule_conservativeness": "admission is exact here; max_running=... bounds a batch",
    "constrained_json_whitespace_pattern": "write the blanks you allow into the schema's regex: gen(regex=...)",
    "enable_deterministic_inference": "deterministic=True makes batches and traces reproducible",
    "quantization": "weights are computed as they are stored, in dtype=...",
    "dp_size": "one engine is one replica; tp_size=... spreads it over GPUs",
    "host": "the engine is in this process; `sgbench serve` offers it on an address",
    "port": "the engine is in this process; `sgbench serve --port` offers it on one",
    "api_key": "the engine is in this process; `sgbench serve --api-key` asks for one",
}
"""SGLang's name: what to do here instead."""


def translated(options: Mapping[str, Any]) -> dict[str, Any]:
    """``options`` with SGLang's names and values replaced by this engine's.

    ``log_level`` goes: an engine in a process writes no log. ``trust_remote_code=False`` goes: none is ever run.

    Raises
    ------
    UsageError
        The argument or its value has no counterpart here, and what there is instead; or both names of one option are given.
    """
    ours: dict[str, Any] = {}
    for name, value in options.items():
        if name in _REFUSED:
            raise UsageError(f"Engine has no option {name!r}: {_REFUSED[name]}")
        if name == "trust_remote_code" and value:
            raise UsageError("Engine option trust_remote_code=True: this engine never runs code of a model's folder")
        if name in ("log_level", "trust_remote_code"):
            continue
        known, convert = _MEANS.get(name, (name, _same))
        if known in ours or (known != name and known in options):
            raise UsageError(f"Engine options {name!r} and {known!r} are one option: give {known!r}")
        ours[known] = convert(name, value)
    return ours
