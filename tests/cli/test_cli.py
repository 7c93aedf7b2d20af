"""The command line: what it prints, and how it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sgbench
from sgbench.__main__ import main
from sgbench.cli.doctor import Finding, examine, report
from tests.radix_twin import RadixTwin, chats


def saved_trace(folder: Path) -> Path:
    twin = RadixTwin(200)
    with twin.record() as trace:
        for prompt, output in chats(8, seed=1):
            twin.request(prompt, output)
    return trace.save(folder / "some.sgtrace")


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"sgbench {sgbench.__version__}\n"


class TestReplay:
    def test_prints_the_tree_at_the_end_or_at_an_event(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = str(saved_trace(tmp_path))
        assert main(["replay", path]) == 0
        last = capsys.readouterr().out
        assert "8 requests" in last
        assert "Radix tree: " in last
        assert main(["replay", path, "--seq", "3"]) == 0
        early = capsys.readouterr().out
        assert "shown after event 3 of" in early
        assert early != last

    @pytest.mark.parametrize("name", ["missing.sgtrace", "broken.sgtrace"])
    def test_a_bad_file_is_one_line(self, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
        (tmp_path / "broken.sgtrace").write_text("this is no trace\n")
        assert main(["replay", str(tmp_path / name)]) == 1
        error = capsys.readouterr().err
        assert error.startswith("sgbench: ")
        assert error.count("\n") == 1

    def test_a_damaged_file_opens_and_says_so_in_a_sentence(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = saved_trace(tmp_path)
        path.write_text(path.read_text()[:-20])
        assert main(["replay", str(path)]) == 0
        told = capsys.readouterr()
        assert "Radix tree: " in told.out
        assert told.err.startswith(f"sgbench: {path}, line ") and "Warning" not in told.err
        assert told.err.count("\n") == 1


class TestDoctor:
    def test_finds_what_is_installed_and_tells_what_is_missing(self, capsys: pytest.CaptureFixture[str]) -> None:
        code = main(["doctor"])
        told = capsys.readouterr().out
        assert code == int("MISS" in told)
        assert {"python", "numpy", "torch", "bundled model"} <= {finding.what for finding in examine()}

    def test_shows_its_own_settings_but_no_secret(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SGBENCH_KV_TOKENS", "600")
        monkeypatch.setenv("SGBENCH_API_KEY", "secret-key")
        monkeypatch.setenv("HF_TOKEN", "secret-token")
        told = report()
        assert "600" in told
        assert "secret" not in told

    def test_says_whether_a_model_would_run(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert "computed by the engine itself" in report(model="bundled")
        shape = {"vocab_size": 100, "hidden_size": 8192, "intermediate_size": 65536, "num_hidden_layers": 9000}
        heads = {"num_attention_heads": 64, "num_key_value_heads": 8, "max_position_embeddings": 100}
        for name, words in (("LlamaForCausalLM", "do not fit"), ("T5ForConditionalGeneration", "has an encoder")):
            raw = {"architectures": [name], "model_type": name[:2].lower()} | shape | heads
            (tmp_path / "config.json").write_text(json.dumps(raw))
            assert main(["doctor", str(tmp_path)]) == 1
            assert words in capsys.readouterr().out

    def test_counts_what_is_missing(self) -> None:
        assert "1 missing" in report([Finding("missing", "torch", "pip install torch")])
        assert "everything" in report([Finding("ok", "torch", "2")])


class TestDemo:
    @pytest.mark.bundled
    def test_answers_shows_the_tree_and_measures_both(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["demo", "--requests", "4"]) == 0
        told = capsys.readouterr().out
        assert "Paris" in told
        assert "Radix tree" in told
        assert "the same answers" in told
        assert told.count("forward passes") == 2

    def test_refuses_an_empty_batch(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["demo", "--requests", "0"]) == 1
        assert "at least 1" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["replay"]])
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage: sgbench" in capsys.readouterr().err
