"""The language's public functions in one place, where SGLang has them; `sgbench` offers the same names."""

from __future__ import annotations

from typing import Any

from sgbench.lang.function import function
from sgbench.lang.global_config import global_config
from sgbench.lang.primitives import (
    assistant,
    assistant_begin,
    assistant_end,
    gen,
    gen_int,
    gen_string,
    image,
    select,
    separate_reasoning,
    system,
    system_begin,
    system_end,
    user,
    user_begin,
    user_end,
    video,
)

__all__ = [
    "assistant",
    "assistant_begin",
    "assistant_end",
    "flush_cache",
    "function",
    "gen",
    "gen_int",
    "gen_string",
    "get_default_backend",
    "get_server_info",
    "image",
    "select",
    "separate_reasoning",
    "set_default_backend",
    "system",
    "system_begin",
    "system_end",
    "user",
    "user_begin",
    "user_end",
    "video",
]


def set_default_backend(backend: Any) -> None:
    """Programs that name no backend run on ``backend`` from now on; None: on none."""
    global_config.default_backend = backend


def get_default_backend() -> Any:
    """What `set_default_backend` was given; None: nothing."""
    return global_config.default_backend


def flush_cache(backend: Any = None) -> Any:
    """Have ``backend`` (None: the default one) forget cached prefixes; what it returns, or False without a backend."""
    place = backend or global_config.default_backend
    if place is None:
        return False
    return (getattr(place, "endpoint", None) or place).flush_cache()


def get_server_info(backend: Any = None) -> Any:
    """Facts about ``backend`` (None: the default one) as a dict; None without a backend."""
    place = backend or global_config.default_backend
    if place is None:
        return None
    return (getattr(place, "endpoint", None) or place).get_server_info()
