"""Latches, pulses and worker threads, and the count of live threads that a deterministic engine steps by."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

import sgbench as sgl
from sgbench.lang.waiting import Latch, Pulse, live
from sgbench.lang.workers import WorkerThreads


class Count:
    """A gate that remembers whether it ever was at 0 while somebody was about to go on."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.live = 0

    def enter(self) -> None:
        with self.lock:
            self.live += 1

    def leave(self) -> None:
        with self.lock:
            self.live -= 1
            assert self.live >= 0


def on_a_thread(function: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    return thread


def until(condition: Callable[[], bool]) -> None:
    tick = threading.Event()
    for _ in range(20_000):
        if condition():
            return
        tick.wait(0.001)
    raise AssertionError("it never came")


@pytest.mark.parametrize("kind", [Latch, Pulse])
def test_a_waiter_leaves_the_gate_and_its_waker_enters_for_it(kind: type) -> None:
    gate, thing = Count(), kind()

    def wait() -> None:
        gate.enter()
        with live(gate):
            thing.wait() if kind is Latch else thing.wait(0)
            seen.append(gate.live)

    seen: list[int] = []
    thread = on_a_thread(wait)
    until(lambda: thing._waiters is not None and bool(thing._waiters.parking._tickets))
    assert gate.live == 0
    thing.set() if kind is Latch else thing.beat()
    assert gate.live == 1 or not thread.is_alive()  # entered before the waiter could run
    thread.join()
    assert seen == [1] and gate.live == 0


def test_a_wait_that_times_out_comes_back() -> None:
    gate, latch = Count(), Latch()
    gate.enter()
    with live(gate):
        assert latch.wait(0.001) is False and gate.live == 1
    assert gate.live == 0


def test_one_thread_counts_once() -> None:
    gate = Count()
    gate.enter()
    with live(gate):
        gate.enter()
        with live(gate):
            assert gate.live == 1
        assert gate.live == 1
    assert gate.live == 0


def test_threads_are_used_again_and_go_when_idle() -> None:
    pool = WorkerThreads(idle_seconds=0.05)
    for _ in range(50):
        done = threading.Event()
        pool.run(done.set)
        done.wait()
        until(lambda: bool(pool._idle))
    assert pool.threads == 1
    meeting = threading.Barrier(20)
    for _ in range(20):
        pool.run(lambda: meeting.wait() and None)
    until(lambda: pool.threads == 0)


class Gated(sgl.ScriptedBackend):
    """Answers only when every live thread waits, as a deterministic engine does."""

    def __init__(self) -> None:
        super().__init__(lambda prompt: prompt[-1])
        self.gate = Count()
        self._waiting: list[tuple[str, Latch]] = []
        self._guard = threading.Lock()
        self.batches: list[list[str]] = []

    def generate(self, s, sampling_params):
        answer = super().generate(s, sampling_params)
        latch = Latch()
        with self._guard:
            self._waiting.append((s.text_, latch))
        latch.wait()
        return answer

    def serve(self, stop: threading.Event) -> None:
        while not stop.wait(0.0005):
            with self._guard:
                if self.gate.live or not self._waiting:
                    continue
                batch, self._waiting = self._waiting, []
            self.batches.append(sorted(text for text, _ in batch))
            for _ in batch:
                self.gate.enter()  # nobody runs off before all have their answer
            for _, latch in batch:
                latch.set()
            for _ in batch:
                self.gate.leave()


def test_a_gated_backend_sees_whole_waves() -> None:
    @sgl.function
    def inner(s, x):
        s += x + sgl.gen("y")

    @sgl.function
    def program(s, i):
        s += f"{i}" + sgl.gen("a")
        forks = s.fork(2)
        forks += lambda k: f"f{k}" + sgl.gen("b")
        forks.join()
        calls = [inner(x=f"n{s['b'][0]}"), inner(x="m")]
        s += "".join(call["y"] for call in calls) + sgl.gen("c")

    place, stop = Gated(), threading.Event()
    server = on_a_thread(lambda: place.serve(stop))
    try:
        states = program.run_batch([{"i": i} for i in range(3)], backend=place, num_threads=2)
    finally:
        stop.set()
        server.join()
    assert [s.error() for s in states] == [None] * 3 and place.gate.live == 0
    sizes = [len(batch) for batch in place.batches]
    assert sizes == [2, 4, 4, 2, 1, 2, 2, 1]  # two items side by side, then the third alone
