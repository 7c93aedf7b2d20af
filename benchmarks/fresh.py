"""What a newcomer waits for: the import, the first token of a fresh process, and the first cell of a fresh notebook kernel."""

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

_CELL = """%%sgl
s += user("Hello!")
s += assistant(gen("answer", max_tokens=16))
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
    return {
        "import_s": statistics.median(imports),
        "first_token_of_fresh_process_s": statistics.median(firsts),
        "first_text_of_first_cell_s": statistics.median(_first_cell() for _ in range(repeats)),
    }


def _first_cell() -> float:
    """Seconds from starting a Jupyter kernel to the first text of its first ``%%sgl`` cell."""
    from jupyter_client.manager import start_new_kernel

    began = time.perf_counter()
    manager, client = start_new_kernel(kernel_name="python3")
    shown: list[float] = []

    def note(message: dict[str, Any]) -> None:
        if message["header"]["msg_type"] == "display_data":
            shown.append(time.perf_counter() - began)

    try:
        for cell in ("%load_ext sgbench", _CELL):
            client.execute_interactive(cell, timeout=120, output_hook=note)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    if not shown:
        raise RuntimeError("the first cell showed nothing")
    return shown[0]


def _run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
