"""How `select` picks a choice from the log-probabilities of its tokens (paper section 2).

Pure arithmetic over lists; knows no backend. For choice i let its tokens have conditional log-probabilities l_1 ... l_k.
Entries of the token lists are SGLang's triples ``(logprob, token_id, text or None)``; the logprob of a first token that
nothing precedes is None.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, TypeAlias

from sgbench.errors import UsageError

TokenLogprobs: TypeAlias = Sequence[Sequence[Any]]
"""``(logprob, token_id, text)`` of each token."""


@dataclass(frozen=True, slots=True)
class ChoicesDecision:
    """The choice taken, and what it was taken by."""

    decision: str
    meta_info: dict[str, Any] | None = field(default=None)


class ChoicesSamplingMethod(ABC):
    """A way to choose; subclass it for another."""

    @property
    def requires_unconditional_logprobs(self) -> bool:
        """Must the choices be scored without the prompt too?"""
        return False

    @property
    def max_tokenizations(self) -> int | None:
        """Must the choices' texts be scored in every tokenisation? Then the most there may be of one choice; None: no."""
        return None

    @abstractmethod
    def __call__(
        self,
        *,
        choices: list[str],
        normalized_prompt_logprobs: list[float],
        input_token_logprobs: list[TokenLogprobs],
        output_token_logprobs: list[TokenLogprobs],
        unconditional_token_logprobs: list[TokenLogprobs] | None = None,
    ) -> ChoicesDecision:
        """Choose.

        Parameters
        ----------
        choices
            The candidates, at least one.
        normalized_prompt_logprobs
            Mean of l_j for each choice, nats.
        input_token_logprobs
            The choice tokens' log-probabilities after the prompt, one list for each choice.
        output_token_logprobs
            What the scoring calls generated: nothing, usually.
        unconditional_token_logprobs
            The same tokens scored without the prompt, where `requires_unconditional_logprobs`.
        """

    def __repr__(self) -> str:
        return type(self).__name__


class TokenLengthNormalized(ChoicesSamplingMethod):
    """argmax_i mean_j(l_j); the first maximum wins. Favours long choices whose later tokens are easy."""

    def __call__(
        self,
        *,
        choices: list[str],
        normalized_prompt_logprobs: list[float],
        input_token_logprobs: list[TokenLogprobs],
        output_token_logprobs: list[TokenLogprobs],
        unconditional_token_logprobs: list[TokenLogprobs] | None = None,
    ) -> ChoicesDecision:
        best = _argmax(normalized_prompt_logprobs)
        meta = _meta(normalized_prompt_logprobs, input_token_logprobs, output_token_logprobs)
        return ChoicesDecision(choices[best], meta)


class GreedyTokenSelection(ChoicesSamplingMethod):
    """The choice that greedy decoding would follow: compare token by token, drop all but the best at each position.

    A choice that has no token at a position competes with its own mean there; ties go to the first choice.
    ``greedy_logprob_matrix`` in the meta information has one padded row for each choice.
    """

    def __call__(
        self,
        *,
        choices: list[str],
        normalized_prompt_logprobs: list[float],
        input_token_logprobs: list[TokenLogprobs],
        output_token_logprobs: list[TokenLogprobs],
        unconditional_token_logprobs: list[TokenLogprobs] | None = None,
    ) -> ChoicesDecision:
        rows = [_values(tokens) for tokens in input_token_logprobs]
        width = max(map(len, rows))
        matrix = [row + [fmean(row) if row else 0.0] * (width - len(row)) for row in rows]
        meta = _meta(normalized_prompt_logprobs, input_token_logprobs, output_token_logprobs)
        return ChoicesDecision(choices[self._survivor(matrix, width)], meta | {"greedy_logprob_matrix": matrix})

    def _survivor(self, matrix: list[list[float]], width: int) -> int:
        kept = list(range(len(matrix)))
        for column in range(width):
            top = max(matrix[row][column] for row in kept)
            kept = [row for row in kept if matrix[row][column] == top]
            if len(kept) == 1:
                break
        return kept[0]


class UnconditionalLikelihoodNormalized(ChoicesSamplingMethod):
    """argmax_i mean_j(l_j - u_j), u_j being the same token's log-probability without the prompt (None counts as 0).

    Raises
    ------
    UsageError
        The unconditional log-probabilities are missing.
    """

    @property
    def requires_unconditional_logprobs(self) -> bool:
        return True

    def __call__(
        self,
        *,
        choices: list[str],
        normalized_prompt_logprobs: list[float],
        input_token_logprobs: list[TokenLogprobs],
        output_token_logprobs: list[TokenLogprobs],
        unconditional_token_logprobs: list[TokenLogprobs] | None = None,
    ) -> ChoicesDecision:
        if unconditional_token_logprobs is None:
            raise UsageError("unconditional_likelihood_normalized needs the choices' logprobs without the prompt")
        scores = [
            fmean(given - alone for given, alone in zip(_values(tokens), _values(bare), strict=True)) if tokens else 0.0
            for tokens, bare in zip(input_token_logprobs, unconditional_token_logprobs, strict=True)
        ]
        meta = _meta(normalized_prompt_logprobs, input_token_logprobs, output_token_logprobs)
        meta["unconditional_token_logprobs"] = unconditional_token_logprobs
        meta["normalized_unconditional_prompt_logprobs"] = scores
        return ChoicesDecision(choices[_argmax(scores)], meta)


class ExactLikelihood(ChoicesSamplingMethod):
    """The choice whose text the model is likeliest to write, whatever the tokens: summed over all its tokenisations.

    The unbiased option (paper, B.3): it favours neither long choices nor those that share their first token with others. A choice that
    another begins with is at least about as likely as that one: end the choices with a mark (a quote, a new line) where that matters.
    ``choice_logprobs`` (nats) and ``choice_probabilities`` (of the choices alone, sum 1) are in the meta information. Needs the in-kernel
    engine, and some text before the choices.

    Parameters
    ----------
    max_tokenizations
        Most ways to spell one choice; their number grows exponentially with its length. A choice above is refused.
    """

    def __init__(self, max_tokenizations: int = 4096) -> None:
        if max_tokenizations < 1:
            raise UsageError(f"ExactLikelihood(max_tokenizations={max_tokenizations}): at least 1")
        self._max_tokenizations = max_tokenizations

    @property
    def max_tokenizations(self) -> int:
        return self._max_tokenizations

    def __call__(
        self,
        *,
        choices: list[str],
        normalized_prompt_logprobs: list[float],
        input_token_logprobs: list[TokenLogprobs],
        output_token_logprobs: list[TokenLogprobs],
        unconditional_token_logprobs: list[TokenLogprobs] | None = None,
        text_logprobs: list[float] | None = None,
    ) -> ChoicesDecision:
        if text_logprobs is None:
            raise UsageError("exact_likelihood needs every tokenisation scored, which only the in-kernel engine does")
        top = max(text_logprobs)
        shares = [math.exp(value - top) for value in text_logprobs]
        meta = _meta(normalized_prompt_logprobs, input_token_logprobs, output_token_logprobs)
        meta["choice_logprobs"] = text_logprobs
        meta["choice_probabilities"] = [share / math.fsum(shares) for share in shares]
        return ChoicesDecision(choices[_argmax(text_logprobs)], meta)


def _argmax(scores: Sequence[float]) -> int:
    return max(range(len(scores)), key=scores.__getitem__)


def _values(tokens: TokenLogprobs) -> list[float]:
    return [token[0] or 0.0 for token in tokens]


def _meta(mean: list[float], inputs: list[TokenLogprobs], outputs: list[TokenLogprobs]) -> dict[str, Any]:
    return {"normalized_prompt_logprobs": mean, "input_token_logprobs": inputs, "output_token_logprobs": outputs}


token_length_normalized = TokenLengthNormalized()
greedy_token_selection = GreedyTokenSelection()
exact_likelihood = ExactLikelihood()
unconditional_likelihood_normalized = UnconditionalLikelihoodNormalized()
