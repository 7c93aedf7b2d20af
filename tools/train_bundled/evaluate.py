"""Held-out accuracy of a trained folder: ``python -m tools.train_bundled.evaluate FOLDER``.

Uses `transformers` alone, greedy, so that what it says holds for the files and not for the training code. Knows families
by their contract only.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from zlib import crc32

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from tools.train_bundled.corpus import has_long_form
from tools.train_bundled.example import Example, Family
from tools.train_bundled.families import all_families
from tools.train_bundled.questions import OPEN_QUESTIONS

TOKENS_A_BATCH = 360_000


@dataclass(slots=True)
class Score:
    """One family at one length: prompts, right answers, mean and longest prompt in tokens, wrong samples."""

    family: str
    length: str
    count: int
    right: int
    mean_tokens: float
    longest: int
    wrong: list[tuple[str, str, str]]

    @property
    def percent(self) -> float:
        """Accuracy in percent."""
        return 100.0 * self.right / max(1, self.count)


@dataclass(slots=True)
class Question:
    """One prompt to be answered: where it belongs, its ids and, later, its completion."""

    family: Family
    length: str
    example: Example
    ids: list[int]
    text: str = ""


def judged(question: Question) -> bool:
    """Whether the completion is right."""
    if question.family.right is not None:
        return question.family.right(question.example, question.text)
    return question.text.strip() == (question.example.want or "").strip()


class Answerer:
    """Greedy or sampled completions in batches of similar length."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        kind = torch.bfloat16 if device.type == "cuda" else torch.float32
        self.tokenizer: PreTrainedTokenizerFast = AutoTokenizer.from_pretrained(folder)
        self.tokenizer.padding_side = "left"
        self.model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder, dtype=kind).to(device).eval()
        self.device, self.limit = device, int(self.model.config.max_position_embeddings)

    def encode(self, text: str) -> list[int]:
        """Ids of a prompt in which special tokens stand literally."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def complete(self, questions: Sequence[Question], temperature: float = 0.0) -> None:
        """Fill in ``text`` of each question."""
        order = sorted(questions, key=lambda q: (q.family.max_new_tokens, len(q.ids)))
        at = 0
        while at < len(order):
            size = 1
            room = order[at].family.max_new_tokens
            while (
                at + size < len(order)
                and order[at + size].family.max_new_tokens <= max(room * 1.4, room + 16)
                and (size + 1) * (len(order[at + size].ids) + room) <= TOKENS_A_BATCH
                and size < 1024
            ):
                size += 1
            self._batch(order[at : at + size], temperature)
            at += size

    @torch.inference_mode()
    def _batch(self, questions: Sequence[Question], temperature: float) -> None:
        padded = self.tokenizer.pad({"input_ids": [q.ids for q in questions]}, return_tensors="pt").to(self.device)
        longest = padded["input_ids"].shape[1]
        room = max(1, min(max(q.family.max_new_tokens for q in questions), self.limit - longest))
        sampling = {"do_sample": True, "temperature": temperature, "top_k": 0} if temperature else {"do_sample": False}
        out = self.model.generate(**padded, max_new_tokens=room, **sampling)
        for question, row in zip(questions, out[:, longest:], strict=True):
            question.text = self.tokenizer.decode(row, skip_special_tokens=True)
            stop = question.example.segments[-1][0] if question.example.segments[-1][1] else ""
            if "\n" in stop and not question.text.lstrip().startswith("{") and "\n" not in question.example.answer.strip():
                question.text = question.text.strip("\n ").split("\n")[0]


def questions_of(family: Family, answerer: Answerer, seed: int, count: int, long: bool) -> list[Question]:
    """Held-out prompts of one family that fit the context."""
    rng = Random(crc32(family.name.encode()) + seed)
    out: list[Question] = []
    while len(out) < count:
        example = family.sample(rng, "heldout", long)
        ids = answerer.encode(example.prompt)
        if len(ids) + family.max_new_tokens <= answerer.limit:
            out.append(Question(family, "long" if long else "short", example, ids))
    return out


def score(questions: Sequence[Question]) -> Score:
    """Judge the answered questions of one family and length."""
    first = questions[0]
    wrong = [(q.example.prompt[-300:], q.example.want or "", q.text) for q in questions if not judged(q)]
    sizes = [len(q.ids) for q in questions]
    return Score(
        first.family.name, first.length, len(questions), len(questions) - len(wrong), sum(sizes) / len(sizes), max(sizes), wrong[:4]
    )


def votes(family: Family, answerer: Answerer, seed: int, count: int, samples: int = 9) -> tuple[float, float]:
    """Percent right of one sample at temperature 0.7 and of the majority of ``samples``."""
    prompts = questions_of(family, answerer, seed + 1, count, False)
    asked = [Question(q.family, q.length, q.example, q.ids) for q in prompts for _ in range(samples)]
    torch.manual_seed(seed)
    answerer.complete(asked, temperature=0.7)
    single = sum(judged(q) for q in asked) / len(asked)
    majority = 0
    for i in range(count):
        group = asked[i * samples : (i + 1) * samples]
        endings = [(q.text.replace(",", "").rstrip(". ").split() or [""])[-1] for q in group]
        top = Counter(endings).most_common(1)[0][0]
        majority += judged(group[endings.index(top)])
    return 100.0 * single, 100.0 * majority / count


def evaluate(answerer: Answerer, count: int, vote_count: int, seed: int) -> dict[str, object]:
    """Everything the model card states."""
    families = all_families()
    closed = [family for family in families if family.closed]
    groups = [questions_of(f, answerer, seed, count, False) for f in closed]
    groups += [questions_of(f, answerer, seed, count, True) for f in closed if has_long_form(f, Random(0))]
    answerer.complete([q for group in groups for q in group])
    scores = [score(group) for group in groups]
    levels = [f for f in closed if f.name.startswith("arithmetic_") and int(f.name[11:]) >= 4]
    voted = {f.name: votes(f, answerer, seed, vote_count) for f in levels} if vote_count else {}
    talk = Family("open", 0, families[0].sample, max_new_tokens=120)
    opened = [
        Question(talk, "short", Example(((p, False), ("", True))), answerer.encode(p))
        for p in (f"<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n" if c else q for q, c in OPEN_QUESTIONS)
    ]
    answerer.complete(opened)
    return {
        "scores": [asdict(s) for s in scores],
        "votes": voted,
        "open": [(q.example.prompt, q.text) for q in opened],
    }


def report(result: dict[str, object]) -> None:
    """Print the table, worst first, then the votes and the open answers."""
    scores = [Score(**s) for s in result["scores"]]  # type: ignore[attr-defined]
    for s in sorted(scores, key=lambda s: s.percent):
        print(f"{s.percent:6.1f} % {s.family} ({s.length}, {s.count} prompts, mean {s.mean_tokens:.0f}, longest {s.longest} tokens)")
    for name, (single, majority) in result["votes"].items():  # type: ignore[attr-defined]
        print(f"{name}: one sample {single:.1f} %, majority of nine {majority:.1f} %")


def main() -> None:
    """Evaluate a folder, print the table, and write everything as JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--votes", type=int, default=300, help="problems for the vote, 0 for none")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    began = time.monotonic()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    result = evaluate(Answerer(args.folder, device), args.count, args.votes, args.seed)
    if args.json:
        args.json.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    report(result)
    print(f"evaluated in {time.monotonic() - began:.0f} s on {device}")


if __name__ == "__main__":
    main()
