"""Programs on the engine: cached equals uncached, nothing leaks, wrong requests and interrupts leave it whole."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sgbench as sgl
from sgbench.backends.local import LocalBackend
from sgbench.engine.request import StepPlan, StepResult
from sgbench.lang import waiting
from sgbench.trace import events
from tests.lang.local import backend, completion

pytestmark = [pytest.mark.timeout(120), pytest.mark.filterwarnings("ignore:.*failed.*:RuntimeWarning")]

LEAF = st.one_of(
    st.tuples(st.just("text"), st.text("ab c", max_size=6)),
    st.tuples(st.just("gen"), st.integers(0, 5)),
    st.tuples(st.just("select"), st.lists(st.text("xyz", min_size=1, max_size=3), min_size=1, max_size=3)),
)
PROGRAMS = st.recursive(
    st.lists(LEAF, max_size=4),
    lambda inner: st.lists(
        st.one_of(
            LEAF, st.tuples(st.sampled_from(["gather", "append", "left"]), st.lists(inner, min_size=1, max_size=3))
        ),
        max_size=4,
    ),
    max_leaves=8,
)


@sgl.function
def interpret(s, program, start="start "):
    s += start
    execute(s, program)


def execute(s: sgl.ProgramState, program: list) -> None:
    for kind, value in program:
        if kind == "text":
            s += value
        elif kind == "gen":
            s += sgl.gen(f"g{value}", max_tokens=value, temperature=0)
        elif kind == "select":
            s += sgl.select("s", value)
        else:
            forks = s.fork(len(value))
            for fork, part in zip(forks, value, strict=True):
                execute(fork, part)
            if kind == "gather":
                forks.join()
            elif kind == "append":
                forks.join("concate_and_append")


def everything(state: sgl.ProgramState) -> Any:
    """All that a program made: texts and variables of every branch."""
    list(state.text_iter())
    assert state.error() is None
    return state.text(), dict(state.stream_executor.variables), [everything(child) for child in state.children()]


@settings(max_examples=25, deadline=None)
@given(st.lists(PROGRAMS, min_size=1, max_size=3), st.booleans())
def test_cached_equals_uncached_however_small_the_pool(programs: list, streams: bool) -> None:
    results = []
    for kv_tokens, options in (
        (400, {}),
        (600, {"radix_cache": "off"}),
        (400, {"radix_cache": "flat", "schedule": "dfs"}),
    ):
        place = backend(kv_tokens, max_prefill_tokens=16, **options)
        with place.engine:
            states = interpret.run_batch([{"program": p} for p in programs], backend=place, num_threads=3)
            again = [interpret.run(program=p, backend=place, stream=streams) for p in programs]
            results.append([everything(state) for state in states])
            assert [everything(state) for state in again] == results[-1]
            place.engine.check_integrity()
            stats = place.engine.stats()
            assert (stats.running, stats.waiting, stats.kv_tokens_used) == (0, 0, 0)
    assert results[1:] == results[:-1]


def test_a_pool_that_evicts_all_the_time_gives_the_same_texts() -> None:
    program = [
        ("text", "abc"),
        ("gen", 5),
        ("gather", [[("gen", 4), ("select", ["x", "yy"])], [("text", "b")]]),
        ("gen", 3),
    ]
    items = [{"program": program, "start": f"item {i} " * 3} for i in range(20)]
    results = []
    for kv_tokens, cache in ((120, "radix"), (2000, "off")):
        place = backend(kv_tokens, radix_cache=cache)
        with place.engine:
            states = interpret.run_batch(items, backend=place)
            results.append([everything(state) for state in states])
            place.engine.check_integrity()
            assert place.engine.stats().evicted_tokens > 500 or cache == "off"
    assert results[0] == results[1]


def test_a_program_reads_what_the_engine_says() -> None:
    @sgl.function
    def program(s):
        s += "ab" + sgl.gen("x", max_tokens=3)
        forks = s.fork(2)
        forks += lambda i: f"{i}" + sgl.gen("y", max_tokens=2)
        forks.join()

    place = backend()
    with place.engine:
        for stream in (False, True):
            state = program.run(backend=place, stream=stream)
            text = "ab" + completion("ab", 3)
            assert state["x"] == text[2:] and state.text() == text
            assert state["y"] == [completion(text + "0", 2), completion(text + "1", 2)]
            meta = state.get_meta_info("x")
            assert (meta["prompt_tokens"], meta["completion_tokens"]) == (2, 3)
        assert "".join(state.text_iter("x")) == text[2:]


def test_the_hint_makes_forks_share_and_can_be_switched_off() -> None:
    @sgl.function
    def program(s):
        s += "a long text that all the forks share "
        forks = s.fork(4)
        forks += lambda i: f"{i}" + sgl.gen("y", max_tokens=1)
        forks.join()

    usages = {}
    for hint in (True, False):
        place = backend(frontend_hint=hint)
        with place.engine:
            usages[hint] = program.run(backend=place).usage() if program.run(backend=place).error() is None else None
            state = program.run(backend=place)
            state.sync()
            assert state.usage().calls == 4 + hint
    place = backend(radix_cache="off")
    with place.engine:
        state = program.run(backend=place)
        state.sync()
        assert state.usage().calls == 4 and state.usage().cached_tokens == 0
    place = backend()
    with place.engine, place.engine.without_cache():
        state = program.run(backend=place)
        state.sync()
        assert state.usage().calls == 4 and state.usage().cached_tokens == 0


def test_spans_tell_cached_from_prefilled() -> None:
    @sgl.function
    def program(s):
        s += "shared text "
        s += "again" + sgl.gen("x", max_tokens=2)

    place = backend()
    with place.engine:
        first = program.run(backend=place)
        first.sync()
        second = program.run(backend=place)
        second.sync()
        assert [span.origin for span in first.spans()] == ["prefilled", "decoded"]
        assert [span.origin for span in second.spans()] == ["cached", "prefilled", "decoded"]
        assert second.spans()[0].text == "shared text agai"  # the last token is computed always
        assert second.usage().cached_tokens == 16 and second.usage().hit_rate == 16 / 17
        assert second.usage().first_token_ms is not None


def test_n_samples_share_their_prompt() -> None:
    @sgl.function
    def program(s):
        s += "prompt" + sgl.gen("x", max_tokens=2, n=3)

    place = backend()
    with place.engine:
        state = program.run(backend=place)
        assert state["x"] == [completion("prompt", 2)] * 3 and state.text() == "prompt" + completion("prompt", 2)
        assert state.get_meta_info("x")["completion_tokens"] == 6


def test_select_scores_the_choices_tokens_and_nothing_else() -> None:
    @sgl.function
    def program(s, method):
        s += "the text " + sgl.select("c", ["one", "another", "o"], choices_method=method)

    place = backend()
    with place.engine:
        for method in (
            sgl.token_length_normalized,
            sgl.greedy_token_selection,
            sgl.unconditional_likelihood_normalized,
        ):
            state = program.run(method, backend=place)
            meta = state.get_meta_info("c")
            assert state["c"] in ("one", "another", "o")
            assert [len(tokens) for tokens in meta["input_token_logprobs"]] == [3, 7, 1]
            assert [bytes(t[1] for t in tokens).decode() for tokens in meta["input_token_logprobs"]] == [
                "one",
                "another",
                "o",
            ]
            for mean, tokens in zip(meta["normalized_prompt_logprobs"], meta["input_token_logprobs"], strict=True):
                assert mean == pytest.approx(sum(t[0] for t in tokens) / len(tokens))
        place.engine.check_integrity()


def test_select_after_little_or_no_text() -> None:
    place = backend()
    with place.engine:
        for text in ("", "a"):
            state = sgl.function(lambda s, t: s.__iadd__(t + sgl.select("c", ["x", "yy"]))).run(text, backend=place)
            assert state["c"] in ("x", "yy"), state.error()


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda: "x" * 500 + sgl.gen("x"), sgl.CapacityError),
        (lambda: sgl.gen("x"), sgl.UsageError),
        (lambda: "\ud800" + sgl.gen("x"), sgl.UsageError),
        (lambda: "a" + sgl.gen("x", temperature=-1.0), sgl.UsageError),
        (lambda: "a" + sgl.gen("x", top_p=2.0), sgl.UsageError),
        (lambda: "a" + sgl.select("x", ["b"], temperature=1.0), sgl.UsageError),
    ],
)
def test_what_the_engine_refuses_fails_the_state_and_not_the_engine(wrong, error) -> None:
    place = backend()
    with place.engine:
        state = sgl.function(lambda s: s.__iadd__(wrong())).run(backend=place)
        assert isinstance(state.error(), error), state.error()
        with pytest.raises(KeyError):
            state["x"]
        place.engine.check_integrity()
        good = sgl.function(lambda s: s.__iadd__("good" + sgl.gen("x", max_tokens=2))).run(backend=place)
        assert good["x"] == completion("good", 2)


def test_zero_tokens_read_the_prompt_and_tell_the_next_candidates() -> None:
    @sgl.function
    def program(s):
        s += "prompt" + sgl.gen(
            "x", max_tokens=0, return_logprob=True, top_logprobs_num=5, return_text_in_logprobs=True
        )

    place = backend()
    with place.engine:
        state = program.run(backend=place)
        assert state["x"] == "" and len(state.get_meta_info("x")["output_top_logprobs"][0]) == 5


def waits(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code is waiting._wait_for.__code__:
            return True
        frame = frame.f_back
    return False


@pytest.mark.parametrize("stream", [False, True])
def test_an_interrupt_frees_the_kv_keeps_the_text_and_leaves_the_engine_running(stream: bool) -> None:
    release = threading.Event()
    place = backend(kv_tokens=1000)
    slow_down(place, release)
    main = threading.main_thread().ident
    assert main is not None

    def watch() -> None:
        tick = threading.Event()
        while place.engine.runner.plans < 4 or not waits(sys._current_frames()[main]):
            tick.wait(0.001)
        signal.pthread_kill(main, signal.SIGINT)
        release.set()

    kept = []

    @sgl.function
    def program(s):
        kept.append(s)
        s += "prompt"
        forks = s.fork(2)
        forks += lambda i: f"{i}" + sgl.gen("x", max_tokens=300)
        forks[0].stream_executor.stream = stream
        forks.join()

    with place.engine:
        threading.Thread(target=watch, daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            program.run(backend=place)
        (state,) = kept
        for i, child in enumerate(state.children()):
            text = child.text()
            assert isinstance(child.error(), sgl.AbortedError)
            assert text.startswith(f"prompt{i}") and len(text) < 300
            assert text == f"prompt{i}" + completion(f"prompt{i}", len(text) - 7)
        place.engine.check_integrity()
        stats = place.engine.stats()
        assert (stats.running, stats.waiting, stats.kv_tokens_used) == (0, 0, 0)
        good = sgl.function(lambda s: s.__iadd__("good" + sgl.gen("x", max_tokens=2))).run(backend=place)
        assert good["x"] == completion("good", 2)


def slow_down(place: LocalBackend, release: threading.Event) -> None:
    """Every step takes a moment until ``release``, so that there is something to interrupt."""
    run = place.engine.runner.run

    def slowly(plan: StepPlan) -> StepResult:
        release.wait(0.005)
        return run(plan)

    place.engine.runner.run = slowly


def test_an_engine_shut_down_in_mid_run_ends_the_program() -> None:
    place = backend(kv_tokens=1000)
    slow_down(place, threading.Event())
    state = sgl.function(lambda s: s.__iadd__("p" + sgl.gen("x", max_tokens=300))).run(backend=place)
    place.engine.shutdown()
    assert isinstance(state.error(), sgl.EngineStoppedError)
    late = sgl.function(lambda s: s.__iadd__("p" + sgl.gen("x"))).run(backend=place)
    assert isinstance(late.error(), sgl.EngineStoppedError)


@sgl.function
def busy(s, i):
    s += f"item {i} " + sgl.gen("a", max_tokens=2 + i % 3)
    forks = s.fork(2)
    forks += lambda k: f"fork {k}" + sgl.gen("b", max_tokens=3)
    forks.join()
    s += s["b"][0] + sgl.select("c", ["x", "yy"]) + sgl.gen("d", max_tokens=2)


def recorded(place: LocalBackend) -> list[events.Event]:
    seen: list[events.Event] = []
    end = place.engine.subscribe(seen.append)
    busy.run_batch([{"i": i} for i in range(6)], backend=place, num_threads=4)
    end()
    return seen


def test_a_deterministic_engine_runs_a_batch_the_same_way_every_time() -> None:
    runs = []
    for _ in range(3):
        place = backend(deterministic=True)
        with place.engine:
            seen = recorded(place)
        runs.append(
            [
                (type(e).__name__, e.rid, e.program, e.branch, e.op, e.prompt_ids, e.after)
                for e in seen
                if isinstance(e, events.RequestQueued)
            ]
            + [(type(e).__name__, e.rids, e.token_ids) for e in seen if isinstance(e, events.StepFinished)]
        )
    assert runs[0] == runs[1] == runs[2]


def test_requests_tell_which_call_they_are_and_what_they_waited_for() -> None:
    place = backend(deterministic=True)
    with place.engine:
        queued = [e for e in recorded(place) if isinstance(e, events.RequestQueued) and e.program == 0]
    calls = [(e.branch, e.op) for e in queued]
    assert calls == [(0, 0), (0, 1), (1, 0), (2, 0), (0, 2), (0, 2), (0, 2), (0, 3)]
    a, hint, b0, b1, warm, _, _, d = queued
    assert a.after == () and hint.after == (a.rid,)
    assert b0.after == b1.after == (hint.rid,)
    assert {b0.rid, b1.rid} <= set(warm.after)
    assert set(d.after) == {e.rid for e in queued[4:7]}
