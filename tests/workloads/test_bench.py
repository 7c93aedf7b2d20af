"""``sgbench bench``: a line for each arm, and clear words for what is wrong."""

from __future__ import annotations

import json

import pytest

import sgbench as sgl
from sgbench.__main__ import main
from sgbench.engine.hub import bundled_folder
from sgbench.workloads.arms import PAPER, arms

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
