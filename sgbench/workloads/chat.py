"""Multi-turn chat over random text, with short and with long answers (paper section 6)."""

from __future__ import annotations

from random import Random
from typing import Any

import sgbench as sgl
from sgbench.lang.state import ProgramState
from sgbench.workloads.workload import Case, Count, Workload

TURNS = 4
INPUT_TOKENS = (256, 512)
SHORT_TOKENS = (4, 8)
LONG_TOKENS = (256, 512)
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@sgl.function
def multi_turn_chat(s: Any, turns: list[tuple[str, int]]) -> None:
    """What the user says, then exactly so many tokens of answer; the history stays."""
    for said, answer_tokens in turns:
        s += said
        s += sgl.gen("answer", min_tokens=answer_tokens, max_tokens=answer_tokens)


def _said(rng: Random, tokens: int, count: Count) -> str:
    """Random words of ``tokens`` tokens on lines of their own, so that no token joins them with what the model says."""
    text = "\n"
    have = count("\n\n")
    while True:
        new = " " + "".join(rng.choices(_LETTERS, k=rng.randint(2, 8)))
        size = count(new)
        if have + size > tokens:
            return f"{text}\n"
        text += new
        have += size


def _cases(answer: tuple[int, int], rng: Random, size: int, count: Count) -> list[Case]:
    return [
        Case({"turns": [(_said(rng, rng.randint(*INPUT_TOKENS), count), rng.randint(*answer)) for _ in range(TURNS)]})
        for _ in range(size)
    ]


def _answer(state: ProgramState) -> str:
    return str(state.text())


def _chat(name: str, title: str, answer: tuple[int, int], cpu_size: int) -> Workload:
    return Workload(
        name=name,
        title=title,
        shares="a conversation's own history",
        program=multi_turn_chat,
        cases=lambda rng, size, count: _cases(answer, rng, size, count),
        answer=_answer,
        cpu_size=cpu_size,
        paper_size=20,
    )


SHORT = _chat("chat_short", "Multi-turn chat, short answers", SHORT_TOKENS, 8)
LONG = _chat("chat_long", "Multi-turn chat, long answers", LONG_TOKENS, 4)
