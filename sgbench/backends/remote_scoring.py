"""`select` on a server: which of a scored text's tokens are the choice's (paper section 2). Pure.

A server gives logprobs for positions, and its tokenizer is not at hand. So the prompt is scored together with every prompt +
choice, from some position near the prompt's end on; where a text's tokens first differ from the prompt's, the choice begins. That
is exact also where the tokenizer joins the prompt's end and the choice's beginning, if the window reaches back far enough: `starts`
says when it does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from sgbench.lang.choices import ChoicesDecision, ChoicesSamplingMethod

Entries = Sequence[Sequence[Any]]
"""``(logprob, token_id, text)`` of each token in the window."""


def starts(prompt: Entries, texts: Sequence[Entries], window_start: int) -> list[int] | None:
    """Where in each of ``texts`` its choice begins.

    Parameters
    ----------
    prompt
        The prompt's tokens from position ``window_start`` on.
    texts
        Those of each prompt + choice, from the same position on.
    window_start
        The position.

    Returns
    -------
    list of int or None
        Indices into the window; None: some choice begins at its first token, or before it, so a wider window is needed (some
        servers give the first token of a window no logprob).
    """
    ids = [token[1] for token in prompt]
    found = []
    for text in texts:
        same = 0
        for token, own in zip(text, ids, strict=False):
            if token[1] != own:
                break
            same += 1
        found.append(same)
    return None if window_start > 0 and min(found) == 0 else found


def decide(
    choices: Sequence[str],
    method: ChoicesSamplingMethod,
    scored: Sequence[Entries],
    outputs: Sequence[Entries],
    alone: Sequence[Entries] | None,
) -> ChoicesDecision:
    """Let ``method`` choose; a token that nothing precedes counts as 0."""
    return method(
        choices=list(choices),
        normalized_prompt_logprobs=[fmean(token[0] or 0.0 for token in row) if row else 0.0 for row in scored],
        input_token_logprobs=list(scored),
        output_token_logprobs=list(outputs),
        unconditional_token_logprobs=None if alone is None else list(alone),
    )
