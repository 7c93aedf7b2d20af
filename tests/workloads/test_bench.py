"""``sgbench bench``: a line for each arm, and clear words for what is wrong."""

from __future__ import annotations

import dataclasses
import json

import pytest

import sgbench as sgl
from sgbench.__main__ import main
from sgbench.engine.config import EngineConfig
from sgbench.engine.eviction import BUILT_IN
from sgbench.engine.hub import bundled_folder
from sgbench.workloads.arms import BEYOND, PAPER, arms

SMALL = ["--set", "kv_tokens=8192", "--set", "device=cpu"]


def test_all_are_the_seven_of_the_paper():
    assert [arm.name for arm in arms("all")] == [arm.name for arm in PAPER]
    assert len(arms(["all", "full"])) == 7


def test_an_unknown_arm_names_the_nearest():
    with pytest.raises(sgl.UsageError, match="did you mean 'no-cache'"):
        arms("nocache")


@pytest.mark.parametrize(
    ("words", "told"),
    [(["bench", "mmul"], "did you mean 'mmlu'"), (["bench", "mmlu", "--arms", "fulll"], "did you mean 'full'")],
)
def test_what_is_misspelt_is_told_before_anything_runs(words, told, capsys):
    assert main(words) == 1
    assert told in capsys.readouterr().err


@pytest.mark.bundled
@pytest.mark.skipif(not (bundled_folder() / "model.safetensors").is_file(), reason="no bundled weights")
class TestMeasuring:
    def test_json_has_a_line_for_each_arm_and_the_answers_agree(self, capsys):
        assert main(["bench", "generative_agents", "--size", "6", "--arms", "all", "--json", *SMALL]) == 0
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [line["arm"] for line in lines] == [arm.name for arm in PAPER]
        by_arm = {line["arm"]: line for line in lines}
        assert by_arm["no-cache"]["hit_rate"] == 0 < by_arm["full"]["hit_rate"] <= by_arm["full"]["optimal_hit_rate"]
        assert all(line["same_answers"] in (None, True) for line in lines)
        assert all(len(line["requests"]) >= 2 for line in lines)

    def test_a_workload_that_fails_leaves_the_others_measured(self, capsys):
        words = ["bench", "mmlu", "json_jump_forward", "--size", "1", "--json", "--set", "kv_tokens=600"]
        assert main([*words, "--set", "device=cpu"]) == 1
        printed = capsys.readouterr()
        first, second = [json.loads(line) for line in printed.out.splitlines()]
        assert "kv_tokens" in first["error"] and second["workload"] == "json_jump_forward"
        assert "mmlu was left out" in printed.err

    @pytest.mark.parametrize("form", [[], ["--markdown"]])
    def test_tables_have_a_row_for_each(self, capsys, form):
        assert main(["bench", "generative_agents", "--size", "2", *form, *SMALL]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert "optimal" in lines[0] and "generative_agents" in lines[-1]

    def test_peers_latency_and_files_stand_beside_the_arms(self, capsys, tmp_path):
        stem = tmp_path / "new" / "small"
        words = ["bench", "generative_agents", "--size", "2", "--latency", "1", "--arms", "full", "no-cache"]
        assert main([*words, "--peers", "transformers", "vllm", "--out", str(stem), *SMALL]) == 1
        printed = capsys.readouterr()
        rows = [line.split()[:4] for line in printed.out.splitlines()[1:]]
        arms_seen = [(arm, size, at_once) for _, arm, size, at_once in rows]
        assert arms_seen == [
            ("full", "2", "1"),
            ("no-cache", "2", "1"),
            ("full", "1", "1"),
            ("no-cache", "1", "1"),
            ("transformers", "2", "1"),
            ("transformers", "1", "1"),
        ]
        assert "generative_agents was left out (vllm): the peer vllm is not installed" in printed.err
        data = json.loads(stem.with_suffix(".json").read_text("utf-8"))
        assert (
            len(data["rows"]) == 6
            and data["left_out"][0]["arm"] == "vllm"
            and data["machine"]["torch"]
            and "not counted" in data["machine"]["warm_up"]
        )
        page = stem.with_suffix(".md").read_text("utf-8")
        assert (
            "full against no-cache" in page and "## Left out" in page and "| generative_agents | transformers |" in page
        )

    def test_an_arm_that_cannot_run_leaves_the_others_measured(self, capsys, monkeypatch):
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        words = ["bench", "generative_agents", "--size", "1", "--arms", "no-compressed-fsm", "full", *SMALL]
        assert main(words) == 1
        printed = capsys.readouterr()
        assert "full" in printed.out.splitlines()[-1]
        assert "left out (no-compressed-fsm): arm no-compressed-fsm needs the package llguidance" in printed.err

    def test_a_real_data_set_takes_the_place_of_the_inputs(self, capsys, tmp_path):
        (tmp_path / "names.jsonl").write_text('{"name": "Luna Lovegood"}\n', "utf-8")
        words = ["bench", "json_jump_forward", "--data", str(tmp_path / "names.jsonl"), "--json", *SMALL]
        assert main(words) == 0
        (line,) = capsys.readouterr().out.splitlines()
        assert json.loads(line)["size"] == 1 and "Luna Lovegood" in json.loads(line)["answers"][0]

    def test_a_context_shorter_than_the_workload_is_told(self, capsys):
        assert main(["bench", "mmlu", "--size", "1", "--set", "context_length=600", *SMALL]) == 1
        assert "600" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["bench", "mmlu", "--data", "/nowhere/at/all", *SMALL], "there is no /nowhere/at/all"),
        (["bench", "mmlu", "react", "--data", "x"], "name just one"),
        (["bench", "rag", "--data", ".", *SMALL], "is a folder"),
        (["bench", "mmlu", "--peers", "vlm"], "did you mean 'vllm'"),
        (["bench", "mmlu", "--repeats", "0", *SMALL], "repeats=0"),
    ],
)
def test_what_is_wrong_is_told(words, told, capsys):
    assert main(words) == 1
    assert told in capsys.readouterr().err


def test_every_arm_names_options_that_there_are():
    names = {field.name for field in dataclasses.fields(EngineConfig)}
    for arm in arms(["all", "beyond"]):
        assert set(arm.options) <= names, arm.name
        EngineConfig.from_options("bundled", dict(arm.options))
    assert {f"evict-{name}" for name in BUILT_IN if name != "lru"} < {arm.name for arm in BEYOND}
