"""What the runner is told of a step: chunks and decode plans, made of requests and positions that the scheduler decided on.

Takes KV slots from nobody: they stand in the sequences already, but for the tokens of decodes that run ahead, whose slots are handed in.
Knows no queue and no cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from sgbench.engine import sequence
from sgbench.engine.request import Chunk, DecodePlan, IntArray, MovedSlots, SharedPrefix
from sgbench.engine.token_set import LateSet, TokenSet


def chunk_of(seq: sequence.Sequence, start: int, n: int) -> Chunk:
    """``n`` known tokens of ``seq`` from position ``start`` on."""
    end = start + n
    last = end == seq.length
    params = seq.params
    sample = last and (seq.remaining > 0 or seq.wish.top > 0) and not seq.closing
    chunk = Chunk(
        rid=seq.rid,
        row=seq.row,
        start=start,
        token_ids=seq.ids[start:end].copy(),
        slots=seq.slots[seq.sent : end].copy(),
        slots_from=seq.sent,
        sample=sample,
        sampling=params,
        seed=seq.seed,
        sample_index=seq.length - seq.prompt_len,
        history=(seq.ids[: seq.prompt_len].copy(), seq.output_ids.copy()) if params.penalised and sample else None,
        forbidden_ids=seq.transcript.forbidden_ids if sample else (),
        allowed=LateSet(partial(seq.constraint.allowed, seq.remaining)) if sample and seq.constraint else None,
        logprobs=seq.wish.wanted,
        top_logprobs=seq.wish.top,
        input_logprobs_from=seq.input_next if seq.wants_input else None,
        next_id=None if last else int(seq.ids[end]),
    )
    seq.sent = end
    return chunk


def open_chunk(seq: sequence.Sequence, position: int, slot: int) -> Chunk:
    """The token that ``seq`` samples in the step before, whichever it is, at ``position``; nothing may forbid or shift what follows it."""
    sent = min(seq.place_ahead(position, slot), position)
    return Chunk(
        rid=seq.rid,
        row=seq.row,
        start=position,
        token_ids=np.array([-1], np.int32),
        slots=seq.slots[sent : position + 1].copy(),
        slots_from=sent,
        sample=True,
        sampling=seq.params,
        seed=seq.seed,
        sample_index=seq.length + 1 - seq.prompt_len,
        logprobs=seq.wish.wanted,
        top_logprobs=seq.wish.top,
    )


def decodes_ahead(
    members: Sequence[sequence.Sequence], positions: Sequence[int], slots: IntArray, shared: tuple[SharedPrefix, ...]
) -> DecodePlan:
    """The tokens that ``members`` sample in the step before, at ``positions``, with ``slots`` for them."""
    moved: list[MovedSlots] = []
    for index, (seq, position, slot) in enumerate(zip(members, positions, slots.tolist(), strict=True)):
        sent = seq.place_ahead(position, slot)
        if sent < position:
            moved.append(MovedSlots(index, sent, seq.slots[sent:position].copy()))
    return DecodePlan(
        rids=tuple(seq.rid for seq in members),
        rows=np.array([seq.row for seq in members], np.int32),
        positions=np.array(positions, np.int32),
        slots=slots,
        sample_index=np.array([seq.length + 1 - seq.prompt_len for seq in members], np.int64),
        moved=tuple(moved),
        shared=shared,
        allowed=_allowed_later(members),
    )


def _allowed_later(members: Sequence[sequence.Sequence]) -> tuple[Callable[[], TokenSet | None] | None, ...]:
    """`DecodePlan.allowed`."""
    if all(seq.constraint is None for seq in members):
        return ()

    def allowed(seq: sequence.Sequence) -> TokenSet | None:
        constraint = seq.constraint
        if constraint is None or seq.transcript.finish_reason is not None or constraint.ended:
            return None
        return constraint.allowed(seq.remaining)

    return tuple(None if seq.constraint is None else partial(allowed, seq) for seq in members)
