"""Requests of other servers as input of what-if: both formats, and every way in which a file can be wrong."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from sgbench.__main__ import main
from sgbench.errors import TraceError, UsageError
from sgbench.trace.events import RequestQueued
from sgbench.what_if import Causes, predict, read_requests, sweep
from sgbench.what_if.imports import is_import


def letters(text: str) -> list[int]:
    return list(text.encode())


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def mooncake(at: int, blocks: list[int], answer: int = 4, length: int | None = None) -> dict[str, Any]:
    size = len(blocks) * 512 - 100 if length is None else length
    return {"timestamp": at, "input_length": size, "output_length": answer, "hash_ids": blocks}


def test_mooncake_blocks_are_shared_where_their_ids_are(tmp_path: Path) -> None:
    path = lines(tmp_path / "m.jsonl", mooncake(3_000, [1, 2, 3]), "", mooncake(0, [1, 2]), mooncake(3_000, [7, 2]))
    trace = read_requests(path, kv_tokens=10_000)
    asked = [event for event in trace if isinstance(event, RequestQueued)]
    assert [len(event.prompt_ids) for event in asked] == [924, 1436, 924]  # in order of time, then of the file
    assert asked[0].prompt_ids[:924] == asked[1].prompt_ids[:924] != asked[2].prompt_ids[:924]
    assert [round(c.arrival_ms) for c in Causes.of(trace).requests] == [0, 3_000, 3_000]
    _, found = predict(trace)
    assert found.predicted.cached_tokens == 924
    assert found.predicted.output_tokens == 12
    assert found.measured is None and found.error == {}


def test_chats_share_their_turns_and_their_answers(tmp_path: Path) -> None:
    first = [{"role": "system", "content": "Be terse."}, {"role": "user", "content": "Why?"}]
    answer = {"role": "assistant", "content": [{"type": "text", "text": "Because."}]}
    again = [*first, answer, {"role": "user", "content": "Why so?"}]
    path = lines(
        tmp_path / "chat.jsonl",
        {"messages": [*first, answer]},
        {"custom_id": "b", "method": "POST", "body": {"messages": again, "max_tokens": 5}},
        {"messages": again, "max_completion_tokens": 7},
    )
    trace = read_requests(path, kv_tokens=5_000, encode=letters)
    one, two, three = Causes.of(trace).requests
    assert bytes(one.output_ids).decode() == "Because."
    assert two.asked.prompt_ids[: len(one.asked.prompt_ids) + 8] == one.asked.prompt_ids + one.output_ids
    assert (len(two.output_ids), len(three.output_ids)) == (5, 7)
    _, found = predict(trace, arrivals="closed")
    assert found.predicted.cached_tokens == len(one.asked.prompt_ids) + 7 + len(three.asked.prompt_ids) - 1


def test_completions_take_text_and_token_ids(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl.gz"
    with gzip.open(path, "wt") as file:
        file.write('{"prompt": "ab", "completion": "cd"}\n{"prompt": [97, 98, 99], "timestamp": 40}\n')
    one, two = Causes.of(read_requests(path, kv_tokens=5_000, encode=letters)).requests
    assert (one.asked.prompt_ids, one.output_ids) == ((97, 98), (99, 100))
    assert two.asked.prompt_ids == (97, 98, 99) and len(two.output_ids) == 128


@pytest.mark.bundled
def test_the_bundled_tokenizer_counts_where_none_is_given(tmp_path: Path) -> None:
    trace = read_requests(lines(tmp_path / "c.jsonl", {"prompt": "The capital of France"}), kv_tokens=500)
    (cause,) = Causes.of(trace).requests
    assert trace.text(cause.asked.prompt_ids) == "The capital of France"


def test_only_so_many_requests_are_read(tmp_path: Path) -> None:
    path = lines(tmp_path / "m.jsonl", *(mooncake(i, [i]) for i in range(50)), "not JSON")
    assert len(Causes.of(read_requests(path, kv_tokens=5_000, requests=9)).requests) == 9


GOOD = mooncake(0, [1])


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("{", "line 2"),
        ("[]", "JSON object"),
        ({"x": 1}, "neither hash_ids"),
        ({"messages": [{"role": "user", "content": "hi"}]}, "this line is OpenAI chat, the lines before are Mooncake"),
        (mooncake(0, [1, 2], length=100), "need 1 hash_ids"),
        (mooncake(0, [1], length=0), "input_length must be a whole number of at least 1"),
        (mooncake(0, [-1]), "whole numbers from 0"),
        (mooncake(-5, [1]), "timestamp must be a number of at least 0"),
        ({**GOOD, "output_length": "many"}, "output_length"),
        ({"hash_ids": [1], "input_length": 5}, "'output_length' is missing"),
    ],
)
def test_a_bad_line_is_named(bad: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=words) as error:
        read_requests(lines(tmp_path / "m.jsonl", GOOD, bad), kv_tokens=5_000)
    assert "m.jsonl, line 2: " in str(error.value)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"messages": []}, "at least one"),
        ({"messages": ["hi"]}, "object with a role"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "pictures and sound"),
        ({"messages": [{"role": "user", "content": 4}]}, "must be text"),
        ({"prompt": ""}, "empty"),
        ({"prompt": [1.5]}, "token ids"),
        ({"prompt": "a", "completion": 3}, "completion must be text"),
        ({"prompt": "a", "max_tokens": -1}, "max_tokens"),
    ],
)
def test_a_bad_chat_is_named(bad: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=f"line 1: .*{words}"):
        read_requests(lines(tmp_path / "m.jsonl", bad), kv_tokens=5_000, encode=letters)


def test_a_file_without_requests_and_a_cut_archive_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no request"):
        read_requests(lines(tmp_path / "m.jsonl", ""), kv_tokens=5_000)
    cut = tmp_path / "m.jsonl.gz"
    cut.write_bytes(gzip.compress(json.dumps(GOOD).encode() * 500)[:-20])
    with pytest.raises(TraceError, match="cut short"):
        read_requests(cut, kv_tokens=5_000)
    assert not is_import(tmp_path / "nothing.jsonl")


def test_a_sweep_says_that_nothing_was_measured(tmp_path: Path) -> None:
    path = lines(tmp_path / "m.jsonl", *(mooncake(100 * i, [i % 3, 10 + i]) for i in range(12)))
    trace = read_requests(path, kv_tokens=20_000)
    found = sweep(trace, {"eviction": ["lru", "cost"], "kv_tokens": [2_000, 20_000]}, workers=1)
    assert "measured" not in str(found).splitlines()[1]
    assert "nothing of this was measured" in str(found) and "nominal" in str(found)
    assert found.as_data()["measured"] is None
    assert [series.name for series in found.figure("kv_tokens").data] == ["eviction lru", "eviction cost"]
    assert len(found.table()) == 5


def test_the_command_line_takes_such_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = lines(tmp_path / "m.jsonl", *(mooncake(100 * i, [i % 3, 10 + i]) for i in range(12)))
    assert main(["what-if", str(path), "kv_tokens=2_000,20_000", "schedule=lpm,hrrn"]) == 0
    out = capsys.readouterr().out
    assert out.count("\npredicted ") == 4 and "predicted, as imported" in out
    assert main(["what-if", str(path), "eviction=lru,cost"]) != 0
    assert "does not tell the size of the KV pool" in capsys.readouterr().err
    lines(tmp_path / "m.jsonl", GOOD, "nonsense")
    assert main(["what-if", str(path), "kv_tokens=5_000"]) != 0
    assert "line 2" in capsys.readouterr().err
