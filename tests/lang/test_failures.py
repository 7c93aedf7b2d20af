"""What goes wrong ends at once, says why, and never hangs."""

from __future__ import annotations

import signal
import sys
import threading
import warnings
from types import FrameType

import pytest

import sgbench as sgl
from sgbench.lang import waiting

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*failed.*:RuntimeWarning"),
    pytest.mark.timeout(60),
]


class DownError(Exception):
    pass


def down(prompt: str) -> str:
    if "bad" in prompt:
        raise DownError("the place is down")
    return "ok"


def backend(**options) -> sgl.ScriptedBackend:
    return sgl.ScriptedBackend(down, **options)


@sgl.function
def failing(s):
    s += "fine" + sgl.gen("before")
    s += "bad" + sgl.gen("x")
    s += "after" + sgl.gen("y")
    with s.var_scope("v"):
        s += "never"


@pytest.mark.parametrize("stream", [False, True])
def test_after_a_failure_everything_returns_at_once(stream: bool) -> None:
    state = failing.run(backend=backend(), stream=stream)
    assert isinstance(state.error(), DownError) or stream
    state.sync()
    assert state.text() == "fineokbad"
    assert state["before"] == "ok"
    for name in ("y", "v"):
        with pytest.raises(KeyError, match="the place is down") as caught:
            state[name]
        assert isinstance(caught.value.__cause__, DownError)
    assert isinstance(state.error(), DownError)
    assert state.get_meta_info("y") is None
    assert "".join(state.text_iter()) == "fineokbad"


def test_later_submissions_to_a_failed_state_are_dropped() -> None:
    @sgl.function
    def program(s):
        s += "bad" + sgl.gen("x")
        s.sync()
        s += "more" + sgl.gen("y") + sgl.select("z", ["a"])
        forks = s.fork(2)
        forks += sgl.gen("w")
        forks.join()
        with s.user():
            s += "turn"
        s.sync()
        assert s.messages() == []

    place = backend()
    state = program.run(backend=place)
    assert isinstance(state.error(), DownError) and state.text() == "bad" and len(place.calls) == 1
    with pytest.raises(KeyError, match="w"):
        state["w"]


def test_a_failure_is_shown_as_one_warning() -> None:
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        failing.run(backend=backend()).sync()
    assert [str(w.message) for w in shown] == ["failing failed: DownError: the place is down"]


def test_a_warning_filter_that_raises_hangs_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isinstance(failing.run(backend=backend()).error(), DownError)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda s: s.__iadd__(5), "int"),
        (lambda s: s.__iadd__(sgl.user(sgl.user("nested"))), "Nested roles are not allowed."),
        (lambda s: s.__iadd__(sgl.user_end()), "open turn"),
        (lambda s: s.__iadd__(sgl.user(3)), "int"),
    ],
)
def test_wrong_nodes_fail_in_the_state(wrong, message: str) -> None:
    def body(s):
        wrong(s)

    state = sgl.function(body).run(backend=backend())
    assert message in str(state.error())


def test_none_is_refused_where_it_is_appended() -> None:
    def body(s):
        s += None

    with pytest.raises(ValueError, match="None"):
        sgl.function(body).run(backend=backend())


@pytest.mark.parametrize("stream", [False, True])
def test_an_exception_of_the_body(stream: bool) -> None:
    @sgl.function
    def program(s):
        s += "fine" + sgl.gen("x")
        raise DownError("in the body")

    if not stream:
        with pytest.raises(DownError):
            program.run(backend=backend())
        return
    state = program.run(backend=backend(), stream=True)
    list(state.text_iter())
    assert "in the body" in str(state.error())


def test_without_threads_a_failure_is_raised_by_the_statement() -> None:
    @sgl.function
    def program(s):
        with pytest.raises(DownError):
            s += "bad" + sgl.gen("x")
        s += "dropped"

    assert program.run(backend=backend(), use_thread=False).text() == "bad"


def test_roles_and_scopes_close_when_the_block_raises() -> None:
    @sgl.function
    def program(s):
        try:
            with s.user(), s.var_scope("v"):
                s += "U"
                raise DownError
        except DownError:
            pass
        s += sgl.assistant(sgl.gen("a"))

    state = program.run(backend=backend())
    assert state.error() is None and [m["role"] for m in state.messages()] == ["user", "assistant"]
    assert state["v"] == "U"


def test_a_variable_of_the_block_one_is_in_is_refused_not_waited_for() -> None:
    @sgl.function
    def program(s):
        with s.var_scope("v"):
            s += "text"
            with pytest.raises(sgl.UsageError, match="still open"):
                s["v"]
        assert s["v"] == "text"

    assert program.run(backend=backend()).error() is None


def test_a_stop_list_shared_by_calls_does_not_grow() -> None:
    stop = ["\n"]

    @sgl.function
    def program(s):
        for _ in range(3):
            s += "p" + sgl.gen("x", stop=stop)

    place = backend(chat_template="chatml")
    program.run(backend=place, stop=stop).sync()
    assert stop == ["\n"]
    assert [call.sampling_params.stop for call in place.calls] == [["\n", "<|im_end|>"]] * 3


def test_one_item_of_a_batch_that_raises_leaves_the_others_whole() -> None:
    finished: list[int] = []

    @sgl.function
    def program(s, i):
        s += str(i) + sgl.gen("x")
        s.sync()
        if i == 3:
            raise DownError("item")
        finished.append(i)

    items = [{"i": i} for i in range(8)]
    with pytest.raises(DownError) as caught:
        program.run_batch(items, backend=backend())
    assert sorted(set(finished)) == [0, 1, 2, 4, 5, 6, 7] and "item 3" in caught.value.__notes__[0]
    states = program.run_batch(items, backend=backend(), return_exceptions=True)
    assert [s["x"] for s in states] == ["ok"] * 8
    assert [s.error() is None for s in states] == [i != 3 for i in range(8)]


def test_a_backend_failure_in_a_batch_stays_in_its_state() -> None:
    @sgl.function
    def program(s, word):
        s += word + sgl.gen("x")

    states = program.run_batch([{"word": w} for w in ("a", "bad", "c")], backend=backend())
    assert [isinstance(s.error(), DownError) for s in states] == [False, True, False]
    assert [s.text() for s in states] == ["aok", "bad", "cok"]


def test_closing_a_generator_early_drops_what_has_not_begun() -> None:
    @sgl.function
    def program(s, i):
        s += str(i) + sgl.gen("x")

    place = backend(delay_s=0.002)
    results = program.run_batch([{"i": i} for i in range(200)], backend=place, generator_style=True, num_threads=2)
    assert next(results)["x"] == "ok"
    results.close()
    count = len(place.calls)
    assert count < 100


@pytest.mark.parametrize("missing", [{"several_samples": False}, {"constraints": False}, {"logprobs": False}])
def test_what_a_backend_cannot_do_fails_before_the_call(missing: dict[str, bool]) -> None:
    from sgbench.backends.base import Capabilities

    place = backend()
    place.capabilities = Capabilities(**missing)
    state = sgl.function(lambda s: s.__iadd__("p" + sgl.gen("x", n=2, regex="a", return_logprob=True))).run(
        backend=place
    )
    assert isinstance(state.error(), sgl.BackendError) and place.calls == []


def test_a_backend_that_only_generates_says_what_it_cannot() -> None:
    class Least(sgl.BaseBackend):
        def generate(self, s, sampling_params):
            return "text", {}

    state = sgl.function(lambda s: s.__iadd__("p" + sgl.gen("x"))).run(backend=Least())
    assert state["x"] == "text"
    state = sgl.function(lambda s: s.__iadd__("p" + sgl.select("x", ["a"]))).run(backend=Least())
    assert "Least cannot select" in str(state.error())


def waits(frame: FrameType | None) -> bool:
    """Is a wait of the language's on this stack?"""
    while frame is not None:
        if frame.f_code is waiting._wait_for.__code__:
            return True
        frame = frame.f_back
    return False


def interrupt_when(place: sgl.ScriptedBackend, calls: int) -> None:
    """Interrupt the main thread once ``place`` has taken so many calls and the main thread waits for something."""
    main = threading.main_thread().ident
    assert main is not None

    def watch() -> None:
        tick = threading.Event()
        while len(place.calls) < calls or not waits(sys._current_frames()[main]):
            tick.wait(0.001)
        signal.pthread_kill(main, signal.SIGINT)

    threading.Thread(target=watch, daemon=True).start()


def test_an_interrupt_in_the_body_stops_every_branch_and_keeps_the_text() -> None:
    kept = []

    @sgl.function
    def program(s):
        kept.append(s)
        s += "P" + sgl.gen("quick")
        s.sync()
        s["slow"] = True
        forks = s.fork(3)
        forks += "F" + sgl.gen("x")
        forks.join()

    class Slow(sgl.ScriptedBackend):
        def generate(self, s, sampling_params):
            if "slow" in s.variables:
                self._delay_s = 1000.0
            return super().generate(s, sampling_params)

    place = Slow(["ok"])
    interrupt_when(place, 1 + 1 + 3)
    with pytest.raises(KeyboardInterrupt):
        program.run(backend=place)
    (state,) = kept
    assert state.text() == "Pok" and isinstance(state.error(), sgl.AbortedError)
    for child in state.children():
        assert child.text() == "PokF" and isinstance(child.error(), sgl.AbortedError)
        with pytest.raises(KeyError, match="interrupted"):
            child["x"]


@pytest.mark.parametrize("act", [lambda s: s.fork(2), lambda s: s.fork(2).join("concate_and_append")])
def test_an_interrupt_while_a_fork_is_made_stops_the_run(act) -> None:
    place = backend(delay_s=1000.0)
    kept = []

    @sgl.function
    def program(s):
        kept.append(s)
        s += "P"
        act(s)

    interrupt_when(place, 1)
    with pytest.raises(KeyboardInterrupt):
        program.run(backend=place)
    assert isinstance(kept[0].error(), sgl.AbortedError) and kept[0].text() == "P"


def test_an_interrupt_while_reading_stops_the_run() -> None:
    place = backend(delay_s=1000.0)
    program = sgl.function(lambda s: s.__iadd__("P" + sgl.gen("x")))
    with pytest.raises(KeyboardInterrupt):
        state = program.run(backend=place)
        interrupt_when(place, 1)
        state["x"]
    assert isinstance(state.error(), sgl.AbortedError) and state.text() == "P"


@pytest.mark.parametrize("threads", ["auto", 1])
def test_an_interrupt_stops_a_batch(threads) -> None:
    place = backend(delay_s=1000.0)
    program = sgl.function(lambda s, i: s.__iadd__(f"P{i}" + sgl.gen("x")))
    interrupt_when(place, 1)
    with pytest.raises(KeyboardInterrupt):
        program.run_batch([{"i": i} for i in range(4)], backend=place, num_threads=threads)
    place._delay_s = 0.0
    assert program.run(i=1, backend=place)["x"] == "ok"


def test_a_call_that_cannot_be_aborted_is_left_behind() -> None:
    called, release = threading.Event(), threading.Event()

    def stuck(prompt: str) -> str:
        called.set()
        release.wait()
        return "too late"

    place = sgl.ScriptedBackend(stuck)
    state = sgl.function(lambda s: s.__iadd__("P" + sgl.gen("x"))).run(backend=place)
    called.wait()
    state.stream_executor.run.cancel("enough")
    assert state.text() == "P" and isinstance(state.error(), sgl.AbortedError)
    release.set()
    state.sync()
    assert state.text() == "P" and "x" not in state
