"""``sgbench serve``, as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import httpx
import pytest

import sgbench as sgl
from sgbench.__main__ import main
from sgbench.cli.serve import KEY_VARIABLE, engine_options
from tests.served import KEY, needs_the_model


@pytest.mark.bundled
@needs_the_model[1]
def test_serves_until_it_is_interrupted_and_keeps_its_key() -> None:
    command = [sys.executable, "-m", "sgbench", "serve", "--port", "0", "--set", "kv_tokens=512", "--set", "device=cpu"]
    environment = {**os.environ, KEY_VARIABLE: KEY}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        try:
            told = process.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", told)
            assert found is not None, told + process.stdout.read()
            endpoint = sgl.RuntimeEndpoint(found[0], api_key=KEY)
            assert endpoint.get_server_info()["kv_tokens"] == 512
            program = sgl.function(lambda s: s.__iadd__("The capital of France is" + sgl.gen("x", max_tokens=2)))
            assert "Paris" in program.run(backend=endpoint, temperature=0)["x"]
            endpoint.shutdown()
            assert httpx.get(found[0] + "/v1/models").status_code == 401
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.communicate(timeout=60)[0]
    assert process.returncode == 130
    assert KEY not in told + rest


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--set", "kv_tokens"], "OPTION=VALUE"),
        (["--set", "kv_token=5"], "did you mean 'kv_tokens'"),
        (["no/such/folder"], "no/such/folder"),
        (["--host", "0.0.0.0", "--set", "kv_tokens=64"], "api_key"),
    ],
)
def test_what_cannot_be_served_is_one_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert main(["serve", *arguments]) == 1
    error = capsys.readouterr().err
    assert told in error and error.startswith("sgbench: ")


def test_options_are_python_values_or_words() -> None:
    words = ["kv-tokens=512", "deterministic=True", "schedule=fcfs", "kv_tokens=None"]
    assert engine_options(words) == {"kv_tokens": None, "deterministic": True, "schedule": "fcfs"}
