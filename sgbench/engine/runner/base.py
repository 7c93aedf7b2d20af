"""The seam between host and device: one method.

Knows the nouns of `sgbench.engine.request` and nothing else. A runner owns the KV tensors and a slot table; it never
decides which slot, which request or which order: the scheduler does.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from sgbench.engine.request import StepPlan, StepResult


@runtime_checkable
class Runner(Protocol):
    """Runs step plans, one at a time, always on the engine's thread.

    Attributes
    ----------
    kv_tokens
        Capacity of the KV pool in tokens: slots are ``range(kv_tokens)``.
    max_context_tokens
        Longest sequence (prompt and output) the model can attend to.
    vocab_size
        Size of the logits.
    description
        One line for people: model, parameters, dtype, device, attention backend.
    """

    @property
    def kv_tokens(self) -> int: ...
    @property
    def max_context_tokens(self) -> int: ...
    @property
    def vocab_size(self) -> int: ...
    @property
    def description(self) -> str: ...

    def run(self, plan: StepPlan) -> StepResult:
        """Write KV for every token of the plan, and sample where asked. Blocks until the tokens are on the host."""
        ...

    def close(self) -> None:
        """Free weights, KV and every other byte of the device. Idempotent; ``run`` afterwards is an error."""
        ...
