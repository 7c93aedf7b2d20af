"""Where a cell's defaults come from: option > ``%config`` > environment ``SGBENCH_*`` > default.

Knows the options and the four sources. Does not know IPython: the ``%config`` values arrive as a mapping.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sgbench.engine.config import EngineConfig
from sgbench.errors import UnknownOptionError, UsageError
from sgbench.kernel_ext.options import OPTIONS, Option, switch

DEFAULTS: dict[str, Any] = {
    "seed": None,
    "temperature": None,
    "max_tokens": None,
    "baseline": None,
    "repeat": 1,
    "watch": (),
}

SETTABLE: dict[str, Option] = {option.key: option for option in OPTIONS.values() if option.setting}

ENGINE_FIELDS: dict[str, dataclasses.Field[Any]] = {
    field.name: field for field in dataclasses.fields(EngineConfig) if field.name != "model_path"
}


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it comes from: ``option``, ``%config``, the variable's name, or ``default``."""

    value: Any
    source: str


def variable(key: str) -> str:
    """The environment variable of a setting or an engine option."""
    return f"SGBENCH_{key.upper()}"


def resolve(
    given: Mapping[str, Any], configured: Mapping[str, Any], environ: Mapping[str, str] = os.environ
) -> dict[str, Setting]:
    """Every setting of a cell, with its source.

    Parameters
    ----------
    given
        Options written in the cell, by key.
    configured
        ``%config`` values by key; None: not set.
    environ
        The environment.

    Raises
    ------
    UsageError
        An environment variable has a value that the option refuses; the message names the variable.
    """
    return {key: _resolve(key, option, given, configured, environ) for key, option in SETTABLE.items()}


def _resolve(
    key: str, option: Option, given: Mapping[str, Any], configured: Mapping[str, Any], environ: Mapping[str, str]
) -> Setting:
    if key in given:
        return Setting(given[key], "option")
    if configured.get(key) is not None:
        return Setting(configured[key], "%config")
    name = variable(key)
    if environ.get(name):
        try:
            return Setting(option.parse(environ[name]), name)
        except ValueError as refusal:
            raise UsageError(f"environment variable {name}={environ[name]!r}: {refusal}") from None
    return Setting(DEFAULTS[key], "default")


def engine_option(key: str, word: str, where: str) -> tuple[str, Any]:
    """An engine option as it is written in a line: its name (dashes allowed) and its value with the right type.

    Raises
    ------
    UnknownOptionError
        `sgbench.Engine` has no such option.
    UsageError
        The value cannot be read.
    """
    name = key.replace("-", "_")
    field = ENGINE_FIELDS.get(name)
    if field is None:
        raise UnknownOptionError(name, ENGINE_FIELDS, where)
    kind = str(field.type)
    try:
        if "bool" in kind:
            return name, switch(word)
        if "int" in kind:
            return name, None if word == "None" and "None" in kind else int(word.replace(",", "").replace("_", ""))
    except ValueError:
        wanted = "on or off" if "bool" in kind else "a whole number"
        raise UsageError(f"{where}: {name}={word}: {wanted} is needed") from None
    return name, None if word == "None" and "None" in kind else word


def engine_environment(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Engine options set by ``SGBENCH_*`` variables."""
    found: dict[str, Any] = {}
    for name in ENGINE_FIELDS:
        if name != "seed" and environ.get(variable(name)):
            found.update([engine_option(name, environ[variable(name)], f"environment variable {variable(name)}")])
    return found
