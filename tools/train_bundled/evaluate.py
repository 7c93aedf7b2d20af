"""Held-out accuracy of a trained folder: ``python -m tools.train_bundled.evaluate FOLDER``.

Uses `transformers`, greedy, so that what it says holds for the files and not for the training code; or, on request, the engine of
this project, which is proved equal and much faster on a CPU. With ``--forced`` a forward pass comes first: prompts whose answer greedy
decoding gives token for token are right without being generated, and only the others are generated and judged as text. Knows families
by their contract only.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    StoppingCriteria,
    StoppingCriteriaList,
)

from tools.train_bundled import exact, heldout, net
from tools.train_bundled.card import markdown
from tools.train_bundled.example import Example, Family
from tools.train_bundled.families import all_families
from tools.train_bundled.questions import OPEN_QUESTIONS

TOKENS_A_BATCH = {"cuda": 4_000_000, "cpu": 12_000}
MOST_PAIRS = 4_000_000_000
"""Most pairs of positions in a batch's attention masks."""
TOKENS_A_STREAM = {"cuda": 262_144, "cpu": 2_048}
MOST_ROWS = 4096
BY_LIKELIHOOD = "by likelihood"


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


class Room(StoppingCriteria):
    """Ends each row after as many new tokens as its family allows."""

    def __init__(self, rooms: torch.Tensor, prompt: int) -> None:
        self.rooms, self.prompt = rooms, prompt

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **_: object) -> torch.Tensor:
        """Which rows are done."""
        del scores
        return self.rooms <= input_ids.shape[1] - self.prompt


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
        return self.encode_all([text])[0]

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of several prompts."""
        made = self.tokenizer.backend_tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [list(one.ids) for one in made]

    def complete(self, questions: Sequence[Question], temperature: float = 0.0) -> None:
        """Fill in ``text`` of each question."""
        budget = TOKENS_A_BATCH[self.device.type]
        for brief in (True, False):
            order = sorted((q for q in questions if (q.family.max_new_tokens <= 64) == brief), key=lambda q: len(q.ids))
            at = 0
            while at < len(order):
                size = 1
                while (
                    at + size < min(len(order), at + MOST_ROWS)
                    and (size + 1) * (len(order[at + size].ids) + order[at + size].family.max_new_tokens) <= budget
                    and (size + 1) * len(order[at + size].ids) ** 2 <= MOST_PAIRS
                ):
                    size += 1
                began = time.monotonic()
                self._batch(order[at : at + size], temperature)
                at += size
                print(f"{size} completions, {time.monotonic() - began:.1f} s, {len(order) - at} to go", flush=True)

    @torch.inference_mode()
    def _batch(self, questions: Sequence[Question], temperature: float) -> None:
        padded = self.tokenizer.pad({"input_ids": [q.ids for q in questions]}, return_tensors="pt").to(self.device)
        longest = padded["input_ids"].shape[1]
        room = max(1, min(max(q.family.max_new_tokens for q in questions), self.limit - longest))
        sampling = {"do_sample": True, "temperature": temperature, "top_k": 0} if temperature else {"do_sample": False}
        rooms = torch.tensor([q.family.max_new_tokens for q in questions], device=self.device)
        stop = StoppingCriteriaList([Room(rooms, longest)])
        out = self.model.generate(**padded, max_new_tokens=room, stopping_criteria=stop, **sampling)
        for question, row in zip(questions, out[:, longest:], strict=True):
            question.text = first_line_where_one_is_due(question, self.tokenizer.decode(row, skip_special_tokens=True))


class EngineAnswerer(Answerer):
    """The same through sgbench's own engine, whose greedy tokens equal those of transformers: many times faster on a CPU."""

    def __init__(self, folder: Path) -> None:
        import sgbench

        super().__init__(folder, torch.device("cpu"))
        self.engine = sgbench.Engine(str(folder))

    def complete(self, questions: Sequence[Question], temperature: float = 0.0) -> None:
        """Fill in ``text`` of each question."""
        params = [
            {
                "temperature": temperature,
                "sampling_seed": i,
                "max_new_tokens": min(q.family.max_new_tokens, self.limit - len(q.ids)),
            }
            for i, q in enumerate(questions)
        ]
        if questions:
            outputs = self.engine.generate(input_ids=[q.ids for q in questions], sampling_params=params)
            for question, output in zip(questions, outputs, strict=True):
                question.text = first_line_where_one_is_due(question, output["text"])


def first_line_where_one_is_due(question: Question, text: str) -> str:
    """The completion as a stop string would cut it.

    Plain documents go on with another example after a blank line, unless they are told to stop there; and families whose answers are
    single lines that a newline ends are cut at the first.
    """
    answer = question.example.answer.strip()
    if "<|im_start|>" not in question.example.prompt and "\n\n" not in answer:
        text = text.lstrip("\n").split("\n\n")[0]
    last, answered = question.example.segments[-1]
    if answered and "\n" in last and not text.lstrip().startswith("{") and "\n" not in answer:
        return text.strip("\n ").split("\n")[0]
    return text


class Forcer:
    """Judges prompts by forward passes over prompt and answer, through the network as it is trained."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.network = net.Network(net.Shape())
        state = load_file(folder / "model.safetensors")
        self.network.load_state_dict({name.removeprefix("model."): t.float() for name, t in state.items()})
        self.network.to(device)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.kind = torch.bfloat16 if device.type == "cuda" else torch.float32
        self.tokens = TOKENS_A_STREAM[device.type]

    def settle(self, questions: Sequence[Question]) -> list[Question]:
        """Fill in ``text`` where greedy decoding gives the answer; the others are returned."""
        rows = exact.forced([q.example for q in questions], self.tokenizer)
        hits = exact.hit(self.network, rows, self.kind, self.tokens)
        for question, hit in zip(questions, hits, strict=True):
            if hit:
                question.text = first_line_where_one_is_due(question, question.example.answer)
        return [question for question, hit in zip(questions, hits, strict=True) if not hit]

    def choose(self, questions: Sequence[Question]) -> None:
        """Put the likeliest of the endings (the lines of ``want``) into ``text``: mean log-probability of a token."""
        endings = [(q.example.want or "").split("\n") for q in questions]
        made = self.tokenizer.encode_batch_fast([f" {e}" for group in endings for e in group], add_special_tokens=False)
        ids = iter(made)
        rows = [exact.Forced(q.ids, next(ids).ids) for q, group in zip(questions, endings, strict=True) for _ in group]
        means = iter(mean for _, mean in exact.judged(self.network, rows, self.kind, self.tokens))
        for question, group in zip(questions, endings, strict=True):
            scores = [next(means) for _ in group]
            question.text = group[scores.index(max(scores))]


def questions_of(
    family: Family, long: bool, count: int, examples: Sequence[Example], answerer: Answerer
) -> list[Question]:
    """The first ``count`` of the examples that fit the context, as questions."""
    rows = answerer.encode_all([e.prompt for e in examples])
    group = [Question(family, "long" if long else "short", e, row) for e, row in zip(examples, rows, strict=True)]
    return [q for q in group if len(q.ids) + family.max_new_tokens <= answerer.limit][:count]


def score(questions: Sequence[Question]) -> Score:
    """Judge the answered questions of one family and length."""
    first = questions[0]
    wrong = [(q.example.prompt[-300:], q.example.want or "", q.text) for q in questions if not judged(q)]
    sizes = [len(q.ids) for q in questions]
    return Score(
        first.family.name,
        first.length,
        len(questions),
        len(questions) - len(wrong),
        sum(sizes) / len(sizes),
        max(sizes),
        wrong[:4],
    )


def votes(
    ballots: Mapping[str, Sequence[Question]], answerer: Answerer, seed: int, samples: int = 9
) -> dict[str, tuple[float, float, int]]:
    """By family: percent right of one sample at temperature 0.7 and of the majority of ``samples``, and the problems."""
    asked = {
        name: [Question(q.family, q.length, q.example, q.ids) for q in prompts for _ in range(samples)]
        for name, prompts in ballots.items()
    }
    torch.manual_seed(seed)
    answerer.complete([q for group in asked.values() for q in group], temperature=0.7)
    out = {}
    for name, cast in asked.items():
        single = sum(judged(q) for q in cast) / len(cast)
        majority = sum(elected(cast[i : i + samples]) for i in range(0, len(cast), samples))
        out[name] = (100.0 * single, 100.0 * majority * samples / len(cast), len(cast) // samples)
    return out


def elected(group: Sequence[Question]) -> bool:
    """Whether the answer that most samples end with is right; of equally many, the first."""
    endings = [(q.text.replace(",", "").rstrip(". ").split() or [""])[-1] for q in group]
    top = Counter(endings).most_common(1)[0][0]
    return judged(group[endings.index(top)])


def answer(
    questions: Sequence[Question], opened: Sequence[Question], answerer: Answerer, forcer: Forcer, forced: bool
) -> None:
    """Complete all questions, or choose among endings where likelihood decides; ``forced``: first by a forward pass."""
    forcer.choose([q for q in questions if q.family.name.endswith(BY_LIKELIHOOD)])
    rest = [q for q in questions if not q.family.name.endswith(BY_LIKELIHOOD)]
    answerer.complete([*opened, *(forcer.settle(rest) if forced else rest)])


def evaluate(
    answerer: Answerer, forcer: Forcer, questions: Path, seed: int, seconds: float, forced: bool
) -> Iterator[dict[str, object]]:
    """Everything the model card states, for the prompts that `heldout` drew: what is greedy, and then that and the votes.

    The votes are left out if ``seconds`` are over by then.
    """
    began = time.monotonic()
    families = {family.name: family for family in all_families()}
    short: list[list[Question]] = []
    long: list[list[Question]] = []
    ballots: dict[str, list[Question]] = {}
    for name, count, is_long, vote, examples in heldout.read(questions):
        group = questions_of(families[name], is_long, count, examples, answerer)
        if vote:
            ballots[name] = group
        else:
            (long if is_long else short).append(group)
    print(f"{sum(map(len, short))} short and {sum(map(len, long))} long prompts", flush=True)
    opened = open_questions(answerer)
    groups = [*short, *long]
    answer([q for group in groups for q in group], opened, answerer, forcer, forced)
    result: dict[str, object] = {
        "open": [(q.example.prompt, q.text) for q in opened],
        "scores": [asdict(score(group)) for group in groups if group],
        "votes": {},
    }
    yield result
    if time.monotonic() - began < seconds:
        result["votes"] = votes(ballots, answerer, seed)
        yield result


def open_questions(answerer: Answerer) -> list[Question]:
    """The questions of `questions` as prompts."""
    prompts = [f"<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n" if c else q for q, c in OPEN_QUESTIONS]
    examples = [Example(((prompt, False), ("", True))) for prompt in prompts]
    talk = Family("open", 0, lambda rng, split, long: rng.choice(examples), max_new_tokens=120)
    return [Question(talk, "short", one, answerer.encode(p)) for one, p in zip(examples, prompts, strict=True)]


def main() -> None:
    """Evaluate a folder, print the table, and write everything as JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("questions", type=Path, help="what tools.train_bundled.heldout wrote")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--through", choices=("transformers", "engine"), default="transformers")
    parser.add_argument("--seconds", type=float, default=1e9, help="cast no votes after these")
    parser.add_argument("--forced", action="store_true", help="generate only what a forward pass does not settle")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    args = parser.parse_args()
    began = time.monotonic()
    if args.through == "engine":
        answerer: Answerer = EngineAnswerer(args.folder)
    else:
        answerer = Answerer(args.folder, torch.device(args.device))
    forcer = Forcer(args.folder, answerer.device)
    result: dict[str, object] = {}
    for result in evaluate(answerer, forcer, args.questions, args.seed, args.seconds, args.forced):
        print(f"a stage done after {time.monotonic() - began:.0f} s", flush=True)
        if args.json:
            args.json.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        if args.markdown:
            args.markdown.write_text(markdown(result), encoding="utf-8")
    print(markdown(result))
    print(f"evaluated in {time.monotonic() - began:.0f} s on {answerer.device} through {args.through}")


if __name__ == "__main__":
    main()
