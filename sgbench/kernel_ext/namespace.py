"""The names that a ``%%sgl`` body sees beside the user's own.

Two ways in. `injected` puts the language's names into the user's namespace for the time of a run and takes them out again:
a body run in the foreground is an ordinary cell, whose functions keep the user's globals. `Scope` is for runs that must not
touch that namespace (a baseline run, the items of a batch) or that outlive the cell (``--background``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, MutableMapping
from typing import Any

LANGUAGE = (
    "function",
    "gen",
    "gen_int",
    "gen_string",
    "select",
    "image",
    "video",
    "separate_reasoning",
    "system",
    "user",
    "assistant",
    "system_begin",
    "system_end",
    "user_begin",
    "user_end",
    "assistant_begin",
    "assistant_end",
)
"""Names of the language that a body may use without importing them, as far as this version has them."""

_ABSENT = object()


def language_names() -> dict[str, Any]:
    """The language's names, and ``sgl``, with what they stand for."""
    import sgbench

    names = {name: getattr(sgbench, name) for name in LANGUAGE if name in sgbench.__all__}
    return {"sgl": sgbench, **names}


@contextlib.contextmanager
def injected(user_ns: MutableMapping[str, Any], state: Any) -> Iterator[None]:
    """For the time of the block ``s`` is ``state`` and the language's names that the user has not taken are there.

    Afterwards the injected names are gone unless the body gave them another meaning, and the user's former ``s`` is back.
    """
    former = user_ns.get("s", _ABSENT)
    added = {name: value for name, value in language_names().items() if name not in user_ns}
    user_ns.update(added)
    user_ns["s"] = state
    try:
        yield
    finally:
        for name, value in added.items():
            if user_ns.get(name, _ABSENT) is value:
                del user_ns[name]
        if former is not _ABSENT:
            user_ns["s"] = former
        else:
            user_ns.pop("s", None)


class Scope(dict[str, Any]):
    """A namespace of its own over the user's: own names first, then the user's, then the language's.

    Parameters
    ----------
    user_ns
        Read, and written only with ``shared``.
    own
        Names of this run: the state, the variables of a batch item.
    shared
        Names that the body assigns go to ``user_ns``; else they stay here.
    """

    def __init__(self, user_ns: MutableMapping[str, Any], own: dict[str, Any], *, shared: bool = False) -> None:
        super().__init__(own)
        self._user_ns = user_ns
        self._language = language_names()
        self._shared = shared

    def __getitem__(self, name: str) -> Any:
        if dict.__contains__(self, name):
            return dict.__getitem__(self, name)
        if name in self._user_ns:
            return self._user_ns[name]
        return self._language[name]

    def __setitem__(self, name: str, value: Any) -> None:
        if self._shared and not dict.__contains__(self, name) and name != "__builtins__":
            self._user_ns[name] = value
        else:
            dict.__setitem__(self, name, value)

    def __delitem__(self, name: str) -> None:
        if self._shared and not dict.__contains__(self, name):
            del self._user_ns[name]
        else:
            dict.__delitem__(self, name)


def shadowing_hint(user_ns: MutableMapping[str, Any]) -> str:
    """What to say where a body failed to call something: variables of the user's that hide names of the language."""
    hidden = [name for name in LANGUAGE if name in user_ns and not callable(user_ns[name])]
    if not hidden:
        return ""
    names = ", ".join(hidden)
    return f"your variable {names} hides the language's name: write sgl.{hidden[0]}(...), or delete the variable"
