"""How much room for output a request is admitted with.

Most outputs end before ``max_new_tokens``, so admission reserves a share of it. The share starts at 0.7 and shrinks with every step
that goes well; a preemption shows that it was too small and sets it from what the batch has really produced (as SGLang does, paper.
Algorithm 1 leaves it open). Knows counts only.
"""

from __future__ import annotations

from collections.abc import Iterable

from sgbench.engine.sequence import Sequence

START = 0.7
SMALLEST = 0.14
STEPS = 600
LOOK_AHEAD_TOKENS = 20


class OutputReserve:
    """The share, adapted."""

    def __init__(self) -> None:
        self.ratio = START

    def tokens(self, seq: Sequence) -> int:
        """KV slots that ``seq`` is expected to ask for beyond those of its tokens so far."""
        left = seq.limit - seq.length - 1  # without `remaining`: asked for each waiting request in each step
        return int(self.ratio * left) if left > 0 else 0

    def step_went_well(self) -> None:
        """Every decode had its slot."""
        self.ratio = max(SMALLEST, self.ratio - (START - SMALLEST) / STEPS)

    def preempted(self, left: Iterable[Sequence]) -> None:
        """Somebody had to leave; ``left`` go on."""
        done = total = 0
        for seq in left:
            produced = seq.length - seq.prompt_len
            done += produced + LOOK_AHEAD_TOKENS
            total += produced + seq.remaining
        self.ratio = min(1.0, max(self.ratio, done / max(total, 1)))
