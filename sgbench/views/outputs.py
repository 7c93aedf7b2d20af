"""What a request has written so far, in the order in which it was written. Knows events; no text.

The event of a jump comes before that of the step which sampled the token in front of it, so a jump waits for its token.
"""

from __future__ import annotations

from typing import NamedTuple

from sgbench.trace.events import JumpForward, Retokenized


class _Jump(NamedTuple):
    after: int
    keep: int
    token_ids: tuple[int, ...]


class Output:
    """The output tokens of one request.

    Attributes
    ----------
    token_ids
        So far.
    forced
        Which of them a constraint forced; what retokenization replaced counts as forced where it changed.
    jumped_tokens
        How many need not have been sampled.
    """

    def __init__(self) -> None:
        self.token_ids: list[int] = []
        self.forced: list[bool] = []
        self.jumped_tokens = 0
        self._waiting: list[_Jump] = []
        self._replaced: Retokenized | None = None

    def sampled(self, token_id: int) -> int:
        """A step sampled a token; returns how many tokens in front stayed as they were."""
        self.token_ids.append(token_id)
        self.forced.append(False)
        return self._settle(len(self.token_ids) - 1)

    def retokenized(self, event: Retokenized) -> None:
        """The next jump replaces tokens."""
        self._replaced = event

    def jumped(self, event: JumpForward) -> int:
        """A constraint forced tokens; returns how many tokens in front stayed as they were."""
        old = len(self._replaced.old_ids) if self._replaced is not None else 0
        self._replaced = None
        self.jumped_tokens += len(event.token_ids) - old
        self._waiting.append(_Jump(event.position + old, event.position, event.token_ids))
        return self._settle(len(self.token_ids))

    def finished(self, output_ids: tuple[int, ...]) -> int:
        """The request ended before the event of its last step came; returns how many tokens in front stayed as they were."""
        same = len(self.token_ids)
        while len(self.token_ids) < len(output_ids):
            same = min(same, self.sampled(output_ids[len(self.token_ids)]))
        return same

    def _settle(self, same: int) -> int:
        while self._waiting and len(self.token_ids) >= self._waiting[0].after:
            jump = self._waiting.pop(0)
            same = min(same, jump.keep)
            self.token_ids[jump.keep :] = jump.token_ids
            self.forced[jump.keep :] = [True] * len(jump.token_ids)
        return same
