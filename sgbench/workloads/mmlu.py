"""MMLU: multiple choice after worked questions of the subject, one token of output (paper section 6).

The bundled model's questions are shorter than MMLU's, so a block holds as many as make MMLU's five in tokens.
"""

from __future__ import annotations

from random import Random
from typing import Any

import sgbench as sgl
from sgbench.lang.state import ProgramState
from sgbench.workloads import lexicon
from sgbench.workloads.workload import Case, Count, Workload

BLOCK_TOKENS = 1200
PER_SUBJECT = 8
"""Questions of a subject in a small run; a run has at most `SUBJECTS` subjects."""
SUBJECTS = 10


@sgl.function
def mmlu(s: Any, examples: str, question: str) -> None:
    """Worked questions of the subject, one more, and the letter."""
    s += examples
    s += question
    s += sgl.gen("answer", max_tokens=1)


def _question(rng: Random, subject: str) -> tuple[str, str]:
    """A question with four options up to "Answer:", and the right letter."""
    asked, pairs = rng.choice(lexicon.facts()[subject])
    thing, right = rng.choice(pairs)
    others = sorted({answer for _, answer in pairs} - {right})
    options = rng.sample(others, 3)
    at = rng.randrange(4)
    options.insert(at, right)
    listed = "\n".join(f"{letter}. {option}" for letter, option in zip("ABCD", options, strict=True))
    return f"{asked.format(s=thing)}\n{listed}\nAnswer:", "ABCD"[at]


def _cases(rng: Random, size: int, count: Count) -> list[Case]:
    known = [s for s, asked in lexicon.facts().items() if all(len({a for _, a in pairs}) > 3 for _, pairs in asked)]
    subjects = rng.sample(sorted(known), min(SUBJECTS, -(-size // PER_SUBJECT)))
    cases: list[Case] = []
    for i, subject in enumerate(subjects):
        header = f"The following are multiple choice questions (with answers) about {subject}.\n\n"
        shots = lexicon.as_many(lambda subject=subject: " ".join(_question(rng, subject)), BLOCK_TOKENS, count)  # type: ignore[misc]
        examples = header + "\n\n".join(shots) + "\n\n"
        for _ in range(size * (i + 1) // len(subjects) - size * i // len(subjects)):
            question, letter = _question(rng, subject)
            cases.append(Case({"examples": examples, "question": question}, letter))
    return cases


def _answer(state: ProgramState) -> str:
    return str(state["answer"]).strip()


WORKLOAD = Workload(
    name="mmlu",
    title="MMLU, few-shot, one token",
    shares="the worked questions of a subject, by all its questions",
    program=mmlu,
    cases=_cases,
    answer=_answer,
    right=lambda answer, want: answer[:1] == want,
    cpu_size=32,
    paper_size=1140,
)
