"""Which tokens a machine allows in a state: one walk over its class trie, kept by state.

Knows one machine and one vocabulary; no request.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import cached_property

import numpy as np

from sgbench.engine.constrained.class_trie import ClassTrie, class_trie
from sgbench.engine.constrained.dfa import UNREACHABLE
from sgbench.engine.constrained.limits import shorten
from sgbench.engine.constrained.machine import Machine
from sgbench.engine.constrained.mask_cache import MaskCache
from sgbench.engine.constrained.trie_walk import TrieWalk
from sgbench.engine.constrained.vocabulary import Vocabulary
from sgbench.engine.request import IntArray
from sgbench.engine.token_set import TokenSet
from sgbench.errors import ConstraintError

DEFAULT_CACHE_BYTES = 64 << 20
_MOST_COUNTED = 2000
"""States of machines whose tokens are counted before a request with little room is taken: a fifth of a millisecond each."""


class TokenMasks:
    """Allowed tokens of one machine over one vocabulary; safe to share between threads.

    Parameters
    ----------
    machine, vocabulary
        Their product.
    kept
        Where masks are kept, which several machines may share; None: a place of its own, of 64 MB.

    Attributes
    ----------
    whole
        Is every byte that the machine reads a token of its own?

    Raises
    ------
    ConstraintError
        The vocabulary cannot spell any accepted text; the message names the missing bytes.
    """

    def __init__(self, machine: Machine, vocabulary: Vocabulary, kept: MaskCache | None = None) -> None:
        self.machine = machine
        self.vocabulary = vocabulary
        self._kept = MaskCache(DEFAULT_CACHE_BYTES) if kept is None else kept
        self._owner = self._kept.owner()
        self._ends: list[bool] = machine.dfa.accepts.tolist()
        self._forced: list[int] = machine.forced_byte.tolist()
        self._any_forced = any(byte >= 0 for byte in self._forced[: machine.n_states])
        self._numbers: dict[tuple[str, int], int] = {}
        self._dead_ends: IntArray | None = None
        self.whole = self._spells_every_byte()
        if not self.whole:
            self._trim()

    def token_set(self, state: int, stops: tuple[int, ...] = ()) -> TokenSet:
        """The tokens after which the text can still be completed, and ``stops`` where it may end.

        Made once for each state, within the budget: the same object as long as it is kept.
        """
        stops = stops if self._ends[state] else ()
        key = (self._owner, state, stops)
        found = self._kept.find(key)
        return self._kept.keep(key, self._made(state, stops)) if found is None else found

    def allowed(self, state: int) -> IntArray:
        """int32, sorted: the same tokens as ids, without stops. Unpacks; not for every step."""
        return self.token_set(state).to_ids()

    def only_token(self, state: int) -> int:
        """The one token that may follow a state where the text cannot end, or -1.

        Only where the next byte is forced can a token be alone, as long as every byte is a token of its own.
        """
        if self._ends[state] or (self.whole and not self.forces(state)):
            return -1
        return self.remembered(("only token", state), lambda: self._alone(state))

    def forces(self, state: int) -> bool:
        """Is the next byte forced?"""
        return self._forced[state] >= 0

    def forces_next(self, state: int) -> bool:
        """May there be a forced byte, or a token without alternative, after one more token? Never where no state forces anything."""
        if not self.whole:
            return True
        if not self._any_forced:
            return False
        return bool(self.remembered(("forces next", state), lambda: any(map(self.forces, self._targets(state)))))

    def _alone(self, state: int) -> int:
        found = self.token_set(state)
        return int(found.to_ids()[0]) if len(found) == 1 else -1

    def _made(self, state: int, stops: tuple[int, ...]) -> TokenSet:
        walk = TrieWalk(self.trie, self.machine, state)
        size = len(self.vocabulary)
        if self._dead_ends is None and walk.many:
            marked = walk.marks()
            marked[list(stops)] = True
            return TokenSet.of_marks(marked)
        ids = walk.ids() if self._dead_ends is None else self._without_dead_ends(*walk.moves())[0]
        return TokenSet.of_ids(np.union1d(ids, stops) if stops else ids, size)

    @property
    def cached_bytes(self) -> int:
        """Bytes of the masks that are kept, those of others who share the place included."""
        return self._kept.nbytes

    def least_tokens(self, state: int, room: int) -> int:
        """Fewest tokens from a state to an accepting one, or less where ``room`` is enough anyway, or the machine very large.

        Where every byte is a token, room for as many tokens as bytes is enough; else they are counted, which asks every state once.
        """
        n_bytes = self.machine.min_bytes(state)
        bound = -(-n_bytes // max(1, self.vocabulary.max_token_bytes))
        if room < bound or (room >= n_bytes and self.whole) or self.machine.n_states > _MOST_COUNTED:
            return bound
        return int(self.tokens_to_accept[state])

    @cached_property
    def tokens_to_accept(self) -> IntArray:
        """int32 ``[n_states + 1]``: fewest tokens from each state to an accepting one; `UNREACHABLE` where there is no way.

        Costs one walk for every state: asked for only by requests that must close within a budget, or have little room.
        """
        dfa = self.machine.dfa
        before: list[list[int]] = [[] for _ in range(dfa.n_states)]
        for state in range(dfa.n_states):
            for target in self._targets(state):
                before[target].append(state)
        fewest = np.full(dfa.n_states + 1, UNREACHABLE, dtype=np.int32)
        queue = deque(np.flatnonzero(dfa.accepts).tolist())
        fewest[list(queue)] = 0
        while queue:
            state = queue.popleft()
            for source in before[state]:
                if fewest[source] == UNREACHABLE:
                    fewest[source] = fewest[state] + 1
                    queue.append(source)
        return fewest

    def _targets(self, state: int) -> list[int]:
        """The states that one token leads to, in order."""
        found: list[int] = TrieWalk(self.trie, self.machine, state).targets().tolist()
        if self._dead_ends is None:
            return found
        dead = set(self._dead_ends.tolist())
        return [target for target in found if target not in dead]

    def remembered(self, key: tuple[str, int], compute: Callable[[], int]) -> int:
        """A number that depends on this machine and vocabulary only, computed once."""
        if key not in self._numbers:
            self._numbers[key] = compute()
        return self._numbers[key]

    def moves(self, state: int) -> tuple[IntArray, IntArray]:
        """Allowed tokens, and the state after each; not cached, in no order."""
        return self._without_dead_ends(*TrieWalk(self.trie, self.machine, state).moves())

    @cached_property
    def trie(self) -> ClassTrie:
        """The token trie as the machine sees it, built when a mask is first asked for."""
        return class_trie(self.machine.dfa, self.vocabulary)

    @property
    def nbytes(self) -> int:
        """Bytes of the class trie and the cached masks."""
        return self.trie.nbytes + self.cached_bytes

    # -- vocabularies that lack some bytes

    def _spells_every_byte(self) -> bool:
        """Is every byte that the machine reads a token of its own? Then every live state stays live over tokens."""
        dfa = self.machine.dfa
        read = np.flatnonzero((dfa.table != dfa.sink).any(axis=0)[dfa.class_of])
        return self.vocabulary.single_bytes.issuperset(read.tolist())

    def _trim(self) -> None:
        """Find the states from which no sequence of tokens reaches an accepting one."""
        machine = self.machine
        before: dict[int, set[int]] = {machine.start: set()}
        queue = deque([machine.start])
        while queue:
            state = queue.popleft()
            for target in self._targets(state):
                if target not in before:
                    before[target] = set()
                    queue.append(target)
                before[target].add(state)
        alive = {state for state in before if machine.is_accepting(state)}
        queue.extend(alive)
        while queue:
            for source in before[queue.popleft()] - alive:
                alive.add(source)
                queue.append(source)
        if machine.start not in alive:
            raise ConstraintError(self._missing())
        self._dead_ends = np.array(sorted(before.keys() - alive), dtype=np.int32)

    def _without_dead_ends(self, ids: IntArray, ends: IntArray) -> tuple[IntArray, IntArray]:
        if self._dead_ends is None or not len(self._dead_ends):
            return ids, ends
        alive = ~np.isin(ends, self._dead_ends)
        return ids[alive], ends[alive]

    def _missing(self) -> str:
        dfa = self.machine.dfa
        read = set(np.flatnonzero((dfa.table != dfa.sink).any(axis=0)[dfa.class_of]).tolist())
        missing = bytes(sorted(read - self.vocabulary.used_bytes))
        what = f"it has no token with the bytes {missing[:16]!r}" if missing else "its tokens do not join to any match"
        return f"the vocabulary cannot spell any text of {shorten(self.machine.source)!r}: {what}"
