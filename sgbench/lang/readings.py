"""Reading a state's variables: waiting for the call that makes one, and saying why it will not come. Knows executors; submits nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from sgbench.errors import UsageError
from sgbench.lang.variables import MISSING, Meta, Slot

if TYPE_CHECKING:
    from sgbench.lang.executor import StreamExecutor


def variable(state: StreamExecutor, name: str | None) -> Any:
    """See `StreamExecutor.get_var`."""
    slot = _submitted(state, name)
    if slot is not None:
        if slot.opened_by == threading.get_ident() and not slot.done.is_set():
            raise UsageError(f"variable {name!r} is the text of a scope that is still open: read it after the block")
        _refuse_waiting_for_itself(state, slot)
        found = value(state, slot)
        state.run.root.reads.extend(slot.rids)
        return found
    if name in state.variables:
        return state.variables[name]
    raise _missing(state, name)


def value(state: StreamExecutor, slot: Slot) -> Any:
    """See `StreamExecutor.result`."""
    state.queue.help(slot.done)
    slot.done.wait()
    if slot.value is MISSING:
        raise _missing(state, slot.name)
    return slot.value


def meta_info(state: StreamExecutor, name: str | None, timeout: float | None) -> Meta | None:
    """See `StreamExecutor.get_meta_info`."""
    slot = _submitted(state, name)
    if slot is None:
        return state.meta_info.get(name)
    if not slot.done.wait(timeout):
        raise TimeoutError(f"the meta information of {name!r} did not come within {timeout} s")
    return slot.meta


def _submitted(state: StreamExecutor, name: str | None) -> Slot | None:
    """The submission of ``name``, waiting for it if the body runs beside the calling thread."""
    if state.body.detached and state.body.thread != threading.get_ident():
        while True:
            seen = state.pulse.beats
            if state.slot(name) is not None or name in state.variables or state.quiet:
                break
            state.pulse.wait(seen)
    return state.slot(name)


def _refuse_waiting_for_itself(state: StreamExecutor, slot: Slot) -> None:
    """Only the body ends a turn that one call generates; it must not wait for that call before."""
    if state.speculation is not None and state.body.thread == threading.get_ident():
        state.queue.idle.wait()
        if slot in state.speculation.kept and not slot.done.is_set():
            raise UsageError(
                f"variable {slot.name!r} comes with the whole assistant's turn (num_api_spec_tokens): read it after the turn"
            )


def _missing(state: StreamExecutor, name: str | None) -> KeyError:
    if state.error_ is None:
        return KeyError(f"the program has no variable {name!r}; it has {sorted(map(str, state.variables))}")
    told = f"variable {name!r} will not come, because the program failed: {type(state.error_).__name__}: {state.error_}"
    missing = KeyError(told)
    missing.__cause__ = state.error_
    return missing
