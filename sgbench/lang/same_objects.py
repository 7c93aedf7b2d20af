"""Remembers what was made of the very same objects: no comparing, no hashing of what they hold. Knows nothing else."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SameObjects(Generic[T]):
    """What was made of objects, by which objects they are. For objects that do not change. Safe to share between threads.

    Parameters
    ----------
    most
        How much is remembered; then all is forgotten.
    """

    __slots__ = ("_kept", "_most")

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._kept: dict[tuple[int, ...], tuple[tuple[Any, ...], T]] = {}

    def get(self, *objects: Any) -> T | None:
        """What `keep` was told of ``objects``."""
        found = self._kept.get(tuple(map(id, objects)))
        return None if found is None else found[1]

    def keep(self, made: T, *objects: Any) -> T:
        """``made`` was made of ``objects``. They live as long as it is remembered: no others get their places in memory."""
        if len(self._kept) >= self._most:
            self._kept = {}
        self._kept[tuple(map(id, objects))] = (objects, made)
        return made
