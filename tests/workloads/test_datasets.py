"""Real data sets: each format is read as published, and a file of another one is told by its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sgbench as sgl
from sgbench.engine.hub import bundled_folder
from sgbench.workloads.datasets import FORMATS, DataSetError, load

ROW = "What is 1 + 1?,1,2,3,4,B\n"
SCENE = {
    "activity_label": "Cooking",
    "ctx": "A man stirs. He",
    "endings": ["eats.", "flies.", "sinks.", "melts."],
    "label": 0,
}
HOP: dict[str, Any] = {
    "question": "In which town was Ada born?",
    "answer": "Lund",
    "context": [["Ada", ["Ada was born in Lund.", " She paints."]], ["Tea", ["Tea is a drink."]]],
}
STEP = {"thought": "I look.", "action": "Search[x]", "observation": "x is y."}


def words(text: str) -> int:
    return len(text.split())


def lines(path: Path, *items: Any) -> Path:
    path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    return path


def mmlu(folder: Path, dev: str = ROW * 5, test: str = ROW) -> Path:
    for split, text in (("dev", dev), ("test", test)):
        (folder / split).mkdir(parents=True)
        (folder / split / f"abstract_algebra_{split}.csv").write_text(text, encoding="utf-8")
    return folder


def test_mmlu_is_a_folder_of_csv_files(tmp_path: Path) -> None:
    (case,) = load("mmlu", mmlu(tmp_path), words)
    assert case.want == "B"
    assert case.arguments["examples"].startswith(
        "The following are multiple choice questions (with answers) about abstract algebra."
    )
    assert case.arguments["examples"].count("Answer: B") == 5
    assert case.arguments["question"] == "What is 1 + 1?\nA. 1\nB. 2\nC. 3\nD. 4\nAnswer:"


def test_long_worked_questions_are_fewer(tmp_path: Path) -> None:
    long = f'"{"word " * 600}",1,2,3,4,A\n'
    (case,) = load("mmlu", mmlu(tmp_path, dev=long * 5), words)
    assert case.arguments["examples"].count("Answer: A") == 2


def test_hellaswag_shows_twenty_and_asks_the_rest(tmp_path: Path) -> None:
    path = lines(tmp_path / "hellaswag_val.jsonl", *[SCENE] * 20, SCENE | {"label": "2"})
    (case,) = load("hellaswag", path, words)
    assert case.arguments["examples"].count("Cooking: A man stirs. He eats.") == 20
    assert case.want == " sinks." and case.arguments["context"] == "Cooking: A man stirs. He"


def test_react_replays_the_recorded_steps(tmp_path: Path) -> None:
    path = lines(tmp_path / "hotpotqa_100.jsonl", {"Question: Who?\n": [STEP, STEP | {"action": "Finish[y]"}]})
    (case,) = load("react", path, words)
    assert case.arguments["question"] == "Who?" and case.want == "Finish[y]"
    assert case.arguments["steps"][0] == ("I look.", "Search[x]", "x is y.")


def test_gsm8k_answers_are_numbers(tmp_path: Path) -> None:
    path = lines(tmp_path / "test.jsonl", {"question": "How many?", "answer": "1,000 + 8\n#### 1,008"})
    (case,) = load("tree_of_thought", path, words)
    assert case.want == "1008"


def test_a_json_list_is_read_like_lines(tmp_path: Path) -> None:
    (tmp_path / "topics.json").write_text('\ufeff[{"topic": "tea"}, {"topic": "rain"}]', encoding="utf-8")
    assert [case.arguments["topic"] for case in load("skeleton_of_thought", tmp_path / "topics.json", words)] == [
        "tea",
        "rain",
    ]


@pytest.mark.parametrize(
    ("name", "item", "argument"),
    [
        ("llm_judge", {"article": "An essay."}, "article"),
        ("json_decoding", {"document": "A page."}, "page"),
        ("json_jump_forward", {"name": "Luna"}, "name"),
        ("api_extraction", {"document": "A page."}, "page"),
    ],
)
def test_other_files_are_lines_with_one_field(tmp_path: Path, name: str, item: dict[str, str], argument: str) -> None:
    (case,) = load(name, lines(tmp_path / "data.jsonl", item), words)
    assert case.arguments[argument] == next(iter(item.values())) and case.want is None


def test_the_calls_of_agents_are_replayed_in_order(tmp_path: Path) -> None:
    places = dict.fromkeys(
        [
            "living_sector",
            "living_sector_areas",
            "current_sector",
            "current_sector_areas",
            "daily_plan",
            "sector_options",
            "current_action",
        ],
        "x",
    )
    path = lines(
        tmp_path / "agent_calls.jsonl",
        {"poignancy_event": {"persona_name": "Ada", "persona_iss": "Ada paints.", "event": "tea is ready"}},
        {"other_function": {}},
        {"generate_event_triple": {"persona_name": "Ada", "action": "painting"}},
        {"generate_pronunciatio": {"action": "painting", "unused": 1}},
        {"action_location_sector": {"persona_name": "Ada", "next_action": "eat", **places}},
        {
            "action_location_object": {
                "persona_name": "Ada",
                "target_sector": "home",
                "target_sector_areas": "kitchen, bed",
                "current_action": "rest",
                "next_action": "eat",
            }
        },
    )
    cases = load("generative_agents", path, words)
    assert [(case.arguments["max_tokens"], case.arguments["stop"]) for case in cases] == [
        (2, None),
        (20, ")"),
        (6, None),
        (10, "}"),
        (5, "}"),
    ]
    assert "Ada paints." in cases[0].arguments["prompt"] and "{kitchen, bed}" in cases[4].arguments["prompt"]
    assert all(case.want is None for case in cases)


def test_conversations_keep_their_turns_and_the_workloads_lengths(tmp_path: Path) -> None:
    turns = [{"prompt": f"turn {i}", "new_tokens": n} for i, n in enumerate((1, 6, 300, 9000, 5))]
    path = lines(tmp_path / "qas.jsonl", {"qas": turns})
    (short,), (long,) = load("chat_short", path, words), load("chat_long", path, words)
    assert [tokens for _, tokens in short.arguments["turns"]] == [4, 6, 8, 8]
    assert [tokens for _, tokens in long.arguments["turns"]] == [256, 256, 300, 512]
    assert short.arguments["turns"][2][0] == "\nturn 2\n"


def test_of_a_shared_conversation_the_answered_turns_are_replayed(tmp_path: Path) -> None:
    said = [
        ("system", "Be kind."),
        ("human", "Hi"),
        ("gpt", "one two three four five"),
        ("gpt", "more"),
        ("human", "Bye"),
    ]
    item = {"id": 1, "conversations": [{"from": who, "value": text} for who, text in said]}
    (tmp_path / "share.json").write_text(json.dumps([item, {"conversations": []}]), encoding="utf-8")
    (case,) = load("chat_short", tmp_path / "share.json", words)
    assert case.arguments["turns"] == [("\nHi\n", 5)]


def test_hotpot_questions_find_their_passages_in_all_paragraphs(tmp_path: Path) -> None:
    second = {**HOP, "question": "What does Bo drink?", "answer": "tea", "context": [["Bo", ["Bo drinks a lot."]]]}
    first, *_ = load("rag", lines(tmp_path / "hotpot.json", HOP, second), lambda text: 2000)
    assert first.want == "tea" and first.arguments["question"] == "What does Bo drink?"
    assert "Bo | Bo drinks a lot." in first.arguments["context"]
    assert "Question: In which town was Ada born?\n\nAnswer: Lund" in first.arguments["demonstrations"]


WRONG: list[tuple[str, Callable[[Path], Path], str]] = [
    ("mmlu", lambda p: p / "absent", "there is no .*absent; wanted: the folder"),
    ("mmlu", lambda p: lines(p / "a.jsonl", {}), "wanted: the folder of MMLU"),
    ("mmlu", lambda p: mmlu(p, test="only,three,columns\n"), r"algebra_test.csv:1: 3 columns"),
    ("mmlu", lambda p: mmlu(p, test=ROW + "a,b,c,d,e,Z\n"), r"algebra_test.csv:2: 6 columns, the last 'Z'"),
    (
        "hellaswag",
        lambda p: lines(p / "x", SCENE, {"ctx": 1}),
        r"x:2: the field 'endings' is missing \(there are ctx\)",
    ),
    ("hellaswag", lambda p: lines(p / "x", SCENE | {"label": 7}), r"x:1: the field 'label' is 7; wanted: 0 to 3"),
    ("hellaswag", lambda p: lines(p / "x", *[SCENE] * 20), "holds no programs"),
    ("react", lambda p: lines(p / "x", {"q": []}), "x:1: 'q' has no steps"),
    ("react", lambda p: lines(p / "x", {"q": [{"thought": "t"}]}), "x:1: the field 'action' is missing"),
    (
        "tree_of_thought",
        lambda p: lines(p / "x", {"question": "q", "answer": "7"}),
        "x:1: .*does not end in '#### number'",
    ),
    ("llm_judge", lambda p: lines(p / "x", "text"), "x:1: line 1 is a JSON str"),
    ("llm_judge", lambda p: p, "is a folder"),
    (
        "generative_agents",
        lambda p: lines(p / "x", {"poignancy_event": {"persona_name": "Ada"}}),
        "x:1, poignancy_event: .*'event' is missing",
    ),
    ("generative_agents", lambda p: lines(p / "x", {"poignancy_event": "text"}), "poignancy_event holds 'text'"),
    (
        "generative_agents",
        lambda p: lines(p / "x", {"other_function": {}}),
        "holds no programs; wanted: agent_calls.jsonl",
    ),
    ("chat_short", lambda p: lines(p / "x", {"text": "a"}), "x:1: the field 'conversations' is missing"),
    ("chat_short", lambda p: lines(p / "x", {"conversations": ["a"]}), "x:1: the field 'conversations' holds 'a'"),
    ("chat_long", lambda p: lines(p / "x", {"qas": [{"prompt": "a"}]}), "x:1: the field 'new_tokens' is missing"),
    ("chat_long", lambda p: lines(p / "x", {"qas": ["a"]}), "x:1: the field 'qas' holds no objects"),
    ("chat_long", lambda p: lines(p / "x", {"conversations": []}), "holds no programs"),
    ("rag", lambda p: p, "is a folder"),
    (
        "rag",
        lambda p: lines(p / "x", HOP, {**HOP, "context": [["Title", "text"]]}),
        r"x:2: the field 'context' holds \['Title'",
    ),
    ("rag", lambda p: lines(p / "x", {"question": "q", "answer": "a"}), "x:1: the field 'context' is missing"),
    ("rag", lambda p: lines(p / "x", HOP), "holds no programs; wanted: HotpotQA"),
    ("rga", lambda p: p, "rga reads no data set; mmlu"),
]


@pytest.mark.parametrize(("name", "make", "told"), WRONG)
def test_another_format_is_told_with_its_place(
    tmp_path: Path, name: str, make: Callable[[Path], Path], told: str
) -> None:
    with pytest.raises(DataSetError, match=told):
        load(name, make(tmp_path), words)


@pytest.mark.parametrize(
    ("data", "told"),
    [(b'{"article": }\n', "x:1: no JSON at column 13: .*; wanted: JSON lines with article"), (b"\xff\xfe", "no UTF-8")],
)
def test_so_is_a_file_that_is_no_json_or_no_text(tmp_path: Path, data: bytes, told: str) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(DataSetError, match=told):
        load("llm_judge", tmp_path / "x", words)


@pytest.mark.bundled
@pytest.mark.skipif(not (bundled_folder() / "model.safetensors").is_file(), reason="no bundled weights")
def test_a_data_set_runs_like_the_generated_inputs(tmp_path: Path) -> None:
    cases = load("react", lines(tmp_path / "x", {"Who?": [STEP, STEP]}, {"What?": [STEP]}), words)
    with sgl.Engine(device="cpu", kv_tokens=8192) as engine:
        report = sgl.workloads.get("react").run(engine, cases=cases)
        assert report.size == 2 and report.accuracy is not None and report.hit_rate > 0.5
        with pytest.raises(sgl.UsageError, match="holds 2 programs"):
            sgl.workloads.get("react").run(engine, 3, cases=cases)


def test_every_workload_reads_its_data_set() -> None:
    assert set(FORMATS) == set(sgl.workloads.names())
