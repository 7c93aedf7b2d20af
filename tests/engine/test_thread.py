"""The engine's own thread: waits end, whatever happens."""

from __future__ import annotations

import _thread
import gc
import threading
import weakref

import pytest

from sgbench.engine.request import SamplingParams, StepPlan, StepResult
from sgbench.engine.runner.scripted import ScriptedRunner
from sgbench.errors import AbortedError, EngineStoppedError

from .world import VOCAB, continuation, follow, scripted


class Stepwise(ScriptedRunner):
    """Runs a step only when told; may fail instead."""

    def __init__(self) -> None:
        super().__init__(64, VOCAB, 1000, follow)
        self.allowed = threading.Semaphore(0)
        self.began = threading.Event()
        self.failure: Exception | None = None

    def run(self, plan: StepPlan) -> StepResult:
        self.began.set()
        self.allowed.acquire()
        if self.failure:
            raise self.failure
        return super().run(plan)


@pytest.fixture
def stepwise():
    from sgbench.engine.config import EngineConfig
    from sgbench.engine.engine import EngineCore

    runner = Stepwise()
    core = EngineCore(EngineConfig(), runner, None)
    yield core, runner
    runner.allowed.release(10_000)
    core.shutdown()


def test_many_threads_get_their_own_answers():
    with scripted(200, start=True) as core:
        answers: dict[int, list[int]] = {}

        def ask(i: int) -> None:
            answers[i] = core.generate(input_ids=[1, 2, i], sampling_params={"max_new_tokens": 5})["output_ids"]

        threads = [threading.Thread(target=ask, args=(i,)) for i in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == {i: continuation([1, 2, i], 5) for i in range(24)}
        core.check_integrity()


def test_an_abort_ends_the_wait_and_frees_the_kv(stepwise):
    core, runner = stepwise
    handle = core.submit([1, 2, 3], SamplingParams(max_new_tokens=50))
    waiting = core.submit([4, 5], SamplingParams(max_new_tokens=2))
    runner.began.wait()
    handle.abort("not needed")
    runner.allowed.release(100)
    with pytest.raises(AbortedError, match="not needed"):
        handle.result()
    assert handle.output.finish_reason == {"type": "abort", "message": "not needed"}
    with pytest.raises(AbortedError):
        list(handle)
    assert list(waiting.result().output_ids) == continuation([4, 5], 2)
    assert core.stats().kv_tokens_used == 0 and core.stats().aborted == 1
    core.check_integrity()
    handle.abort("again")


def test_interrupting_generate_aborts_its_requests_and_leaves_the_engine_running(stepwise):
    core, runner = stepwise

    def interrupt() -> None:
        runner.began.wait()
        _thread.interrupt_main()
        runner.allowed.release(10_000)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        core.generate(input_ids=[[1, 2], [3, 4]], sampling_params={"max_new_tokens": 62, "stop_token_ids": []})
        threading.Event().wait()  # the interrupt may come a moment later
    stats = core.stats()
    assert stats.running == stats.waiting == stats.kv_tokens_used == 0
    assert core.generate(input_ids=[7], sampling_params={"max_new_tokens": 2})["output_ids"] == continuation([7], 2)


def test_shutdown_fails_whoever_waits_and_is_idempotent(stepwise):
    core, runner = stepwise
    handles = [core.submit([i], SamplingParams(max_new_tokens=50)) for i in range(3)]
    runner.began.wait()
    stopping = threading.Thread(target=core.shutdown)
    stopping.start()
    runner.allowed.release(100)
    stopping.join()
    for handle in handles:
        with pytest.raises(EngineStoppedError, match="shut down"):
            handle.result()
    core.shutdown()
    with pytest.raises(EngineStoppedError, match="start another"):
        core.generate(input_ids=[1])
    assert core.stats().kv_tokens_used == 0
    assert core.snapshot()["nodes"][0]["id"] == 0
    core.check_integrity()


def test_a_runner_that_fails_fails_every_wait_and_the_engine_says_so_afterwards(stepwise):
    core, runner = stepwise
    handles = [core.submit([i], SamplingParams(max_new_tokens=5)) for i in range(3)]
    runner.failure = RuntimeError("device lost")
    runner.allowed.release(100)
    for handle in handles:
        with pytest.raises(RuntimeError, match="device lost"):
            handle.result()
    with pytest.raises(EngineStoppedError, match="device lost"):
        core.submit([1])
    core.stats()


def test_an_engine_that_nobody_holds_stops_its_thread():
    core = scripted(start=True)
    thread = core._loop.thread
    gone = weakref.ref(core)
    handle = core.submit([1], SamplingParams(max_new_tokens=3))
    handle.result()
    del core, handle
    gc.collect()
    assert gone() is None
    thread.join(10)
    assert not thread.is_alive()


def test_a_wait_may_have_an_end(stepwise):
    core, _ = stepwise
    with pytest.raises(TimeoutError):
        core.submit([1]).result(timeout=0.0)


def test_a_subscriber_may_look_at_the_engine_and_a_broken_one_is_dropped():
    with scripted(start=True) as core:
        seen = []
        core.subscribe(lambda event: seen.append(core.stats().running))
        core.subscribe(lambda event: 1 / 0)
        core.generate(input_ids=[1, 2], sampling_params={"max_new_tokens": 2})
        core.call(lambda: None)
        assert seen and len(core.journal.failures) == 1


def test_a_recording_holds_the_keyframe_and_what_follows():
    with scripted(start=True) as core:
        core.generate(input_ids=[1, 2, 3], sampling_params={"max_new_tokens": 2})
        with core.record() as trace:
            core.generate(input_ids=[1, 2, 4], sampling_params={"max_new_tokens": 2})
            core.call(lambda: None)
        core.generate(input_ids=[9, 9], sampling_params={"max_new_tokens": 2})
        assert type(trace.events[0]).__name__ == "Keyframe"
        assert len(trace.events[0].tree["nodes"]) == 2
        assert trace.snapshot()["nodes"] != core.snapshot()["nodes"]
        assert len(trace.snapshot()["nodes"]) == 4
