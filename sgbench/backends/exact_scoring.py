"""The probability of a choice as a text: summed over every way to spell it in tokens (paper, B.3). Pure.

A prompt's last tokens may be joined with the choice in some spellings. So the sum begins where all choices' own tokens still agree with
the prompt's: what stands behind is spelled anew in every way, together with the choice. It is the same text for all of
them, so it does not favour one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sgbench.engine.constrained.distribution import log_sum
from sgbench.engine.constrained.tokenizations import spellings
from sgbench.engine.constrained.vocabulary import Vocabulary
from sgbench.engine.request import RequestOutput
from sgbench.errors import UsageError


def lead_tokens(prompt_ids: Sequence[int], starts: Sequence[int], token_bytes: Callable[[int], bytes]) -> int:
    """How many of the prompt's tokens stay as they are.

    Parameters
    ----------
    prompt_ids
        The prompt.
    starts
        Where each choice's tokens begin in prompt + choice.
    token_bytes
        Bytes of a token; those without any (special ones) always stay.

    Raises
    ------
    UsageError
        None does: the probability of a first token is not known.
    """
    lead = min(starts)
    while any(not token_bytes(i) for i in prompt_ids[lead:]):
        lead += 1
    if not lead:
        raise UsageError("exact_likelihood needs some text before the choices, which none of them joins with")
    return lead


def all_spellings(
    prompt_ids: Sequence[int], lead: int, choices: Sequence[str], vocabulary: Vocabulary, limit: int
) -> list[list[tuple[int, ...]]]:
    """For each choice every way to spell it, with the end of the prompt, after the lead.

    Raises
    ------
    ConstraintError
        A choice has more than ``limit``.
    """
    tail = b"".join(vocabulary.tokens[i] for i in prompt_ids[lead:])
    return [spellings(tail + choice.encode(), vocabulary, limit) for choice in choices]


def summed(ways: Sequence[Sequence[tuple[int, ...]]], outputs: Sequence[RequestOutput]) -> list[float]:
    """Log-probability of each choice's text; ``outputs`` has the logprobs of all ways in order."""
    scores = iter(outputs)
    totals = []
    for spelled in ways:
        logs = [sum(entry[0] for entry in next(scores).meta_info["input_token_logprobs"]) for _ in spelled]
        totals.append(log_sum(logs))
    return totals
