"""What a trace says about the run that it came from. Plain data; knows no engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

VERSION = 1
"""Version of the trace file that this code writes, and the newest that it reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceHeader:
    """The first line of a trace file.

    Attributes
    ----------
    engine
        The engine's resolved options by name (`dataclasses.asdict` of its config), JSON-able.
    model
        What is known of the model: its name, shape, dtype, KV bytes for each token, device.
    seed
        The engine's seed.
    sgbench
        Version of the package that recorded it.
    predicted
        Not empty: nothing of this was measured. How it was predicted: what changed, the cost model, and the predictor's error
        on the recorded configuration.
    """

    engine: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    sgbench: str = ""
    predicted: Mapping[str, Any] = field(default_factory=dict)
