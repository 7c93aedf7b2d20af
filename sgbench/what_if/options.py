"""Which options of an engine a trace can answer for, and how they are written.

Knows the engine's config and nothing of simulation.
"""

from __future__ import annotations

import ast
import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sgbench.engine.config import CHOICES, EngineConfig
from sgbench.errors import UnknownOptionError, UsageError
from sgbench.trace.header import TraceHeader

PREDICTABLE = (
    "kv_tokens",
    "max_running",
    "max_prefill_tokens",
    "radix_cache",
    "schedule",
    "eviction",
    "starvation_bound",
    "in_flight_tokens",
    "frontend_hint",
    "jump_forward",
    "deterministic",
    "seed",
)
"""Options that change decisions of the host half; the others change times of the device and must be measured."""

ARRIVALS = ("recorded", "closed", "at-once", "lockstep")
"""When requests that waited for no other come again; see `sgbench.what_if.predict.predict`."""


def recorded_config(header: TraceHeader, capacity_tokens: int) -> EngineConfig:
    """The configuration that a trace was recorded with; what its header does not tell is the engine's default."""
    known = {f.name for f in dataclasses.fields(EngineConfig)}
    values = {name: value for name, value in header.engine.items() if name in known}
    config = EngineConfig(**values)
    return dataclasses.replace(config, kv_tokens=capacity_tokens or config.kv_tokens)


def changed_config(config: EngineConfig, options: Mapping[str, Any]) -> EngineConfig:
    """``config`` with ``options``; a number may be written as a multiple of the recorded one, ``"0.5x"``.

    Raises
    ------
    UnknownOptionError
        There is no such option.
    UsageError
        A trace cannot tell what the option does, or its value is out of range.
    """
    known = {f.name for f in dataclasses.fields(EngineConfig)}
    values: dict[str, Any] = {}
    for name, value in options.items():
        if name not in known:
            raise UnknownOptionError(name, PREDICTABLE, "what-if")
        if name not in PREDICTABLE:
            raise UsageError(
                f"what-if cannot answer for {name}: it changes what the device does, which only a measurement can tell; "
                f"it answers for {', '.join(PREDICTABLE)}"
            )
        values[name] = _multiple(name, value, getattr(config, name)) if _is_multiple(value) else value
    if "jump_forward" in values and values["jump_forward"] not in (config.jump_forward, "off"):
        raise UsageError(
            f"what-if cannot answer for jump_forward={values['jump_forward']!r}: the trace was recorded with "
            f"{config.jump_forward!r} and does not tell what would have been forced otherwise; it can answer for 'off'"
        )
    rest = {f.name: getattr(config, f.name) for f in dataclasses.fields(EngineConfig) if f.name != "model_path"}
    return EngineConfig.from_options(config.model_path, {**rest, **values})


def _is_multiple(value: Any) -> bool:
    return isinstance(value, str) and value.endswith("x") and value[:-1].replace(".", "", 1).isdigit()


def _multiple(name: str, value: str, recorded: Any) -> int:
    if isinstance(recorded, bool) or not isinstance(recorded, int):
        raise UsageError(f"what-if {name}={value}: the recorded value {recorded!r} is no number to multiply")
    return max(1, round(float(value[:-1]) * recorded))


def parse(words: Sequence[str], where: str) -> dict[str, list[Any]]:
    """``OPTION=VALUE[,VALUE...]`` words as lists of values by option.

    Raises
    ------
    UsageError, UnknownOptionError
        A word is no such pair, or there is no such option.
    """
    grid: dict[str, list[Any]] = {}
    for word in words:
        name, equals, text = word.removeprefix("--").partition("=")
        key = name.replace("-", "_")
        if not equals or not text:
            raise UsageError(f"{where}: write OPTION=VALUE or OPTION=VALUE,VALUE, not {word!r}")
        if key not in {f.name for f in dataclasses.fields(EngineConfig)}:
            raise UnknownOptionError(key, PREDICTABLE, where)
        grid.setdefault(key, []).extend(_value(key, part.strip()) for part in text.split(","))
    return grid


def _value(key: str, text: str) -> Any:
    if key in CHOICES or key == "eviction" or _is_multiple(text):
        return text
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def combinations(grid: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every configuration of a grid (options to values), or those that are listed."""
    if not isinstance(grid, Mapping):
        return [dict(options) for options in grid]
    axes = [
        list(values) if isinstance(values, Iterable) and not isinstance(values, str) else [values]
        for values in grid.values()
    ]
    return [dict(zip(grid, point, strict=True)) for point in itertools.product(*axes)]
