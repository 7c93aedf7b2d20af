"""The engine as its callers see it: submit, generate, look, stop.

`EngineCore` checks what it is given on the caller's thread, hands it to `sgbench.engine.loop` and returns. It knows a runner and a
tokenizer by their protocols only; the language reaches it through `sgbench.backends.local`.

For whoever builds on it:

* ``submit(...)`` returns a `Handle` at once. ``handle.result()`` waits (`AbortedError`, `EngineStoppedError`), iterating it yields
  cumulative outputs, ``handle.abort(reason)`` gives up. ``submit_samples`` is the same for ``n`` samples of one prompt.
* `SamplingParams` come from `sgbench.engine.sampling_params.sampling_params` (a dict by SGLang's names).
* ``max_new_tokens=0`` only computes the prompt's KV, so that later requests hit it.
* Programs give ``program``, ``branch``, ``op`` and ``after``; in a deterministic engine they also report to ``engine.gate`` and wait
  with ``live=True``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import weakref
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Sequence as Ids
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from sgbench.engine.config import EngineConfig
from sgbench.engine.constrained.compiler import Compiler
from sgbench.engine.constrained.vocabulary import Vocabulary
from sgbench.engine.gap import Gap
from sgbench.engine.gate import Gate
from sgbench.engine.generate import GenerateCall
from sgbench.engine.handle import Handle
from sgbench.engine.intake import Intake, Limits
from sgbench.engine.loop import EngineLoop
from sgbench.engine.no_cache import NoCache
from sgbench.engine.output import TokenBytes
from sgbench.engine.prefix_cache import PrefixCache
from sgbench.engine.radix_attention import ForceMissCache
from sgbench.engine.request import IntArray, SamplingParams
from sgbench.engine.runner.base import Runner
from sgbench.engine.sampling_params import sampling_params as checked_params
from sgbench.engine.sequence import Origin, Sequence
from sgbench.engine.stats import EngineStats
from sgbench.engine.suspended_cache import SUSPENDED, CappedCache, RefusingCache
from sgbench.errors import UsageError
from sgbench.trace.events import Event, TreeSnapshot
from sgbench.trace.header import TraceHeader
from sgbench.trace.journal import Journal
from sgbench.trace.reader import Reader
from sgbench.trace.recording import MAX_EVENTS, Recording
from sgbench.trace.trace import Trace
from sgbench.trace.vocab import TokenText, from_bytes

T = TypeVar("T")

_DEFAULT_RUNNING = 64
_DEFAULT_PREFILL_TOKENS = 2048


def resolved(config: EngineConfig, runner: Runner) -> EngineConfig:
    """``config`` with every number that was left to the engine filled in."""
    context = min(runner.max_context_tokens, config.context_length or runner.max_context_tokens)
    return dataclasses.replace(
        config,
        kv_tokens=runner.kv_tokens,
        context_length=context,
        max_running=config.max_running or min(_DEFAULT_RUNNING, runner.kv_tokens),
        max_prefill_tokens=config.max_prefill_tokens or _DEFAULT_PREFILL_TOKENS,
        cuda_graph=bool(config.cuda_graph),
        overlap=bool(config.overlap),
    )


class EngineCore:
    """An engine over any runner.

    Parameters
    ----------
    config
        Options; what is None is filled in from the runner.
    runner
        The device half; owned, closed at `shutdown`.
    tokenizer
        None: prompts come as ``input_ids`` and text stays empty.
    journal
        Where events go; a new one by default.
    start
        Start the engine's thread. With False the engine runs on the thread of whoever waits, or by `step`: for tests and simulation.
    """

    def __init__(
        self,
        config: EngineConfig,
        runner: Runner,
        tokenizer: TokenBytes | None,
        *,
        journal: Journal | None = None,
        start: bool = True,
    ) -> None:
        self.config = resolved(config, runner)
        self.runner = runner
        self.tokenizer = tokenizer
        self.journal = journal or Journal()
        assert self.config.context_length is not None
        limits = Limits(
            vocab_size=runner.vocab_size, context_tokens=self.config.context_length, kv_tokens=runner.kv_tokens
        )
        self.compiler = Compiler(self._vocabulary)
        self._intake = Intake(
            limits, tokenizer, self.config.seed, self.compiler, self.config.jump_forward, self.config.grammar_backend
        )
        self._loop = EngineLoop(self.config, runner, self.journal, start=start)
        # The thread keeps the loop alive but not this object: dropping the last reference, or leaving Python, stops the engine.
        self._finalizer = weakref.finalize(self, self._loop.stop)

    def _vocabulary(self) -> Vocabulary:
        assert self.tokenizer is not None, "constraints are refused without a tokenizer"
        return Vocabulary([self.tokenizer.token_bytes(i, skip_special=True) for i in range(self.runner.vocab_size)])

    @property
    def gate(self) -> Gate:
        """Where live branches of programs report; see `sgbench.engine.gate`."""
        return self._loop.gate

    # --- requests ---------------------------------------------------------------------------------------------------

    def submit(self, prompt: str | Ids[int] | IntArray, params: SamplingParams | None = None, **options: Any) -> Handle:
        """Queue one request; returns at once.

        Parameters
        ----------
        prompt
            Text, or token ids.
        params
            SGLang's defaults if None; ``n`` must be 1 (`submit_samples` takes more).
        options
            Those of `submit_samples`.

        Raises
        ------
        UsageError, CapacityError, ConstraintError
            The request is wrong; nothing was queued.
        EngineStoppedError
            The engine was shut down or broke.
        """
        if params is not None and params.n != 1:
            raise UsageError(f"submit takes one sample, not n={params.n}: use submit_samples")
        return self.submit_samples(prompt, params, **options)[0]

    def submit_samples(
        self,
        prompt: str | Ids[int] | IntArray,
        params: SamplingParams | Mapping[str, Any] | None = None,
        *,
        program: int = -1,
        branch: int = -1,
        op: int = -1,
        after: tuple[int, ...] = (),
        think_ms: float = 0.0,
        return_logprob: bool = False,
        logprob_start_len: int | None = None,
        top_logprobs_num: int = 0,
        return_text_in_logprobs: bool = False,
        more: bool = False,
    ) -> list[Handle]:
        """Queue ``params.n`` samples of one prompt, together.

        Parameters
        ----------
        prompt, params
            As for `submit`; ``params`` also by SGLang's names, not checked yet.
        program, branch, op, after, think_ms
            Which call of which program this is; see `sgbench.engine.sequence.Origin`.
        return_logprob
            Report the logprob of every output token.
        logprob_start_len
            First prompt position whose logprob is reported too; None or -1: none. It is reported itself, with what the prompt before it
            predicts; position 0 has None.
        top_logprobs_num
            Most likely tokens reported at each of these positions.
        return_text_in_logprobs
            Put the tokens' text into the entries.
        more
            Others are about to submit: an idle engine waits a moment, so that they run together.

        Raises
        ------
        UsageError, CapacityError, ConstraintError, EngineStoppedError
            As `submit`.
        """
        origin = Origin(program=program, branch=branch, op=op, after=after, think_ms=think_ms)
        wish = (return_logprob, logprob_start_len, top_logprobs_num, return_text_in_logprobs)
        sequences = self._sequences(prompt, checked_params(params), wish, origin)
        self._loop.submit(sequences, more)
        return [seq.handle for seq in sequences]

    def _sequences(
        self,
        prompt: str | Ids[int] | IntArray,
        params: SamplingParams,
        logprobs: tuple[bool, int | None, int, bool],
        origin: Origin,
    ) -> list[Sequence]:
        """``params`` were checked."""
        ids = self._intake.prompt(prompt, None) if isinstance(prompt, str) else self._intake.prompt(None, prompt)
        wish = self._intake.wish(len(ids), *logprobs)
        sequences: list[Sequence] = []
        for sample in range(params.n):
            seq = self._intake.sequence(ids, params, wish, origin, sample)
            pump = self._loop.step if self._loop.thread is None else None
            seq.handle = Handle(self._loop.gate, functools.partial(self._loop.post_abort, seq), pump)
            sequences.append(seq)
        return sequences

    def generate(
        self,
        prompt: str | list[str] | None = None,
        sampling_params: dict[str, Any] | list[dict[str, Any]] | None = None,
        input_ids: list[int] | list[list[int]] | None = None,
        return_logprob: bool | list[bool] = False,
        logprob_start_len: int | list[int] | None = None,
        top_logprobs_num: int | list[int] = 0,
        return_text_in_logprobs: bool = False,
        stream: bool = False,
    ) -> Any:
        """SGLang's offline generation.

        Parameters
        ----------
        prompt, input_ids
            One of them: a text or a list of texts, token ids or a list of such.
        sampling_params
            By SGLang's names; a list has one for each prompt.
        return_logprob, logprob_start_len, top_logprobs_num, return_text_in_logprobs
            See `submit_samples`; a list has one for each prompt.
        stream
            Return an iterator of cumulative results instead.

        Returns
        -------
        dict, list of dict, or iterator of dict
            ``text``, ``output_ids`` and ``meta_info``; a list for a list of prompts or ``n > 1`` (all samples of the first prompt
            first). In a stream of several, ``index`` says whose result it is. An aborted request's finish reason has type ``abort``.

        Raises
        ------
        UsageError, UnknownOptionError, CapacityError, ConstraintError
            Something is wrong with a request; none of them was queued.
        KeyboardInterrupt
            The requests were aborted and their KV freed; the engine runs on.
        """
        call = GenerateCall.from_arguments(
            prompt,
            input_ids,
            sampling_params,
            return_logprob,
            logprob_start_len,
            top_logprobs_num,
            return_text_in_logprobs,
        )
        handles = self.submit_call(call)
        single = call.single and len(handles) == 1
        if stream:
            return call.stream(handles, single)
        results = call.gather(handles)
        return results[0] if single else results

    def submit_call(self, call: GenerateCall) -> list[Handle]:
        """Queue every prompt of ``call``, together; all samples of the first prompt come first.

        Raises
        ------
        UsageError, CapacityError, ConstraintError, EngineStoppedError
            As `submit`; none of them was queued.
        """
        sequences: list[Sequence] = []
        for item in call.items:
            sequences.extend(self._sequences(item.prompt, item.params, item.logprobs, Origin()))
        self._loop.submit(sequences)
        return [seq.handle for seq in sequences]

    # --- looking ----------------------------------------------------------------------------------------------------

    def call(self, function: Callable[[], T]) -> T:
        """Run ``function`` on the engine's thread between two steps; returns its value. At once when the engine has stopped."""
        return self._loop.call(function)

    def stats(self) -> EngineStats:
        """Figures since start or `reset_stats`."""
        return self._loop.call(self._loop.worker.stats)

    def reset_stats(self) -> None:
        """Count from 0 again."""
        self._loop.call(self._loop.worker.reset_stats)

    def snapshot(self) -> TreeSnapshot:
        """The prefix cache as plain data; see `sgbench.trace.events`."""
        return self._loop.call(self._loop.worker.cache.snapshot)

    def check_integrity(self) -> None:
        """Check every invariant of pool, cache and running requests.

        Raises
        ------
        IntegrityError
            One is broken: a bug of ours.
        """
        self._loop.call(lambda: self._loop.worker.memory.check(self._loop.worker.scheduler.running))

    def flush_cache(self) -> bool:
        """Drop everything cached that no running request uses; always True."""
        self._loop.call(self._loop.worker.memory.flush)
        return True

    @property
    def reuses_prefixes(self) -> bool:
        """Is KV that was computed once found again? Not with the cache off or refused; then reading ahead is waste."""
        return not isinstance(self._loop.worker.cache, NoCache | ForceMissCache | RefusingCache)

    @contextlib.contextmanager
    def without_cache(self, mode: str = "force-miss") -> Iterator[None]:
        """Measure a baseline on the same engine: in a ``with`` block the cache is not asked (paper, section 6).

        What it holds comes back afterwards, but for what had to be evicted for room. Requests still live at the end are aborted.

        Parameters
        ----------
        mode
            ``force-miss``: the cache works on, but every match is refused. ``off``: nothing is matched and nothing kept.

        Raises
        ------
        UsageError
            Requests are running or waiting, or there is no such mode.
        """
        if mode not in SUSPENDED:
            raise UsageError(f"without_cache({mode!r}): choose one of {', '.join(SUSPENDED)}")
        with self.wrapped_cache(SUSPENDED[mode]):
            yield

    @contextlib.contextmanager
    def matched_share(self, share: float) -> Iterator[None]:
        """In a ``with`` block use only the first ``share`` of every prefix match: the paper's sweep of hit rates (Figure 8a, b).

        Parameters
        ----------
        share
            From 0 (every match refused) to 1 (nothing changes). The rest of a match is computed again.

        Raises
        ------
        UsageError
            Requests are running or waiting, or ``share`` is no number from 0 to 1.
        """
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise UsageError(f"matched_share({share!r}): a number from 0 to 1 is needed")
        wrap = functools.partial(CappedCache, share=float(share)) if share else RefusingCache
        with self.wrapped_cache(wrap):
            yield

    @contextlib.contextmanager
    def wrapped_cache(self, wrap: Callable[[PrefixCache], PrefixCache]) -> Iterator[None]:
        """In a ``with`` block ask ``wrap(cache)`` instead of the engine's own cache, which comes back afterwards.

        For measurements. Requests still live at the end are aborted, so that no handle meets another cache than its own.

        Raises
        ------
        UsageError
            Requests are running or waiting.
        """
        loop = self._loop
        kept = loop.call(lambda: loop.worker.swap_cache(wrap(loop.worker.cache)))

        def restore() -> None:
            loop.worker.abort_all("the baseline ended")
            loop.worker.swap_cache(kept)

        try:
            yield
        finally:
            loop.call(restore)

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call ``callback`` with every later event, on the thread that emits it; returns a function that ends it.

        The first event is a `Keyframe` of the tree as it is, so that a fold begun on a warm cache is right. A callback must be quick and
        must not call the engine; one that raises is dropped.
        """

        def begin() -> Callable[[], None]:
            end = self.journal.subscribe(callback)
            self.journal.emit(self._loop.worker.keyframe())
            return end

        return self._loop.call(begin)

    def read(self) -> Reader:
        """Every later event, a `Keyframe` first, for whoever takes them when it likes: that costs the engine least. End it: it fills."""

        def begin() -> Reader:
            reader = self.journal.read()
            self.journal.emit(self._loop.worker.keyframe())
            return reader

        return self._loop.call(begin)

    @property
    def in_a_hurry(self) -> bool:
        """Does the device wait for the engine's thread, or will it soon? Whoever computes beside it should let it go first."""
        return self._loop.worker.keeps_device_waiting

    @property
    def gap(self) -> Gap:
        """When the engine's thread only waits for its device: the time for others to compute."""
        return self._loop.worker.gap

    @contextlib.contextmanager
    def record(self, *, max_events: int = MAX_EVENTS, spill: str | Path | None = None) -> Iterator[Trace]:
        """Record what happens in a ``with`` block; yields a `Trace` that fills while it runs.

        Parameters
        ----------
        max_events
            Most events kept in memory; older ones are folded into a keyframe.
        spill
            A trace file that gets every event as it happens.
        """
        with Recording(self.journal, self._header(), self.token_text, max_events=max_events, spill=spill) as recording:
            self._loop.call(lambda: recording.start(self._loop.worker.keyframe()))
            yield recording.trace

    def _header(self) -> TraceHeader:
        model = {"description": self.runner.description, "vocab_size": self.runner.vocab_size}
        if (each := getattr(self.runner, "kv_bytes_per_token", None)) is not None:
            model["kv_bytes_per_token"] = each
        return TraceHeader(engine=dataclasses.asdict(self.config), model=model, seed=self.config.seed)

    @property
    def token_text(self) -> TokenText | None:
        """Text of a token id, for views and traces (`sgbench.trace.vocab`); None without a tokenizer."""
        tokenizer = self.tokenizer
        return None if tokenizer is None else lambda i: from_bytes(tokenizer.token_bytes(i, skip_special=False))

    @property
    def steps_itself(self) -> bool:
        """Has it a thread of its own?"""
        return self._loop.thread is not None

    def step(self) -> bool:
        """Run one step by hand; False if there is nothing to run. Only for an engine made with ``start=False``."""
        if self._loop.thread is not None:
            raise UsageError("this engine steps on its own thread")
        return self._loop.step()

    # --- the end ----------------------------------------------------------------------------------------------------

    def shutdown(self) -> None:
        """Stop: whoever waits gets `EngineStoppedError`, the runner frees the device. Idempotent.

        `stats`, `snapshot` and `check_integrity` go on answering with the final state.
        """
        self._finalizer.detach()
        self._loop.stop()

    @property
    def was_shut_down(self) -> bool:
        """Has `shutdown` ended it? An engine that broke was not shut down."""
        return self._loop.was_shut_down

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.shutdown()
