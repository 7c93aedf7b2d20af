"""The real data sets, where the user has their files: rows of each format to the inputs of its workload (paper section 6).

Formats are those in which the data sets are published, or in which SGLang's benchmarks keep them. What a line must hold is checked, and a
file of another format is an error that names the place. Knows files and cases; nothing is downloaded.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Callable
from pathlib import Path
from random import Random

from sgbench.workloads import api_extraction, chat, rag, react, skeleton_of_thought, tree_of_thought
from sgbench.workloads.recorded import agent_calls, conversations
from sgbench.workloads.rows import DataSetError, field, json_lines
from sgbench.workloads.workload import Case, Count

__all__ = ["FORMATS", "DataSetError", "load"]

SHOT_TOKENS = 1536
"""MMLU: most tokens of a subject's worked questions; fewer than five are shown where five are longer (as SGLang's benchmark does)."""
MMLU_SHOTS, HELLASWAG_SHOTS = 5, 20


def load(name: str, path: str | Path, count: Count) -> list[Case]:
    """The cases of workload ``name`` from the files at ``path``.

    Parameters
    ----------
    name
        One of `FORMATS`.
    path
        ``mmlu``: the folder with ``dev`` and ``test``. Otherwise a file.
    count
        Tokens of a text.

    Raises
    ------
    DataSetError
        There is no such file, it holds nothing, or a line of it is of another format.
    """
    if name not in FORMATS:
        raise DataSetError(f"workload {name} reads no data set; {', '.join(FORMATS)} do")
    found = Path(path).expanduser()
    if not found.exists():
        raise DataSetError(f"workload {name}: there is no {found}; wanted: {FORMATS[name][1]}")
    try:
        cases = FORMATS[name][0](found, count)
    except DataSetError as failure:
        if "wanted: " in str(failure):
            raise
        raise DataSetError(f"{failure}; wanted: {FORMATS[name][1]}") from failure
    if not cases:
        raise DataSetError(f"workload {name}: {found} holds no programs; wanted: {FORMATS[name][1]}")
    return cases


def _mmlu_rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    for n, row in enumerate(rows, start=1):
        if len(row) != 6 or row[5].strip() not in ("A", "B", "C", "D"):
            raise DataSetError(
                f"{path}:{n}: {len(row)} columns, the last {row[-1] if row else ''!r:.20}; wanted: question, four options, letter"
            )
    return rows


def _mmlu_question(row: list[str]) -> str:
    options = "\n".join(f"{letter}. {option}" for letter, option in zip("ABCD", row[1:5], strict=True))
    return f"{row[0]}\n{options}\nAnswer:"


def _mmlu(path: Path, count: Count) -> list[Case]:
    if not (path / "dev").is_dir() or not (path / "test").is_dir():
        raise DataSetError(f"{path}: wanted: {FORMATS['mmlu'][1]}")
    cases = []
    for file in sorted((path / "test").glob("*_test.csv")):
        subject = file.name.removesuffix("_test.csv")
        dev = path / "dev" / f"{subject}_dev.csv"
        if not dev.is_file():
            raise DataSetError(f"{file}: there are no worked questions for it: {dev} is missing")
        shown = [f"{_mmlu_question(row)} {row[5].strip()}\n\n" for row in _mmlu_rows(dev)[:MMLU_SHOTS]]
        head = f"The following are multiple choice questions (with answers) about {subject.replace('_', ' ')}.\n\n"
        while len(shown) > 1 and count(head + "".join(shown)) > SHOT_TOKENS:
            shown.pop()
        examples = head + "".join(shown)
        cases += [
            Case({"examples": examples, "question": _mmlu_question(row)}, row[5].strip()) for row in _mmlu_rows(file)
        ]
    return cases


def _hellaswag(path: Path, count: Count) -> list[Case]:
    del count  # twenty, as they are
    scenes: list[tuple[str, list[str], int]] = []
    for place, item in json_lines(path):
        endings = field(item, "endings", list, place)
        label = item.get("label")
        if isinstance(label, str) and label.isdigit():  # the hub's copy writes it as text
            label = int(label)
        if not isinstance(label, int) or not 0 <= label < len(endings):
            raise DataSetError(f"{place}: the field 'label' is {label!r:.20}; wanted: 0 to {len(endings) - 1}")
        context = f"{field(item, 'activity_label', str, place)}: {field(item, 'ctx', str, place)}"
        scenes.append((context, [f" {ending}" for ending in endings], label))
    examples = "".join(f"{context}{endings[label]}\n\n" for context, endings, label in scenes[:HELLASWAG_SHOTS])
    return [
        Case({"examples": examples, "context": context, "endings": endings}, endings[label])
        for context, endings, label in scenes[HELLASWAG_SHOTS:]  # the worked ones are not asked again
    ]


def _react(path: Path, count: Count) -> list[Case]:
    examples = react.worked_examples(Random("react 0"), count)
    cases = []
    for place, item in json_lines(path):
        for question, triplets in item.items():
            if not isinstance(triplets, list) or not all(isinstance(step, dict) for step in triplets) or not triplets:
                raise DataSetError(f"{place}: {question!r:.40} has no steps; wanted: {FORMATS['react'][1]}")
            parts = ("thought", "action", "observation")
            steps = [tuple(field(step, key, str, place).strip() for key in parts) for step in triplets]
            asked = question.removeprefix("Question:").strip()
            cases.append(Case({"examples": examples, "question": asked, "steps": steps}, steps[-1][1]))
    return cases


def _gsm8k(path: Path, count: Count) -> list[Case]:
    examples = tree_of_thought.worked_examples(Random("tree_of_thought 0"), count)
    cases = []
    for place, item in json_lines(path):
        answer = field(item, "answer", str, place)
        number = tree_of_thought.last_number(answer.rpartition("####")[2].replace(",", ""))
        if "####" not in answer or number is None:
            raise DataSetError(f"{place}: the field 'answer' does not end in '#### number'")
        cases.append(Case({"examples": examples, "question": field(item, "question", str, place)}, number))
    return cases


def _articles(path: Path, count: Count) -> list[Case]:
    del count
    return [Case({"article": field(item, "article", str, place)}) for place, item in json_lines(path)]


def _topics(path: Path, count: Count) -> list[Case]:
    del count
    examples = skeleton_of_thought.worked_paragraphs()
    return [Case({"examples": examples, "topic": field(item, "topic", str, place)}) for place, item in json_lines(path)]


def _pages(path: Path, count: Count) -> list[Case]:
    del count
    return [Case({"page": field(item, "document", str, place)}) for place, item in json_lines(path)]


def _fields_of_pages(path: Path, count: Count) -> list[Case]:
    examples = api_extraction.worked_examples(Random("api_extraction 0"), count)
    return [
        Case({"examples": examples, "page": field(item, "document", str, place)}) for place, item in json_lines(path)
    ]


def _characters(path: Path, count: Count) -> list[Case]:
    del count
    return [Case({"name": field(item, "name", str, place)}) for place, item in json_lines(path)]


def _hotpot(path: Path, count: Count) -> list[Case]:
    """The paragraphs of all questions are the collection; the first questions are the demonstrations, with their answers."""
    asked, documents = [], {}
    for place, item in json_lines(path):
        asked.append((field(item, "question", str, place), field(item, "answer", str, place)))
        for paragraph in field(item, "context", list, place):
            match paragraph:
                case [str(title), [*sentences]] if all(isinstance(one, str) for one in sentences):
                    documents[title] = f"{title} | {''.join(sentences)}"
                case _:
                    raise DataSetError(
                        f"{place}: the field 'context' holds {paragraph!r:.40}; wanted: [title, [sentence, ...]]"
                    )
    if not documents:
        return []
    collection = rag.Collection(list(documents.values()))
    found = [collection.find(question, answer) for question, answer in asked]
    shown: list[str] = []
    while found and (not shown or count("".join(shown)) < rag.DEMONSTRATIONS_TOKENS):
        shown.append(rag.demonstration(found.pop(0)))
    head = rag.HEAD + "".join(shown)
    return [
        Case({"demonstrations": head, "context": one.context, "question": one.question}, one.answer) for one in found
    ]


Reader = Callable[[Path, Count], list[Case]]
FORMATS: dict[str, tuple[Reader, str]] = {
    "mmlu": (_mmlu, "the folder of MMLU's data.tar, with dev/SUBJECT_dev.csv and test/SUBJECT_test.csv"),
    "hellaswag": (_hellaswag, "hellaswag_val.jsonl: activity_label, ctx, endings, label"),
    "react": (_react, "JSON lines {question: [{thought, action, observation}, ...]}"),
    "generative_agents": (agent_calls, "agent_calls.jsonl of SGLang's benchmark: {function: {argument: text}}"),
    "tree_of_thought": (_gsm8k, "GSM8K's test.jsonl: question, answer ('... #### 42')"),
    "skeleton_of_thought": (_topics, "JSON lines with topic"),
    "llm_judge": (_articles, "JSON lines with article"),
    "json_decoding": (_pages, "JSON lines with document"),
    "json_jump_forward": (_characters, "JSON lines with name"),
    "chat_short": (
        functools.partial(conversations, answer=chat.SHORT_TOKENS),
        "JSON lines {qas: [{prompt, new_tokens}]}, or ShareGPT's list of {conversations: [{from, value}]}",
    ),
    "chat_long": (
        functools.partial(conversations, answer=chat.LONG_TOKENS),
        "JSON lines {qas: [{prompt, new_tokens}]}, or ShareGPT's list of {conversations: [{from, value}]}",
    ),
    "rag": (_hotpot, "HotpotQA's list of {question, answer, context: [[title, [sentence, ...]], ...]}"),
    "api_extraction": (_fields_of_pages, "JSON lines with document"),
}
"""By workload: its reader, and what a file must hold."""
