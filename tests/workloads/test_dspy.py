"""DSPy as a front end: the example runs against our server, and the demonstrations are shared there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sgbench.engine.hub import bundled_folder
from sgbench.workloads.peers.servers import Server

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples" / "dspy_rag.py"


def test_the_example_is_python() -> None:
    compile(EXAMPLE.read_text("utf-8"), str(EXAMPLE), "exec")


@pytest.mark.bundled
@pytest.mark.skipif(not (bundled_folder() / "model.safetensors").is_file(), reason="no bundled weights")
def test_its_demonstrations_are_found_in_the_cache() -> None:
    pytest.importorskip("dspy")
    command = ("-m", "sgbench", "serve", "--port", "{port}", "--set", "device=cpu", "--set", "kv_tokens=16384")
    with Server(name="own", command=command, native=True).open(str(bundled_folder()), "cpu") as backend:
        words = [sys.executable, str(EXAMPLE), "--url", backend.base_url, "--questions", "6", "--threads", "2"]  # type: ignore[attr-defined]
        env = os.environ | {"PYTHONPATH": str(ROOT), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        done = subprocess.run(words, capture_output=True, text=True, env=env, timeout=240, check=True)
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert found["hit_rate"] > 0.5 and found["right"] > 0
