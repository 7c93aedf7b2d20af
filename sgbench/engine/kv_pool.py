"""Host accounting of the KV pool: which one-token pages are free.

Knows slots as numbers only: the tensors live in the runner, and who uses a slot that is not free (the prefix cache or a running
request) is known to them. Page size is one token, as in the paper (section 3).
"""

from __future__ import annotations

import numpy as np

from sgbench.engine.request import IntArray
from sgbench.errors import IntegrityError


class KvPool:
    """A stack of free slots out of ``range(capacity_tokens)``.

    Parameters
    ----------
    capacity_tokens
        Number of slots.
    """

    def __init__(self, capacity_tokens: int) -> None:
        self.capacity_tokens = capacity_tokens
        self._stack: IntArray = np.arange(capacity_tokens - 1, -1, -1, dtype=np.int32)
        self._is_free = np.ones(capacity_tokens, dtype=np.bool_)
        self.free_tokens = capacity_tokens

    def alloc(self, n: int) -> IntArray:
        """Take ``n`` slots; int32 ``[n]``, owned by the caller until it frees them.

        Raises
        ------
        IntegrityError
            Fewer than ``n`` are free: whoever asks must have made room.
        """
        if n > self.free_tokens:
            raise IntegrityError(f"{n} KV slots were asked for and {self.free_tokens} are free")
        top = self.free_tokens
        self.free_tokens = top - n
        slots = self._stack[top - n : top][::-1].copy()
        self._is_free[slots] = False
        return slots

    def free(self, slots: IntArray) -> None:
        """Give ``slots`` back.

        Raises
        ------
        IntegrityError
            One of them is free already, or is named twice.
        """
        n = len(slots)
        if n == 0:
            return
        if self._is_free[slots].any():
            raise IntegrityError("a KV slot was freed twice")
        self._is_free[slots] = True
        top = self.free_tokens
        if top + n > self.capacity_tokens:
            raise IntegrityError("a KV slot was freed twice in one call")
        self._stack[top : top + n] = slots
        self.free_tokens = top + n

    def free_slots(self) -> IntArray:
        """The free slots, int32, in no particular order."""
        return self._stack[: self.free_tokens].copy()

    def check(self) -> None:
        """Compare the stack with the flags.

        Raises
        ------
        IntegrityError
            They disagree, or a slot stands twice on the stack.
        """
        free = self.free_slots()
        if len(np.unique(free)) != len(free) or not self._is_free[free].all():
            raise IntegrityError("the KV pool's free list names a slot twice or names one that is in use")
        if int(self._is_free.sum()) != self.free_tokens:
            raise IntegrityError("the KV pool's free list and its flags disagree")
