"""A new request, checked on the caller's thread: what is wrong is said before anything is queued.

Knows the model's limits (vocabulary, context, pool) and the tokenizer; not the scheduler.
"""

from __future__ import annotations

import functools
import itertools
import struct
from collections.abc import Sequence as Ids
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgbench.engine.constrained.canonical import CanonicalPairs
from sgbench.engine.constrained.compiler import Compiler
from sgbench.engine.constrained.constraint import Constraint
from sgbench.engine.constrained.grammar import GrammarCompiler, GrammarConstraint
from sgbench.engine.constrained.protocol import OutputConstraint
from sgbench.engine.constrained.token_mask import TokenMasks
from sgbench.engine.output import TokenBytes, Transcript
from sgbench.engine.request import MAX_TOP_LOGPROBS, IntArray, SamplingParams
from sgbench.engine.sequence import LogprobWish, Origin, Sequence
from sgbench.engine.stop_ends import StopEnds
from sgbench.errors import CapacityError, ConstraintError, UsageError

_MASK = (1 << 64) - 1
_NOTHING = LogprobWish()
_KEPT_STOPS = 64


def mixed_seed(*numbers: int) -> int:
    """A 63-bit seed from several numbers; equal for equal numbers, on every platform."""
    state = 0x9E3779B97F4A7C15
    for number in numbers:
        state = (state ^ (number & _MASK)) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state >> 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a request must fit into.

    Attributes
    ----------
    vocab_size
        Token ids are below it.
    context_tokens, kv_tokens
        The longest sequence the model attends to, and the size of the pool.
    """

    vocab_size: int
    context_tokens: int
    kv_tokens: int

    def longest(self, prompt_tokens: int, max_new_tokens: int) -> int:
        """Most tokens, prompt and output, that a request may come to.

        A prompt must fit with one token of output to spare (a prefill: without). Where prompt and ``max_new_tokens`` together exceed the
        context or the pool, generation ends at that limit with finish reason ``length``, whatever else runs.

        Raises
        ------
        CapacityError
            The prompt does not fit; the message has the numbers and what to change.
        """
        needed = prompt_tokens + min(1, max_new_tokens)
        if needed > self.context_tokens:
            raise CapacityError(
                f"the prompt has {prompt_tokens:,} tokens and the context ends at {self.context_tokens:,}, output included: "
                "shorten the prompt"
            )
        if needed > self.kv_tokens:
            raise CapacityError(
                f"the prompt has {prompt_tokens:,} tokens and the KV pool holds {self.kv_tokens:,}, output included: "
                "shorten the prompt or start the engine with a larger kv_tokens"
            )
        return min(prompt_tokens + max_new_tokens, self.context_tokens, self.kv_tokens)


def _as_array(input_ids: Any) -> Any:
    """A list of plain integers at a third of NumPy's price; whatever else it holds, NumPy says what it is."""
    if type(input_ids) is list and input_ids and type(input_ids[0]) is int:
        try:
            return np.frombuffer(struct.pack(f"{len(input_ids)}i", *input_ids), np.int32)
        except struct.error:
            pass
    return np.asarray(input_ids)


class Intake:
    """Builds checked `Sequence` objects for one engine.

    Parameters
    ----------
    limits
        Of model and pool.
    tokenizer
        None: prompts come as ids, text stays empty.
    seed
        The engine's: requests without a seed of their own draw theirs from it.
    compiler
        Makes and keeps the machines of constraints.
    jump_forward
        ``safe``, ``text`` or ``off``.
    grammar_backend
        ``fsm`` or ``llguidance``.
    """

    def __init__(
        self,
        limits: Limits,
        tokenizer: TokenBytes | None,
        seed: int,
        compiler: Compiler,
        jump_forward: str,
        grammar_backend: str = "fsm",
    ) -> None:
        self._grammar_backend = grammar_backend
        self._compiler = compiler
        self._jump_forward = jump_forward
        self._limits = limits
        self._tokenizer = tokenizer
        self._seed = seed
        self._eos = () if tokenizer is None else tuple(tokenizer.eos_token_ids)
        self._grammars = (
            None if tokenizer is None else GrammarCompiler(lambda: compiler.vocabulary, tokenizer, self._eos)
        )
        self._drawn = itertools.count()
        self._pairs = None if tokenizer is None else CanonicalPairs(tokenizer, limits.vocab_size)
        self._stop_ends = functools.lru_cache(_KEPT_STOPS)(self._new_stop_ends)

    def prompt(self, text: str | None, input_ids: Ids[int] | IntArray | None) -> IntArray:
        """Checked prompt ids, int32 ``[n]``, n >= 1.

        Raises
        ------
        UsageError
            Neither or both are given, the prompt is empty, an id is not in the vocabulary, the text is no valid Unicode.
        """
        if (text is None) == (input_ids is None):
            raise UsageError("give either a prompt text or input_ids")
        if text is not None:
            input_ids = self._encode(text)
        ids: Any = _as_array(input_ids)
        if ids.ndim != 1 or ids.size == 0:
            raise UsageError("the prompt is empty: at least one token is needed")
        if ids.dtype.kind not in "iu":
            raise UsageError("input_ids must be whole numbers")
        unsigned = ids.view(np.uint32) if ids.dtype == np.int32 else ids  # a number below 0 is a very large one then
        if unsigned.max() >= self._limits.vocab_size or (unsigned is ids and ids.min() < 0):
            raise UsageError(f"input_ids must be at least 0 and below the vocabulary's size {self._limits.vocab_size}")
        checked: IntArray = ids.astype(np.int32, copy=False)  # who asks only reads it
        return checked

    def _encode(self, text: str) -> list[int]:
        if self._tokenizer is None:
            raise UsageError("this engine has no tokenizer (skip_tokenizer_init=True): give input_ids")
        if not isinstance(text, str):
            raise UsageError(f"a prompt is a string, not {type(text).__name__}")
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as failure:
            raise UsageError(f"the prompt is no valid Unicode text: {failure}") from failure
        return self._tokenizer.encode(text)

    def wish(self, prompt_len: int, wanted: bool, start: int | None, top: int, text: bool) -> LogprobWish:
        """Checked logprob options; ``start`` None or -1 means the end of the prompt.

        Raises
        ------
        UsageError
            A value is out of range, or asks for logprobs without ``return_logprob=True``.
        """
        if not wanted:
            if top or (start is not None and start != -1):
                raise UsageError("top_logprobs_num and logprob_start_len need return_logprob=True")
            return _NOTHING
        if not 0 <= top <= MAX_TOP_LOGPROBS:
            raise UsageError(f"top_logprobs_num={top}: at least 0 and at most {MAX_TOP_LOGPROBS}")
        if start is None or start == -1:
            start = prompt_len
        if not 0 <= start <= prompt_len:
            raise UsageError(f"logprob_start_len={start}: at least 0 and at most the prompt's {prompt_len} tokens")
        return LogprobWish(wanted=True, start=start, top=min(top, self._limits.vocab_size), text=text)

    def sequence(
        self, ids: IntArray, params: SamplingParams, wish: LogprobWish, origin: Origin, sample: int
    ) -> Sequence:
        """The request: ``sample`` counts the samples of one prompt.

        Raises
        ------
        CapacityError
            The prompt does not fit.
        ConstraintError
            The constraint is malformed, cannot be expressed or spelled, or has no room.
        UsageError
            A stop string without a tokenizer, or a stop id that does not exist.
        """
        if self._tokenizer is None and (params.stop or params.stop_regex):
            raise UsageError("stop and stop_regex need a tokenizer: use stop_token_ids")
        if params.stop_token_ids and max(params.stop_token_ids) >= self._limits.vocab_size:
            raise UsageError(f"stop_token_ids must be below the vocabulary's size {self._limits.vocab_size}")
        limit = self._limits.longest(len(ids), params.max_new_tokens)
        ends = self._stop_ends(params.stop, params.skip_special_tokens) if params.stop else None
        transcript = Transcript(params, self._tokenizer, self._eos, ends)
        return Sequence(
            ids,
            params,
            seed=self._seed_of(params, origin, sample),
            limit=limit,
            wish=wish,
            origin=origin,
            transcript=transcript,
            constraint=self._constraint(params, transcript.stop_ids, limit - len(ids)),
        )

    def _new_stop_ends(self, stops: tuple[str, ...], skip_special: bool) -> StopEnds:
        assert self._tokenizer is not None, "stop strings are refused without a tokenizer"
        return StopEnds(stops, self._tokenizer, skip_special)

    def _constraint(self, params: SamplingParams, stop_ids: frozenset[int], room: int) -> OutputConstraint | None:
        """The constraint that the parameters ask for, compiled on the caller's thread; ``room`` is for output tokens."""
        if params.regex is None and params.json_schema is None and params.ebnf is None:
            return None
        given = [kind for kind in ("regex", "json_schema", "ebnf") if getattr(params, kind) is not None]
        if len(given) > 1:
            raise ConstraintError(f"{' and '.join(given)} are both given: one constraint at a time")
        if self._tokenizer is None:
            raise ConstraintError("a constraint needs a tokenizer, and this engine has none (skip_tokenizer_init=True)")
        source = getattr(params, given[0])
        if given[0] == "ebnf" or self._grammar_backend == "llguidance":
            return self._grammar(given[0], source, params, stop_ids)
        return self._finite(self._compiler.get(given[0], source), params, stop_ids, room)

    def _finite(self, masks: TokenMasks, params: SamplingParams, stop_ids: frozenset[int], room: int) -> Constraint:
        assert self._tokenizer is not None
        start = masks.machine.start
        needed = int(masks.tokens_to_accept[start]) if params.close_within_budget else masks.least_tokens(start, room)
        if 0 < room < needed:
            raise ConstraintError(
                f"room for {room} tokens is too little: the shortest text that satisfies the constraint needs at least {needed}; "
                "raise max_new_tokens"
            )
        return Constraint(
            masks,
            self._tokenizer,
            stop_ids,
            self._jump_forward,
            closing=params.close_within_budget and room > 0,
            pairs=self._pairs if params.canonical else None,
        )

    def _grammar(self, kind: str, source: str, params: SamplingParams, stop_ids: frozenset[int]) -> GrammarConstraint:
        assert self._tokenizer is not None and self._grammars is not None
        if params.close_within_budget or params.canonical:
            name = "close_within_budget" if params.close_within_budget else "canonical"
            raise ConstraintError(
                f"{name} needs a finite machine: not with ebnf, nor with grammar_backend='llguidance'"
            )
        grammar = self._grammars.compile(kind, source)
        return GrammarConstraint(grammar, self._compiler.vocabulary, self._tokenizer, stop_ids, self._jump_forward)

    def _seed_of(self, params: SamplingParams, origin: Origin, sample: int) -> int:
        if params.sampling_seed is not None:
            return mixed_seed(params.sampling_seed, sample)
        if origin.program >= 0:  # the same call of the same program, whichever thread comes first
            return mixed_seed(self._seed, 1, origin.program, origin.branch, origin.op, sample)
        return mixed_seed(self._seed, 2, next(self._drawn))
