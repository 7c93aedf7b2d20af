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

from sgbench.errors import BackendError, ContractError, UsageError
from sgbench.lang.batch import Batch
from sgbench.lang.executor import StreamExecutor
from sgbench.lang.global_config import global_config
from sgbench.lang.program_check import refusal
from sgbench.lang.run import CALLER, Body, Caller, Run, family, give_up
from sgbench.lang.sampling import SglSamplingParams
from sgbench.lang.state import ProgramState, ProgramStateGroup
from sgbench.lang.tracer import cache_program, extract_prefix_by_tracing
from sgbench.lang.waiting import Latch, current_gate, live

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


def _values(sampling: SglSamplingParams, backend: Any) -> SglSamplingParams:
    """A program called without backend, where there is no default one either, takes its caller's values too."""
    caller = CALLER.get()
    inherits = backend is None and global_config.default_backend is None and sampling == SglSamplingParams()
    return caller.run.sampling if caller and inherits else sampling


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
    num_api_spec_tokens
        For API speculative execution; see `sgbench.lang.api_speculation`.
    item
        Its place in a batch; with ``sampling_seed`` equal places draw equal tokens.
    warns
        Is a failure shown as a warning?

    Raises
    ------
    ContractError
        There is no backend.
    UsageError
        ``num_api_spec_tokens`` is below 1.
    """
    if num_api_spec_tokens is not None and num_api_spec_tokens < 1:
        raise UsageError(f"num_api_spec_tokens={num_api_spec_tokens}: at least 1 is needed, or None for no speculation")
    caller = CALLER.get()
    place = resolve_backend(backend)
    values = _values(sampling or SglSamplingParams(), backend)
    run = caller.run if caller else None
    if run is None or run.backend is not place:
        run = Run(place, name, values, item, run, warns)
    state = ProgramState(
        StreamExecutor(
            place,
            dict(arguments or {}),
            values,
            None,
            stream,
            num_api_spec_tokens,
            use_thread,
            run=run,
            body=Body(),
        )
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
    executor = state.stream_executor
    run, body = executor.run, executor.body
    gate = run.backend.gate
    if current_gate() is gate:
        gate = None
    if gate is not None:
        gate.enter()
    with live(gate):
        body.thread = threading.get_ident()
        run.busy()
        token = CALLER.set(Caller(run, executor))
        try:
            yield state
        except KeyboardInterrupt:
            run.root.cancel("interrupted")
            raise
        except Exception as error:
            if isinstance(error, RecursionError) and not getattr(error, "__notes__", ()):
                error.add_note(f"program {run.name!r} calls itself, or its body does, without an end")
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

    Returns
    -------
    ProgramState
        What the program asks of its backend in vain makes it one that failed before its first call (`sgbench.lang.program_check`).

    Raises
    ------
    Exception
        What the body raises; with ``stream`` it becomes the state's `error` instead.
    """
    if state is None:
        state = _open(program, backend, func_kwargs, default_sampling_para, stream, use_thread)
    executor = state.stream_executor
    arguments = {**dict(zip(program.arg_names, func_args, strict=False)), **func_kwargs}
    told = refusal(program, executor.backend, executor.default_sampling_para, arguments)
    if told is not None:
        with running(state):
            executor.refuse(BackendError(told))
        return state

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
    body.detached, body.starter = True, threading.get_ident()
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
    values = _values(default_sampling_para, backend)
    ahead = global_config.enable_precache_with_tracing and len(batch_arguments) > 1
    if ahead and refusal(program, place, values, batch_arguments[0]) is None:
        cache_program(program, place)
    threads = max(96, 16 * (os.cpu_count() or 1)) if num_threads == "auto" else int(num_threads)
    if threads < 1:
        raise UsageError(f"num_threads={num_threads!r}: a whole number of at least 1, or 'auto', is needed")
    results = _batches(program, place, batch_arguments, values, threads, return_exceptions, progress_bar)
    if generator_style:
        return results(GENERATOR_CHUNK, False)
    return list(results(len(batch_arguments), True))


def _batches(
    program: SglFunction,
    backend: BaseBackend,
    items: Sequence[Mapping[str, Any]],
    sampling: SglSamplingParams,
    threads: int,
    keep: bool,
    progress_bar: bool,
) -> Callable[[int, bool], Iterator[ProgramState]]:
    """A function that runs all items, so many at a time as it is told; is the reader going to wait for all of them?"""

    def results(chunk_size: int, whole: bool) -> Iterator[ProgramState]:
        with _progress_bar(len(items) if progress_bar else None) as tick:
            for start in range(0, len(items), chunk_size):
                chunk = range(start, min(start + chunk_size, len(items)))
                states = [_open(program, backend, items[i], sampling, False, True, i) for i in chunk]
                yield from _run_chunk(program, states, items[start:], sampling, threads, keep, tick, whole)

    return results


def _run_chunk(
    program: SglFunction,
    states: Sequence[ProgramState],
    items: Sequence[Mapping[str, Any]],
    sampling: SglSamplingParams,
    threads: int,
    keep: bool,
    tick: Callable[[int], object] | None,
    whole: bool,
) -> Iterator[ProgramState]:
    alone = min(threads, len(states)) == 1

    def run(i: int) -> Latch | None:
        executor = states[i].stream_executor
        try:
            run_program(program, None, (), items[i], sampling, False, state=states[i])
            if not alone:
                return executor.leave_off()
            executor.sync()
            return None
        except BaseException as error:
            executor.fail(error)
            raise

    backend = states[0].stream_executor.run.backend
    batch = Batch(len(states), run, backend.gate, backend.turns)
    batch.start(min(threads, len(states)))
    try:
        for i in batch.results(keep, tick, whole):
            yield states[i]
    except BaseException:
        if not batch.complete:
            give_up([executor for state in states for executor in family(state.stream_executor)], "interrupted")
        raise


@contextmanager
def _progress_bar(length: int | None) -> Iterator[Callable[[int], object] | None]:
    """A function that advances a bar of ``length``; None: no bar."""
    if length is None:
        yield None
        return
    from tqdm.auto import tqdm

    with tqdm(total=length) as bar:
        yield bar.update
