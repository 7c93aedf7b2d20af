"""What SGLang's language does by mistake and this one does not, where no other test of the language shows it."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest

import sgbench as sgl
from sgbench.lang.chat_template import ChatTemplate, get_chat_template
from sgbench.lang.interpreter import GENERATOR_CHUNK
from sgbench.lang.workers import WORKERS
from tests.lang import local

CALM = pytest.mark.filterwarnings("ignore:.*failed:RuntimeWarning")


def test_a_tuple_of_stops_meets_a_template_whose_stops_are_a_list() -> None:
    plain = get_chat_template("chatml")
    template = ChatTemplate(
        "listed", plain.default_system_prompt, plain.role_prefix_and_suffix, stop_str=["<|im_end|>", "</s>"]
    )
    backend = sgl.ScriptedBackend(["one.two"], chat_template=template)
    own = ("!", ".")
    state = sgl.function(lambda s: s.__iadd__("x" + sgl.gen("a", stop=own))).run(backend=backend, stop=("run",))
    assert state["a"] == "one" and own == ("!", ".")
    assert backend.calls[0].sampling_params.stop == ["!", ".", "<|im_end|>", "</s>"]


@pytest.mark.parametrize("dtype", [int, float])
def test_a_number_takes_a_stop_that_is_a_string_on_a_template_without_stops(dtype: type) -> None:
    backend = local.backend()
    state = sgl.function(lambda s: s.__iadd__("x" + sgl.gen("a", dtype=dtype, stop=";", max_tokens=3))).run(
        backend=backend
    )
    assert state.error() is None and state["a"].strip().lstrip("+-").replace(".", "", 1).isdigit()
    backend.shutdown()


def test_binding_keeps_what_the_function_was_made_with() -> None:
    program = sgl.function(lambda s, a: s.__iadd__(a + sgl.gen("x")), num_api_spec_tokens=5, traced=False)
    assert (program.bind(a="b").num_api_spec_tokens, program.bind(a="b").traced) == (5, False)


def test_the_engine_is_no_chat_model_and_speculates_as_a_completion_model() -> None:
    backend = local.backend()
    assert backend.is_chat_model is False
    backend.shutdown()


def test_a_trace_for_a_prefix_prints_nothing_and_other_threads_print_on(capsys: pytest.CaptureFixture[str]) -> None:
    printed = threading.Event()

    def elsewhere() -> None:
        print("elsewhere")
        printed.set()

    @sgl.function
    def program(s):
        print("from the trace")
        threading.Thread(target=elsewhere).start()
        assert printed.wait(30)
        s += "prefix"

    assert program.prefix(sgl.ScriptedBackend()) == "prefix"
    assert capsys.readouterr().out == "elsewhere\n"
    print("afterwards")
    assert capsys.readouterr().out == "afterwards\n"


def test_a_trace_on_one_thread_leaves_runs_on_others_alone() -> None:
    tracing, ran = threading.Event(), threading.Event()
    found: list[Any] = []

    @sgl.function
    def inner(s):
        s += "x" + sgl.gen("a")

    @sgl.function
    def traced(s):
        tracing.set()
        assert ran.wait(30)
        s += "y" + sgl.gen("b")

    thread = threading.Thread(target=lambda: found.append(traced.trace()), daemon=True)
    thread.start()
    assert tracing.wait(30)
    assert inner.run(backend=sgl.ScriptedBackend(["word"]))["a"] == "word"
    ran.set()
    thread.join(30)
    assert [str(node.expr) for node in found[0].nodes] == ["Constant('y')", "Gen('b')"]


@CALM
@pytest.mark.parametrize("where", ["prefix", "stop"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_template_that_fails_fails_the_state_and_keeps_its_text(where: str, stream: bool) -> None:
    class Broken(ChatTemplate):
        def get_prefix_and_suffix(self, role: str, hist_messages: Any) -> tuple[str, str]:
            raise LookupError("no such role in the template")

    kinds = {"prefix": Broken, "stop": ChatTemplate}
    stop: Any = () if where == "prefix" else 7
    template = kinds[where]("broken", None, {"user": ("U:", "\n"), "assistant": ("A:", "\n")}, stop_str=stop)
    backend = sgl.ScriptedBackend(["word"], chat_template=template)

    @sgl.function
    def program(s):
        s += "begin;"
        s += sgl.user("hello") + sgl.assistant(sgl.gen("a"))

    state = program.run(backend=backend, stream=stream)
    assert isinstance(state.error(), LookupError if where == "prefix" else TypeError)
    assert state.text().startswith("begin;") and "".join(state.text_iter()) == state.text()
    with pytest.raises(KeyError, match="will not come"):
        state["a"]


@CALM
@pytest.mark.parametrize("stream", [False, True])
def test_a_program_that_calls_itself_without_end_says_so(stream: bool) -> None:
    backend = sgl.ScriptedBackend(["word"])

    @sgl.function
    def forever(s):
        s += "a" + sgl.gen("x")
        forever()

    if stream:
        state = forever.run(backend=backend, stream=True)
        assert "".join(state.text_iter()) == "aword"
        error = state.error()
    else:
        with pytest.raises(RecursionError) as caught:
            forever.run(backend=backend)
        error = caught.value
    assert isinstance(error, RecursionError) and "'forever' calls itself" in error.__notes__[0]
    assert sgl.function(lambda s: s.__iadd__("a" + sgl.gen("x"))).run(backend=backend)["x"] == "word"


def test_five_hundred_programs_take_bounded_threads() -> None:
    most = 0

    def answer(prompt: str) -> str:
        nonlocal most
        most = max(most, threading.active_count())
        return prompt

    @sgl.function
    def program(s, i):
        s += f"{i}:"
        forks = s.fork(2)
        forks += sgl.gen("part")
        forks.join()
        if i == 250:
            raise LookupError("one bad item")

    before = threading.active_count() - WORKERS.threads
    states = program.run_batch(
        [{"i": i} for i in range(500)], backend=sgl.ScriptedBackend(answer), num_threads=12, return_exceptions=True
    )
    assert [state["part"] for state in states] == [[f"{i}:"] * 2 for i in range(500)]
    assert [i for i, state in enumerate(states) if state.error() is not None] == [250]
    assert (
        most - before <= 12 * 3 + WORKERS.threads
    )  # a program's own, and one for each live branch; some wait for work


def test_a_generator_keeps_only_what_it_has_not_given() -> None:
    alive: weakref.WeakSet[Any] = weakref.WeakSet()
    most = 0

    @sgl.function
    def program(s, i):
        alive.add(s.stream_executor)
        s += f"{i}:" + sgl.gen("x")

    for i, state in enumerate(
        program.run_batch([{"i": i} for i in range(500)], backend=sgl.ScriptedBackend(["y"]), generator_style=True)
    ):
        assert state["x"] == "y"
        if i % 100 == 99:
            del state
            gc.collect()
            most = max(most, len(alive))
    assert most <= 2 * GENERATOR_CHUNK
