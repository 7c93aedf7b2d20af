"""From an engine's log-probabilities to a choice (paper section 2, `select`). Knows outputs and choice methods."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from sgbench.lang.choices import ChoicesDecision, ChoicesSamplingMethod, TokenLogprobs

if TYPE_CHECKING:
    from sgbench.engine.request import RequestOutput


def common_prefix(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    for i, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return i
    return min(len(one), len(other))


def decide(
    choices: Sequence[str],
    method: ChoicesSamplingMethod,
    scored: Sequence[RequestOutput],
    alone: Sequence[RequestOutput] | None,
    texts: list[float] | None = None,
) -> ChoicesDecision:
    """Let ``method`` choose.

    Parameters
    ----------
    choices
        The candidates.
    method
        How.
    scored
        Of each choice: the logprobs of its tokens after the prompt. That of a token that nothing precedes counts as 0.
    alone
        The same tokens without the prompt, where the method needs them.
    texts
        Log-probabilities of the choices as texts, where the method needs them.
    """
    extra: dict[str, Any] = {} if texts is None else {"text_logprobs": texts}
    tokens = [_tokens(output) for output in scored]
    return method(
        choices=list(choices),
        normalized_prompt_logprobs=[fmean(token[0] or 0.0 for token in row) if row else 0.0 for row in tokens],
        input_token_logprobs=tokens,
        output_token_logprobs=[output.meta_info["output_token_logprobs"] for output in scored],
        unconditional_token_logprobs=None if alone is None else [_tokens(output) for output in alone],
        **extra,
    )


def _tokens(output: RequestOutput) -> TokenLogprobs:
    tokens: TokenLogprobs = output.meta_info["input_token_logprobs"]
    return tokens
