"""The models that are measured: the bundled one on a CPU, Llama-3.1-8B's shape with random weights on a GPU."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import EngineCore
from sgbench.engine.hub import bundled_folder
from sgbench.engine.runner.torch_runner import TorchRunner
from tests.gpu.test_llama_8b_shape import LLAMA_31_8B


class Subject:
    """A model on a device, as our engine and as transformers' model.

    Parameters
    ----------
    device
        ``cpu`` or ``cuda``.
    """

    def __init__(self, device: str) -> None:
        self.device = device
        self.vocab_size = 4096 if device == "cpu" else int(LLAMA_31_8B["vocab_size"])
        self.name = "bundled" if device == "cpu" else "Llama-3.1-8B shape, random weights"
        self._folder = bundled_folder() if device == "cpu" else self._dummy_folder()
        self._peer: Any = None

    def engine(self, **options: Any) -> EngineCore:
        """A fresh engine on token ids."""
        dummy = {} if self.device == "cpu" else {"load_format": "dummy", "context_length": 16_384}
        runner = TorchRunner(EngineConfig(model_path=str(self._folder), device=self.device, **(dummy | options)))
        return EngineCore(runner.config, runner, None)

    def peer(self) -> Any:
        """The same model in transformers, same dtype, EOS off."""
        import torch
        import transformers

        if self._peer is None:
            if self.device == "cpu":
                model = transformers.AutoModelForCausalLM.from_pretrained(self._folder, dtype=torch.float32)
            else:
                config = transformers.AutoConfig.from_pretrained(self._folder)
                with torch.device("cuda"):
                    model = transformers.LlamaForCausalLM(config).bfloat16()
            model.generation_config.eos_token_id = None
            self._peer = model.eval()
        return self._peer

    def drop_peer(self) -> None:
        """Free transformers' model."""
        self._peer = None

    @staticmethod
    def _dummy_folder() -> Path:
        folder = Path(tempfile.mkdtemp(prefix="llama-8b-shape-"))
        (folder / "config.json").write_text(json.dumps(LLAMA_31_8B), encoding="utf-8")
        return folder
