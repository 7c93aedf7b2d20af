"""`select` on a completions route that echoes a prompt with its log-probabilities: SGLang's, vLLM's, ``sgbench serve``.

The route tells tokens' texts, not their ids, and the prompt's own tokens are found by them. Pure; see
`sgbench.backends.remote_scoring`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sgbench.backends import remote_scoring
from sgbench.errors import BackendError
from sgbench.lang.choices import ChoicesDecision, ChoicesSamplingMethod

Row = list[tuple[float | None, str, str]]
"""``(logprob, text, text)`` of each token of a text."""


def echoed(reply: Any, count: int) -> list[Row]:
    """The tokens of each of ``count`` prompts.

    Raises
    ------
    BackendError
        The server does not echo them.
    """
    choices: list[Any] = sorted(getattr(reply, "choices", None) or (), key=lambda choice: choice.index)
    rows: list[Any] = [getattr(choice, "logprobs", None) for choice in choices]
    if len(rows) != count or any(row is None or not row.tokens or not row.token_logprobs for row in rows):
        raise BackendError(
            "the server does not echo a prompt with its log-probabilities, which select needs: use RuntimeEndpoint, or "
            "dialect='openai', which chooses token by token"
        )
    return [
        [(logprob, text, text) for text, logprob in zip(row.tokens, row.token_logprobs, strict=True)] for row in rows
    ]


def own_tokens(prompt: Row, texts: Sequence[Row]) -> list[Row]:
    """Of each prompt + choice the choice's tokens; ``prompt`` are those of the prompt alone."""
    starts = remote_scoring.starts(prompt, texts, 0) or []
    return [row[start:] for row, start in zip(texts, starts, strict=True)]


def spelled(own: Sequence[Row]) -> list[str]:
    """The text of each choice's tokens."""
    return ["".join(text for _, text, _ in row) for row in own]


def same_tokens(own: Sequence[Row], alone: Sequence[Row]) -> list[Row]:
    """Of what was scored without the prompt, the choices' tokens: a server may put one of its own before them.

    Raises
    ------
    BackendError
        Alone, a choice reads as other tokens.
    """
    found = []
    for row, bare in zip(own, alone, strict=True):
        tail = bare[len(bare) - len(row) :] if row else []
        if [text for _, text, _ in tail] != [text for _, text, _ in row]:
            raise BackendError(
                f"without the prompt the choice {spelled([row])[0]!r} reads as other tokens, so this server cannot score it for "
                "unconditional_likelihood_normalized: use RuntimeEndpoint, which scores token ids"
            )
        found.append(tail)
    return found


def decide(
    choices: Sequence[str], method: ChoicesSamplingMethod, own: Sequence[Row], alone: Sequence[Row] | None
) -> ChoicesDecision:
    """Let ``method`` choose."""
    scored = [_entries(row) for row in own]
    bare = None if alone is None else [_entries(row) for row in alone]
    return remote_scoring.decide(choices, method, scored, [[] for _ in choices], bare)


def _entries(row: Row) -> list[tuple[float | None, None, str]]:
    return [(logprob, None, text) for logprob, _, text in row]
