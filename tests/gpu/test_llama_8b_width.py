"""Two layers of Llama-3.1-8B's width in bf16 give the log-probabilities of transformers.

Apart from the tests of the whole shape, whose engine takes all of the card that it may.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from sgbench.engine.config import EngineConfig
from sgbench.engine.runner.torch_runner import TorchRunner
from tests.gpu.test_llama_8b_shape import LLAMA_31_8B, ids
from tests.models.driver import Driver

pytestmark = pytest.mark.gpu


def test_logits_close_to_transformers_in_bf16(tmp_path: Path) -> None:
    """Two layers of the same width, the same weights through a checkpoint."""
    import transformers

    shape = {
        k: v for k, v in LLAMA_31_8B.items() if k not in ("architectures", "model_type", "rope_scaling", "rope_theta")
    }
    rope = LLAMA_31_8B["rope_scaling"] | {"rope_theta": 500_000.0}
    config = transformers.LlamaConfig(**(shape | {"num_hidden_layers": 2, "vocab_size": 4096, "rope_parameters": rope}))
    torch.manual_seed(0)
    with torch.device("cuda"):
        transformers.LlamaForCausalLM(config).bfloat16().save_pretrained(tmp_path)
    # Loaded anew: casting a model casts its rotary frequencies too, and the oracle's positions would be wrong.
    model = transformers.LlamaForCausalLM.from_pretrained(tmp_path, dtype=torch.bfloat16).cuda().eval()
    runner = TorchRunner(EngineConfig(model_path=str(tmp_path), device="cuda", kv_tokens=4096, context_length=4096))
    driver = Driver(runner)
    prompt = [i % 4000 for i in ids(5, 900)]
    driver.add(0, prompt)
    (ours,) = driver.run([driver.chunk(0, input_logprobs_from=1)])
    with torch.no_grad():
        logprobs = model(torch.tensor([prompt], device="cuda")).logits[0].float().log_softmax(-1)
    theirs = logprobs[torch.arange(len(prompt) - 1), torch.tensor(prompt[1:])].cpu().numpy()
    assert np.abs(np.asarray(ours.input_logprobs) - theirs).mean() < 0.05
    runner.close()
