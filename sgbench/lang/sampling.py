"""Sampling values of a call, and how a call's own values meet the run's defaults (paper section 2).

Knows names and defaults, and the regular expressions behind ``dtype``. Does not know any engine or backend.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sgbench.errors import UsageError
from sgbench.lang.same_objects import SameObjects

REGEX_INT = r"[-+]?[0-9]+[ \n]*"
REGEX_FLOAT = r"[-+]?[0-9]*\.?[0-9]+[ \n]*"
REGEX_BOOL = r"(True|False)"
REGEX_STR = r"\"[\w\d\s]*\""

_DTYPE_REGEX = {"int": REGEX_INT, "float": REGEX_FLOAT, "bool": REGEX_BOOL, "str": REGEX_STR}
_NUMBER_STOPS = (" ", "\n")

StrOrSeq: TypeAlias = str | Sequence[str]


@dataclass(frozen=True, slots=True)
class SglSamplingParams:
    """Sampling values, SGLang's names and defaults.

    In a `gen` node, None means "not given": the run's value holds. `resolve` gives the values of one call, in which only
    the logprob fields, ``json_schema``, ``dtype``, ``regex`` and what SGLang has not may be None and the stops are lists.

    Attributes
    ----------
    sampling_seed
        Not in SGLang: a run with a seed draws the same tokens again. Each call derives its own seed from it.
    close_within_budget, canonical
        Not in SGLang: see `sgbench.lang.primitives.gen`.
    """

    max_new_tokens: int | None = 128
    min_new_tokens: int | None = 0
    n: int | None = 1
    stop: StrOrSeq | None = ()
    stop_token_ids: Sequence[int] | None = ()
    stop_regex: StrOrSeq | None = ()
    temperature: float | None = 1.0
    top_p: float | None = 1.0
    top_k: int | None = -1
    min_p: float | None = 0.0
    frequency_penalty: float | None = 0.0
    presence_penalty: float | None = 0.0
    ignore_eos: bool | None = False
    return_logprob: bool | None = None
    logprob_start_len: int | None = None
    top_logprobs_num: int | None = None
    return_text_in_logprobs: bool | None = None
    json_schema: Any = None
    dtype: str | type | None = None
    regex: str | None = None
    sampling_seed: int | None = None
    close_within_budget: bool | None = None
    canonical: bool | None = None

    def clone(self) -> SglSamplingParams:
        """An equal copy."""
        return dataclasses.replace(self)

    def given(self) -> dict[str, Any]:
        """The fields that are not None, by name."""
        return {name: value for name, value in zip(_NAMES, _values(self), strict=True) if value is not None}


_NAMES = tuple(field.name for field in dataclasses.fields(SglSamplingParams))
_values = operator.attrgetter(*_NAMES)
_LISTS = tuple(_NAMES.index(name) for name in ("stop", "stop_token_ids", "stop_regex"))


def as_list(value: str | Sequence[Any] | None) -> list[Any]:
    """A fresh list of ``value``, which may be one string, a sequence or None."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def resolve(default: SglSamplingParams, own: SglSamplingParams, template_stop: Sequence[str] = ()) -> SglSamplingParams:
    """The values of one call: the run's, overwritten by every value the call gives, plus the chat template's stops.

    Neither argument is changed, and the result shares no list with them.
    """
    pairs = zip(_values(default), _values(own), strict=True)
    values = [usual if given is None else given for usual, given in pairs]
    for place in _LISTS:
        values[place] = as_list(values[place])
    values[_LISTS[0]] += template_stop
    return SglSamplingParams(*values)


_KEPT = 256

_remembered = functools.lru_cache(_KEPT, typed=True)(SglSamplingParams)


def interned(*values: Any) -> SglSamplingParams:
    """``SglSamplingParams(*values)``, the same object for equal values: what a batch of programs asks for is equal again and again."""
    if values[_LISTS[1]] is not None:  # ids, among which True would pass for 1
        return SglSamplingParams(*values)
    try:
        return _remembered(*values)
    except TypeError:  # a list may change
        return SglSamplingParams(*values)


_resolved: SameObjects[SglSamplingParams] = SameObjects()


def resolved(
    default: SglSamplingParams, own: SglSamplingParams, template_stop: Sequence[str] = ()
) -> SglSamplingParams:
    """As `resolve`, remembered for the same objects: the result is shared, and whoever gets it leaves its lists alone."""
    found = _resolved.get(default, own, template_stop)
    if found is not None:
        return found
    made = resolve(default, own, template_stop)
    stops = [values[place] for values in (_values(default), _values(own)) for place in _LISTS]
    may_change = any(isinstance(given, list) for given in (*stops, template_stop))
    return made if may_change else _resolved.keep(made, default, own, template_stop)


def dtype_name(dtype: str | type | None) -> str | None:
    """``int``, ``float``, ``str`` or ``bool`` for a type or its name; None for None.

    Raises
    ------
    UsageError
        Another type.
    """
    if dtype is None:
        return None
    name = dtype if isinstance(dtype, str) else dtype.__name__
    if name not in _DTYPE_REGEX:
        raise UsageError(f"gen(dtype={name!r}): the types are {', '.join(_DTYPE_REGEX)}")
    return name


def dtype_as_regex(params: SglSamplingParams) -> SglSamplingParams:
    """``params`` with ``dtype`` replaced by its regular expression, for backends that decode under one.

    A number also ends at a blank or a new line. Where both ``dtype`` and ``regex`` are given, ``dtype`` wins with a warning.
    """
    name = dtype_name(params.dtype)
    if name is None:
        return params
    if params.regex is not None:
        warnings.warn("gen has both dtype and regex; dtype is used", stacklevel=2)
    stop = as_list(params.stop)
    if name in ("int", "float"):
        stop += [text for text in _NUMBER_STOPS if text not in stop]
    return dataclasses.replace(params, dtype=None, regex=_DTYPE_REGEX[name], stop=stop)


def check(params: SglSamplingParams, where: str) -> None:
    """Refuse what no backend can do.

    Raises
    ------
    UsageError
        A negative number of tokens, or fewer than one sample.
    """
    if params.max_new_tokens is not None and params.max_new_tokens < 0:
        raise UsageError(f"{where}: max_tokens={params.max_new_tokens}; use 0 for a prefill, or more to generate")
    if params.min_new_tokens is not None and params.min_new_tokens < 0:
        raise UsageError(f"{where}: min_tokens={params.min_new_tokens}; use 0 or more")
    if params.n is not None and params.n < 1:
        raise UsageError(f"{where}: n={params.n}; at least one sample is needed")
