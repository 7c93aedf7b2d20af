"""The vocabulary: what happened, in the past tense.

Stdlib only; imports nothing of the project. Events are emitted for each decision and each step, never for each token: a
step's event carries arrays. No event holds a tensor, text of a key, or anything that forces a device synchronisation.

Engine state is the truth and events are its witness: folding them rebuilds the radix tree (`NodeInserted` ...
`NodeEvicted`), and a property test compares the fold with ``Engine.snapshot()`` after every step.

The snapshot of a tree is plain data, the same from the engine and from a fold::

    {"nodes": [{"id": 0, "parent": None, "token_ids": [], "ref_count": 0, "last_access": 0}, ...]}

sorted by id; the root is node 0 and owns no tokens.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, get_args, get_type_hints

TreeSnapshot: TypeAlias = dict[str, Any]
"""Plain data of a radix tree; see the module's docstring."""


class _Late:
    """Fields of an event that become tuples when they are read: long ones, given as arrays, that often nobody reads."""

    __slots__ = ("_late",)

    if not TYPE_CHECKING:  # else every attribute would seem to be there

        def __getattr__(self, name: str) -> Any:
            """The field ``name``; the same on every thread, and kept."""
            late = _late_fields(self)
            if name in late:
                object.__setattr__(self, name, tuple(late[name].tolist()))
            return object.__getattribute__(self, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(_Late):
    """What every event carries. The journal stamps all three when it takes the event.

    Attributes
    ----------
    seq
        Position in the engine's total order, from 0.
    step
        The engine step during which it happened; -1 before the first.
    t_ns
        Host monotonic time, nanoseconds.
    """

    seq: int = -1
    step: int = -1
    t_ns: int = 0


# --- the radix tree -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyframe(Event):
    """The whole tree at the moment a recording began, so that a recording begun on a warm cache folds too."""

    tree: TreeSnapshot
    capacity_tokens: int
    running: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheReset(Event):
    """Everything but the root was dropped (`Engine.flush_cache`)."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeInserted(Event):
    """A new leaf under ``parent`` owns ``token_ids``; it was written by request ``rid``. ``tick`` is its last access."""

    node: int
    parent: int
    token_ids: tuple[int, ...]
    rid: int
    tick: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeExtended(Event):
    """Leaf ``node`` grew by ``token_ids``: request ``rid``, which wrote it and alone uses it, computed more of its sequence."""

    node: int
    token_ids: tuple[int, ...]
    rid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSplit(Event):
    """``upper``, new, took the first ``length_tokens`` tokens of ``node`` and stands between it and its old parent.

    ``upper`` inherits the reference count and the last access of ``node``.
    """

    node: int
    upper: int
    length_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PathAccessed(Event):
    """Every node from ``node`` up to the root (without the root) was accessed at ``tick`` on behalf of ``rid``."""

    node: int
    rid: int
    tick: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PathLocked(Event):
    """The reference count of every node from ``node`` up to the root (without the root) rose by one."""

    node: int
    rid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PathUnlocked(Event):
    """The reference count of every node from ``node`` up to the root (without the root) fell by one."""

    node: int
    rid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEvicted(Event):
    """A leaf left the tree and gave ``length_tokens`` KV slots back, to make room for request ``for_rid`` (-1: nobody)."""

    node: int
    length_tokens: int
    for_rid: int = -1


# --- requests -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestQueued(Event):
    """A request arrived.

    ``program``, ``branch`` and ``op`` say which call of which program wrote it (-1: none); ``after`` names the requests
    whose results it waited for and ``think_ms`` the time between the last of them and this one. ``logprobs_from`` is the
    first prompt position whose logprob it wants (tokens from the one before it are computed, cached or not); -1: none.
    """

    rid: int
    prompt_ids: tuple[int, ...]
    max_new_tokens: int
    program: int = -1
    branch: int = -1
    op: int = -1
    after: tuple[int, ...] = ()
    think_ms: float = 0.0
    logprobs_from: int = -1

    @property
    def prompt_tokens(self) -> int:
        """Tokens of the prompt; asking for no more spares the making of a long tuple."""
        late = _late_fields(self).get("prompt_ids")
        return len(self.prompt_ids) if late is None else len(late)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDeferred(Event):
    """Admission waited one step because running request ``for_rid`` is computing ``shared_tokens`` tokens of its prompt."""

    rid: int
    for_rid: int
    shared_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAdmitted(Event):
    """A request joined the batch; ``cached_tokens`` of its ``prompt_tokens`` were cached.

    ``cached_output_tokens`` of its output so far, behind the whole prompt, were cached too: of what a constraint forces before anything
    is sampled, and after a preemption of what it had generated. No hit rate counts them.
    """

    rid: int
    node: int
    prompt_tokens: int
    cached_tokens: int
    cached_output_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPreempted(Event):
    """The pool was full: a running request went back to the queue with its ``output_tokens`` tokens so far."""

    rid: int
    output_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFinished(Event):
    """A request ended; ``reason`` is ``stop`` or ``length``. ``output_ids`` are all tokens it generated.

    ``output_logprobs`` are their log-probabilities, nats, if the request asked for logprobs.
    """

    rid: int
    reason: str
    output_ids: tuple[int, ...]
    prompt_tokens: int
    cached_tokens: int
    output_logprobs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAborted(Event):
    """A request was given up; ``reason`` says by whom or why."""

    rid: int
    reason: str
    output_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestConstrained(Event):
    """A request's output must match ``source``: ``form`` is ``regex``, ``json_schema`` or ``ebnf``.

    The machine has ``states`` states; 0: a library holds it.
    """

    rid: int
    form: str
    source: str
    states: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JumpForward(Event):
    """A constraint forced ``token_ids``: they were appended behind ``position`` output tokens without being sampled.

    ``text`` is what they newly spell and ``held_back`` what is forced behind it but left to sampling; where either ends inside
    a character, its bytes stand as ``\\xNN``. ``state`` is the machine's state before, ``mode`` is ``safe`` or ``text``.
    """

    rid: int
    mode: str
    state: int
    position: int
    token_ids: tuple[int, ...]
    text: str
    held_back: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retokenized(Event):
    """A jump changed tokens that were there: behind ``position`` output tokens, ``old_ids`` became ``new_ids``.

    ``dropped_kv_tokens`` tokens whose KV was computed are computed anew.
    """

    rid: int
    position: int
    old_ids: tuple[int, ...]
    new_ids: tuple[int, ...]
    dropped_kv_tokens: int


# --- steps ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlanned(Event):
    """What one forward pass will run: ``prefill`` has ``(rid, tokens)`` pairs; ``order`` is the queue's order (first 64)."""

    prefill: tuple[tuple[int, int], ...]
    decode: tuple[int, ...]
    waiting: int
    order: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished(Event):
    """One forward pass is done: ``token_ids[i]`` was sampled for ``rids[i]`` (-1: no token was due).

    ``free_tokens + cached_tokens + used_tokens`` is the pool's capacity: slots free, in the tree and evictable, in use by
    running requests.
    """

    rids: tuple[int, ...]
    token_ids: tuple[int, ...]
    forward_ms: float
    free_tokens: int
    cached_tokens: int
    used_tokens: int


# --- programs -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramStarted(Event):
    """A program of the language began."""

    program: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchForked(Event):
    """Prompt state ``parent`` was copied into ``branches``."""

    program: int
    parent: int
    branches: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchJoined(Event):
    """The branches gave their variables (``gather_variable``) or their text (``concate_and_append``) back to ``parent``."""

    program: int
    parent: int
    branches: tuple[int, ...]
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanAppended(Event):
    """Text was appended to a prompt state: ``origin`` is ``template``, ``decoded``, ``jumped`` or ``selected``."""

    program: int
    branch: int
    origin: str
    text: str
    name: str = ""
    rid: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCallSpeculated(Event):
    """A call of API speculative execution was let run on past its end: ``text`` is what it said beyond."""

    program: int
    branch: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCallAccepted(Event):
    """A call was not made, because an earlier one had said ``text``: what the program appended and the call's answer.

    Its prompt would have had at least ``prompt_tokens_saved`` tokens.
    """

    program: int
    branch: int
    text: str
    prompt_tokens_saved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCallRejected(Event):
    """What an earlier call had said beyond its end, ``text``, was dropped at the next call: the program had ``appended`` other text,
    or the call's end could not be told in it."""

    program: int
    branch: int
    text: str
    appended: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramFinished(Event):
    """A program ended; ``error`` is empty when it ended well."""

    program: int
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteCallFinished(Event):
    """A call of a program to a server came back, or failed (``error``). The counts are the server's own; 0 where it does not tell.

    ``what`` is ``gen``, ``select``, ``hint`` or ``prefix``; ``first_token_ms`` is -1 where the answer came whole.
    """

    program: int
    branch: int
    op: int
    what: str
    duration_ms: float
    first_token_ms: float = -1.0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStopped(Event):
    """The engine ended: it was shut down, or it broke; ``reason`` says which. Nothing follows."""

    reason: str


AnyEvent: TypeAlias = (
    Keyframe
    | CacheReset
    | NodeInserted
    | NodeExtended
    | NodeSplit
    | PathAccessed
    | PathLocked
    | PathUnlocked
    | NodeEvicted
    | RequestQueued
    | RequestDeferred
    | RequestAdmitted
    | RequestPreempted
    | RequestConstrained
    | JumpForward
    | Retokenized
    | RequestFinished
    | RequestAborted
    | StepPlanned
    | StepFinished
    | ProgramStarted
    | BranchForked
    | BranchJoined
    | SpanAppended
    | ApiCallSpeculated
    | ApiCallAccepted
    | ApiCallRejected
    | ProgramFinished
    | RemoteCallFinished
    | EngineStopped
)

KINDS: Mapping[str, type[Event]] = {kind.__name__: kind for kind in get_args(AnyEvent)}
"""Every kind by its name, as it stands in a trace file."""


def to_dict(event: Event) -> dict[str, Any]:
    """An event as JSON-able data: its fields and ``kind``."""
    name = type(event).__name__
    data: dict[str, Any] = {"kind": name}
    for field in _fields(name):
        data[field.name] = getattr(event, field.name)
    return data


def from_dict(data: Mapping[str, Any], numbers: dict[int, int] | None = None) -> Event | None:
    """The event that `to_dict` wrote; None for a kind this version does not know (newer files stay readable).

    Fields that this version does not know are ignored.

    Parameters
    ----------
    data
        Of JSON.
    numbers
        Numbers of long runs are taken from here where they are, else put here: whoever reads many events has each token id once, for
        a quarter of the memory. None: each event has its own.

    Raises
    ------
    KeyError
        A field is missing.
    """
    name = data["kind"]
    kind = KINDS.get(name)
    if kind is None:
        return None
    values: dict[str, Any] = {}
    for field in _fields(name):
        if field.name in data:
            raw = data[field.name]
            values[field.name] = _tuples(raw, numbers) if type(raw) is list and not field.mapping else raw
        elif field.required:
            raise KeyError(field.name)
    return kind(**values)


class _Field(NamedTuple):
    name: str
    required: bool
    mapping: bool


@functools.cache
def _fields(kind: str) -> tuple[_Field, ...]:
    """A kind's fields. A trace has them looked up for every line, so they are worked out once."""
    hints = get_type_hints(KINDS[kind])
    found = []
    for field in dataclasses.fields(KINDS[kind]):
        required = field.default is dataclasses.MISSING
        found.append(_Field(field.name, required, bool(hints[field.name] == TreeSnapshot)))
    return tuple(found)


def _tuples(values: list[Any], numbers: dict[int, int] | None) -> tuple[Any, ...]:
    """Lists as tuples, all the way down; JSON has no tuples. Lists here hold things of one kind."""
    if values and type(values[0]) is list:
        return tuple(_tuples(value, numbers) for value in values)
    if numbers is not None and len(values) >= _LONG and type(values[0]) is int:
        return tuple(map(numbers.setdefault, values, values))
    return tuple(values)


_LONG = 16
"""Runs that are worth looking their numbers up."""


# --- events that are made late ---------------------------------------------------------------------------------------

_LATE_SLOT = _Late.__dict__["_late"]
_STAMP = ("seq", "step", "t_ns")
_AS_IT_IS = frozenset({int, float, str, bool, tuple, dict})
_NOTHING_LATE: Mapping[str, Any] = {}


def stamped(event: Event, seq: int, step: int, t_ns: int) -> Event:
    """``event`` itself, which nobody has seen yet."""
    for name, value in zip(_STAMP, (seq, step, t_ns), strict=True):
        object.__setattr__(event, name, value)
    return event


class Makers(dict[type[Event], Callable[..., Event]]):
    """By kind, a constructor of ``seq, step, t_ns, *fields``; for all fields of its own in the order of their declaration.

    What it makes equals what the kind's own constructor gives, for a fraction of the time: what is frozen is slow to set, so a twin that is
    not is set and then becomes ``kind``. Lists become tuples, functions are called; arrays become tuples when they are read, so nobody may
    change them.
    """

    def __missing__(self, kind: type[Event]) -> Callable[..., Event]:
        """Made once."""
        found = self[kind] = _maker(kind)
        return found


MAKERS = Makers()
"""Of every kind."""


def _maker(kind: type[Event]) -> Callable[..., Event]:
    own = dataclasses.fields(kind)[len(_STAMP) :]
    twin = type(
        kind.__name__, (kind,), {"__slots__": (), "__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    )
    given = [field.name if field.default is dataclasses.MISSING else f"{field.name}={field.default!r}" for field in own]
    lines = [f"def make({', '.join([*_STAMP, *given])}):", " event = new(twin)"]
    lines += [f" event.{name} = {name}" for name in _STAMP]
    for field in own:
        lines.append(f" if type({field.name}) in as_it_is: event.{field.name} = {field.name}")
        lines.append(f" else: keep(event, {field.name!r}, {field.name})")
    lines += [" event.__class__ = kind", " return event"]
    names: dict[str, Any] = {"new": object.__new__, "twin": twin, "kind": kind, "as_it_is": _AS_IT_IS, "keep": _keep}
    exec("\n".join(lines), names)
    make: Callable[..., Event] = names["make"]
    return make


def _keep(event: Event, name: str, value: Any) -> None:
    """Set a field that is no plain value, or keep its array for later."""
    if type(value) is list:
        object.__setattr__(event, name, tuple(value))
    elif callable(value):
        object.__setattr__(event, name, value())
    else:
        _LATE_SLOT.__set__(event, {**_late_fields(event), name: value})


def _late_fields(event: _Late) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = _LATE_SLOT.__get__(event)
    except AttributeError:
        return _NOTHING_LATE
    return found
