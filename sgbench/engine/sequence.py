"""One request in the engine: its tokens, its KV, its place in the queue.

Only the scheduler mutates one, on the engine's thread. Knows no cache structure and no runner; the invariant is
``0 <= cached <= computed <= length``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sgbench.engine.constrained.protocol import OutputConstraint
from sgbench.engine.handle import Handle
from sgbench.engine.output import Transcript
from sgbench.engine.prefix_cache import Match
from sgbench.engine.request import IntArray, SamplingParams


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Which call of which program a request comes from; -1: none.

    ``after`` names the requests whose results the call waited for, ``think_ms`` is the time between the last of them and this one.
    """

    program: int = -1
    branch: int = -1
    op: int = -1
    after: tuple[int, ...] = ()
    think_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogprobWish:
    """Which logprobs a request wants.

    Attributes
    ----------
    wanted
        Any at all?
    start
        First prompt position reported; the prompt's length: none.
    top
        Most likely tokens reported at every position.
    text
        Put the tokens' text into the third place of each entry.
    """

    wanted: bool = False
    start: int = 0
    top: int = 0
    text: bool = False


class Sequence:
    """Prompt and output of one request, and the KV behind them.

    Attributes
    ----------
    rid, handle
        Its number, -1 until the engine takes it, and the caller's end of it (set by whoever makes the request).
    length
        Tokens so far, prompt and output.
    computed
        Leading tokens whose KV is in the pool.
    cached
        Leading tokens whose KV belongs to the prefix cache, locked by ``node``.
    slots
        int32 buffer: KV slots of positions ``[0, computed)``.
    ahead
        Tokens from position ``computed`` on that have their KV slots although the step in which they run is not planned yet: one that is
        not known yet and is being computed, or prompt tokens that were decided on beforehand; else 0.
    sent
        Leading positions for which the runner's slot table is up to date.
    row
        Row of the runner's slot table while running; -1 otherwise.
    came_at
        Tokens that the engine had computed when it came: the clock of `sgbench.engine.cache_aware.response_ratio`.
    overtaken
        Later requests admitted before this one.
    urgent
        Was it preempted? Then it goes first.
    limit
        Most tokens, prompt and output, it may come to.
    constraint
        What its output must match, or None.
    unbound
        May its next token always run ahead (`may_run_ahead`)?
    input_next, report_until
        Tokens at positions ``[input_next, report_until)`` were not sampled (prompt, or forced) and their logprobs are still due, if wanted.
    """

    __slots__ = (
        "admissions",
        "ahead",
        "cached",
        "cached_at_first",
        "came_at",
        "computed",
        "constraint",
        "handle",
        "ids",
        "input_next",
        "length",
        "limit",
        "match",
        "node",
        "origin",
        "overtaken",
        "params",
        "prompt_len",
        "report_until",
        "rid",
        "row",
        "seed",
        "sent",
        "slots",
        "transcript",
        "unbound",
        "urgent",
        "wish",
    )

    def __init__(
        self,
        prompt_ids: IntArray,
        params: SamplingParams,
        *,
        seed: int,
        limit: int,
        wish: LogprobWish,
        origin: Origin,
        transcript: Transcript,
        constraint: OutputConstraint | None = None,
    ) -> None:
        self.rid = -1
        self.handle: Handle
        self.params = params
        self.seed = seed
        self.limit = limit
        self.wish = wish
        self.origin = origin
        self.transcript = transcript
        self.constraint = constraint
        self.prompt_len = self.length = len(prompt_ids)
        self.ids: IntArray = np.zeros(self.length + 16, dtype=np.int32)
        self.ids[: self.length] = prompt_ids
        self.slots: IntArray = np.zeros(self.length + 16, dtype=np.int32)
        self.input_next = max(wish.start, 1)
        self.report_until = self.prompt_len
        self.admissions = self.cached_at_first = self.came_at = self.overtaken = 0
        self.urgent = False
        bound = constraint is not None or params.penalised
        self.unbound = not bound and (params.min_new_tokens <= 1 or not transcript.stop_ids)
        self.sent = 0
        self.leave_batch()

    # --- derived ----------------------------------------------------------------------------------------------------

    @property
    def tokens(self) -> IntArray:
        """Prompt and output so far (a view)."""
        return self.ids[: self.length]

    @property
    def output_ids(self) -> IntArray:
        """Output so far (a view)."""
        return self.ids[self.prompt_len : self.length]

    @property
    def pending(self) -> int:
        """Tokens whose KV is still to be computed."""
        return self.length - self.computed

    @property
    def decoding(self) -> bool:
        """Is the last sampled token all that is pending?"""
        return self.length - self.computed == 1 and self.length > self.prompt_len

    @property
    def remaining(self) -> int:
        """Most tokens it may still generate."""
        return self.limit - self.length

    @property
    def match_limit(self) -> int:
        """Most tokens it may take from the cache: the last is always computed, for its logits, and so is every token before one whose
        logprob is wanted."""
        return min(self.length, self.input_next if self.wants_input else self.length) - 1

    @property
    def wants_input(self) -> bool:
        """Are logprobs of tokens that were not sampled still to be reported?"""
        return self.wish.wanted and self.input_next < self.report_until

    @property
    def closing(self) -> bool:
        """Is there nothing more to sample? Then the last pending tokens run for their logprobs alone."""
        if self.transcript.finish_reason is not None:
            return True
        return self.constraint is not None and self.remaining > 0 and self.constraint.ended

    @property
    def may_run_ahead(self) -> bool:
        """Can the token after the next be computed before the next one is known on the host? Nothing but the device may need it then."""
        return self.constraint is None and self._forbids_nothing

    @property
    def may_bind_late(self) -> bool:
        """As `may_run_ahead`, where logits may be computed before it is known what a constraint allows: it must not jump meanwhile."""
        return self.constraint is not None and self._forbids_nothing and not self.constraint.may_jump_next

    @property
    def _forbids_nothing(self) -> bool:
        said, params = self.transcript, self.params
        if params.penalised:
            return False
        return not said.stop_ids or self.length + 1 - self.prompt_len >= params.min_new_tokens

    # --- changes ----------------------------------------------------------------------------------------------------

    def append(self, token_id: int) -> None:
        """One more output token."""
        if self.length == len(self.ids):
            self.ids = np.concatenate([self.ids, np.zeros_like(self.ids)])
        self.ids[self.length] = token_id
        self.length += 1

    def extend(self, token_ids: list[int]) -> None:
        """More output tokens."""
        end = self.length + len(token_ids)
        while end > len(self.ids):
            self.ids = np.concatenate([self.ids, np.zeros_like(self.ids)])
        self.ids[self.length : end] = token_ids
        self.length = end

    def truncate(self, n_tokens: int) -> None:
        """Only the first ``n_tokens`` tokens stay; their KV is somebody else's care."""
        assert self.computed <= n_tokens, "KV of tokens that are dropped"
        self.length = n_tokens

    def report_from(self, position: int) -> None:
        """Tokens from ``position`` to the present end were not sampled: their logprobs are due, if wanted."""
        self.input_next = min(self.input_next, position) if self.wants_input else position
        self.report_until = self.length

    def place(self, start: int, slots: IntArray) -> None:
        """The KV of positions from ``start`` on lies, or will lie, at ``slots``."""
        end = start + len(slots)
        while end > len(self.slots):
            self.slots = np.concatenate([self.slots, np.zeros_like(self.slots)])
        self.slots[start:end] = slots
        self.sent = min(self.sent, start)

    def place_one(self, position: int, slot: int) -> None:
        """`place` for one token."""
        if position == len(self.slots):
            self.slots = np.concatenate([self.slots, np.zeros_like(self.slots)])
        self.slots[position] = slot
        self.sent = min(self.sent, position)

    def place_ahead(self, position: int, slot: int) -> int:
        """``slot`` is for the token at ``position``, which is computed before it is known; returns `sent` as it was before."""
        if position == len(self.slots):
            self.slots = np.concatenate([self.slots, np.zeros_like(self.slots)])
        self.slots[position] = slot
        self.ahead = 1
        sent, self.sent = self.sent, position + 1
        return sent

    def leave_batch(self) -> None:
        """Forget everything about KV: nothing is computed, nothing held."""
        self.row = -1
        self.computed = self.cached = self.sent = self.ahead = 0
        self.node: Any = None
        self.match: Match | None = None
