"""`sgbench what-if`: a table, JSON, a trace; and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sgbench.__main__ import main
from sgbench.trace.trace import Trace
from tests.what_if.test_simulation import recorded


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(recorded(1, requests=15).save(tmp_path_factory.mktemp("traces") / "run.sgtrace"))


def test_a_table_or_json(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["what-if", path, "eviction=lru,fifo", "kv_tokens=0.5x"]) == 0
    assert capsys.readouterr().out.count("\npredicted  ") == 2
    assert main(["what-if", path, "eviction=lru,fifo", "--json", "--workers", "1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [point["options"] for point in found["predicted"]] == [{"eviction": "lru"}, {"eviction": "fifo"}]
    assert "hit_rate" in found["error"]


def test_without_options_the_predictor_is_tried_on_the_recording(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["what-if", path]) == 0
    told = capsys.readouterr().out
    assert "predicted, as recorded" in told and "\npredicted  " not in told
    assert "no option is changed" in told


def test_one_configuration_can_be_saved(path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "p.sgtrace"
    assert main(["what-if", path, "kv_tokens=200", "--save", str(target)]) == 0
    assert str(target) in capsys.readouterr().out
    assert Trace.load(target).header.predicted["options"] == {"kv_tokens": 200}
    assert main(["what-if", path, "kv_tokens=200,300", "--save", str(target)]) == 1


@pytest.mark.parametrize(("question", "word"), [("--why", "last-token"), ("--mrc", "knee"), ("--lint", "prompts")])
def test_other_questions(path: str, question: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["what-if", path, question]) == 0
    assert word in capsys.readouterr().out
    assert main(["what-if", path, "kv_tokens=3", question]) == 1


@pytest.mark.parametrize(
    "words", [["nothing.sgtrace"], ["PATH", "device=cuda"], ["PATH", "--arrivals", "never"], ["PATH", "--workers", "0"]]
)
def test_what_cannot_be_answered_is_one_line(path: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["what-if", *(path if word == "PATH" else word for word in words)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
