"""A compiled constraint: the byte machine with its source, what it accepts, and what it forces.

Knows bytes and characters, no tokens: one machine serves every vocabulary. Immutable, so safe to share between threads.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sgbench.engine.constrained.compressed_fsm import char_graph, compress
from sgbench.engine.constrained.dfa import Dfa
from sgbench.engine.constrained.limits import shorten
from sgbench.errors import ConstraintError


class Machine:
    """A regex or JSON Schema as a finite state machine over UTF-8 bytes (paper, section 4 and appendix B).

    States are integers; `start` begins, `dead` is where forbidden text leads. Every other state can still accept.

    Attributes
    ----------
    kind
        ``"regex"`` or ``"json_schema"``.
    source
        The pattern, or the schema as JSON text.
    """

    def __init__(self, kind: str, source: str, dfa: Dfa) -> None:
        """Wrap a machine.

        Raises
        ------
        ConstraintError
            The language is empty: no text at all would satisfy the constraint.
        """
        if not dfa.n_states:
            raise ConstraintError(f"no text satisfies this {kind.replace('_', ' ')}: {shorten(source)!r}")
        self.kind = kind
        self.source = source
        self.dfa = dfa
        # Plain numbers: a step of a few bytes costs less than one look-up in an array.
        self._table = memoryview(np.ascontiguousarray(dfa.table).reshape(-1).data)
        self._class_of = dfa.class_of.tobytes()
        self._n_classes = dfa.n_classes
        self._accepts: list[bool] = dfa.accepts.tolist()

    def __repr__(self) -> str:
        return f"<Machine {self.kind} {shorten(self.source)!r}: {self.n_states} states>"

    @property
    def start(self) -> int:
        """The state before any text."""
        return self.dfa.start

    @property
    def dead(self) -> int:
        """The state of text that no accepted text begins with."""
        return self.dfa.sink

    @property
    def n_states(self) -> int:
        """Live states of the byte machine."""
        return self.dfa.n_states

    def accepts(self, text: str) -> bool:
        """Does the whole text satisfy the constraint?"""
        try:
            data = text.encode()
        except UnicodeEncodeError:
            return False
        return self.is_accepting(self.step(self.start, data))

    def step(self, state: int, data: bytes) -> int:
        """The state after ``data``; `dead` if it is not allowed there."""
        table, class_of, n_classes = self._table, self._class_of, self._n_classes
        for byte in data:
            state = table[state * n_classes + class_of[byte]]
        return state

    @cached_property
    def rows(self) -> npt.NDArray[np.intp]:
        """intp, flat: the table with each state as the place where its row begins, ``state * n_classes``; the sink's leads to itself."""
        return np.multiply(self.dfa.table, self._n_classes, dtype=np.intp).reshape(-1)

    def is_accepting(self, state: int) -> bool:
        """May the text end here?"""
        return self._accepts[state]

    def is_final(self, state: int) -> bool:
        """Must the text end here?"""
        return self._accepts[state] and not self._leaves[state]

    def min_bytes(self, state: int) -> int:
        """Fewest bytes from a state to an accepting one."""
        return int(self.dfa.remaining[state])

    def forced(self, state: int) -> bytes:
        """The bytes that must follow: up to the next state where there is a choice, or where the text may end.

        Exactly one byte leaves a forced state, and it does not accept; since every state can still accept, a chain of
        them always ends. The bytes may end inside a character when two alternatives share its first bytes.
        """
        out = bytearray()
        byte = int(self.forced_byte[state])
        while byte >= 0:
            out.append(byte)
            state = int(self.dfa.table[state, self.dfa.class_of[byte]])
            byte = int(self.forced_byte[state])
        return bytes(out)

    @cached_property
    def forced_byte(self) -> npt.NDArray[np.int16]:
        """int16 ``[n_states + 1]``: the one byte that may follow each state, or -1."""
        dfa = self.dfa
        live = dfa.table != dfa.sink
        sizes = np.bincount(dfa.class_of, minlength=dfa.n_classes)
        n_bytes = live @ sizes
        first_byte = np.zeros(dfa.n_classes, dtype=np.int16)
        first_byte[dfa.class_of[::-1]] = np.arange(256, dtype=np.int16)[::-1]
        forced = first_byte[live.argmax(axis=1)]
        forced[(n_bytes != 1) | dfa.accepts] = -1
        return np.asarray(forced, dtype=np.int16)

    @cached_property
    def _leaves(self) -> list[bool]:
        leaves: list[bool] = (self.dfa.table != self.dfa.sink).any(axis=1).tolist()
        return leaves

    @cached_property
    def fsm(self) -> dict[str, Any]:
        """The machine over characters as plain data; see `compressed_fsm`."""
        return char_graph(self.dfa)

    @cached_property
    def compressed(self) -> dict[str, Any]:
        """The compressed machine as plain data: chains of singular transitions are one edge each."""
        return compress(self.fsm)
