"""Runs programs (paper section 2, interpreter): one at a time, in batches, or a body that somebody else executes.

Also the place from which programs import the interpreter's nouns. Knows the backend protocol; knows no engine.
"""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sgbench.errors import ContractError, UsageError
from sgbench.lang.executor import StreamExecutor
from sgbench.lang.global_config import global_config
from sgbench.lang.run import CALLER, Body, Caller, Run, cancel_all
from sgbench.lang.sampling import SglSamplingParams
from sgbench.lang.state import ProgramState, ProgramStateGroup
from sgbench.lang.tracer import cache_program, extract_prefix_by_tracing
from sgbench.lang.waiting import current_gate, live

if TYPE_CHECKING:
    from sgbench.backends.base import BaseBackend
    from sgbench.lang.function import SglFunction

__all__ = [
    "ProgramState",
    "ProgramStateGroup",
    "StreamExecutor",
    "cache_program",
    "extract_prefix_by_tracing",
    "open_program",
    "resolve_backend",
    "run_program",
    "run_program_batch",
    "running",
]

GENERATOR_CHUNK = 200
"""Items of a generator-style batch that are started together."""


def resolve_backend(backend: Any = None) -> BaseBackend:
    """The backend of a program: the one given, the default one, or in a program's body that program's own.

    An object with an ``endpoint`` (an `Engine`) stands for that.

    Raises
    ------
    ContractError
        There is none.
    """
    caller = CALLER.get()
    found = backend or global_config.default_backend or (caller and caller.run.backend)
    if not found:
        raise ContractError("Please specify a backend: run(..., backend=...) or sgl.set_default_backend(sgl.Engine())")
    endpoint: BaseBackend = getattr(found, "endpoint", None) or found
    return endpoint


def _inherits(backend: Any) -> bool:
    return backend is None and global_config.default_backend is None and CALLER.get() is not None


def open_program(
    name: str = "program",
    backend: Any = None,
    sampling: SglSamplingParams | None = None,
    *,
    stream: bool = False,
    use_thread: bool = True,
    arguments: Mapping[str, Any] | None = None,
    num_api_spec_tokens: int | None = None,
    item: int = 0,
    warns: bool = True,
) -> ProgramState:
    """A fresh state whose body the caller executes inside `running`.

    Parameters
    ----------
    name
        Shown in events and messages.
    backend
        Where it runs; see `resolve_backend`.
    sampling
        Values for every `gen` that does not give its own.
    stream
        Let completions arrive in pieces, for readers of the text.
    use_thread
        False executes calls where they are submitted, and raises their errors there.
    arguments
        The program's arguments, for backends that look at them.
    item
        Its place in a batch; with ``sampling_seed`` equal places draw equal tokens.
    warns
        Is a failure shown as a warning?

    Raises
    ------
    ContractError
        There is no backend.
    UsageError
        ``num_api_spec_tokens`` is asked for: this version has no API speculative execution.
    """
    if num_api_spec_tokens is not None:
        raise UsageError("num_api_spec_tokens: API speculative execution is not in this version; leave it None")
    caller = CALLER.get()
    place = resolve_backend(backend)
    values = sampling or SglSamplingParams()
    if caller and _inherits(backend) and values == SglSamplingParams():
        values = caller.run.sampling
    run = caller.run if caller else None
    if run is None or run.backend is not place:
        run = Run(place, name, values, item, run, warns)
    state = ProgramState(
        StreamExecutor(place, dict(arguments or {}), values, None, stream, None, use_thread, run=run, body=Body())
    )
    if caller is not None:
        caller.executor.calls.append(state.stream_executor)
    return state


@contextmanager
def running(state: ProgramState) -> Iterator[ProgramState]:
    """The calling thread executes the body of ``state`` inside; afterwards the state has ended, and may still compute.

    An interrupt inside gives the run up: requests are aborted, the state keeps its text so far. An exception ends the state
    and goes on.
    """
    gate = state.stream_executor.run.backend.gate
    if gate is not None and current_gate() is not gate:
        gate.enter()
        with live(gate), _body(state):
            yield state
    else:
        with _body(state):
            yield state


@contextmanager
def _body(state: ProgramState) -> Iterator[None]:
    executor = state.stream_executor
    run, body = executor.run, executor.body
    body.thread = threading.get_ident()
    run.busy()
    token = CALLER.set(Caller(run, executor))
    try:
        yield
    except KeyboardInterrupt:
        run.root.cancel("interrupted")
        raise
    except Exception as error:
        if body.detached:
            executor.fail(error)
        raise
    finally:
        CALLER.reset(token)
        executor.end()
        run.body_done(body)
        run.idle()


def run_program(
    program: SglFunction,
    backend: Any,
    func_args: Sequence[Any],
    func_kwargs: Mapping[str, Any],
    default_sampling_para: SglSamplingParams,
    stream: bool,
    sync: bool = False,
    use_thread: bool = True,
    *,
    state: ProgramState | None = None,
) -> ProgramState:
    """Run ``program`` once.

    Parameters
    ----------
    stream
        The body gets a thread of its own, and this returns at once.
    sync
        Wait for all its calls before returning.
    state
        From `open_program`; None: a new one.

    Raises
    ------
    Exception
        What the body raises; with ``stream`` it becomes the state's `error` instead.
    """
    if state is None:
        state = _open(program, backend, func_kwargs, default_sampling_para, stream, use_thread)

    def execute() -> None:
        with running(state):
            state.ret_value = program.func(state, *func_args, **func_kwargs)
        if global_config.verbosity >= 2:
            print(state.text())  # noqa: T201 - it is what verbosity asks for

    if stream:
        _beside(state, execute)
        return state
    execute()
    if sync:
        state.sync()
    return state


def _open(
    program: SglFunction,
    backend: Any,
    arguments: Mapping[str, Any],
    sampling: SglSamplingParams,
    stream: bool,
    use_thread: bool,
    item: int = 0,
) -> ProgramState:
    return open_program(
        getattr(program.func, "__name__", "program"),
        backend,
        sampling,
        stream=stream,
        use_thread=use_thread,
        arguments=arguments,
        num_api_spec_tokens=program.num_api_spec_tokens,
        item=item,
    )


def _beside(state: ProgramState, execute: Callable[[], None]) -> None:
    """Execute a body on a thread of its own, whose exceptions become the state's error."""
    body = state.stream_executor.body
    body.detached = True
    gate = state.stream_executor.run.backend.gate
    if gate is not None:
        gate.enter()
    context = contextvars.copy_context()

    def guarded() -> None:
        with live(gate):
            try:
                context.run(execute)
            except Exception as error:
                state.stream_executor.fail(error)

    threading.Thread(target=guarded, name="sgbench-body", daemon=True).start()


class _Batch:
    """Items of a batch, run by a fixed number of threads, each taking the next item when it has finished one.

    All threads count as live from the start, so that a deterministic engine sees the whole first wave at once.
    """

    def __init__(
        self, program: SglFunction, states: Sequence[ProgramState], arguments: Sequence[Mapping[str, Any]], keep: bool
    ) -> None:
        self._program = program
        self._states = states
        self._arguments = arguments
        self._keep = keep
        self._next = iter(range(len(states)))
        self._take = threading.Lock()
        self._done = [threading.Event() for _ in states]
        self._failures: dict[int, BaseException] = {}
        self._cancelled = False

    def start(self, threads: int) -> None:
        gate = self._states[0].stream_executor.run.backend.gate
        for _ in range(threads):
            if gate is not None:
                gate.enter()
            context = contextvars.copy_context()
            threading.Thread(target=context.run, args=(self._work, gate), name="sgbench-batch", daemon=True).start()

    def _work(self, gate: Any) -> None:
        with live(gate):
            while (i := self._index()) is not None:
                self._run(i)

    def _index(self) -> int | None:
        with self._take:
            return next(self._next, None)

    def _run(self, i: int) -> None:
        state = self._states[i]
        try:
            if not self._cancelled:
                program, executor = self._program, state.stream_executor
                run_program(program, None, (), self._arguments[i], executor.run.sampling, False, sync=True, state=state)
        except BaseException as error:
            self._failures[i] = error
            state.stream_executor.fail(error)
        finally:
            self._done[i].set()

    def results(self, tick: Callable[[], Any]) -> Iterator[ProgramState]:
        """The states in order, each when its program has finished; an item's exception is raised when all have.

        Raises
        ------
        Exception
            The first item's that failed, with a note that names the item.
        """
        try:
            for i, done in enumerate(self._done):
                done.wait()
                tick()
                if self._keep or i not in self._failures:
                    yield self._states[i]
                else:
                    break
            for done in self._done:
                done.wait()
        except BaseException:
            self._cancelled = True
            cancel_all([state.stream_executor.run for state in self._states], "interrupted")
            raise
        if self._failures and not self._keep:
            first = min(self._failures)
            error = self._failures[first]
            error.add_note(
                f"(raised by item {first} of a batch of {len(self._states)}; the other items ran to their end)"
            )
            raise error


def run_program_batch(
    program: SglFunction,
    backend: Any,
    batch_arguments: Sequence[Mapping[str, Any]],
    default_sampling_para: SglSamplingParams,
    num_threads: int | str = "auto",
    progress_bar: bool = False,
    generator_style: bool = False,
    return_exceptions: bool = False,
) -> list[ProgramState] | Iterator[ProgramState]:
    """Run ``program`` once for each item, several at a time; results in the items' order.

    Parameters
    ----------
    batch_arguments
        Keyword arguments of each item.
    num_threads
        Programs that run at once: ``"auto"`` is the larger of 96 and 16 for each CPU; 1 runs them one after the other.
    progress_bar
        Show one (tqdm).
    generator_style
        Give a generator, which starts `GENERATOR_CHUNK` items at a time and yields each as soon as it and those before it
        are finished.
    return_exceptions
        An item that raises gives its state, whose `ProgramState.error` is the exception; otherwise it is raised when the
        other items have run to their end.
    """
    if not batch_arguments:
        return iter(()) if generator_style else []
    place = resolve_backend(backend)
    if global_config.enable_precache_with_tracing and len(batch_arguments) > 1:
        cache_program(program, place)
    threads = max(96, 16 * (os.cpu_count() or 1)) if num_threads == "auto" else int(num_threads)
    if threads < 1:
        raise UsageError(f"num_threads={num_threads!r}: a whole number of at least 1, or 'auto', is needed")
    results = _stream_batch(
        program, backend, batch_arguments, default_sampling_para, threads, progress_bar, return_exceptions
    )
    return results if generator_style else list(results)


def _stream_batch(
    program: SglFunction,
    backend: Any,
    items: Sequence[Mapping[str, Any]],
    sampling: SglSamplingParams,
    threads: int,
    progress_bar: bool,
    keep: bool,
) -> Iterator[ProgramState]:
    bar = _progress_bar(len(items)) if progress_bar else None
    try:
        for start in range(0, len(items), GENERATOR_CHUNK):
            chunk = items[start : start + GENERATOR_CHUNK]
            states = [_open(program, backend, item, sampling, False, True, start + i) for i, item in enumerate(chunk)]
            batch = _Batch(program, states, chunk, keep)
            batch.start(min(threads, len(chunk)))
            yield from batch.results(bar.update if bar else lambda: None)
    finally:
        if bar:
            bar.close()


def _progress_bar(length: int) -> Any:
    from tqdm.auto import tqdm

    return tqdm(total=length)
