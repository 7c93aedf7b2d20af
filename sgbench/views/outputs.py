"""What a request has written so far, in the order in which it was written. Knows events and texts.

The event of a jump comes before that of the step which sampled the token in front of it, so a jump waits for its token.
"""

from __future__ import annotations

from typing import NamedTuple

from sgbench.trace.events import JumpForward, Retokenized
from sgbench.trace.vocab import Vocab


class _Jump(NamedTuple):
    """``token_ids`` stand behind the first ``keep`` tokens as soon as there are ``after``."""

    after: int
    keep: int
    token_ids: tuple[int, ...]
    forced: tuple[bool, ...]


class Output:
    """The output tokens of one request.

    Attributes
    ----------
    token_ids
        So far.
    forced
        Which of them took no decode step: as the engine counts, those that begin behind all text that was sampled.
    """

    def __init__(self, vocab: Vocab) -> None:
        self.token_ids: list[int] = []
        self.forced: list[bool] = []
        self._vocab = vocab
        self._waiting: list[_Jump] = []
        self._replaced: tuple[int, ...] = ()

    @property
    def jumped_tokens(self) -> int:
        """How many tokens took no decode step."""
        return sum(self.forced)

    def spelled(self, token_id: int) -> bytes:
        """The bytes of a token."""
        return self._vocab(token_id).encode("utf-8", "surrogateescape")

    def sampled(self, token_id: int) -> int:
        """A step sampled a token; returns how many tokens in front stayed as they were."""
        self.token_ids.append(token_id)
        self.forced.append(False)
        return self._settle(len(self.token_ids) - 1)

    def retokenized(self, event: Retokenized) -> None:
        """The next jump replaces tokens."""
        self._replaced = event.old_ids

    def jumped(self, event: JumpForward) -> int:
        """A constraint forced tokens; returns how many tokens in front stayed as they were."""
        old, self._replaced = self._replaced, ()
        sampled = sum(len(self.spelled(token_id)) for token_id in old)
        at, forced = 0, []
        for token_id in event.token_ids:
            forced.append(at >= sampled)
            at += len(self.spelled(token_id))
        self._waiting.append(_Jump(event.position + len(old), event.position, event.token_ids, tuple(forced)))
        return self._settle(len(self.token_ids))

    def finished(self, output_ids: tuple[int, ...]) -> int:
        """The request ended, maybe before the event of its last step; returns how many tokens in front stayed as they were."""
        same = 0
        while same < min(len(self.token_ids), len(output_ids)) and self.token_ids[same] == output_ids[same]:
            same += 1
        forced = {jump.keep + i for jump in self._waiting for i, on in enumerate(jump.forced) if on}
        self.token_ids[same:] = output_ids[same:]
        self.forced[same:] = [place in forced for place in range(same, len(output_ids))]
        self._waiting.clear()
        return same

    def _settle(self, same: int) -> int:
        while self._waiting and len(self.token_ids) >= self._waiting[0].after:
            jump = self._waiting.pop(0)
            same = min(same, jump.keep)
            self.token_ids[jump.keep :] = jump.token_ids
            self.forced[jump.keep :] = jump.forced
        return same
