"""Jump-forward in a running request: forced tokens enter it without being sampled, and the cache keeps up (paper, section 4).

Decides nothing: what is forced says `sgbench.engine.constrained`. Touches sequence, memory and journal, on the engine's thread, between
two steps. Forced tokens are appended like sampled ones (stops, limits and the constraint see each of them) and are computed with the
next token in one extend. Where retokenization changed tokens that were there, their KV is dropped from the first difference on.
"""

from __future__ import annotations

from sgbench.engine.constrained.jump_forward import Jump
from sgbench.engine.constrained.protocol import OutputConstraint
from sgbench.engine.constrained.retokenization import WINDOW_TOKENS
from sgbench.engine.kv_memory import KvMemory
from sgbench.engine.request import ChunkResult
from sgbench.engine.sequence import Sequence
from sgbench.engine.stats import Counters
from sgbench.trace.events import JumpForward, RequestConstrained, Retokenized
from sgbench.trace.journal import Journal


class Jumper:
    """Follows the constraints of all requests of one engine.

    Parameters
    ----------
    memory, journal, counters
        The engine's.
    """

    def __init__(self, memory: KvMemory, journal: Journal, counters: Counters) -> None:
        self._memory = memory
        self._journal = journal
        self._counters = counters

    def begin(self, seq: Sequence) -> None:
        """A request arrived: what is forced before any token is sampled is computed with its prompt."""
        if seq.constraint is None:
            return
        machine = seq.constraint.machine
        if self._journal.active:
            self._journal.emit(
                RequestConstrained(rid=seq.rid, form=machine.kind, source=machine.source, states=machine.n_states)
            )
        if seq.remaining:
            self._jump(seq, seq.constraint)

    def follow(self, seq: Sequence, token_id: int) -> None:
        """A token was sampled and committed: move the machine, then append what is forced behind it."""
        if seq.constraint is None or token_id in seq.transcript.stop_ids:
            return
        seq.constraint.advance(token_id)
        self._jump(seq, seq.constraint)

    def _jump(self, seq: Sequence, constraint: OutputConstraint) -> None:
        said = seq.transcript
        while said.finish_reason is None and constraint.may_jump:
            tail = seq.ids[max(0, seq.prompt_len - WINDOW_TOKENS) : seq.prompt_len].tolist()
            jump = constraint.jump(tail, said.output_ids, seq.remaining)
            if jump is None:
                break
            self._enter(seq, constraint, jump)
        if seq.closing and said.finish_reason is None and not seq.wants_input:
            said.finish({"type": "stop", "matched": None})

    def _enter(self, seq: Sequence, constraint: OutputConstraint, jump: Jump) -> None:
        said, state = seq.transcript, constraint.state
        dropped, jumped_before = tuple(said.output_ids[jump.keep :]), sum(said.jumped)
        if dropped:
            self._drop(seq, constraint, jump)
        position = seq.length
        sampled_bytes = said.spelled_bytes(dropped)
        at = taken = 0
        for token_id in jump.token_ids:
            seq.append(token_id)
            constraint.advance(token_id)
            said.accept(ChunkResult(token_id=token_id), seq.remaining, jumped=at >= sampled_bytes)
            taken += 1
            at += said.spelled_bytes((token_id,))
            if said.finish_reason is not None:
                break
        seq.report_from(position)
        self._counters.completion_tokens += taken - len(dropped)
        self._counters.jumped_tokens += sum(said.jumped) - jumped_before
        if self._journal.active:
            self._emit(seq, constraint, jump, state)

    def _drop(self, seq: Sequence, constraint: OutputConstraint, jump: Jump) -> None:
        """Take back the output tokens that retokenization replaces."""
        said = seq.transcript
        keep = seq.prompt_len + jump.keep
        computed = seq.computed
        # The logprob of the first new token comes from the logits of the token before it.
        self._memory.rewind(seq, keep - seq.wish.wanted)
        if self._journal.active:
            self._journal.emit(
                Retokenized(
                    rid=seq.rid,
                    position=jump.keep,
                    old_ids=tuple(said.output_ids[jump.keep :]),
                    new_ids=jump.token_ids,
                    dropped_kv_tokens=computed - seq.computed,
                )
            )
        seq.truncate(keep)
        said.rewind(jump.keep)
        constraint.rewind(jump.keep)

    def _emit(self, seq: Sequence, constraint: OutputConstraint, jump: Jump, state: int) -> None:
        self._journal.emit(
            JumpForward(
                rid=seq.rid,
                mode=constraint.mode,
                state=state,
                position=jump.keep,
                token_ids=jump.token_ids,
                text=jump.data.decode("utf-8", "backslashreplace"),
                held_back=jump.held_back.decode("utf-8", "backslashreplace"),
            )
        )
