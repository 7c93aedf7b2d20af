"""Stand-ins for what a request has besides tokens when it runs again: its transcript, its constraint, its caller.

The answer is known, so nothing is decoded, no machine is walked and nobody waits. Each speaks as much of its original's protocol as
worker, scheduler and jumper ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sgbench.engine.constrained.jump_forward import Jump
from sgbench.engine.output import Transcript
from sgbench.engine.request import ChunkResult, RequestOutput, SamplingParams
from sgbench.engine.token_set import TokenSet
from sgbench.what_if.causes import Cause


class KnownTranscript(Transcript):
    """Ends where the recorded answer ended, for its reason.

    Parameters
    ----------
    params
        As recorded.
    cause
        With the answer.
    first_token
        Called once, when there is a first token.

    """

    def __init__(self, params: SamplingParams, cause: Cause, first_token: Callable[[], None]) -> None:
        super().__init__(params, None, ())
        # One that was given up goes on until it is given up again.
        self._length = params.max_new_tokens + 1 if cause.end == "abort" else max(1, len(cause.output_ids))
        self._reason = {"type": "stop", "matched": None} if cause.end == "stop" else {"type": "length", "length": 0}
        self._first_token = first_token
        self._known = cause.output_ids
        self._given_up = cause.end == "abort"
        self.constraint: KnownConstraint | None = None

    def accept(self, result: ChunkResult, room: int, *, jumped: bool = False) -> None:
        """Take a token; the recorded last one ends the text."""
        if not self.output_ids and self.first_token_s is None:
            self._first_token()
        super().accept(result, room, jumped=jumped)
        if self.finish_reason is None and len(self.output_ids) >= self._length and self._through():
            self.finish(self._reason)

    @property
    def tokens_left(self) -> int:
        """Tokens until it ends for sure; 0 where somebody else ends it."""
        return 0 if self._given_up else self._length - len(self.output_ids)

    def next_tokens(self, n: int) -> list[int]:
        """The ``n`` tokens behind those so far."""
        said = len(self.output_ids)
        return list(self._known[said : said + n])

    def _through(self) -> bool:
        """Is nothing left that a jump would change? (A jump may make the output shorter before it ends.)"""
        return self.constraint is None or self.constraint.through


@dataclass(frozen=True, slots=True)
class KnownMachine:
    """What the event of a constraint tells of its machine."""

    kind: str
    source: str
    n_states: int

    def accepts(self, text: str) -> bool:
        """Nobody reads whether an answer was complete."""
        return True


class KnownConstraint:
    """Jumps where the recorded run jumped: after as many sampled tokens, by the same tokens.

    Attributes
    ----------
    state, mode
        Of the jump that comes next, for its event.
    """

    ended = False

    def __init__(self, cause: Cause) -> None:
        made = cause.constraint
        self.machine = KnownMachine(made.form, made.source, made.states) if made else KnownMachine("regex", "", 0)
        self._jumps = list(cause.jumps)
        self._sampled = 0
        self._forced = 0
        self.state = self._jumps[0].event.state if self._jumps else 0
        self.mode = self._jumps[0].event.mode if self._jumps else "off"

    @property
    def through(self) -> bool:
        """Has every jump been made?"""
        return not self._jumps and not self._forced

    @property
    def sampled(self) -> int:
        """Tokens sampled so far, replaced ones included."""
        return self._sampled

    def allowed(self, room: int) -> TokenSet | None:
        """Nothing is sampled, so nothing needs a mask."""
        return None

    @property
    def may_jump(self) -> bool:
        """Is a jump due? `jump` says."""
        return bool(self._jumps)

    def advance(self, token_id: int) -> None:
        """A token was committed, sampled or forced."""
        if self._forced:
            self._forced -= 1
        else:
            self._sampled += 1

    def rewind(self, n_output: int) -> None:
        """A jump replaces output; sampled tokens stay counted."""

    def jump(self, prompt_ids: Sequence[int], output_ids: Sequence[int], room: int) -> Jump | None:
        """The recorded jump that is due now."""
        if not self._jumps or self._jumps[0].sampled > self._sampled:
            return None
        event = self._jumps.pop(0).event
        self.state, self.mode = event.state, event.mode
        self._forced += len(event.token_ids)
        return Jump(
            keep=min(event.position, len(output_ids)),
            token_ids=event.token_ids,
            data=event.text.encode(),
            held_back=event.held_back.encode(),
        )


class SampledTokens(Sequence[int]):
    """The recorded samples of a request with jumps, by how many came before instead of by place in the output."""

    def __init__(self, cause: Cause, constraint: KnownConstraint) -> None:
        self._ids = cause.sampled_ids or (0,)
        self._constraint = constraint

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, index: Any) -> Any:
        """The next sample; one that was never recorded (the answer is cut elsewhere now) is the last again."""
        return self._ids[min(self._constraint.sampled, len(self._ids) - 1)]


class Ticket:
    """A caller that only wants to know when it is over."""

    streaming = False

    def __init__(self, done: Callable[[], None]) -> None:
        self.rid = -1
        self.done = False
        self._when_done = done

    def publish(self, output: RequestOutput) -> None:
        """The request has something to tell."""
        if output.finish_reason is not None:
            self.end()

    def end(self) -> None:
        """It is over."""
        if not self.done:
            self.done = True
            self._when_done()

    def fail(self, failure: BaseException) -> None:
        """The simulation broke: a bug of ours."""
        raise failure
