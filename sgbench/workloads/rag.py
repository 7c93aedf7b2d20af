"""Retrieval-augmented generation as DSPy compiles it: worked demonstrations, three passages, a reasoned answer (paper section 6).

The passages are really retrieved, by BM25, from a collection about made-up people; nothing else knows the answers.
"""

from __future__ import annotations

from random import Random
from typing import Any

import sgbench as sgl
from sgbench.lang.state import ProgramState
from sgbench.workloads import lexicon
from sgbench.workloads.bm25 import BM25
from sgbench.workloads.workload import Case, Count, Workload

DOCUMENTS = 200
PASSAGES = 3
DEMONSTRATIONS_TOKENS = 1000
_TELL = {
    "job": ("{n} works as {v}.", "What is {n}'s job?"),
    "city": ("{n} lives in {v}.", "In which town does {n} live?"),
    "pet": ("{n} has {v}.", "Which animal does {n} have?"),
    "food": ("{n} loves {v}.", "What is {n}'s favorite food?"),
    "hobby": ("{n} enjoys {v}.", "What is {n}'s hobby?"),
    "year": ("{n} was born in {v}.", "When was {n} born?"),
}


@sgl.function
def rag(s: Any, demonstrations: str, context: str, question: str) -> None:
    """The compiled prompt, and an answer that names its passage."""
    s += demonstrations
    s += f"Context:\n{context}\n\nQuestion: {question}\n\nReasoning:"
    s += sgl.gen("answer", max_tokens=48, stop="\n\n")


class Collection:
    """Documents about made-up people, one each, with questions that one of them answers."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        names = list(dict.fromkeys(lexicon.person(rng) for _ in range(DOCUMENTS)))
        self._about = [(name, self._values()) for name in names]
        self.documents = [
            " ".join(_TELL[key][0].format(n=name, v=value) for key, value in values.items())
            for name, values in self._about
        ]
        self._retriever = BM25(self.documents)

    def _values(self) -> dict[str, str]:
        rng = self._rng
        values = {
            "job": lexicon.with_article(rng.choice(lexicon.JOBS)),
            "city": lexicon.town(rng),
            "pet": lexicon.with_article(rng.choice(lexicon.ANIMALS)),
            "food": rng.choice(lexicon.FOODS),
            "hobby": rng.choice(lexicon.HOBBIES),
            "year": str(rng.randint(1850, 2020)),
        }
        return {key: values[key] for key in rng.sample(sorted(values), 4)}

    def ask(self) -> tuple[str, str, str]:
        """A question, the passages found for it, and its answer."""
        name, values = self._rng.choice(self._about)
        key = self._rng.choice(sorted(values))
        question = _TELL[key][1].format(n=name)
        found = self._retriever.search(question, PASSAGES)
        context = "\n".join(f"[{i}] «{self.documents[at]}»" for i, at in enumerate(found, start=1))
        return question, context, values[key].removeprefix("an ").removeprefix("a ")


def _cases(rng: Random, size: int, count: Count) -> list[Case]:
    collection = Collection(rng)

    def shown() -> str:
        while True:
            question, context, answer = collection.ask()
            at = next((line[1] for line in context.splitlines() if answer in line), None)
            if at is not None:
                reason = f"Passage [{at}] tells it.\nAnswer: {answer}"
                return f"Context:\n{context}\n\nQuestion: {question}\n\nReasoning: {reason}\n\n---\n\n"

    head = "Answer questions with short factoid answers.\n\n"
    demonstrations = head + "".join(lexicon.as_many(shown, DEMONSTRATIONS_TOKENS, count))
    cases = []
    for _ in range(size):
        question, context, answer = collection.ask()
        cases.append(Case({"demonstrations": demonstrations, "context": context, "question": question}, answer))
    return cases


def _answer(state: ProgramState) -> str:
    return str(state["answer"]).rpartition("Answer:")[2].strip()


WORKLOAD = Workload(
    name="rag",
    title="Retrieval-augmented generation, three passages",
    shares="the demonstrations, by all",
    program=rag,
    cases=_cases,
    answer=_answer,
    right=lambda answer, want: answer == want,
    cpu_size=16,
    paper_size=150,
    parallel=32,
)
