"""Masks kept by state: those used last as token ids, all others as bits or ids, whichever is smaller.

A mask of half a large vocabulary is 260 KB as ids and 16 KB as bits. The masks used last stay as ids within an eighth of the budget,
because unpacking takes longer than a look-up. Safe to share between threads.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

import numpy as np
import numpy.typing as npt

from sgbench.engine.request import IntArray

_UNPACKED_SHARE = 8


class MaskCache:
    """Sorted token ids by state, least recently used dropped first.

    Parameters
    ----------
    vocab_size
        Ids are below this.
    max_bytes
        Of all that is kept, ids and bits; the mask that was kept last stays whatever its size.

    Attributes
    ----------
    nbytes
        What is kept now.
    """

    def __init__(self, vocab_size: int, max_bytes: int) -> None:
        self._vocab_size = vocab_size
        self._max_bytes = max_bytes
        self._ids: OrderedDict[int, IntArray] = OrderedDict()
        self._packed: OrderedDict[int, npt.NDArray[Any]] = OrderedDict()
        self._id_bytes = self._packed_bytes = 0
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes of all that is kept."""
        return self._id_bytes + self._packed_bytes

    def find(self, state: int) -> IntArray | None:
        """The mask of a state; None if it is not kept."""
        with self._lock:
            ids = self._ids.get(state)
            if ids is not None:
                self._ids.move_to_end(state)
                return ids
            packed = self._packed.get(state)
            if packed is None:
                return None
            self._packed.move_to_end(state)
        ids = packed if packed.dtype == np.int32 else self._unpacked(packed)
        self.keep(state, ids)
        return ids

    def keep(self, state: int, ids: IntArray) -> None:
        """Keep sorted ids, which nobody may write to from now on."""
        ids.setflags(write=False)
        with self._lock:
            if state not in self._ids:
                self._ids[state] = ids
                self._id_bytes += ids.nbytes
            while self._id_bytes * _UNPACKED_SHARE > self._max_bytes and len(self._ids) > 1:
                self._pack(*self._ids.popitem(last=False))
            while self.nbytes > self._max_bytes and self._packed:
                self._packed_bytes -= self._packed.popitem(last=False)[1].nbytes

    def _unpacked(self, bits: npt.NDArray[np.uint8]) -> IntArray:
        return np.flatnonzero(np.unpackbits(bits, count=self._vocab_size).view(np.bool_)).astype(np.int32)

    def _pack(self, state: int, ids: IntArray) -> None:
        self._id_bytes -= ids.nbytes
        if state in self._packed:
            return
        packed: npt.NDArray[Any] = ids
        if ids.nbytes * 8 > self._vocab_size:
            marked = np.zeros(self._vocab_size, dtype=np.bool_)
            marked[ids] = True
            packed = np.packbits(marked)
        self._packed[state] = packed
        self._packed_bytes += packed.nbytes
