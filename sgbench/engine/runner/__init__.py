"""Device half of the engine: whatever turns a `StepPlan` into a `StepResult`.

`base` has the protocol; `torch_runner` is the real one (CPU, CUDA); `scripted` and `cost` run without a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sgbench.engine.config import EngineConfig
    from sgbench.engine.runner.torch_runner import TorchRunner


def make_runner(config: EngineConfig) -> TorchRunner:
    """The runner that computes a model with ``config``; torch is imported here and not before."""
    from sgbench.engine.runner.torch_runner import TorchRunner

    return TorchRunner(config)
