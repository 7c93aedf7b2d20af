"""`function` makes an `SglFunction` of a Python function that writes to a prompt state (paper section 2)."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, overload

from sgbench.errors import ContractError, UsageError
from sgbench.lang import interpreter, sampling
from sgbench.lang.program_check import Wish, names_in, wishes
from sgbench.lang.purity import is_pure
from sgbench.lang.sampling import SglSamplingParams, StrOrSeq
from sgbench.lang.state import ProgramState
from sgbench.lang.tracer import TRACING, CallOptions, cache_program, extract_prefix_by_tracing

if TYPE_CHECKING:
    from sgbench.lang.compiler import CompiledFunction
    from sgbench.lang.traced_state import TracedState

P = ParamSpec("P")
R = TypeVar("R")


def _program_arguments_first(
    method: Callable[Concatenate[SglFunction, P], R],
) -> Callable[Concatenate[SglFunction, P], R]:
    """A keyword that is a parameter of the program goes there, though ``method`` has one of that name (``n``, ``stop``)."""

    @functools.wraps(method)
    def routed(self: SglFunction, /, *args: P.args, **kwargs: P.kwargs) -> R:
        clashing = {name: kwargs.pop(name) for name in self.arg_names if name in kwargs and name in _OPTIONS}
        return method(self.bind(**clashing) if clashing else self, *args, **kwargs)

    return routed


class SglFunction:
    """A program: calling or running it makes a prompt state and executes the function's body on it.

    Parameters
    ----------
    func
        Its first parameter is the state and must be named ``s``.
    num_api_spec_tokens
        For API speculative execution.
    bind_arguments
        Arguments that are fixed; they win over those of a call.
    traced
        May the body run once more, with placeholders, to find a batch's shared prefix and what the program will ask of its backend?

    Attributes
    ----------
    arg_names
        Names of the positional parameters after ``s``.
    arg_defaults
        Their defaults, as the function has them.
    knows
        Is it known, and not only likely, what every run asks of its backend?
    names
        Names that its code uses; None: it cannot be told.
    pin_prefix_rid
        Kept for programs that look at it; always None.

    Raises
    ------
    ContractError
        The first parameter is not ``s``.
    """

    def __init__(
        self,
        func: Callable[..., Any],
        num_api_spec_tokens: int | None = None,
        bind_arguments: Mapping[str, Any] | None = None,
        traced: bool = True,
    ) -> None:
        self.func = func
        self.traced = traced
        self.num_api_spec_tokens = num_api_spec_tokens
        self.bind_arguments = dict(bind_arguments or {})
        self.pin_prefix_rid: str | None = None
        spec = inspect.getfullargspec(func)
        if not spec.args or spec.args[0] != "s":
            raise ContractError(f"the first parameter of {getattr(func, '__name__', func)} must be named s")
        self.arg_names: list[str] = spec.args[1:]
        self.arg_defaults: list[Any] = list(spec.defaults or ())
        self._prefixes: dict[str, str] = {}
        self._wishes: list[tuple[Wish, ...]] = []  # of the function, once known; shared with what is bound
        self.knows = False
        self.names = names_in(getattr(func, "__code__", None))
        functools.update_wrapper(self, func)

    def bind(self, **kwargs: Any) -> SglFunction:
        """The same program with some arguments fixed.

        Raises
        ------
        ContractError
            It has no such parameter.
        """
        unknown = [name for name in kwargs if name not in self.arg_names]
        if unknown:
            raise ContractError(f"{self!r} has no parameter {unknown[0]!r}; it has {', '.join(self.arg_names)}")
        bound = SglFunction(self.func, self.num_api_spec_tokens, {**self.bind_arguments, **kwargs}, self.traced)
        bound._wishes, bound.knows = self._wishes, self.knows
        return bound

    @_program_arguments_first
    def run(
        self,
        /,
        *args: Any,
        max_new_tokens: int = 128,
        n: int = 1,
        stop: StrOrSeq | None = None,
        stop_token_ids: Sequence[int] | None = None,
        stop_regex: StrOrSeq | None = None,
        temperature: float = 1.0,
        top_p: float = 1.0,
        top_k: int = -1,
        min_p: float = 0.0,
        frequency_penalty: float = 0.0,
        presence_penalty: float = 0.0,
        ignore_eos: bool = False,
        return_logprob: bool | None = None,
        logprob_start_len: int | None = None,
        top_logprobs_num: int | None = None,
        return_text_in_logprobs: bool | None = None,
        sampling_seed: int | None = None,
        stream: bool = False,
        backend: Any = None,
        use_thread: bool = True,
        **kwargs: Any,
    ) -> ProgramState:
        """Run the program once; positional and remaining keyword arguments are its own.

        Returns when the body has returned, which may be before its last call has: reading the state waits. With ``stream``
        returns at once, and the body runs on a thread of its own.

        Parameters
        ----------
        max_new_tokens, n, stop, stop_token_ids, stop_regex, temperature, top_p, top_k, min_p, frequency_penalty, \
presence_penalty, ignore_eos, return_logprob, logprob_start_len, top_logprobs_num, return_text_in_logprobs
            Values for every `gen` that does not give its own.
        sampling_seed
            A run with the same seed draws the same tokens again (sgbench only).
        stream
            Let completions arrive in pieces: `ProgramState.text_iter`.
        backend
            Where to run; None: the default backend.
        use_thread
            False executes every call inside ``s += ...`` and raises its error there.

        Raises
        ------
        ContractError
            There is no backend.
        Exception
            What the body raises.
        """
        values = _sampling(locals())
        if stream and self.num_api_spec_tokens is not None:
            raise ContractError("API speculative execution cannot stream")
        kwargs = {**kwargs, **self.bind_arguments}
        scope = TRACING.get()
        if scope is not None:
            return scope.call(
                self, args, kwargs, CallOptions(values, backend, stream, use_thread, self.num_api_spec_tokens)
            )  # type: ignore[return-value]
        return interpreter.run_program(self, backend, args, kwargs, values, stream, use_thread=use_thread)

    @_program_arguments_first
    def run_batch(
        self,
        /,
        batch_kwargs: Sequence[Mapping[str, Any]] | Sequence[Sequence[Any]],
        *,
        max_new_tokens: int = 128,
        n: int = 1,
        stop: StrOrSeq | None = None,
        stop_token_ids: Sequence[int] | None = None,
        stop_regex: StrOrSeq | None = None,
        temperature: float = 1.0,
        top_p: float = 1.0,
        top_k: int = -1,
        min_p: float = 0.0,
        frequency_penalty: float = 0.0,
        presence_penalty: float = 0.0,
        ignore_eos: bool = False,
        return_logprob: bool | None = None,
        logprob_start_len: int | None = None,
        top_logprobs_num: int | None = None,
        return_text_in_logprobs: bool | None = None,
        sampling_seed: int | None = None,
        backend: Any = None,
        num_threads: int | str = "auto",
        progress_bar: bool = False,
        generator_style: bool = False,
        return_exceptions: bool = False,
    ) -> Any:
        """Run the program for each item of ``batch_kwargs``, several at a time; the finished states in order.

        Parameters
        ----------
        batch_kwargs
            A dict of arguments for each item, or a list of them in the order of the program's parameters.
        num_threads, progress_bar, generator_style, return_exceptions
            See `sgbench.lang.interpreter.run_program_batch`.
        others
            As in `run`.

        Raises
        ------
        UsageError
            An item does not fit the program's parameters.
        Exception
            What an item's body raises, after the other items have run to their end.
        """
        values = _sampling(locals())
        if not isinstance(batch_kwargs, list | tuple):
            raise UsageError(f"run_batch takes a list of items, not {type(batch_kwargs).__name__}")
        items = [{**self._named(item, i), **self.bind_arguments} for i, item in enumerate(batch_kwargs)]
        scope = TRACING.get()
        if scope is not None:
            options = CallOptions(values, backend, num_api_spec_tokens=self.num_api_spec_tokens)
            states = [scope.call(self, (), item, options) for item in items]
            return iter(states) if generator_style else states
        return interpreter.run_program_batch(
            self, backend, items, values, num_threads, progress_bar, generator_style, return_exceptions
        )

    def _named(self, item: Mapping[str, Any] | Sequence[Any], i: int) -> dict[str, Any]:
        if isinstance(item, Mapping):
            return dict(item)
        signature = f"{getattr(self.func, '__name__', 'the program')}(s, {', '.join(self.arg_names)})"
        if not isinstance(item, list | tuple):
            raise UsageError(f"item {i} of the batch is a {type(item).__name__}; {signature} takes a dict or a list")
        least = len(self.arg_names) - len(self.arg_defaults)
        if not least <= len(item) <= len(self.arg_names):
            raise UsageError(f"item {i} of the batch has {len(item)} arguments, which does not match {signature}")
        return dict(zip(self.arg_names, item, strict=False))

    def prefix(self, backend: Any = None) -> str:
        """The text with which every run begins; traced once for each chat template."""
        place = interpreter.resolve_backend(backend)
        if not self.traced:
            return ""
        template = place.get_chat_template().name
        if template not in self._prefixes:
            self._prefixes[template] = extract_prefix_by_tracing(self, place)
        return self._prefixes[template]

    def wishes(self) -> tuple[Wish, ...]:
        """What the program will ask of its backend, as far as a trace tells. Traced once for a function, and only where nobody can
        notice (`sgbench.lang.purity`)."""
        if not self._wishes:
            self._wishes.append(wishes(self, {}) if self.traced and is_pure(self.func) else ())
        return self._wishes[0]

    def know(self, wanted: tuple[Wish, ...]) -> None:
        """``wanted`` is what every run will ask of its backend: nothing depends on arguments."""
        self._wishes[:] = [wanted]
        self.knows = True

    def cache(self, backend: Any = None) -> None:
        """Have the backend read the program's shared prefix now."""
        cache_program(self, interpreter.resolve_backend(backend))

    def trace(self, *, backend: Any = None, **kwargs: Any) -> TracedState:
        """Run the body once with placeholders, and give what it would do as a graph (paper appendix D).

        Parameters
        ----------
        backend
            Accepted because SGLang has it; a graph is the same on every backend.
        kwargs
            Arguments that are known; the others become placeholders.

        Raises
        ------
        UsageError
            The body does what depends on a value that is not known yet; the message names the line.
        """
        from sgbench.lang.traced_state import trace_program

        return trace_program(self, kwargs)

    def compile(self, *, backend: Any = None) -> CompiledFunction:
        """Trace the program and make it run as a graph: same results, and its body runs no more (paper appendix D).

        Parameters
        ----------
        backend
            Where runs that name no backend go; None: the default backend.

        Raises
        ------
        UsageError
            The program cannot be traced; see `trace`.
        """
        from sgbench.lang.compiler import CompiledFunction

        return CompiledFunction(self, self.trace(), backend)

    def __call__(self, *args: Any, **kwargs: Any) -> ProgramState:
        """`run`; while another program is traced, nothing runs and a placeholder is returned."""
        return self.run(*args, **kwargs)

    def __repr__(self) -> str:
        return f"SglFunction({getattr(self.func, '__name__', self.func)})"


_OPTIONS = frozenset(
    name
    for method in (SglFunction.run, SglFunction.run_batch)
    for name, parameter in inspect.signature(method).parameters.items()
    if parameter.kind is inspect.Parameter.KEYWORD_ONLY
)
_SAMPLING = frozenset(SglSamplingParams.__dataclass_fields__)


def _sampling(values: Mapping[str, Any]) -> SglSamplingParams:
    """The run's sampling values, out of the local variables of `SglFunction.run`."""
    given = {name: value for name, value in values.items() if name in _SAMPLING}
    for name in ("stop", "stop_token_ids", "stop_regex"):
        given[name] = tuple(sampling.as_list(given[name]))
    params = SglSamplingParams(**given)
    sampling.check(params, "run")
    return params


@overload
def function(
    func: Callable[..., Any], num_api_spec_tokens: int | None = None, *, traced: bool = True
) -> SglFunction: ...
@overload
def function(
    func: None = None, num_api_spec_tokens: int | None = None, *, traced: bool = True
) -> Callable[[Callable[..., Any]], SglFunction]: ...
def function(
    func: Callable[..., Any] | None = None, num_api_spec_tokens: int | None = None, *, traced: bool = True
) -> Any:
    """Make a program of a Python function whose first parameter is ``s``, its prompt state. Use it as a decorator.

    Parameters
    ----------
    func
        The function, where the decorator is used without arguments.
    num_api_spec_tokens
        For API speculative execution.
    traced
        False: the body never runs but for a run. Otherwise it runs once more, with placeholders and its prints dropped: before the
        first batch up to its first call, to find the shared prefix; and, if its code shows that nobody can notice, before the first
        run on a backend that cannot do everything, to refuse beforehand what that cannot do.

    Raises
    ------
    ContractError
        The first parameter is not ``s``.

    Examples
    --------
    ::

        @sgl.function
        def qa(s, question):
            s += sgl.user(question)
            s += sgl.assistant(sgl.gen("answer", max_tokens=32))

        qa.run(question="What is the capital of France?")["answer"]
    """
    if func is None:
        return functools.partial(SglFunction, num_api_spec_tokens=num_api_spec_tokens, traced=traced)
    return SglFunction(func, num_api_spec_tokens, traced=traced)
