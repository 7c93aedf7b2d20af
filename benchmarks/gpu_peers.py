"""`transformers` on the same workloads, in the same process, after our engine has given the device back.

Two ways: ``generate`` on padded batches, and its continuous batching on paged KV. Both are given the exact prompts and lengths, and a
time; what does not finish in it is reported as such, never extrapolated.
"""

from __future__ import annotations

import time
from typing import Any

from benchmarks.gpu_engine import Clock, OutOfTimeError
from benchmarks.gpu_workloads import Ids, Run, Workload, draw_beforehand

_BATCH = 32
"""Prompts of one padded batch: 256 times 2,064 tokens of activations do not fit beside the weights."""


class TransformersPeer:
    """A random model of our shape in bf16.

    Parameters
    ----------
    config
        Contents of a ``config.json``.
    device
        ``cuda``, or ``cpu`` for tests.
    """

    def __init__(self, config: dict[str, Any], device: str) -> None:
        import torch
        import transformers

        fields = {k: v for k, v in config.items() if k not in ("architectures", "model_type")}
        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.bfloat16 if device == "cuda" else torch.float32)
        try:
            with torch.device(device):
                self._model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**fields)).eval()
        finally:
            torch.set_default_dtype(before)
        self._model.generation_config.eos_token_id = None
        self._device = device
        self.vocab_size = int(config["vocab_size"])

    def padded(self, until: float) -> Run:
        """``generate`` on batches of equal or padded length."""
        import torch

        def run(prompts: list[Ids], new_tokens: int) -> list[Ids]:
            outputs: list[Ids] = []
            for i in range(0, len(prompts), _BATCH):
                if time.perf_counter() > until:
                    raise OutOfTimeError
                batch = prompts[i : i + _BATCH]
                longest = max(map(len, batch))
                ids = torch.tensor([[0] * (longest - len(p)) + p for p in batch], device=self._device)
                mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in batch], device=self._device)
                options = {"max_new_tokens": new_tokens, "min_new_tokens": new_tokens, "do_sample": False}
                out = self._model.generate(ids, attention_mask=mask, pad_token_id=0, **options)
                outputs += out[:, longest:].tolist()
            return outputs

        return run

    def continuous(self, until: float) -> Run:
        """``generate_batch``: continuous batching; checked between stages only, for it cannot be interrupted."""
        from transformers import GenerationConfig

        def run(prompts: list[Ids], new_tokens: int) -> list[Ids]:
            if time.perf_counter() > until:
                raise OutOfTimeError
            wish = GenerationConfig(max_new_tokens=new_tokens, do_sample=False, eos_token_id=-1, pad_token_id=0)
            done = self._model.generate_batch(
                prompts, generation_config=wish, progress_bar=False, persistent_manager=True, warmup=True
            )
            outputs = [list(one.generated_tokens) for one in done.values()]
            if sorted(map(len, outputs)) != [new_tokens] * len(prompts):
                raise RuntimeError("continuous batching did not give every request its tokens")
            return outputs

        return run

    def measure(self, workload: Workload, way: str, clock: Clock, limit_s: float) -> dict[str, Any]:
        """Seconds of one run, ``over`` if the time did not suffice, or ``failed`` with the reason."""
        limit_s = min(limit_s, clock.left_s)
        if limit_s <= 0:
            return {"over": 0.0}
        draw_beforehand(workload, self.vocab_size, 1)
        began = time.perf_counter()
        try:
            workload.play(getattr(self, way)(began + limit_s), self.vocab_size, 1)
        except OutOfTimeError:
            return {"over": round(limit_s, 1)}
        except Exception as failure:  # a peer's failure is a result, not the end of the run
            return {"failed": f"{type(failure).__name__}: {failure}"[:300]}
        return {"seconds": time.perf_counter() - began}
