"""Can a body run once more without anybody noticing? Told from its code, before anything runs; in doubt: no.

A body that only writes to its prompt state can. One that calls what is not known to be harmless, or changes what lies outside of
it (a list of results, a counter, a file), must run as often as its program does. Knows code objects; runs nothing.
"""

from __future__ import annotations

import builtins
import dis
import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any

from sgbench.lang.ir import SglExpr

_MODULES = frozenset({"sgbench", "re", "json", "math", "string", "textwrap", "itertools", "operator"})
# fmt: off
_BUILTINS = frozenset({
    "abs", "all", "any", "bin", "bool", "bytes", "chr", "dict", "divmod", "enumerate", "filter", "float",
    "format", "frozenset", "hash", "hex", "int", "isinstance", "issubclass", "iter", "len", "list", "map",
    "max", "min", "next", "oct", "ord", "pow", "print", "range", "repr", "reversed", "round", "set", "slice",
    "sorted", "str", "sum", "tuple", "type", "zip",
})
# fmt: on
# fmt: off
_CHANGES = frozenset({
    "add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem", "popleft", "put",
    "remove", "reverse", "send", "setdefault", "sort", "update", "write", "writelines",
})
# fmt: on
_STORES = frozenset({"STORE_SUBSCR", "STORE_ATTR", "DELETE_SUBSCR", "DELETE_ATTR", "STORE_SLICE"})
_OUTWARD = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL", "IMPORT_NAME", "IMPORT_STAR"})
_WAITS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_VALUES = (type(None), bool, int, float, complex, str, bytes, range, type(Ellipsis), SglExpr)


def is_pure(function: Callable[..., Any]) -> bool:
    """Does ``function`` surely do nothing but to its arguments?"""
    return _pure(function, set())


def _pure(function: Any, seen: set[int]) -> bool:
    function = getattr(function, "func", function) if _is_program(function) else function
    if not isinstance(function, types.FunctionType):
        return False
    if id(function) in seen:
        return True
    seen.add(id(function))
    codes = list(_codes(function.__code__))
    instructions = [one for code in codes for one in dis.get_instructions(code)]
    if function.__code__.co_flags & _WAITS or any(one.opname in _OUTWARD for one in instructions):
        return False
    free = set(function.__code__.co_freevars)
    if any(one.opname in ("STORE_DEREF", "DELETE_DEREF") and one.argval in free for one in instructions):
        return False
    changes = any(one.opname in _STORES for one in instructions) or any(_CHANGES & {*code.co_names} for code in codes)
    names = {one.argval for one in instructions if one.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return all(_harmless(value, changes, seen) for value in _outside(function, names))


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from _codes(const)


_UNKNOWN = object()


def _outside(function: types.FunctionType, names: set[str]) -> Iterator[Any]:
    """What a function finds outside of itself."""
    for name in names:
        yield function.__globals__.get(name, getattr(builtins, name, _UNKNOWN))
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not filled yet
            yield _UNKNOWN


def _is_program(value: Any) -> bool:
    from sgbench.lang.function import SglFunction

    return isinstance(value, SglFunction)


def _harmless(value: Any, changes: bool, seen: set[int]) -> bool:
    """Can a body that ``changes`` things use ``value`` unnoticed?"""
    if isinstance(value, types.ModuleType):
        return value.__name__.partition(".")[0] in _MODULES
    if isinstance(value, type):
        return value.__module__ == "builtins" and (value.__name__ in _BUILTINS or issubclass(value, Exception))
    if isinstance(value, types.BuiltinFunctionType):
        return value.__self__ is builtins and value.__name__ in _BUILTINS
    if _is_program(value) or isinstance(value, types.FunctionType):
        return str(value.__module__).partition(".")[0] in _MODULES or _pure(value, seen)
    if isinstance(value, tuple | frozenset):
        return all(_harmless(part, changes, seen) for part in value)
    if isinstance(value, list | set | dict):
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        return not changes and all(_harmless(part, changes, seen) for part in parts)
    from sgbench.lang.choices import ChoicesSamplingMethod

    return isinstance(value, (*_VALUES, ChoicesSamplingMethod))
