"""Turns and errands: one thread computes at a time, nothing is done twice or never, and nobody waits for ever."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

import sgbench as sgl
from sgbench.lang import turns as module
from sgbench.lang.turns import Turns, aside, beside, claimed, in_turn, sleep_until, start
from sgbench.lang.waiting import Latch
from tests.lang import local
from tests.lang.local import completion

FOR_EVER_S = 60.0


def together(n: int, work) -> None:
    """Run ``work`` on ``n`` threads until all are done."""
    threads = [threading.Thread(target=work, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_one_thread_computes_at_a_time() -> None:
    turns, inside, most = Turns(FOR_EVER_S), [0], [0]

    def work(_: int) -> None:
        with in_turn(turns):
            for _ in range(50):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                sum(range(300))
                inside[0] -= 1
                with aside():
                    pass

    together(8, work)
    assert most == [1] and inside == [0]


def test_whoever_waits_lets_others_compute() -> None:
    turns, latch, order = Turns(FOR_EVER_S), Latch(), []

    def work(i: int) -> None:
        with in_turn(turns):
            if i == 0:
                order.append("waits")
                latch.wait()  # the language's own waits step aside
                order.append("goes on")
            else:
                order.append("opens")
                latch.set()

    first = threading.Thread(target=work, args=(0,))
    first.start()
    while not order:
        pass
    together(1, lambda _: work(1))
    first.join()
    assert order == ["waits", "opens", "goes on"]


def test_a_thread_that_keeps_its_turn_holds_nobody_up_for_ever() -> None:
    turns, done = Turns(patience_s=0.001), threading.Event()

    def sleeper(_: int) -> None:
        with in_turn(turns):
            done.wait()

    thread = threading.Thread(target=sleeper, args=(0,))
    thread.start()
    with in_turn(turns):
        done.set()
    thread.join()
    assert turns.take()  # nobody kept it


def test_those_whose_wait_is_over_wake_up_one_after_the_other() -> None:
    turns, wakers, inside, most = Turns(FOR_EVER_S), [], [0], [0]

    def work(_: int) -> None:
        with in_turn(turns):
            sleep_until(wakers.append)
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            sum(range(3_000))
            inside[0] -= 1

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    while len(wakers) < 8:
        pass
    for wake in wakers:
        wake()
    for thread in threads:
        thread.join()
    assert most == [1] and turns.take()


def test_those_whose_wait_is_over_go_on_though_the_turn_is_kept() -> None:
    turns, done, wakers = Turns(patience_s=0.001), threading.Event(), []

    def sleeper(_: int) -> None:
        with in_turn(turns):
            sleep_until(wakers.append)
            done.set()

    thread = threading.Thread(target=sleeper, args=(0,))
    thread.start()
    while not wakers:
        pass
    with in_turn(turns):
        wakers[0]()
        assert done.wait(FOR_EVER_S)
    thread.join()


def test_a_thread_that_takes_no_part_has_its_work_begun_at_once() -> None:
    done = threading.Event()
    with aside():
        assert beside(None, lambda has_turn: done.set()) is None
    assert done.wait(FOR_EVER_S)


def test_what_is_started_is_told_whether_it_has_the_turn() -> None:
    turns, told, done = Turns(FOR_EVER_S), [], threading.Event()

    def work(has_turn: bool | None) -> None:
        told.append(has_turn)
        if has_turn:
            turns.give()
        if len(told) == 3:
            done.set()

    start(turns, work)
    start(turns, work)
    start(None, work)
    assert done.wait(FOR_EVER_S) and sorted(map(str, told)) == ["None", "True", "True"]


@pytest.fixture(params=["turns", "no turns"])
def turns(request) -> Turns | None:
    return Turns(FOR_EVER_S) if request.param == "turns" else None


@pytest.fixture
def patient(monkeypatch) -> None:
    """Nothing is ever overdue."""
    monkeypatch.setattr(module, "OVERDUE", SimpleNamespace(watch=lambda thing, delay_s: None))


@pytest.mark.usefixtures("patient")
def test_an_errand_is_done_once_by_whoever_claims_it(turns) -> None:
    ran = []
    with in_turn(turns):
        errand = beside(turns, lambda has_turn: ran.append("another thread"))
        assert errand is not None and claimed(errand) and not claimed(errand)
        with aside():
            pass
    errand.late()
    with in_turn(turns), aside():
        pass
    assert ran == []


@pytest.mark.usefixtures("patient")
def test_only_its_giver_claims_an_errand(turns) -> None:
    found = []
    with in_turn(turns):
        errand = beside(turns, lambda has_turn: None)
        assert errand is not None
        together(1, lambda _: found.append(claimed(errand)))
        assert claimed(errand)
    assert found == [False]


@pytest.mark.usefixtures("patient")
def test_an_errand_that_was_offered_is_done_once() -> None:
    """Its giver may still be first; whoever else it was offered to passes its turn on."""
    turns, ran = Turns(FOR_EVER_S), []
    with in_turn(turns):
        errand = beside(turns, lambda has_turn: ran.append("another thread"))
        assert errand is not None
        errand.late()  # asks for the turn, which this thread has
        assert claimed(errand)
    assert turns.take() and ran == []


@pytest.mark.usefixtures("patient")
def test_an_errand_is_offered_when_its_giver_waits_for_something_else(turns) -> None:
    done = Latch()

    def work(has_turn: bool | None) -> None:
        with in_turn(turns, has_turn):
            done.set()

    with in_turn(turns):
        beside(turns, work)
        done.wait()  # for ever, were it not offered


def test_an_errand_is_offered_though_its_giver_never_steps_aside() -> None:
    done = threading.Event()
    with in_turn(None):
        beside(None, lambda has_turn: done.set())
        assert done.wait(FOR_EVER_S)  # no wait of the language's


def test_an_errand_is_offered_while_its_giver_does_another() -> None:
    """It may block in that, unseen."""
    done = threading.Event()
    with in_turn(None):
        first, _ = beside(None, lambda has_turn: None), beside(None, lambda has_turn: done.set())
        assert first is not None
        claimed(first)
        assert done.wait(FOR_EVER_S)


@sgl.function
def several(s, i):
    s += f"{i}:"
    s += sgl.gen("a", max_tokens=3)
    s += "-" + s["a"]
    forks = s.fork(2)
    forks += sgl.gen("b", max_tokens=2)
    s += forks[0]["b"]
    s += sgl.gen("c", max_tokens=2)


def expected(i: int) -> str:
    """The text of `several` for ``i``."""
    text = f"{i}:"
    a = completion(text, 3)
    text += a + "-" + a
    text += completion(text, 2)
    return text + completion(text, 2)


def test_programs_in_turns_say_what_they_say_alone() -> None:
    backend = local.backend(2_000)
    with backend.engine:
        assert backend.turns is not None
        batch = several.run_batch([{"i": i} for i in range(24)], backend=backend, num_threads=24)
        alone = several.run(i=3, backend=backend)
        assert [state.text() for state in batch] == [expected(i) for i in range(24)]
        assert alone.text() == expected(3)
        backend.turns = None
        batch = several.run_batch([{"i": i} for i in range(24)], backend=backend, num_threads=24)
        assert [state.text() for state in batch] == [expected(i) for i in range(24)]


def test_programs_that_meet_outside_the_language_do_not_lock_up() -> None:
    """All of a batch's bodies wait for each other while their calls are still to be made."""
    meeting = threading.Barrier(6)

    @sgl.function
    def meets(s, i):
        s += f"{i}:"
        s += sgl.gen("a", max_tokens=2)
        meeting.wait(FOR_EVER_S)
        s += sgl.gen("b", max_tokens=2)

    backend = local.backend(2_000)
    with backend.engine:
        batch = meets.run_batch([{"i": i} for i in range(6)], backend=backend, num_threads=6)
        for i, state in enumerate(batch):
            first = f"{i}:" + completion(f"{i}:", 2)
            assert state.text() == first + completion(first, 2)
