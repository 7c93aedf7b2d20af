"""What a newcomer waits for: the import, and the first token of a fresh process."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import Any

_IMPORT = "import time; t = time.perf_counter(); import sgbench; print(time.perf_counter() - t)"
_FIRST = """
from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import EngineCore
from sgbench.engine.hub import find_model
from sgbench.engine.runner.torch_runner import TorchRunner
from sgbench.engine.tokenizer import Tokenizer
config = EngineConfig(device="cpu")
runner = TorchRunner(config)
engine = EngineCore(runner.config, runner, Tokenizer(find_model(config.model_path)))
for out in engine.generate("<|im_start|>user\\nHello!<|im_end|>\\n<|im_start|>assistant\\n", {"temperature": 0}, stream=True):
    print("first")
    break
engine.shutdown()
"""


def measure(repeats: int) -> dict[str, Any]:
    """Seconds, medians of fresh processes."""
    imports = [float(_run(_IMPORT)) for _ in range(repeats)]
    firsts = []
    for _ in range(repeats):
        began = time.perf_counter()
        with subprocess.Popen([sys.executable, "-c", _FIRST], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            if "first" not in process.stdout.readline():
                raise RuntimeError("no first token came")
            firsts.append(time.perf_counter() - began)
    return {"import_s": statistics.median(imports), "first_token_of_fresh_process_s": statistics.median(firsts)}


def _run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
