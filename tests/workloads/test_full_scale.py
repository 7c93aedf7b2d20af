"""``sgbench bench --gpu-full``, at a tiny shape on the CPU: the same requests in every arm, within a budget, in files."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sgbench as sgl
from sgbench.__main__ import main
from sgbench.cli import bench
from sgbench.workloads import full_scale
from sgbench.workloads.drawn import DrawnBackend, Spellings
from sgbench.workloads.shape import LLAMA_8B, shape_folder

TINY = {
    **LLAMA_8B,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 16,
}
OPTIONS: dict[str, Any] = {
    "device": "cpu",
    "load_format": "dummy",
    "tokenizer_path": "bundled",
    "context_length": 16_384,
    "kv_tokens": 30_000,
}
SMALL = ["--set", "device=cpu", "--set", "kv_tokens=30000"]


@pytest.fixture(scope="module")
def engine() -> Iterator[sgl.Engine]:
    with sgl.Engine(str(shape_folder(TINY)), **OPTIONS) as engine:
        yield engine


@pytest.mark.parametrize("name", ["react", "json_decoding", "skeleton_of_thought", "chat_short", "hellaswag"])
def test_every_arm_runs_the_same_requests(engine: sgl.Engine, name: str) -> None:
    workload = sgl.workloads.get(name)
    found = []
    for mode, together in ((None, True), ("off", True), (None, False)):
        with engine.without_cache(mode) if mode else contextlib.nullcontext():
            found.append(workload.run(engine, 1, backend=DrawnBackend(engine), frontend_parallelism=together))
    full, bare, serial = found
    assert full.answers == bare.answers == serial.answers
    assert full.completion_tokens == bare.completion_tokens == serial.completion_tokens
    generates = [
        {(r.prompt_tokens, r.completion_tokens) for r in report.requests if r.completion_tokens} for report in found
    ]
    assert generates[0] == generates[1] == generates[2]
    assert bare.hit_rate == 0 and full.hit_rate >= full.optimal_hit_rate - 0.02


def test_lengths_are_drawn_up_to_what_a_call_allows(engine: sgl.Engine) -> None:
    report = sgl.workloads.get("react").run(engine, 4, backend=DrawnBackend(engine))
    lengths = [row.completion_tokens for row in report.requests if row.completion_tokens]
    assert len(set(lengths)) > 4 and 1 <= min(lengths) < max(lengths) <= 200
    chat = sgl.workloads.get("chat_short")
    turns = [tokens for case in chat.inputs(engine, 2) for _, tokens in case.arguments["turns"]]
    told = chat.run(engine, 2, backend=DrawnBackend(engine))
    assert sorted(row.completion_tokens for row in told.requests) == sorted(turns)


def test_what_was_generated_is_found_again_by_a_later_turn(engine: sgl.Engine) -> None:
    """Evenly drawn tokens are not those that the tokenizer writes: read anew, they would not be found."""
    report = sgl.workloads.get("chat_short").run(engine, 2, backend=DrawnBackend(engine))
    assert report.hit_rate == pytest.approx(2340 / 3876, abs=0.03)


@given(st.lists(st.text("ab", max_size=6), max_size=8), st.text("ab", max_size=8))
def test_the_longest_known_beginning_is_found(known: list[str], text: str) -> None:
    spellings = Spellings()
    for at, one in enumerate(known):
        spellings.add(one, [at])
    fits = [one for one in known if text.startswith(one)]
    longest = max(fits, key=len, default="")
    assert spellings.longest(text)[0] == longest


def test_two_samples_of_a_call_are_refused(engine: sgl.Engine) -> None:
    @sgl.function
    def twice(s):  # type: ignore[no-untyped-def]
        s += "a" + sgl.gen("b", n=2, max_tokens=2)

    with pytest.warns(RuntimeWarning, match="n=2"):
        failure = twice.run(backend=DrawnBackend(engine)).error()
    assert isinstance(failure, sgl.UsageError)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "LLAMA_8B", TINY)


def test_it_measures_both_rows_of_each_and_says_how_answers_came(
    tiny: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stem = tmp_path / "full"
    words = ["bench", "json_jump_forward", "generative_agents", "rag", "--gpu-full", "--size", "2", "--latency", "2"]
    words += ["--repeats", "2"]
    assert main([*words, "--out", str(stem), *SMALL]) == 0
    data = json.loads(stem.with_suffix(".json").read_text("utf-8"))
    rows = [(r["workload"], r["arm"], r["parallel"], r["same_answers"]) for r in data["rows"]]
    assert rows == [
        ("rag", "full", 32, None),
        ("rag", "no-cache", 32, True),
        ("rag", "full", 1, None),
        ("rag", "no-cache", 1, True),
        ("generative_agents", "full", 1, None),
        ("generative_agents", "no-cache", 1, True),
        ("json_jump_forward", "full", 64, None),
        ("json_jump_forward", "no-cache", 64, True),
        ("json_jump_forward", "full", 1, None),
        ("json_jump_forward", "no-cache", 1, True),
    ]
    assert "hash" in data["machine"]["answers"] and "random weights" in data["machine"]["model"]
    assert all(r["repeats"] == 2 and r["spread"] is not None for r in data["rows"])
    assert "engine" in data["machine"] and not data["left_out"]
    assert "full against no-cache, 32 at once" in stem.with_suffix(".md").read_text("utf-8")


def test_a_budget_that_is_over_at_once_is_told_in_the_files(
    tiny: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stem = tmp_path / "full"
    assert main(["bench", "rag", "--gpu-full", "--budget", "1e-9", "--out", str(stem), *SMALL]) == 0
    data = json.loads(stem.with_suffix(".json").read_text("utf-8"))
    assert data["shortened"] == [{"workload": "rag", "what": "not measured: no time was left"}] and not data["rows"]
    assert "## Less than the paper's, for time" in stem.with_suffix(".md").read_text("utf-8")
    assert "no time was left" in capsys.readouterr().err


def test_an_interrupted_run_keeps_what_it_has_and_says_the_rest(
    tiny: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = full_scale.FullScale._measure

    def interrupted(self: full_scale.FullScale, engines: Any, workload: Any, seconds: float) -> None:
        if workload.name == "generative_agents":
            raise KeyboardInterrupt
        measure(self, engines, workload, seconds)

    monkeypatch.setattr(full_scale.FullScale, "_measure", interrupted)
    words = ["bench", "rag", "generative_agents", "chat_long", "--gpu-full", "--size", "1", "--latency", "1"]
    with contextlib.suppress(KeyboardInterrupt):
        main([*words, "--out", str(tmp_path / "full"), *SMALL])
    data = json.loads((tmp_path / "full.json").read_text("utf-8"))
    assert {row["workload"] for row in data["rows"]} == {"rag"}
    assert [one["workload"] for one in data["shortened"]][-2:] == ["generative_agents", "chat_long"]


def test_what_cannot_run_leaves_the_others_measured(tiny: None, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["bench", "hellaswag", "json_jump_forward", "--gpu-full", "--size", "1", "--latency", "1", "--json"]
    assert main([*words, "--set", "device=cpu", "--set", "kv_tokens=1200"]) == 1
    printed = capsys.readouterr()
    lines = [json.loads(line) for line in printed.out.splitlines()]
    assert "kv_tokens" in lines[0]["error"]
    assert {line["workload"] for line in lines if "error" not in line} == {"json_jump_forward"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--budget", "5"], "--budget belongs to --gpu-full"),
        (["--gpu-full", "--budget", "0"], "more than 0 seconds"),
        (["--gpu-full", "--budget", "9", "--data", "x"], "--budget is for the generated inputs"),
        (["--gpu-full", "--repeats", "0"], "--repeats 0"),
    ],
)
def test_a_wrong_budget_or_repeat_is_told(
    tiny: None, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "mmlu", *words, *SMALL]) == 1
    assert told in capsys.readouterr().err


def test_every_workload_has_its_place(engine: sgl.Engine) -> None:
    assert sorted(full_scale.IMPORTANCE) == sorted(sgl.workloads.names())
