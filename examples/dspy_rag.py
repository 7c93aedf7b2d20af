"""DSPy as a front end: retrieval-augmented generation over the shipped atlas, on a server that shares the compiled demonstrations.

    sgbench serve --port 30000 &
    pip install dspy
    python examples/dspy_rag.py --url http://127.0.0.1:30000

DSPy's own cache is off, so every call reaches the server, and what is not computed again is the radix cache's doing. The bundled model
is too small for the format that DSPy's adapters ask for; a large model needs no `AtlasAdapter`.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.request
from random import Random
from typing import Any

import dspy

from sgbench.workloads.rag import atlas, normalised


class AtlasAdapter(dspy.Adapter):
    """Passages and a question are a turn, the answer is the next; demonstrations are turns before."""

    def format(self, signature: Any, demos: list[dict[str, Any]], inputs: dict[str, Any]) -> list[dict[str, Any]]:
        """The instruction, each demonstration as a turn and its answer, then what is asked."""
        turns = [{"role": "system", "content": signature.instructions}]
        for demo in demos:
            turns += [self._asked(demo), {"role": "assistant", "content": demo["answer"]}]
        return [*turns, self._asked(inputs)]

    @staticmethod
    def _asked(values: dict[str, Any]) -> dict[str, Any]:
        return {"role": "user", "content": f"Context:\n{values['context']}\n\nQuestion: {values['question']}"}

    def parse(self, signature: Any, completion: str) -> dict[str, Any]:
        """The first line."""
        return {"answer": (completion.strip().splitlines() or [""])[0]}


class Rag(dspy.Module):
    """Three passages, then an answer."""

    def __init__(self) -> None:
        super().__init__()
        signature = dspy.Signature("context, question -> answer", "Answer questions with short factoid answers.")
        self.answer = dspy.Predict(signature)

    def forward(self, question: str) -> Any:
        """See `Rag`."""
        return self.answer(context=atlas().find(question).context, question=question)


def examples(n: int, seed: int) -> list[Any]:
    """Questions of the atlas with their answers, as DSPy takes them."""
    rng = Random(seed)
    asked = [atlas().ask(rng) for _ in range(n)]
    return [
        dspy.Example(context=one.context, question=one.question, answer=one.answer).with_inputs("question")
        for one in asked
    ]


def right(example: Any, prediction: Any, trace: Any = None) -> bool:
    """Does the answer occur in what was said? (A chat model answers in sentences.)"""
    return normalised(example.answer) in normalised(prediction.answer)


def server_info(url: str) -> dict[str, Any]:
    """What the server says of itself."""
    with urllib.request.urlopen(f"{url}/server_info", timeout=30) as reply:
        found: dict[str, Any] = json.load(reply)
    return found


def main() -> None:
    """Compile with labelled demonstrations, ask, and tell how much of the prompts was cached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:30000")
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--threads", type=int, default=8)
    given = parser.parse_args()
    model = server_info(given.url).get("model_path", "bundled")
    options = {"api_base": f"{given.url}/v1", "api_key": "none", "cache": False}
    dspy.configure(lm=dspy.LM(f"openai/{model}", temperature=0.0, max_tokens=64, **options), adapter=AtlasAdapter())
    compiled = dspy.LabeledFewShot(k=6).compile(Rag(), trainset=examples(6, seed=1))
    before = server_info(given.url)
    judge = dspy.Evaluate(devset=examples(given.questions, seed=2), metric=right, num_threads=given.threads)
    score = judge(compiled)
    after = server_info(given.url)
    prompt, cached = (after[name] - before[name] for name in ("prompt_tokens", "cached_tokens"))
    found = {"right": float(getattr(score, "score", score)), "prompt_tokens": prompt, "hit_rate": cached / prompt}
    sys.stdout.write(f"{json.dumps(found)}\n")


if __name__ == "__main__":
    main()
