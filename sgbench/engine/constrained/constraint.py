"""The constraint of one running request: where its machine stands, what may come next, what must.

Knows masks and a tokenizer; no scheduler, no KV, no text on screen. The request tells it every token it commits, sampled or
forced. The states behind all output tokens are kept, so that retokenization can go back.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np

from sgbench.engine.constrained.canonical import CanonicalPairs
from sgbench.engine.constrained.jump_forward import Jump, safe_jump, text_jump
from sgbench.engine.constrained.retokenization import WINDOW_TOKENS, Encoder
from sgbench.engine.constrained.token_mask import TokenMasks
from sgbench.engine.request import IntArray
from sgbench.engine.token_set import TokenSet
from sgbench.errors import IntegrityError


class Constraint:
    """One request's walk through a machine.

    Parameters
    ----------
    masks
        The machine over the vocabulary.
    encoder
        The tokenizer.
    stop_ids
        Tokens that end the text: allowed at accepting states and nowhere else (a stop id that is also an ordinary token ends
        the text where nothing else may follow).
    closing
        Allow only what can still be completed within the room that is left.
    pairs
        Allow only tokens that the tokenizer would write after the last one, unless that leaves none. None: all.
    mode
        ``"safe"``, ``"text"`` or ``"off"``: see `sgbench.engine.constrained.jump_forward`.

    Attributes
    ----------
    states
        Machine states: before any output, and after each output token.
    """

    def __init__(
        self,
        masks: TokenMasks,
        encoder: Encoder,
        stop_ids: frozenset[int],
        mode: str,
        *,
        closing: bool = False,
        pairs: CanonicalPairs | None = None,
    ) -> None:
        self.masks = masks
        self.machine = masks.machine
        self.mode = mode
        self._fewest = masks.tokens_to_accept if closing else None
        self._most = 0 if self._fewest is None else int(self._fewest[:-1].max())
        self.states = [masks.machine.start]
        self._tokens: list[int] = []
        self._pairs = pairs
        self._encoder = encoder
        self._stop_ids = stop_ids
        self._tokens_bytes = masks.vocabulary.tokens
        self._stops = tuple(i for i in sorted(stop_ids) if i < len(self._tokens_bytes))
        self._stops_spell = any(self._tokens_bytes[i] for i in self._stops)

    @property
    def state(self) -> int:
        """Where the machine stands."""
        return self.states[-1]

    @property
    def complete(self) -> bool:
        """Is the text so far a whole match?"""
        return self.machine.is_accepting(self.state)

    @property
    def ended(self) -> bool:
        """Is the text a whole match that cannot go on?"""
        if not self.complete:
            return False
        if self.machine.is_final(self.state):
            return True
        return not self.masks.whole and not len(self.masks.allowed(self.state))

    def allowed(self, room: int) -> TokenSet:
        """The tokens that may be sampled now, stop ids included where the text may end.

        Parameters
        ----------
        room
            Tokens that may still be added to the text.
        """
        closing = self._fewest is not None and room - 1 < self._most
        if not (closing or self._stops_spell or (self._pairs is not None and self._tokens)):
            found = self.masks.token_set(self.state, self._stops)
            return found if len(found) else found.with_ids(self._stop_array())
        return self._narrowed(room, closing)

    def _narrowed(self, room: int, closing: bool) -> TokenSet:
        """What depends on more than the state is made for this step alone."""
        mask = self.masks.allowed(self.state)
        if closing:
            assert self._fewest is not None
            ids, ends = self.masks.moves(self.state)
            mask = np.sort(ids[self._fewest[ends] <= room - 1])
        if self._stops_spell:
            mask = mask[~np.isin(mask, self._stop_array())]
        if self._pairs is not None and self._tokens:
            mask = self._pairs.after(self._tokens[-1], mask)
        if self.complete or not len(mask):
            mask = np.union1d(mask, self._stop_array())
        return TokenSet.of_ids(mask, len(self._tokens_bytes))

    def _stop_array(self) -> IntArray:
        return np.array(self._stops, dtype=np.int32)

    def advance(self, token_id: int) -> None:
        """The request committed a token.

        Raises
        ------
        IntegrityError
            The token was not allowed.
        """
        state = self.machine.step(self.state, self._tokens_bytes[token_id])
        if state == self.machine.dead:
            raise IntegrityError(f"token {token_id} was sampled, which {self.machine!r} does not allow in {self.state}")
        self.states.append(state)
        self._tokens.append(token_id)

    def fork(self) -> Constraint:
        """Another that stands where this one does."""
        other = copy.copy(self)
        other.states, other._tokens = self.states[:], self._tokens[:]
        return other

    def rewind(self, n_output: int) -> None:
        """Only the first ``n_output`` output tokens stay."""
        del self.states[n_output + 1 :], self._tokens[n_output:]

    @property
    def may_jump(self) -> bool:
        """Is it worth asking `jump`? Costs a look-up, and most states force nothing."""
        if self.mode == "off":
            return False
        return self.masks.forces(self.state) or not self.masks.whole

    @property
    def may_jump_next(self) -> bool:
        """May it be worth asking `jump` after one more token, whichever it is? Costs a walk over the vocabulary once for each state."""
        return self.mode != "off" and self.masks.forces_next(self.state)

    def jump(self, prompt_ids: Sequence[int], output_ids: Sequence[int], room: int) -> Jump | None:
        """What is forced now, by the mode; None if nothing is, or it cannot be put into tokens (within the room, if asked)."""
        if not self.may_jump:
            return None
        if self.mode == "text":
            found = text_jump(self.masks, self.state, prompt_ids, output_ids, self._encoder)
        else:
            before = [*prompt_ids, *output_ids[-WINDOW_TOKENS:]]
            found = safe_jump(self.masks, self.state, before, len(output_ids), self._encoder)
            found = found or self._only_token(len(output_ids))
        if found is None or self._stop_ids.intersection(found.token_ids):
            return None
        return found if self._fits(found, len(output_ids), room) else None

    def _fits(self, jump: Jump, n_output: int, room: int) -> bool:
        """Can the text be completed in time after the jump, if it must?"""
        if self._fewest is None:
            return True
        left = room - len(jump.token_ids) + n_output - jump.keep
        return bool(self._fewest[self.machine.step(self.state, jump.data)] <= left)

    def _only_token(self, n_output: int) -> Jump | None:
        """A token that is the only one allowed is forced too, whatever it spells."""
        only = self.masks.only_token(self.state)
        return None if only < 0 else Jump(keep=n_output, token_ids=(only,), data=self._tokens_bytes[only])
