"""How far constrained decoding strays from the model: exact distributions over the texts of a finite constraint (paper, B.3).

Masking token by token is not conditioning: the mask keeps the model from wrong tokens, but does not tell it that a right one
leads where it would not go on. A jump adds to that by fixing one tokenisation. Here all of it is enumerated: every token sequence
of the constraint, scored once, gives both the model's own distribution over the texts and what each way of decoding draws from.

Knows constraints and a table of log-probabilities; no engine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sgbench.engine.constrained.constraint import Constraint
from sgbench.errors import ConstraintError

Ids: TypeAlias = tuple[int, ...]
LogprobTable: TypeAlias = Mapping[Ids, Mapping[int, float]]
"""Output tokens so far → next token → its log-probability (nats)."""
Probabilities: TypeAlias = dict[str, float]

_ROOM = 1 << 30


@dataclass(frozen=True, slots=True)
class Distributions:
    """Probabilities of the texts of a finite constraint, by the model and by ways of decoding.

    Attributes
    ----------
    conditional
        The model's own, given that its text is one of these: summed over every tokenisation, then divided by their sum.
    decoded
        By way of decoding (``off``: masks only; ``safe``, ``text``: with jumps; ``canonical``: masks of canonical tokens only): what
        sampling at temperature 1 draws from.
    greedy
        By way of decoding: the text at temperature 0.
    log_mass
        Log of the sum: how likely the model is to write any of the texts unasked, nats.
    tokenizations
        Token sequences that were scored.
    """

    conditional: Probabilities
    decoded: dict[str, Probabilities]
    greedy: dict[str, str]
    log_mass: float
    tokenizations: int

    def kl(self, way: str) -> float:
        """Kullback-Leibler divergence of a way of decoding from the model's conditional distribution, nats.

        ``sum over texts of conditional * log(conditional / decoded)``: 0 if they are equal, infinite if a text that the model may
        write cannot be drawn.
        """
        drawn = self.decoded[way]
        total = 0.0
        for text, p in self.conditional.items():
            if p > 0.0:
                q = drawn.get(text, 0.0)
                total += p * math.log(p / q) if q > 0.0 else math.inf
        return total


def conditional(
    sequences: Sequence[Ids], table: LogprobTable, spell: Callable[[Ids], str], stop_ids: frozenset[int] | None
) -> tuple[Probabilities, float]:
    """The model's distribution over texts, and the log of what it is divided by.

    Parameters
    ----------
    sequences
        Every token sequence that spells a text.
    table
        Scores of their tokens.
    spell
        The text of a sequence.
    stop_ids
        Tokens one of which ends each text; None: what follows the text does not matter.
    """
    log_terms: dict[str, list[float]] = {}
    for ids in sequences:
        score = sum(table[ids[:at]][token] for at, token in enumerate(ids))
        if stop_ids is not None:
            score += log_sum([table[ids][stop] for stop in sorted(stop_ids)])
        log_terms.setdefault(spell(ids), []).append(score)
    logs = {text: log_sum(terms) for text, terms in log_terms.items()}
    whole = log_sum(list(logs.values()))
    if whole == -math.inf:
        raise ConstraintError("the model gives every text of the constraint probability 0")
    return {text: math.exp(value - whole) for text, value in logs.items()}, whole


class Decoding:
    """What a constrained decoder draws, followed along all its ways.

    Parameters
    ----------
    constraint
        At its start.
    table
        Scores of all tokens that it may allow.
    prompt_ids, spell, stop_ids
        As for the request.
    """

    def __init__(
        self,
        constraint: Constraint,
        table: LogprobTable,
        prompt_ids: Sequence[int],
        spell: Callable[[Ids], str],
        stop_ids: frozenset[int],
    ) -> None:
        self._constraint = constraint
        self._table = table
        self._prompt_ids = prompt_ids
        self._spell = spell
        self._stop_ids = stop_ids

    def probabilities(self) -> Probabilities:
        """Of every text that can be drawn at temperature 1."""
        found: Probabilities = {}

        def follow(constraint: Constraint, out: Ids, mass: float) -> None:
            constraint, out = self._jumped(constraint, out)
            if constraint.ended:
                found[self._spell(out)] = found.get(self._spell(out), 0.0) + mass
                return
            for token, share in self._shares(constraint, out).items():
                if token in self._stop_ids:
                    found[self._spell(out)] = found.get(self._spell(out), 0.0) + mass * share
                elif share:
                    after = constraint.fork()
                    after.advance(token)
                    follow(after, (*out, token), mass * share)

        follow(self._constraint.fork(), (), 1.0)
        return found

    def greedy(self) -> str:
        """The text at temperature 0; among equals the lowest token id."""
        constraint, out = self._jumped(self._constraint.fork(), ())
        while not constraint.ended:
            shares = self._shares(constraint, out)
            token = min(shares, key=lambda i: (-shares[i], i))
            if token in self._stop_ids:
                break
            constraint.advance(token)
            constraint, out = self._jumped(constraint, (*out, token))
        return self._spell(out)

    def _jumped(self, constraint: Constraint, out: Ids) -> tuple[Constraint, Ids]:
        while (jump := constraint.jump(self._prompt_ids, out, _ROOM)) is not None:
            constraint.rewind(jump.keep)
            out = (*out[: jump.keep], *jump.token_ids)
            for token in jump.token_ids:
                constraint.advance(token)
        return constraint, out

    def _shares(self, constraint: Constraint, out: Ids) -> dict[int, float]:
        allowed = constraint.allowed(_ROOM).to_ids().tolist()
        row = self._table[out]
        logs = {token: row[token] for token in allowed}
        whole = log_sum(list(logs.values()))
        if whole == -math.inf:
            return {token: 1 / len(allowed) for token in allowed}
        return {token: math.exp(value - whole) for token, value in logs.items()}


def log_sum(logs: Sequence[float]) -> float:
    """``log(sum(exp(x)))``; minus infinity for nothing."""
    top = max(logs, default=-math.inf)
    return top if top == -math.inf else top + math.log(math.fsum(math.exp(x - top) for x in logs))
