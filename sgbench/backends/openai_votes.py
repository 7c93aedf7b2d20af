"""`select` where a server does not tell a prompt's log-probabilities: the model writes, and may only write what a choice says.

SGLang's way on OpenAI's own API: token by token, the next tokens of the choices that are still in question are made far likelier than
all others (``logit_bias``), one token is asked for, and choices that go on otherwise drop out. The method that the program names is
not used: this is greedy token selection, and of two choices of which one begins with the other the longer wins. Knows token
ids; makes no call itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from sgbench.errors import BackendError, MissingDependencyError, UsageError

BIAS = 100
"""The most that OpenAI's API takes."""

MAX_BIASED = 299
"""Most tokens whose bias OpenAI's API takes."""

Ask = Callable[[Sequence[int], dict[str, int]], Awaitable[str]]
"""Asks for one token after the prompt's ids, under a bias by token id: its text."""


class Encoder(Protocol):
    """What is needed of a tokenizer; tiktoken's have it."""

    def encode(self, text: str) -> list[int]:
        """The tokens of a text."""

    def decode(self, tokens: list[int]) -> str:
        """The text of tokens."""


def encoder_of(model_name: str) -> Encoder:
    """The tokenizer of one of OpenAI's models, from tiktoken (which fetches it once).

    Raises
    ------
    MissingDependencyError
        tiktoken is not installed.
    UsageError
        It does not know the model.
    BackendError
        The tokenizer cannot be fetched.
    """
    try:
        import tiktoken
    except ImportError as missing:
        raise MissingDependencyError("tiktoken", "openai", "choosing and dtype=int on OpenAI's API") from missing
    hint = "give OpenAI(tokenizer=...) the model's own (an object with encode and decode), or dialect='sglang' if the server echoes"
    try:
        found: Encoder = tiktoken.encoding_for_model(model_name)
    except KeyError:
        raise UsageError(f"tiktoken has no tokenizer of {model_name!r}: {hint}") from None
    except Exception as failure:
        raise BackendError(
            f"the tokenizer of {model_name!r} cannot be fetched ({type(failure).__name__}): {hint}"
        ) from None
    return found


async def votes(prompt: str, choices: Sequence[str], encoder: Encoder, ask: Ask) -> list[int]:
    """How many tokens of each choice the model agreed with.

    Raises
    ------
    BackendError
        The model wrote something else: the server does not take ``logit_bias``.
    """
    rows = [encoder.encode(choice) for choice in choices]
    scores = [0] * len(rows)
    written = list(encoder.encode(prompt))
    alive = list(range(len(rows)))
    at = 0
    while len(alive) > 1 and (alive := [i for i in alive if at < len(rows[i])]):
        nexts = list(dict.fromkeys(rows[i][at] for i in alive))
        taken = nexts[0] if len(nexts) == 1 else _which(nexts, await ask(written, _bias(nexts)), encoder)
        alive = [i for i in alive if rows[i][at] == taken]
        for i in alive:
            scores[i] += 1
        written.append(taken)
        at += 1
    return scores


def _which(nexts: Sequence[int], text: str, encoder: Encoder) -> int:
    for token in nexts:
        if encoder.decode([token]) == text:
            return token
    told = [encoder.decode([token]) for token in nexts]
    raise BackendError(f"the server was to write one of {told!r} and wrote {text!r}: it does not take logit_bias")


def _bias(tokens: Sequence[int]) -> dict[str, int]:
    return {str(token): BIAS for token in tokens[:MAX_BIASED]}


def digits(encoder: Encoder) -> dict[str, int]:
    """The bias under which a model writes whole numbers: towards the tokens of up to three digits, as many as the API takes."""
    numbers = [str(i) for i in (*range(10), *range(100, 100 + MAX_BIASED))]
    rows = [encoder.encode(number) for number in numbers]
    ids = list(dict.fromkeys(row[0] for row in rows if len(row) == 1))
    return _bias(ids)


def scores_meta(scores: Sequence[int]) -> dict[str, Any]:
    """Meta information of such a choice."""
    return {"scores": list(scores)}
