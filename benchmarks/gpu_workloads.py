"""The workloads of a serving engine's usual claims, as exact token ids: what shares what, and what waits for what.

A workload is a list of stages; a stage starts when the one before is done, and may use its outputs. Lengths are fixed and EOS is
ignored, so that every engine does the same work. Knows no engine: `Run` is any function from prompts to outputs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

Ids: TypeAlias = list[int]
Run: TypeAlias = Callable[[list[Ids], int], list[Ids]]
"""``run(prompts, new_tokens)`` gives as many outputs, each of exactly that many tokens."""

_FIRST_ID = 16  # below lie special tokens


class Workload(Protocol):
    """Work for an engine."""

    def play(self, run: Run, vocab_size: int, seed: int) -> None:
        """Do it once; another ``seed`` shares nothing with this one."""
        ...

    def batches(self) -> list[Batch]:
        """What has to be computed at least, stage by stage, for floors."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """A stage as an engine that shares perfectly sees it.

    Attributes
    ----------
    n_requests
        They run together.
    prefill
        ``(tokens, start)`` pieces whose KV nobody has yet: ``tokens`` of them at positions from ``start``.
    shared_groups
        ``(requests, tokens)``: that many requests read the same KV of ``tokens``; a request is in one group a level.
    own_tokens
        KV that a request alone reads at its first decode step, tokens.
    new_tokens
        Output of each.
    """

    n_requests: int
    prefill: tuple[tuple[int, int], ...]
    shared_groups: tuple[tuple[int, int], ...]
    own_tokens: int
    new_tokens: int


@dataclass(frozen=True, slots=True)
class OneRequest:
    """A single request: time to first token with ``new_tokens=1``, milliseconds a token with more."""

    prompt_tokens: int = 128
    new_tokens: int = 256

    def play(self, run: Run, vocab_size: int, seed: int) -> None:
        """See `Workload`."""
        run([_ids(vocab_size, self.prompt_tokens, seed)], self.new_tokens)

    def batches(self) -> list[Batch]:
        """See `Workload`."""
        return [Batch(1, ((self.prompt_tokens, 0),), (), self.prompt_tokens, self.new_tokens)]


@dataclass(frozen=True, slots=True)
class FewShot:
    """Requests that share a long prefix and differ in a short question."""

    n_requests: int = 256
    shared_tokens: int = 2000
    own_tokens: int = 64
    new_tokens: int = 16

    def play(self, run: Run, vocab_size: int, seed: int) -> None:
        """See `Workload`."""
        head = _ids(vocab_size, self.shared_tokens, seed)
        run([head + _ids(vocab_size, self.own_tokens, seed, i) for i in range(1, self.n_requests + 1)], self.new_tokens)

    def batches(self) -> list[Batch]:
        """See `Workload`."""
        questions = ((self.own_tokens, self.shared_tokens),) * self.n_requests
        shared = ((self.n_requests, self.shared_tokens),)
        return [Batch(self.n_requests, ((self.shared_tokens, 0), *questions), shared, self.own_tokens, self.new_tokens)]


@dataclass(frozen=True, slots=True)
class NoSharing:
    """Requests that have nothing in common."""

    n_requests: int = 256
    prompt_tokens: int = 1024
    new_tokens: int = 128

    def play(self, run: Run, vocab_size: int, seed: int) -> None:
        """See `Workload`."""
        run([_ids(vocab_size, self.prompt_tokens, seed, i) for i in range(self.n_requests)], self.new_tokens)

    def batches(self) -> list[Batch]:
        """See `Workload`."""
        return [
            Batch(
                self.n_requests,
                ((self.prompt_tokens, 0),) * self.n_requests,
                (),
                self.prompt_tokens,
                self.new_tokens,
            )
        ]


@dataclass(frozen=True, slots=True)
class MultiTurn:
    """Chats: each turn's prompt is all that was said, and a new message."""

    n_chats: int = 64
    n_turns: int = 4
    message_tokens: int = 256
    new_tokens: int = 128

    def play(self, run: Run, vocab_size: int, seed: int) -> None:
        """See `Workload`."""
        chats: list[Ids] = [[] for _ in range(self.n_chats)]
        for turn in range(self.n_turns):
            for i, chat in enumerate(chats):
                chat.extend(_ids(vocab_size, self.message_tokens, seed, turn, i))
            for chat, said in zip(chats, run(chats, self.new_tokens), strict=True):
                chat.extend(said)

    def batches(self) -> list[Batch]:
        """See `Workload`. The last token of an answer has no KV yet: the next turn computes it."""
        stages = []
        for turn in range(self.n_turns):
            start = max(0, turn * (self.message_tokens + self.new_tokens) - 1)
            length = (turn + 1) * self.message_tokens + turn * self.new_tokens
            stages.append(Batch(self.n_chats, ((length - start, start),) * self.n_chats, (), length, self.new_tokens))
        return stages


@dataclass(frozen=True, slots=True)
class Tree:
    """Questions whose every answer branches again; a branch differs from its siblings by one token."""

    n_questions: int = 32
    question_tokens: int = 512
    n_branches: int = 4
    n_levels: int = 3
    new_tokens: int = 64

    def play(self, run: Run, vocab_size: int, seed: int) -> None:
        """See `Workload`."""
        texts = [_ids(vocab_size, self.question_tokens, seed, i) for i in range(self.n_questions)]
        for _ in range(self.n_levels):
            prompts = [[*text, _FIRST_ID + branch] for text in texts for branch in range(self.n_branches)]
            texts = [prompt + said for prompt, said in zip(prompts, run(prompts, self.new_tokens), strict=True)]

    def batches(self) -> list[Batch]:
        """See `Workload`: a level's requests share the question, and with their siblings each answer above."""
        stages = []
        for level in range(self.n_levels):
            n = self.n_questions * self.n_branches ** (level + 1)
            shared = [(n // self.n_questions, self.question_tokens)] * self.n_questions
            for above in range(1, level + 1):
                parents = self.n_questions * self.n_branches**above
                shared += [(n // parents, 1 + self.new_tokens)] * parents
            if level == 0:
                prefill = ((self.question_tokens, 0),) * self.n_questions + ((1, self.question_tokens),) * n
            else:  # the last token of each parent, once, and each branch's own
                start = self.question_tokens + level * (1 + self.new_tokens) - 1
                prefill = ((1, start),) * (n // self.n_branches) + ((1, start + 1),) * n
            stages.append(Batch(n, prefill, tuple(shared), 1, self.new_tokens))
        return stages


def draw_beforehand(work: Workload, vocab_size: int, seed: int) -> None:
    """Have the random tokens of ``work.play(..., seed)`` drawn, so that nobody's clock counts it."""
    work.play(lambda prompts, new_tokens: [[_FIRST_ID] * new_tokens for _ in prompts], vocab_size, seed)


@functools.lru_cache(maxsize=8192)
def _ids(vocab_size: int, n: int, *seed: int) -> Ids:
    """Not to be changed by the caller."""
    drawn: Ids = np.random.default_rng([7, *seed]).integers(_FIRST_ID, vocab_size, n).tolist()
    return drawn
