"""A language model small enough to be summed over: its probabilities are a function of the tokens before."""

from __future__ import annotations

import math
import random

Ids = tuple[int, ...]


class ExactModel:
    """Distributions over a few tokens, drawn at random from a seed; or given for some beginnings."""

    def __init__(self, vocab_size: int, seed: int = 0, given: dict[Ids, dict[int, float]] | None = None) -> None:
        self.vocab_size = vocab_size
        self.seed = seed
        self.given = given or {}

    def probabilities(self, tokens: Ids) -> list[float]:
        """Of the next token; they sum to 1."""
        known = self.given.get(tokens)
        if known is not None:
            return [known.get(i, 0.0) for i in range(self.vocab_size)]
        random_ = random.Random(f"{self.seed} {tokens}")
        weights = [random_.random() ** 3 + 1e-3 for _ in range(self.vocab_size)]
        return [weight / sum(weights) for weight in weights]

    def logprob(self, tokens: Ids, token: int) -> float:
        """Of one next token, nats."""
        p = self.probabilities(tokens)[token]
        return math.log(p) if p else -math.inf


class Table(dict[Ids, dict[int, float]]):
    """Scores as they are asked for, for functions that look them up."""

    def __init__(self, model: ExactModel) -> None:
        self.model = model

    def __missing__(self, tokens: Ids) -> dict[int, float]:
        row = {i: self.model.logprob(tokens, i) for i in range(self.model.vocab_size)}
        self[tokens] = row
        return row
