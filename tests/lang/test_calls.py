"""Calls that wait without a thread: the same results as blocking ones, few threads, and nothing lost, held or left behind."""

from __future__ import annotations

import gc
import threading
import weakref
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sgbench as sgl
from sgbench.backends.local import LocalBackend
from sgbench.errors import EngineStoppedError, UsageError
from sgbench.lang import turns as turns_module
from sgbench.lang.batch import Batch
from sgbench.lang.calls import Call, left_waiting, waited
from sgbench.lang.turns import Turns
from sgbench.lang.waiting import Latch
from tests.lang.local import backend, completion
from tests.lang.test_on_the_engine import PROGRAMS, everything, interpret

pytestmark = [pytest.mark.timeout(120), pytest.mark.filterwarnings("ignore:.*failed.*:RuntimeWarning")]


class Blocking(LocalBackend):
    """The slow twin: every call blocks the thread that makes it."""

    pauses = False  # type: ignore[assignment]


def twin(place: LocalBackend) -> Blocking:
    return Blocking(place.engine, place.chat_template)


# --- calls ------------------------------------------------------------------------------------------------------------


def adds(*latches: Latch) -> Call[int]:
    done = 0
    for latch in latches:
        yield latch
        done += 1
    return done


def test_a_call_blocks_or_is_left_and_returns_the_same() -> None:
    opened, closed, told = Latch(is_open=True), Latch(), []
    assert waited(adds(opened, opened)) == 2 and waited(adds()) == 0
    call = adds(opened, closed)
    assert left_waiting(call, lambda: told.append("first")) and told == ["first"]
    assert left_waiting(call, lambda: told.append("second")) and told == ["first"]
    closed.set()
    assert told == ["first", "second"] and not left_waiting(call, told.clear)


def test_what_a_wait_raises_is_raised_in_the_call() -> None:
    class Broken(Latch):
        def wait(self, timeout: float | None = None) -> bool:
            raise UsageError("broken")

    def careful() -> Call[str]:
        try:
            yield Broken()
        except UsageError as error:
            return f"caught {error}"
        return "nothing"

    assert waited(careful()) == "caught broken"
    with pytest.raises(UsageError, match="broken"):
        waited(adds(Broken()))


def test_a_latch_tells_once_and_at_once_if_it_is_open() -> None:
    latch, told = Latch(), []
    latch.then(lambda: told.append(1))
    latch.then(lambda: told.append(2))
    assert told == []
    latch.set()
    latch.set()
    latch.then(lambda: told.append(3))
    assert told == [1, 2, 3]


# --- tasks in turn ----------------------------------------------------------------------------------------------------


def test_a_task_is_done_by_whoever_passes_the_turn_on_or_by_a_thread_of_its_own() -> None:
    turns, ran, done = Turns(60.0), [], threading.Event()
    assert turns.take()
    turns.soon(lambda: ran.append(threading.get_ident()))
    turns.soon(lambda: ran.append(threading.get_ident()))
    assert ran == []
    turns.give()
    assert ran == [threading.get_ident()] * 2
    turns.soon(lambda: (ran.append(threading.get_ident()), done.set()))  # type: ignore[func-returns-value]
    assert done.wait(60) and ran[2] != threading.get_ident()
    assert turns.take()


def test_a_task_goes_on_though_the_turn_is_kept() -> None:
    turns, done = Turns(patience_s=0.001), threading.Event()
    assert turns.take()
    turns.soon(done.set)
    assert done.wait(60)
    turns.give()


def test_who_withdraws_is_not_begun() -> None:
    turns, begun = Turns(60.0), []
    asks = [lambda has_turn, i=i: begun.append(i) for i in range(3)]
    assert turns.take()
    for ask in asks:
        turns.ask(ask)
    turns.withdraw({asks[0], asks[2]})
    turns.give()
    assert begun == [1]


# --- batches ----------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["now", "goes on", "raises"]), min_size=1, max_size=12),
    st.integers(1, 5),
    st.booleans(),
    st.integers(0, 2**32),
)
def test_no_more_items_than_threads_are_under_way_and_all_are_given(kinds, threads, in_turns, seed) -> None:
    random = Random(seed)
    lock, under_way, most, waiting = threading.Lock(), 0, 0, []

    def run(i: int) -> Latch | None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        if kinds[i] == "goes on":
            latch = Latch()
            latch.then(left)  # before the batch hears of it
            with lock:
                waiting.append(latch)
            return latch
        left()
        if kinds[i] == "raises":
            raise ValueError(str(i))
        return None

    def left() -> None:
        nonlocal under_way
        with lock:
            under_way -= 1

    def answer() -> None:
        while not batch.complete:
            with lock:
                latch = waiting.pop(random.randrange(len(waiting))) if waiting else None
            if latch is not None:
                latch.set()

    batch = Batch(len(kinds), run, None, Turns(60.0) if in_turns else None)
    answering = threading.Thread(target=answer)
    answering.start()
    batch.start(min(threads, len(kinds)))
    assert list(batch.results(keep=True)) == list(range(len(kinds)))
    answering.join()
    assert most <= threads and under_way == 0
    assert sorted(batch.failures) == [i for i, kind in enumerate(kinds) if kind == "raises"]


# --- programs ---------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.lists(PROGRAMS, min_size=1, max_size=4), st.integers(1, 4))
def test_programs_say_what_they_say_when_every_call_blocks(programs: list, threads: int) -> None:
    place = backend(2000, max_prefill_tokens=16)
    assert place.pauses
    with place.engine:
        results = []
        for there in (place, twin(place)):
            states = interpret.run_batch([{"program": p} for p in programs], backend=there, num_threads=threads)
            results.append([everything(state) for state in states])
        assert results[0] == results[1]
        place.engine.check_integrity()


def test_programs_that_wait_need_no_thread_each() -> None:
    most = 0

    @sgl.function
    def program(s, i):
        nonlocal most
        most = max(most, threading.active_count())
        with s.user():
            s += f"number {i}"
        with s.assistant():
            s += sgl.gen("x", max_tokens=3)
        s += sgl.select("y", ["a", "bb"])
        s.assistant(sgl.gen("z", max_tokens=2))

    place = backend(20_000, max_running=64)
    with place.engine:
        before = threading.active_count()
        states = program.run_batch([{"i": i} for i in range(60)], backend=place, num_threads=60)
        assert most <= before + 12 and len({state["x"] for state in states}) > 10
        texts = [s.text() for s in program.run_batch([{"i": i} for i in range(60)], backend=twin(place))]
        assert [state.text() for state in states] == texts
        assert most > before + 20  # the measure measures: the twin's calls need a thread each


def test_a_fork_is_begun_and_joined_by_one_thread(monkeypatch) -> None:
    monkeypatch.setattr(turns_module, "OVERDUE", SimpleNamespace(watch=lambda thing, delay_s: None))  # however slow
    seen: set[int] = set()

    class Watched(LocalBackend):
        def _submit(self, *args: Any) -> Any:
            seen.add(threading.get_ident())
            return super()._submit(*args)

    @sgl.function
    def program(s):
        seen.add(threading.get_ident())
        s += "ab"
        forks = s.fork(5)
        forks += lambda i: f"{i}" + sgl.gen("y", max_tokens=2)
        forks.join()

    first = backend(max_running=8)
    with first.engine:
        place = Watched(first.engine, first.chat_template)
        place.turns = Turns(60.0)
        (state, other) = program.run_batch([{}, {}], backend=place, num_threads=2)
        assert state["y"] == other["y"] == [completion(f"ab{i}", 2) for i in range(5)]
        assert len(seen - {threading.get_ident()}) == 2  # one for each body; tracing it was done here


def test_what_a_subclass_overrides_is_called() -> None:
    class Loud(LocalBackend):
        def generate(self, s, sampling_params):
            text, meta = super().generate(s, sampling_params)
            return text.upper(), meta

    @sgl.function
    def program(s, start):
        s += start + sgl.gen("x", max_tokens=3)

    first = backend()
    with first.engine:
        place = Loud(first.engine, first.chat_template)
        states = program.run_batch([{"start": "ab"}, {"start": "cd"}], backend=place)
        assert [s["x"] for s in states] == [completion("ab", 3).upper(), completion("cd", 3).upper()]


def test_a_failure_while_nobody_waits_stays_in_its_state() -> None:
    @sgl.function
    def program(s, tokens):
        s += "ab" + sgl.gen("x", max_tokens=2) + sgl.gen("y", max_tokens=tokens, regex="a{1000}") + "never"

    place = backend()
    with place.engine:
        states = program.run_batch([{"tokens": 1}] * 3, backend=place)
        assert [type(s.error()).__name__ for s in states] == ["ConstraintError"] * 3
        assert [s.text() for s in states] == ["ab" + completion("ab", 2)] * 3
        place.engine.check_integrity()


def test_turns_that_are_taken_away_hold_nobody_up() -> None:
    @sgl.function
    def program(s, i):
        s += f"{i}" + sgl.gen("x", max_tokens=30)
        place.turns = None

    place = backend(2000)
    with place.engine:
        states = program.run_batch([{"i": i} for i in range(6)], backend=place, num_threads=6)
        assert [s["x"] for s in states] == [completion(f"{i}", 30) for i in range(6)]


def test_an_engine_that_stops_fails_those_that_wait_without_a_thread() -> None:
    @sgl.function
    def program(s):
        s += "ab" + sgl.gen("x", max_tokens=300)
        threading.Thread(target=place.engine.shutdown).start()

    place = backend()
    states = program.run_batch([{}] * 6, backend=place)
    assert all(isinstance(s.error(), EngineStoppedError) for s in states if s.error() is not None)
    assert any(s.error() is not None for s in states)


def test_nothing_holds_the_engine_when_its_programs_have_ended() -> None:
    @sgl.function
    def program(s, i):
        s += f"{i}" + sgl.gen("x", max_tokens=3, n=2) + sgl.select("y", ["a", "bb"])

    place = backend()
    with place.engine:
        texts = [s["x"] for s in program.run_batch([{"i": i} for i in range(4)], backend=place)]
    gone = weakref.ref(place.engine)
    del place
    gc.collect()
    assert len(texts) == 4 and gone() is None
