"""From what a caller writes to checked `SamplingParams`. Knows SGLang's names and their ranges; no tokenizer, no model."""

from __future__ import annotations

import dataclasses
import functools
import math
import operator
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sgbench.engine.constrained.schema_source import schema_text
from sgbench.engine.request import SamplingParams
from sgbench.errors import UnknownOptionError, UsageError

NAMES = tuple(field.name for field in dataclasses.fields(SamplingParams))

UNLIMITED = 1 << 30
"""``max_new_tokens=None``: until the context ends."""

_values = operator.attrgetter(*NAMES)
_KEPT = 256
_made: dict[int, SamplingParams] = {}
"""Some of those that `sampling_params` made, by where they lie in memory: as long as they are here, nothing else lies there."""

_RANGES: dict[str, tuple[float, float, str]] = {
    "temperature": (0.0, math.inf, "0 or more"),
    "top_p": (5e-324, 1.0, "above 0 and at most 1"),
    "min_p": (0.0, 1.0, "between 0 and 1"),
    "frequency_penalty": (-2.0, 2.0, "between -2 and 2"),
    "presence_penalty": (-2.0, 2.0, "between -2 and 2"),
    "repetition_penalty": (5e-324, 2.0, "above 0 and at most 2"),
}
_WHOLE: dict[str, int] = {"max_new_tokens": 0, "min_new_tokens": 0, "n": 1}


def _wrong(name: str, value: Any, wanted: str) -> UsageError:
    return UsageError(f"sampling parameter {name}={value!r}: {wanted} is needed")


def _whole(name: str, value: Any, lowest: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
        raise _wrong(name, value, f"a whole number of at least {lowest}")
    return value


def _number(name: str, value: Any) -> float:
    low, high, words = _RANGES[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high or math.isinf(value):
        raise _wrong(name, value, f"a number {words}")
    return float(value)


def _strings(name: str, value: Any) -> tuple[str, ...]:
    items = (value,) if isinstance(value, str) else value
    if items is None:
        return ()
    if not isinstance(items, Sequence) or not all(isinstance(item, str) and item for item in items):
        raise _wrong(name, value, "a string or a list of strings, none of them empty")
    return tuple(items)


def _ids(name: str, value: Any) -> tuple[int, ...]:
    if value is None:
        return ()
    items = (value,) if isinstance(value, int) else value
    try:
        return tuple(_whole(name, int(item) if not isinstance(item, bool) else item, 0) for item in items)
    except (TypeError, ValueError) as failure:
        raise _wrong(name, value, "a list of token ids") from failure


def _schema(value: Any) -> str | None:
    """A JSON schema as text: from a dict, text, a Pydantic model class or another type."""
    return value if value is None or isinstance(value, str) else schema_text(value)


def _top_k(value: Any) -> int:
    k = _whole("top_k", value, -1)
    if k == 0:
        raise _wrong("top_k", value, "-1 (off) or a whole number of at least 1")
    return k


def _check(params: SamplingParams) -> SamplingParams:
    if params.min_new_tokens > params.max_new_tokens:
        raise _wrong("min_new_tokens", params.min_new_tokens, f"at most max_new_tokens={params.max_new_tokens}")
    for pattern in params.stop_regex:
        try:
            re.compile(pattern)
        except re.error as failure:
            raise _wrong("stop_regex", pattern, f"a valid pattern ({failure})") from failure
    return params


def sampling_params(given: Mapping[str, Any] | SamplingParams | None) -> SamplingParams:
    """Check ``given`` and fill in SGLang's defaults.

    Parameters
    ----------
    given
        By SGLang's names; ``stop`` and ``stop_regex`` may be one string or a list, ``json_schema`` a dict, JSON text or a Pydantic class,
        ``max_new_tokens`` None for "until the context ends". Parameters that this did not make are checked too: they can be built by hand.

    Raises
    ------
    UnknownOptionError
        A name does not exist; the message names the nearest one.
    UsageError
        A value is out of range or of a wrong type.
    """
    if isinstance(given, SamplingParams):
        if _made.get(id(given)) is given:
            return given
        names, values = NAMES, _values(given)
    else:
        names, values = tuple(given or ()), tuple((given or {}).values())
    try:  # a batch of programs asks for the same again and again
        checked = _remembered(names, *values) if _is_plain(names, values) else _fresh(names, *values)
    except TypeError:  # a list is not remembered
        checked = _fresh(names, *values)
    if len(_made) >= _KEPT:
        _made.clear()
    _made[id(checked)] = checked
    return checked


def _is_plain(names: tuple[str, ...], values: tuple[Any, ...]) -> bool:
    """Are equal values of equal types the same, also inside? A tuple of ids could hold True for 1; a class may change."""
    inner = (value for name, value in zip(names, values, strict=True) if name in ("stop_token_ids", "json_schema"))
    return all(value is None or (type(value) is tuple and not value) for value in inner)


def _fresh(names: tuple[str, ...], *values: Any) -> SamplingParams:
    checked: dict[str, Any] = {}
    for name, value in zip(names, values, strict=True):
        if name not in NAMES:
            raise UnknownOptionError(name, NAMES, "sampling_params")
        checked[name] = _checked(name, value)
    return _check(SamplingParams(**checked))


_remembered = functools.lru_cache(_KEPT, typed=True)(_fresh)
"""As `_fresh`, for values that are equal only if they are of one type: True is no 1."""


def _checked(name: str, value: Any) -> Any:
    if name in _RANGES:
        return _number(name, value)
    if name in _WHOLE:
        return UNLIMITED if value is None and name == "max_new_tokens" else _whole(name, value, _WHOLE[name])
    if name == "top_k":
        return _top_k(value)
    if name in ("stop", "stop_regex"):
        return _strings(name, value)
    if name == "stop_token_ids":
        return _ids(name, value)
    if name == "json_schema":
        return _schema(value)
    if name == "sampling_seed":
        return None if value is None else _whole(name, value, 0)
    if name in ("regex", "ebnf"):
        if value is not None and not isinstance(value, str):
            raise _wrong(name, value, "a string")
        return value
    if not isinstance(value, bool):  # ignore_eos, canonical, no_stop_trim, ...
        raise _wrong(name, value, "True or False")
    return value
