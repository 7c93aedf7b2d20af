"""A step under way on a device: what it will bring is in pinned memory once its event has passed."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from sgbench.engine.request import ChunkResult, StepResult

if TYPE_CHECKING:
    from sgbench.engine.runner.device_logprobs import Scored


@functools.lru_cache(maxsize=1 << 18)
def _token_alone(token: int) -> ChunkResult:
    """Making one takes longer than finding it again."""
    return ChunkResult(token)


@dataclass(frozen=True, slots=True)
class Share:
    """What one request of a step is told.

    Attributes
    ----------
    samples
        Is a token due?
    reported
        Rows of input logprobs.
    logprob
        Is the sampled token's own logprob due?
    top
        Most likely tokens at each of these rows.
    """

    samples: bool
    reported: int
    logprob: bool
    top: int


class PendingStep:
    """`sgbench.engine.runner.base.Pending` of a device.

    Parameters
    ----------
    shares
        What each request is told; None: one token each, and nothing else.
    tokens
        int32 on the host: what was sampled, in order; `NO_NUMBER` where the logits were none.
    reported, sampled
        Logprobs of prompt tokens and of sampled ones, on the host.
    events
        Begin and end on a GPU; None on a CPU.
    """

    def __init__(
        self,
        shares: Sequence[Share] | None,
        tokens: torch.Tensor,
        reported: Scored | None,
        sampled: Scored | None,
        events: tuple[torch.cuda.Event, torch.cuda.Event] | None,
    ) -> None:
        self._shares, self._tokens = shares, tokens
        self._reported, self._sampled, self._events = reported, sampled, events
        self._began = time.perf_counter()

    def bind(self) -> None:
        """Nothing is left to draw."""

    def result(self) -> StepResult:
        """See `Pending.result`."""
        if self._events is None:
            forward_ms = (time.perf_counter() - self._began) * 1e3
        else:
            self._events[1].synchronize()
            forward_ms = self._events[0].elapsed_time(self._events[1])
        tokens: list[int] = self._tokens.tolist()
        if self._shares is None:
            return StepResult(tuple(map(_token_alone, tokens)), forward_ms)
        return StepResult(tuple(self._assembled(self._shares, tokens)), forward_ms)

    def _assembled(self, shares: Sequence[Share], tokens: list[int]) -> list[ChunkResult]:
        token = iter(tokens)
        reported = iter(()) if self._reported is None else self._reported.entries()
        sampled = iter(()) if self._sampled is None else self._sampled.entries()
        results = []
        for share in shares:
            rows = [next(reported) for _ in range(share.reported)]
            chosen = next(token) if share.samples else None
            value, top = next(sampled) if share.samples and (share.logprob or share.top) else (None, ())
            results.append(
                ChunkResult(
                    token_id=chosen,
                    logprob=value if share.logprob else None,
                    top=top[: share.top],
                    input_logprobs=tuple(v for v, _ in rows),
                    input_top=tuple(t[: share.top] for _, t in rows) if share.top else (),
                )
            )
        return results


class UnboundStep:
    """A step whose logits are under way, and of which some rows are drawn when it is known what they may be.

    Parameters
    ----------
    draw
        Does that.
    """

    def __init__(self, draw: Callable[[], PendingStep]) -> None:
        self._draw = draw
        self._bound: PendingStep | None = None

    def bind(self) -> None:
        """See `Pending.bind`."""
        if self._bound is None:
            self._bound = self._draw()

    def result(self) -> StepResult:
        """See `Pending.result`."""
        self.bind()
        assert self._bound is not None
        return self._bound.result()
