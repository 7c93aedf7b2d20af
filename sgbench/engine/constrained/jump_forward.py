"""Jump-forward: tokens that need no sampling because the machine leaves no choice (paper, section 4 and appendix B).

Pure functions of a machine, its masks and a tokenizer; nothing here touches a request. Two modes:

``text``
    The paper's: append all forced text up to the next branch and tokenise the end of the output afresh. Tokens that were
    sampled may change; the model then continues from a place where it may never have stopped by itself.
``safe``
    Append forced tokens only as long as no longer token that is allowed could stand in their place. The bytes that are left
    stay forced in the mask, so the model chooses among all tokens that begin with them; no committed token changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sgbench.engine.constrained.retokenization import (
    WINDOW_TOKENS,
    Encoder,
    encode_after,
    encode_alone,
    whole_characters,
)
from sgbench.engine.constrained.token_mask import TokenMasks


@dataclass(frozen=True, slots=True)
class Jump:
    """What to append.

    Attributes
    ----------
    keep
        Output tokens that stay; those behind are dropped (``text`` only).
    token_ids
        Tokens that take their place, dropped text included.
    data
        The forced bytes that are new.
    held_back
        Forced bytes behind them that are left to sampling.
    """

    keep: int
    token_ids: tuple[int, ...]
    data: bytes
    held_back: bytes = b""


def held_back_from(masks: TokenMasks, state: int, forced: bytes) -> int:
    """Where the forced bytes must be cut in ``safe`` mode.

    The smallest position from which an allowed token leads beyond the forced bytes: had the model been asked, it might have
    taken that token. ``len(forced)`` if there is none.
    """
    step, lengths = masks.machine.step, masks.vocabulary.lengths
    first = max(0, len(forced) - masks.vocabulary.max_token_bytes)
    state = step(state, forced[:first])
    for at in range(first, len(forced)):
        allowed = masks.allowed(state)  # each of them begins with the forced bytes from here, or is a part of them
        if len(allowed) and int(lengths.take(allowed).max()) > len(forced) - at:
            return at
        state = step(state, forced[at : at + 1])
    return len(forced)


def safe_jump(masks: TokenMasks, state: int, before: Sequence[int], n_output: int, encoder: Encoder) -> Jump | None:
    """Forced tokens that no other allowed token could replace; None if there are none.

    Parameters
    ----------
    masks, state
        Where the machine stands.
    before
        Token ids before, prompt and output.
    n_output
        How many of them are output.
    encoder
        The tokenizer.
    """
    machine = masks.machine
    forced = machine.forced(state)
    if not forced:
        return None
    limit = masks.remembered(("held back", state), lambda: held_back_from(masks, state, forced))
    text = forced[: whole_characters(forced)]
    ids = encode_after(before, text, encoder) or encode_alone(text, encoder)
    kept: list[int] = []
    at = 0
    for token_id in ids or ():
        size = len(encoder.token_bytes(token_id))
        if at + size > limit:
            break
        kept.append(token_id)
        at += size
    if not kept:
        return None
    return Jump(keep=n_output, token_ids=tuple(kept), data=forced[:at], held_back=forced[at:])


def text_jump(
    masks: TokenMasks, state: int, prompt_ids: Sequence[int], output_ids: Sequence[int], encoder: Encoder
) -> Jump | None:
    """All forced whole characters, with the end of the output tokenised afresh; None if there are none.

    Never changes the prompt: where its last token would join with the output, there is no jump.
    """
    forced = masks.machine.forced(state)
    forced = forced[: whole_characters(forced)]
    if not forced:
        return None
    window = min(WINDOW_TOKENS, len(output_ids))
    while True:
        fixed = len(output_ids) - window
        middle = b"".join(map(encoder.token_bytes, output_ids[fixed:]))
        ids = encode_after([*prompt_ids, *output_ids[:fixed]], middle + forced, encoder)
        if ids is not None or window == len(output_ids):
            break
        window = min(window + WINDOW_TOKENS, len(output_ids))
    if ids is None:
        return None
    same = 0
    while same < min(window, len(ids)) and ids[same] == output_ids[fixed + same]:
        same += 1
    return Jump(keep=fixed + same, token_ids=tuple(ids[same:]), data=forced)
