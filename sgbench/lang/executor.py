"""The stream executor: everything about one prompt state (paper section 2, interpreter).

Submitting never blocks: nodes go through the state's `NodeQueue`, and what each does is in `sgbench.lang.effects`. Knows the
backend protocol; knows no engine.

Every wait ends: a failure, an interrupt or the program's end opens every latch that anybody may wait for, and what is
submitted afterwards is opened at once.
"""

from __future__ import annotations

import itertools
import threading
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Any

from sgbench.errors import EngineStoppedError, UsageError
from sgbench.lang import effects, readings
from sgbench.lang.aborts import Aborts, OnInterrupt
from sgbench.lang.api_speculation_turn import speculation
from sgbench.lang.calls import Call
from sgbench.lang.chat_template import ChatTemplate, Message
from sgbench.lang.ir import SglConstantText, SglExpr
from sgbench.lang.node_queue import Item, NodeQueue
from sgbench.lang.run import Body, CallSite, Run
from sgbench.lang.sampling import SglSamplingParams
from sgbench.lang.spans import Origin, Usage
from sgbench.lang.transcript import Transcript
from sgbench.lang.variables import Meta, Slot, release
from sgbench.lang.waiting import Latch, Pulse
from sgbench.lang.walk import closed_scopes, made_variables, never_blocks, pauses
from sgbench.trace.events import SpanAppended

if TYPE_CHECKING:
    from sgbench.backends.base import BaseBackend

_sids = itertools.count()
_NOTHING = Usage()


class StreamExecutor:
    """Executes what is submitted to one prompt state.

    Attributes that backends read (SGLang's names): ``text_``, ``messages_``, ``variables``, ``variable_event``, ``meta_info``,
    ``images_``, ``cur_images``, ``cur_role``, ``arguments``, ``sid``, ``error_``, ``is_finished``, ``fork_start_text_pos``.

    Parameters
    ----------
    backend, arguments, default_sampling_para, chat_template, stream, num_api_spec_tokens, use_thread
        As in SGLang. ``use_thread=False`` executes inside ``submit``, where errors are raised; forks do as their source does.
    run, body
        The run and the Python body that the state belongs to; None: a run of its own, without a body.
    source
        The executor that this one was forked from.
    """

    def __init__(
        self,
        backend: BaseBackend,
        arguments: dict[str, Any],
        default_sampling_para: SglSamplingParams,
        chat_template: ChatTemplate | None,
        stream: bool,
        num_api_spec_tokens: int | None = None,
        use_thread: bool = True,
        *,
        run: Run | None = None,
        body: Body | None = None,
        source: StreamExecutor | None = None,
    ) -> None:
        self.backend = backend
        self.arguments = arguments
        self.default_sampling_para = default_sampling_para
        self.chat_template = chat_template or backend.get_chat_template()
        self.stream = stream
        self.num_api_spec_tokens: int | None = source.num_api_spec_tokens if source else num_api_spec_tokens
        self.speculation = speculation(backend, self.num_api_spec_tokens, source)
        self.use_thread: bool = source.use_thread if source else use_thread
        self.sid = f"state-{next(_sids)}"
        self.run = run or Run(backend, "state", default_sampling_para)
        self.body = body or Body(done=Latch(is_open=True))
        self.branch = self.run.add(self)

        self.transcript: Transcript = source.transcript.copy() if source else Transcript()
        self.variables: dict[str | None, Any] = dict(source.variables) if source else {}
        self.meta_info: dict[str | None, Meta] = {}
        self.messages_: list[Message] = list(source.messages_) if source else []
        self.cur_role: str | None = source.cur_role if source else None
        self.cur_role_begin_pos: int = source.cur_role_begin_pos if source else 0
        self.images_: list[Any] = list(source.images_) if source else []
        self.cur_images: list[Any] = []
        self.fork_start_text_pos = len(source.text_) if source else 0
        self.scopes: dict[str, tuple[int, Slot]] = {}
        self.usage = _NOTHING
        self.forks: list[StreamExecutor] = []
        self.calls: list[StreamExecutor] = []
        self.error_: BaseException | None = None
        self.failed_at: SglExpr | None = None  # the node, as it was submitted, whose execution failed
        self.is_finished = False
        self.published: list[int] = []  # lengths of the text at which readers of the stream may look
        self.pulse = Pulse()

        self.call = CallSite(self.run.program, self.branch, -1)
        self.last_rids: tuple[int, ...] = source.last_rids if source else ()
        self._ops = itertools.count()
        self._reads_seen: int = source._reads_seen if source else 0
        self._slots: dict[str | None, Slot] = {}
        self.queue = NodeQueue(self._perform, self.run, self.pulse.beat)
        self._lock = threading.Lock()
        self._aborts = Aborts()
        self._ended = self._abandoned = False
        backend.begin_program(self)

    # --- what backends and views read ---------------------------------------------------------------------------

    @property
    def text_(self) -> str:
        """The text so far; never waits."""
        return self.transcript.text

    @property
    def variable_event(self) -> dict[str | None, Latch]:
        """What opens when each submitted variable is there."""
        return {name: slot.done for name, slot in self._slots.items()}

    @property
    def given_up(self) -> bool:
        """Was the state told to stop?"""
        return self._aborts.given_up

    @property
    def quiet(self) -> bool:
        """Will nothing more be appended unless somebody submits to a state whose program has returned?"""
        return self.is_finished or (self.body.done.is_set() and not self.queue.working)

    def slot(self, name: str | None) -> Slot | None:
        """The latest submission of variable ``name``."""
        return self._slots.get(name)

    # --- submitting ---------------------------------------------------------------------------------------------

    def submit(self, expr: SglExpr, here: bool = False) -> None:
        """Queue ``expr``; returns at once. After a failure it is dropped, and what waits for it is released.

        Parameters
        ----------
        here
            The caller will wait for it anyway: it is executed on the calling thread, if nothing is before it. Not on the main thread,
            where an interrupt must find the language's own wait.

        Raises
        ------
        UsageError
            The state's program has ended, or its branch was joined.
        """
        if self._ended and self.error_ is None:
            raise UsageError("this prompt state has ended: fork it, or begin another, to go on")
        if self.run.witness is not None:
            self.run.witness(expr)
        slots = [] if type(expr) is SglConstantText else self._slots_of(expr)
        apart = self.use_thread and (not here or threading.current_thread() is threading.main_thread())
        blocks = apart and (self.speculation is not None or not never_blocks(expr))
        item = Item(expr, slots, blocks, pauses=blocks and self._pauses(expr))
        before = self.error_
        if not self.queue.put(item):
            release(slots, held_too=True)
        error = self.error_
        if error is not None and error is not before and not (self.use_thread and isinstance(error, Exception)):
            raise error  # of this thread: without a worker, or an interrupt

    def _pauses(self, expr: SglExpr) -> bool:
        """Can ``expr`` be left where it waits?"""
        return self.backend.pauses and self.speculation is None and not self.stream and pauses(expr)

    def _slots_of(self, expr: SglExpr) -> list[Slot]:
        """A slot for each variable that ``expr`` makes."""
        slots = [Slot(name, scope) for name, scope in made_variables(expr)]
        for name in closed_scopes(expr):
            if name in self._slots:
                self._slots[name].opened_by = None
        if slots:
            for slot in slots:
                self._slots[slot.name] = slot
            self.pulse.beat()
        return slots

    def end(self) -> None:
        """Nothing more will be submitted. Idempotent; returns at once."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
        self.queue.put(Item(None))

    def _perform(self, item: Item) -> Call[None]:
        try:
            if item.expr is None:
                self._finish()
            elif self.error_ is None:
                yield from effects.performed(self, item.expr, iter(item.slots))
        except BaseException as error:
            self.failed_at = item.expr
            self._fail(error)
        finally:
            release(item.slots)

    def _finish(self) -> None:
        if self.speculation is not None and self.error_ is None:
            self.speculation.check_closed()
        self._close_scopes()
        self.is_finished = True
        self.publish()
        self.backend.end_program(self)

    # --- failing and giving up ----------------------------------------------------------------------------------

    def _fail(self, error: BaseException) -> None:
        self._drop(error)
        self.is_finished = True
        self.publish()
        expected = self.given_up or isinstance(error, EngineStoppedError)
        if self.use_thread and self.run.warns and not expected:
            with suppress(RuntimeWarning):  # a filter that raises must not end the worker
                warnings.warn(f"{self.run.name} failed: {type(error).__name__}: {error}", RuntimeWarning, stacklevel=2)

    def _drop(self, error: BaseException) -> None:
        """The state has failed by ``error``: forget what is queued."""
        if self.error_ is None:
            self.error_ = error
        for item in self.queue.drop():
            release(item.slots, held_too=True)
        self._close_scopes()

    def _close_scopes(self) -> None:
        if self.scopes:
            release([slot for _, slot in self.scopes.values()], held_too=True)
            self.scopes.clear()
        if self.speculation is not None:
            release(self.speculation.kept, held_too=True)

    def fail(self, error: BaseException) -> None:
        """The program failed outside this executor: drop what is queued, keep the text."""
        self._drop(error)
        self.is_finished = True
        self.publish()

    def refuse(self, error: BaseException) -> None:
        """The program cannot run here: nothing of it is executed.

        Raises
        ------
        BaseException
            ``error``, in a state without threads.
        """
        self._fail(error)
        if not self.use_thread:
            raise error

    def stop(self, error: BaseException) -> None:
        """Begin to give up: drop what is queued, abort the request that runs. States that are done are left alone."""
        with self._lock:
            if self.is_finished or (self._ended and not self.queue.working):
                return
            aborts = self._aborts.give_up()
        self._drop(error)
        for abort in aborts:
            abort()

    def abandon(self, timeout_s: float) -> None:
        """After `stop`: wait for the call that runs, then release every waiter and ignore what still comes."""
        if not self.given_up or self._abandoned:
            return
        self.queue.idle.wait(max(timeout_s, 0.0))
        current = self.queue.current
        self._abandoned = current is not None
        self.is_finished = True
        release(current.slots if current else (), held_too=True)
        self.queue.idle.set()
        self.publish()

    def abortable(self, abort: Callable[[], Any]) -> AbstractContextManager[None]:
        """While inside, giving the state up calls ``abort`` (from another thread); at once if it was given up before."""
        return self._aborts.during(abort)

    # --- waiting ------------------------------------------------------------------------------------------------

    def interruptible(self) -> AbstractContextManager[None]:
        """`KeyboardInterrupt` inside gives the whole run up, and goes on."""
        return OnInterrupt(self._interrupted)

    def _interrupted(self) -> None:
        self.run.root.cancel("interrupted")

    def sync(self) -> None:
        """Wait until everything submitted has been executed.

        The thread that began the body beside itself waits for the body too: right after that nothing may have been submitted yet. Other
        threads do not, since the body may be waiting for them.
        """
        with OnInterrupt(self._interrupted):
            if self.body.starter is not None and self.body.starter == threading.get_ident():
                self.body.done.wait()
            if self.queue.working:
                idle = self.queue.idle
                self.queue.help(idle)
                idle.wait()

    def leave_off(self) -> Latch | None:
        """As `sync`, but what can wait without a thread is left waiting: then what opens when everything has been executed."""
        idle = self.queue.leave_off()
        if idle is None:
            self.sync()
        return idle

    def text(self) -> str:
        """The text, after `sync`."""
        self.sync()
        return self.text_

    def messages(self) -> list[Message]:
        """The closed turns, after `sync`."""
        self.sync()
        return self.messages_

    def error(self) -> BaseException | None:
        """What failed, after `sync`; None: nothing."""
        self.sync()
        return self.error_

    def get_var(self, name: str | None) -> Any:
        """The value of a variable, waiting for the call that makes it.

        Raises
        ------
        KeyError
            It was never submitted, or its call failed; the message tells which.
        UsageError
            The calling thread asks for a variable whose scope it has not closed yet: it would wait for itself.
        """
        with self.interruptible():
            return readings.variable(self, name)

    def result(self, slot: Slot) -> Any:
        """The value of one submission, waiting for it.

        Raises
        ------
        KeyError
            Its call failed.
        """
        return readings.value(self, slot)

    def rids(self, name: str | None) -> tuple[int, ...]:
        """Requests that made variable ``name``, as far as they are known."""
        slot = self._slots.get(name)
        return slot.rids if slot else ()

    def set_var(self, name: str | None, value: Any) -> None:
        """Set a variable; no text changes and nothing waits."""
        self._slots.pop(name, None)
        self.variables[name] = value

    def get_meta_info(self, name: str | None, timeout: float | None = None) -> Meta | None:
        """Meta information of the call that makes ``name``, waiting for it at most ``timeout`` seconds; None: none.

        Raises
        ------
        TimeoutError
            It did not come in time.
        """
        with self.interruptible():
            return readings.meta_info(self, name, timeout)

    # --- what effects do to the state ---------------------------------------------------------------------------

    def write(self, text: str, origin: Origin, name: str | None = None) -> None:
        """Append ``text``; nothing if the state was given up meanwhile."""
        if text and not self._abandoned:
            self.transcript.append(text, origin, name)

    def announce(self, text: str, origin: Origin, name: str | None = None) -> None:
        """Tell who listens that ``text`` was appended, whole."""
        if text and self.backend.listening:
            rid = self.last_rids[-1] if self.last_rids and origin != "template" else -1
            self.backend.emit(
                SpanAppended(
                    program=self.run.program, branch=self.branch, origin=origin, text=text, name=name or "", rid=rid
                )
            )

    def publish(self) -> None:
        """Readers of the stream may have the text so far, as one more piece."""
        self.published.append(len(self.text_))
        self.pulse.beat()

    def store(self, slot: Slot, value: Any) -> None:
        """``value`` is the slot's, and the variable's unless another submission or an assignment replaced it."""
        if not self._abandoned:
            slot.value = value
            if self._slots.get(slot.name) is slot:
                self.variables[slot.name] = value

    def begin_call(self) -> None:
        """The next call to the backend begins: number it, and say what it waited for."""
        root = self.run.root
        reads = root.reads
        after = tuple(dict.fromkeys((*self.last_rids, *reads[self._reads_seen :])))
        self._reads_seen = len(reads)
        op = next(self._ops)
        self.call = CallSite(self.run.program, self.branch, op, after, root.since(after))
        self.last_rids = ()

    def note_request(self, rid: int) -> None:
        """The call that runs made engine request ``rid``."""
        self.last_rids = (*self.last_rids, rid)
        self.run.root.note_finished(rid)
