"""The language's few process-wide settings, by SGLang's names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class GlobalConfig:
    """Settings that programs read and write as attributes of `global_config`.

    Attributes
    ----------
    verbosity
        2 prints a program's text when it has run.
    default_backend
        Where programs run that name no backend.
    skip_special_tokens_in_output, spaces_between_special_tokens_in_out
        How completions are turned into text.
    enable_precache_with_tracing
        Have the prefix that the items of a batch share read once, before they start.
    enable_parallel_encoding
        Let backends that can do so concatenate the KV of branches.
    """

    verbosity: int = 0
    default_backend: Any = None
    skip_special_tokens_in_output: bool = True
    spaces_between_special_tokens_in_out: bool = True
    enable_precache_with_tracing: bool = True
    enable_parallel_encoding: bool = True


global_config = GlobalConfig()
