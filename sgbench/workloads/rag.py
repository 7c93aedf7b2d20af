"""Retrieval-augmented generation as DSPy compiles it: worked demonstrations, three passages, a short answer (paper section 6).

The passages are retrieved, by BM25, from an atlas that the package ships: a passage for each country. DSPy's program reasons before
it answers; this one answers at once, because a model of this size reasons itself away from what it has read.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from random import Random
from typing import Any

import sgbench as sgl
from sgbench.lang.state import ProgramState
from sgbench.workloads import lexicon
from sgbench.workloads.retriever import Retriever
from sgbench.workloads.workload import Case, Count, Workload

PASSAGES = 3
DEMONSTRATIONS_TOKENS = 1000
HEAD = "Answer questions with short factoid answers.\n\n"
_ASKED = ("capital", "continent", "main language", "currency")
"""Of the package's facts, those that the atlas tells."""


@dataclass(frozen=True, slots=True)
class Found:
    """A question, the passages retrieved for it, and its answer."""

    question: str
    passages: tuple[str, ...]
    answer: str

    @property
    def context(self) -> str:
        """The passages, numbered."""
        return "\n".join(f"[{i}] «{passage}»" for i, passage in enumerate(self.passages, start=1))


@sgl.function
def rag(s: Any, demonstrations: str, context: str, question: str) -> None:
    """The compiled prompt, and an answer."""
    s += demonstrations
    s += f"Context:\n{context}\n\nQuestion: {question}\n\nAnswer:"
    s += sgl.gen("answer", max_tokens=24, stop="\n")


class Collection:
    """Documents and their index."""

    def __init__(self, documents: list[str]) -> None:
        self._texts = documents
        self._retriever = Retriever(documents)

    def find(self, question: str, answer: str = "") -> Found:
        """The passages for ``question``."""
        return Found(question, tuple(self._texts[at] for at in self._retriever.search(question, PASSAGES)), answer)


class Atlas(Collection):
    """The shipped documents, and questions that they answer."""

    def __init__(self) -> None:
        self.documents = dict(lexicon.rows("countries", "documents"))
        super().__init__(list(self.documents.values()))
        self._questions = [
            (asked.format(s=name), answer)
            for told in lexicon.facts().values()
            for asked, pairs in told
            if any(asked.startswith(f"What is the {what} ") for what in _ASKED)
            for name, answer in pairs
            if answer in self.documents.get(name, "")
        ]

    def ask(self, rng: Random) -> Found:
        """A question of the collection's own."""
        question, answer = rng.choice(self._questions)
        return self.find(question, answer)


@functools.cache
def atlas() -> Atlas:
    """Indexed once."""
    return Atlas()


def demonstration(found: Found) -> str:
    """A question with its passages and its answer, as the prompt shows it."""
    return f"Context:\n{found.context}\n\nQuestion: {found.question}\n\nAnswer: {found.answer}\n\n---\n\n"


def _drawn(rng: Random) -> str:
    while True:
        found = atlas().ask(rng)
        if any(found.answer in passage for passage in found.passages):
            return demonstration(found)


def _cases(rng: Random, size: int, count: Count) -> list[Case]:
    shown = HEAD + "".join(lexicon.as_many(lambda: _drawn(rng), DEMONSTRATIONS_TOKENS, count))
    asked = [atlas().ask(rng) for _ in range(size)]
    return [
        Case({"demonstrations": shown, "context": one.context, "question": one.question}, one.answer) for one in asked
    ]


def _answer(state: ProgramState) -> str:
    return str(state["answer"]).strip()


def normalised(answer: str) -> str:
    """As HotpotQA's exact match compares: lower case, no punctuation, no articles."""
    words = re.sub(r"[^\w\s]", "", answer.lower()).split()
    return " ".join(word for word in words if word not in ("a", "an", "the"))


WORKLOAD = Workload(
    name="rag",
    title="Retrieval-augmented generation, three passages",
    shares="the demonstrations, by all",
    program=rag,
    cases=_cases,
    answer=_answer,
    right=lambda answer, want: normalised(answer) == normalised(want),
    cpu_size=16,
    paper_size=150,
    parallel=32,
)
