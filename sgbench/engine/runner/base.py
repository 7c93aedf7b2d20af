"""The seam between host and device: run a step, or launch it and ask later.

Knows the nouns of `sgbench.engine.request` and nothing else. A runner owns the KV tensors and a slot table; it never
decides which slot, which request or which order: the scheduler does.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from sgbench.engine.request import DecodePlan, StepPlan, StepResult


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


class Pending(Protocol):
    """A step that was launched."""

    def bind(self) -> None:
        """The tokens before it are known now: draw for those that a constraint binds (`DecodePlan.allowed`). Before the next launch."""
        ...

    def result(self) -> StepResult:
        """Wait for it; once."""
        ...


@runtime_checkable
class LaunchingRunner(Runner, Protocol):
    """A runner whose steps can be launched ahead of their results, which overlaps host and device."""

    def launch(self, plan: StepPlan | DecodePlan) -> Pending:
        """Start a step behind those launched before; `Runner.run` is this and `Pending.result`.

        The token that a `DecodePlan` runs, or an open chunk of a `StepPlan` (`Chunk.token_ids`), is the one sampled by the last step
        launched for its row. Results may be left unread.
        """
        ...


@runtime_checkable
class LateRunner(LaunchingRunner, Protocol):
    """A runner that may compute logits before it is told what constraints allow: what `DecodePlan.allowed` is for.

    Attributes
    ----------
    binds_late
        Does this one?
    """

    @property
    def binds_late(self) -> bool: ...


class Done:
    """A `Pending` that has its result."""

    def __init__(self, result: StepResult) -> None:
        self._result = result

    def bind(self) -> None:
        """Nothing is left to draw."""

    def result(self) -> StepResult:
        """It."""
        return self._result
