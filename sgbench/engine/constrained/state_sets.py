"""In which states a machine can be behind given bytes, wherever it was before them, and which byte classes it still tells apart there.

Behind two or three bytes of a token few states are left, and few classes differ in all of them: inside a JSON string nearly every letter is
like any other once it is known that no escape is open. Knows a machine; no vocabulary.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sgbench.engine.constrained.dfa import Dfa
from sgbench.engine.request import IntArray

_MOST_SETS = 512
_MOST_WORK = 4_000_000
"""Entries of the table that are looked at, over all sets; about a hundredth of a microsecond each."""


class StateSets:
    """Sets of states, numbered as they are met; set 0 holds all states.

    Too many sets, or too much work, and what would be another set is set 0: true of any bytes, and telling the most classes apart.

    Parameters
    ----------
    dfa
        The machine.
    """

    def __init__(self, dfa: Dfa) -> None:
        self._table, self._dead = dfa.table, dfa.sink
        self._members: list[IntArray] = []
        self._alike = np.empty((8, dfa.n_classes), dtype=np.int64)
        self._number: dict[bytes, int] = {}
        self._after: dict[tuple[int, int], int] = {}
        self._work = 0
        weights = np.random.default_rng(5).integers(1, 2**63, size=(len(dfa.table), 1), dtype=np.uint64)
        self._weighed = dfa.table.astype(np.uint64) * weights
        self._add(np.arange(dfa.n_states, dtype=np.int32))

    def alike(self) -> npt.NDArray[np.int64]:
        """int64 ``[sets, classes]``: for each set and class the first class that leads to the same states; -1 where none lives on."""
        return self._alike[: len(self._members)]

    def after(self, number: int, byte_class: int) -> int:
        """The set behind a byte of a class."""
        key = (number, byte_class)
        if key not in self._after:
            reached = np.zeros(self._dead + 1, dtype=np.bool_)
            reached[self._table[self._members[number], byte_class]] = True
            self._after[key] = self._add(np.flatnonzero(reached[:-1]).astype(np.int32))
        return self._after[key]

    def _add(self, members: IntArray) -> int:
        key = members.tobytes()
        if key not in self._number:
            if self._members and (len(self._members) >= _MOST_SETS or self._work > _MOST_WORK):
                return 0
            self._number[key] = number = len(self._members)
            self._members.append(members)
            if number == len(self._alike):
                self._alike = np.concatenate([self._alike, np.empty_like(self._alike)])
            self._alike[number] = self._first_alike(members)
        return self._number[key]

    def _first_alike(self, members: IntArray) -> npt.NDArray[np.int64]:
        """Columns of the table, as far as ``members`` go, compared by 64-bit sums and then exactly."""
        self._work += len(members) * self._table.shape[1]
        sums = self._weighed.take(members, axis=0).sum(axis=0)
        _, first, place = np.unique(sums, return_index=True, return_inverse=True)
        alike = first[place.ravel()]
        columns = self._table.take(members, axis=0)
        assert (columns.take(alike, axis=1) == columns).all(), "two columns with the same sum differ"
        alike[(columns == self._dead).all(axis=0)] = -1
        return np.asarray(alike, dtype=np.int64)
