"""All families of prompts: every module of this package that exports ``FAMILIES``."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from tools.train_bundled.example import Family


def all_families() -> tuple[Family, ...]:
    """Every family, in order of module name: the order is part of what a seed fixes.

    Raises
    ------
    ValueError
        When two families share a name.
    """
    found: list[Family] = []
    for module in sorted(iter_modules(__path__), key=lambda m: m.name):
        found.extend(getattr(import_module(f"{__name__}.{module.name}"), "FAMILIES", ()))
    names = [family.name for family in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"families named twice: {', '.join(twice)}")
    return tuple(found)
