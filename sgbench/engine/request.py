"""The nouns of a request: how to sample, what to run in one step, what came back.

`StepPlan` and `StepResult` are the whole contract between the host half of the engine (scheduler, tree, pool: plain Python
and NumPy) and the device half (a `sgbench.engine.runner.base.Runner`). Knows no torch, no tokenizer and no language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sgbench.engine.token_set import AllowedTokens, TokenSet
from sgbench.errors import IntegrityError

IntArray: TypeAlias = npt.NDArray[np.int32]

MAX_TOP_LOGPROBS = 64

NO_NUMBER = -1
"""Token id of a `ChunkResult` whose logits were not numbers: nothing was sampled, and the chunk's KV must not be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingParams:
    """How tokens are chosen and when to stop; names and defaults are SGLang's.

    Attributes
    ----------
    max_new_tokens
        Most tokens to generate; 0 is a prefill.
    min_new_tokens
        EOS, stop ids and stop strings do not end the text before this many tokens.
    temperature
        0 (below 1e-5) is greedy.
    top_p, top_k, min_p
        Nucleus, top-k (-1: off) and min-p filters, applied in the order top-k, top-p, min-p, as in SGLang.
    frequency_penalty, presence_penalty
        Subtracted from the logits of tokens generated so far: ``count * frequency + (count > 0) * presence``.
    repetition_penalty
        Divides positive and multiplies negative logits of tokens in prompt or output (1: off).
    stop
        Strings that end the text; trimmed from it.
    stop_token_ids
        Token ids that end the text; trimmed from it.
    stop_regex
        Patterns that end the text; trimmed from it.
    ignore_eos
        EOS is a token like any other.
    n
        Samples for one prompt.
    regex, json_schema, ebnf
        Constraint on the output; at most one. ``ebnf`` is a grammar in Lark's or GBNF's notation (extra ``grammar``).
    close_within_budget
        Near ``max_new_tokens`` a constraint allows only tokens after which the text can still be completed in time.
    canonical
        A constraint allows a token only where the tokenizer would write it after the token before, unless that leaves none.
    sampling_seed
        Same seed, prompt and parameters: same tokens, whatever else runs in the batch. None: drawn from the engine's seed.
    skip_special_tokens
        Leave special tokens out of the text.
    no_stop_trim
        Keep the stop string or token in the text.
    """

    max_new_tokens: int = 128
    min_new_tokens: int = 0
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = -1
    min_p: float = 0.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    repetition_penalty: float = 1.0
    stop: tuple[str, ...] = ()
    stop_token_ids: tuple[int, ...] = ()
    stop_regex: tuple[str, ...] = ()
    ignore_eos: bool = False
    n: int = 1
    regex: str | None = None
    json_schema: str | None = None
    ebnf: str | None = None
    close_within_budget: bool = False
    canonical: bool = False
    sampling_seed: int | None = None
    skip_special_tokens: bool = True
    no_stop_trim: bool = False

    @property
    def greedy(self) -> bool:
        """Is the most likely token always taken?"""
        return self.temperature < 1e-5 or self.top_k == 1

    @property
    def penalised(self) -> bool:
        """Do the logits depend on the tokens so far?"""
        return self.frequency_penalty != 0 or self.presence_penalty != 0 or self.repetition_penalty != 1


@dataclass(frozen=True, slots=True)
class Chunk:
    """One request's share of a step: run ``token_ids`` at positions ``start``, ``start + 1``, ...

    Attributes
    ----------
    rid
        The request.
    row
        Its row in the runner's slot table, in ``range(max_running)``; constant while it runs.
    start
        Position of the first token to run: everything before it is in the KV pool.
    token_ids
        int32 ``[n]``, n >= 1. In a step that is launched before the step in front of it is read, -1 alone stands for the token that that
        step samples for the row; then nothing but the device may need it (no `history`, `forbidden_ids` or `allowed`).
    slots
        int32 ``[start + n - slots_from]``: KV slots of positions ``slots_from`` up to ``start + n``. The runner writes them
        into its table before it runs; the slots of ``token_ids`` are the last n.
    slots_from
        0 on the first chunk after admission (then ``slots`` covers the cached prefix too) and when the tree's slots replaced
        the request's own; ``start`` otherwise.
    sample
        Is a token to be sampled after the last of ``token_ids``? False for all but the last chunk of a prompt.
    sampling
        How.
    seed
        Seed of this request's random stream, already resolved.
    sample_index
        Tokens sampled before this one: with ``seed`` it determines the random number.
    history
        ``(prompt_ids, output_ids)``, int32, when ``sampling.penalised``; else None.
    forbidden_ids
        Tokens that must not be sampled now (EOS and stop ids below ``min_new_tokens``).
    allowed
        The only tokens that may be sampled now (a constraint), to be resolved as late as can be: it may be made then; None: all.
    logprobs
        Return the logprob of the sampled token.
    top_logprobs
        Return this many most likely tokens at every reported position.
    input_logprobs_from
        Return the logprob of each token at positions >= this one that this chunk's logits predict and that was not sampled; None: none. The
        logits at position p predict the token at p + 1, so a chunk reports positions ``max(start + 1, input_logprobs_from)``
        to ``start + n``, the last only if ``next_id`` is given.
    next_id
        The known token after this chunk (of the prompt, or forced), or None when it is to be sampled.
    """

    rid: int
    row: int
    start: int
    token_ids: IntArray
    slots: IntArray
    slots_from: int
    sample: bool
    sampling: SamplingParams
    seed: int = 0
    sample_index: int = 0
    history: tuple[IntArray, IntArray] | None = None
    forbidden_ids: tuple[int, ...] = ()
    allowed: AllowedTokens | None = None
    logprobs: bool = False
    top_logprobs: int = 0
    input_logprobs_from: int | None = None
    next_id: int | None = None


@dataclass(frozen=True, slots=True)
class SharedPrefix:
    """Positions ``start`` to ``end`` use the same KV slots in all of ``chunks`` (indices into ``StepPlan.chunks``).

    A runner may read that KV once (shared-prefix attention); ignoring it changes nothing but speed. A chunk's own queries
    never lie inside: ``end`` <= its ``start``. Segments of one chunk do not overlap and together cover a prefix
    ``[0, x)`` of it.
    """

    start: int
    end: int
    chunks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One forward pass: decode and prefill chunks together."""

    step: int
    chunks: tuple[Chunk, ...]
    shared: tuple[SharedPrefix, ...] = ()

    def known(self, sampled: Mapping[int, tuple[Chunk, int]]) -> StepPlan:
        """The plan without open tokens (-1): ``sampled`` has for each row the chunk that sampled last, and its token."""
        if all(chunk.token_ids[0] >= 0 for chunk in self.chunks):
            return self
        return replace(self, chunks=tuple(_known(chunk, sampled) for chunk in self.chunks))


def _known(chunk: Chunk, sampled: Mapping[int, tuple[Chunk, int]]) -> Chunk:
    if chunk.token_ids[0] >= 0:
        return chunk
    before, token_id = sampled[chunk.row]
    if (before.rid, before.start + len(before.token_ids)) != (chunk.rid, chunk.start):
        raise IntegrityError(f"request {chunk.rid} does not follow on what its row ran last")
    return replace(chunk, token_ids=np.array([token_id], np.int32))


@dataclass(frozen=True, slots=True)
class MovedSlots:
    """Request ``index`` of a `DecodePlan`: its positions from ``start`` on have other slots than the runner was told before."""

    index: int
    start: int
    slots: IntArray


@dataclass(frozen=True, slots=True)
class DecodePlan:
    """A step that is launched before the step in front of it is read: each request runs the token that that step samples for it.

    How to sample is what the request's last `Chunk` said, one token further. A token that turns out to be behind the end of its request
    is computed in vain; nothing else depends on it.

    Attributes
    ----------
    rids
        The requests.
    rows, positions, slots
        int32 ``[n]``: row of the slot table, position of the token that runs, and its KV slot.
    sample_index
        int64 ``[n]``: tokens sampled before the one that this step samples.
    moved
        Slots that were exchanged meanwhile.
    shared
        As in `StepPlan`; ``chunks`` are indices into ``rids``.
    allowed
        For each request that a constraint binds, what gives the tokens that it may sample, to be asked once the token before is known
        (`Pending.bind`); it gives None if nobody waits for this one any more. None for the others; empty if there are only others.
    """

    rids: tuple[int, ...]
    rows: IntArray
    positions: IntArray
    slots: IntArray
    sample_index: npt.NDArray[np.int64]
    moved: tuple[MovedSlots, ...] = ()
    shared: tuple[SharedPrefix, ...] = ()
    allowed: tuple[Callable[[], TokenSet | None] | None, ...] = ()

    def chunks(self, before: Sequence[tuple[Chunk, int]]) -> tuple[Chunk, ...]:
        """The plan as chunks, once the tokens are known: for each request the chunk that ran last, and the token it sampled."""
        for rid, position, (chunk, _) in zip(self.rids, self.positions.tolist(), before, strict=True):
            if (chunk.rid, chunk.start + len(chunk.token_ids)) != (rid, position):
                raise IntegrityError(f"request {rid} does not follow on what its row ran last")
        return tuple(self.chunk(index, chunk, token) for index, (chunk, token) in enumerate(before))

    def chunk(self, index: int, before: Chunk, token_id: int = -1) -> Chunk:
        """Request ``index`` as a chunk; ``before`` is one of it that sampled, ``token_id`` -1 while the token is not known."""
        start, slots = int(self.positions[index]), self.slots[index : index + 1]
        first = start
        for moved in self.moved:
            if moved.index == index:
                first, slots = moved.start, np.concatenate([moved.slots, slots])
        return replace(
            before,
            start=start,
            token_ids=np.array([token_id], np.int32),
            slots=slots,
            slots_from=first,
            sample_index=int(self.sample_index[index]),
            forbidden_ids=(),
            allowed=None,
            input_logprobs_from=None,
        )


TopLogprobs: TypeAlias = tuple[tuple[float, int], ...]
"""``(logprob, token_id)`` pairs, most likely first."""


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """What came back for one chunk.

    Attributes
    ----------
    token_id
        The sampled token, None if none was due, or `NO_NUMBER`.
    logprob
        Its log-probability, nats, from the unmodified logits (before temperature, penalties and filters).
    top
        Most likely tokens at that position, if asked.
    input_logprobs
        Log-probabilities of the prompt tokens the chunk reports, in order of position.
    input_top
        Most likely tokens at each of those positions, if asked.
    """

    token_id: int | None = None
    logprob: float | None = None
    top: TopLogprobs = ()
    input_logprobs: tuple[float, ...] = ()
    input_top: tuple[TopLogprobs, ...] = ()


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a runner made of a `StepPlan` or `DecodePlan`: one `ChunkResult` for each chunk or request, in order."""

    chunks: tuple[ChunkResult, ...]
    forward_ms: float


@dataclass(frozen=True, slots=True)
class RequestOutput:
    """The result of one request, final or so far (streaming).

    Attributes
    ----------
    text
        Output text so far, stop strings trimmed; never ends inside a UTF-8 character unless final.
    output_ids
        Generated token ids, the stopping token included if one was sampled.
    finish_reason
        SGLang's dict: ``{"type": "stop", "matched": id or string}``, ``{"type": "length", "length": n}``,
        ``{"type": "abort", "message": ...}``; None while running.
    meta_info
        SGLang's keys: ``id, prompt_tokens, completion_tokens, cached_tokens, jumped_tokens, finish_reason, complete,
        e2e_latency, first_token_latency`` (seconds) and, where asked, the logprob lists. With a constraint also ``jumped_spans``:
        character ranges of the text that it forced.
    """

    rid: int
    text: str
    output_ids: tuple[int, ...]
    finish_reason: dict[str, Any] | None
    meta_info: dict[str, Any] = field(default_factory=dict)
