"""What a backend cannot do is said before a program's first call, where a trace can tell; and nothing that works is refused."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

import sgbench as sgl
from sgbench.backends.base import Capabilities
from sgbench.lang import program_check
from sgbench.lang.purity import is_pure

CALM = pytest.mark.filterwarnings("ignore:.*failed:RuntimeWarning")


class Limited(sgl.ScriptedBackend):
    """A scripted backend that can do only what it is told."""

    def __init__(self, **able: Any) -> None:
        super().__init__(["word"])
        self.capabilities = Capabilities(**able)


def refused(program: sgl.SglFunction, backend: Limited, **arguments: Any) -> str:
    state = program.run(**arguments, backend=backend)
    assert isinstance(state.error(), sgl.BackendError)
    assert backend.calls == [], "a call was made"
    with pytest.raises(KeyError):
        state["a"]
    assert state.text() == ""
    return str(state.error())


@CALM
@pytest.mark.parametrize(
    ("able", "node", "words"),
    [
        ({"select": False}, sgl.select("x", ["a", "b"]), "cannot score choices"),
        ({"several_samples": False}, sgl.gen("x", n=2), "more than one sample"),
        ({"constraints": False}, sgl.gen("x", regex="a"), "constrained generation"),
        ({"dtypes": frozenset({"str"})}, sgl.gen("x", dtype=int), "dtype=int"),
        ({"logprobs": False}, sgl.gen("x", return_logprob=True), "log-probabilities"),
        ({"lacks": frozenset({"top_k"})}, sgl.gen("x", top_k=3), "top_k"),
        ({"images": False, "streaming": False}, sgl.image(b"x"), "image"),
        (
            {"spellings": False, "streaming": False},
            sgl.select("x", ["a"], choices_method=sgl.exact_likelihood),
            "every tokenisation",
        ),
        ({"open_turns": False}, "so" + sgl.gen("x"), "num_api_spec_tokens"),
    ],
)
def test_the_last_node_is_checked_before_the_first_call(able: dict[str, Any], node: Any, words: str) -> None:
    @sgl.function
    def program(s, topic):
        s += sgl.user(topic) + sgl.assistant(sgl.gen("a"))
        forks = s.fork(2)
        forks += sgl.user("go on") + sgl.assistant(sgl.gen("b"))
        forks.join()
        s += sgl.user(s["b"][0]) + sgl.assistant(node)

    told = refused(program, Limited(**able), topic="rain")
    assert words in told and "No call was made" in told
    backend = Limited(**able)
    states = program.run_batch([{"topic": "rain" * 40}] * 3, backend=backend)
    assert [words in str(state.error()) for state in states] == [True] * 3 and backend.calls == []
    assert all(isinstance(state.error(), sgl.BackendError) for state in states)


@CALM
def test_run_values_count_too() -> None:
    program = sgl.function(lambda s: s.__iadd__("x" + sgl.gen("a")))
    backend = Limited(lacks=frozenset({"top_p"}))
    assert program.run(backend=backend)["a"] == "word"
    backend.calls.clear()
    assert "top_p" in str(program.run(backend=backend, top_p=0.5).error()) and backend.calls == []


@CALM
def test_programs_that_are_called_are_checked() -> None:
    @sgl.function
    def inner(s):
        s += "x" + sgl.select("c", ["a", "b"])

    @sgl.function
    def outer(s):
        s += "y" + sgl.gen("a")
        s += inner()["c"]

    assert "select('c')" in refused(outer, Limited(select=False))


@CALM
def test_where_a_trace_cannot_go_on_the_node_is_checked() -> None:
    @sgl.function
    def program(s):
        s += "x" + sgl.gen("a")
        if s["a"] == "word":  # not known while the program is traced
            s += sgl.select("c", ["a", "b"])

    backend = Limited(select=False)
    state = program.run(backend=backend)
    assert isinstance(state.error(), sgl.BackendError) and state["a"] == "word"
    assert [call.kind for call in backend.calls] == ["generate"]


def test_a_branch_that_the_arguments_do_not_take_is_not_refused() -> None:
    @sgl.function
    def program(s, wanted=None):
        s += "x" + sgl.gen("a")
        if wanted is not None:  # placeholders are not None
            s += sgl.select("c", wanted)

    backend = Limited(select=False)
    assert program.run(backend=backend)["a"] == "word"
    with pytest.warns(RuntimeWarning, match="select"):
        assert program.run(["a", "b"], backend=backend).error() is not None


def test_a_body_runs_once_more_for_a_function_and_what_it_prints_is_dropped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    traces: list[Any] = []
    own = program_check.wishes
    monkeypatch.setattr("sgbench.lang.function.wishes", lambda *given: traces.append(given) or own(*given))

    @sgl.function
    def program(s, i):
        print("hello")
        s += "x" + sgl.gen("a")

    backend = Limited(select=False)
    for i in range(3):
        program.bind(i=i).run(backend=backend)
    assert len(traces) == 1 and len(program.wishes()) == 1
    assert capsys.readouterr().out == "hello\n" * 3


@pytest.mark.parametrize("backend", [Limited(select=False), sgl.ScriptedBackend(["word"])])
def test_a_body_that_could_be_noticed_runs_as_often_as_its_program(backend: sgl.ScriptedBackend) -> None:
    answers: list[Any] = []

    @sgl.function
    def program(s, i):
        s += "x" + sgl.gen("a")
        answers.append(s["a"])

    for i in range(2):
        program.run(i, backend=backend)
    assert answers == ["word", "word"]


counter = 0
examples = ["a", "b"]
results: list[Any] = []


def helper(text: str) -> str:
    return text.strip().upper()


def loud(text: str) -> str:
    results.append(text)
    return text


def _counts(s):
    global counter  # noqa: PLW0603 - it is looked at, never run
    counter += 1
    s += sgl.gen("a")


def _reads(s):
    for example in examples:
        s += helper(example)
    tips = []
    tips.append(s.fork(2))
    s += sgl.gen("a", stop=["x"])


def _local_list(s):
    parts = [f"{i}" for i in range(3)]
    s += " ".join(parts) + sgl.select("a", ["b"])
    s["c"] = 1


def _appends(s):
    s += sgl.gen("a")
    results.append(s["a"])


def _calls_loud(s):
    s += loud("x")


def _draws(s):
    s += str(random.random())


def _opens(s):
    s += open("x").read()  # noqa: PTH123, SIM115 - it is looked at, never run


def _stores(s):
    examples[0] = "c"


def _imports(s):
    import platform

    s += platform.node()


def _reads_only(s):
    s += examples[0] + json.dumps({"a": 1}) + ", ".join(word for word in examples) + sgl.gen("a")


def _yields(s):
    yield s


@pytest.mark.parametrize(
    ("body", "pure"),
    [
        (_reads_only, True), (_local_list, True), (_reads, False), (_counts, False), (_appends, False), (_calls_loud, False),
        (_draws, False), (_opens, False), (_stores, False), (_imports, False), (helper, True), (len, False), (_yields, False),
    ],
)  # fmt: skip
def test_what_can_run_unnoticed_is_told_from_the_code(body: Any, pure: bool) -> None:
    assert is_pure(body) is pure


@pytest.mark.parametrize("backend", [Limited(select=False), sgl.ScriptedBackend(["word"])])
def test_a_function_may_refuse_to_be_traced(backend: sgl.ScriptedBackend) -> None:
    runs = []

    @sgl.function(traced=False)
    def program(s, i):
        runs.append(i)
        s += "x" * 100 + sgl.gen("a")

    program.run_batch([{"i": 1}, {"i": 2}], backend=backend)
    program.bind(i=3).run(backend=backend)
    assert sorted(runs) == [1, 2, 3] and not any(call.kind == "cache_prefix" for call in backend.calls)


def test_a_backend_that_can_do_everything_costs_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sgbench.lang.function.wishes", lambda *given: pytest.fail("traced"))
    program = sgl.function(lambda s: s.__iadd__("x" + sgl.gen("a")))
    program.run(backend=Limited())
    program.run(backend=Limited(images=False))  # its code names no image


def test_an_endless_loop_ends_its_trace() -> None:
    @sgl.function
    def program(s):
        while True:
            s += "x" + sgl.gen("a")

    assert 0 < len(program.wishes()) <= 10_000


@CALM
def test_without_threads_the_refusal_is_raised() -> None:
    program = sgl.function(lambda s: s.__iadd__("x" + sgl.gen("a") + sgl.select("c", ["a"])))
    with pytest.raises(sgl.BackendError, match="cannot score"):
        program.run(backend=Limited(select=False), use_thread=False)


def test_the_table_of_what_a_backend_can_do() -> None:
    able = Capabilities(
        select="votes", lacks=frozenset({"regex", "top_k"}), dtypes=frozenset({"int"}), open_turns=False
    )
    rows = able.rows()
    assert rows["select"] == "token by token" and rows["regex"] == "no" and rows["dtype"] == "int"
    assert rows["not taken"] == "top_k" and rows["gen stands"] == "first in an assistant's turn"
    lines = str(able).splitlines()
    assert (
        len(lines) == len(rows) and len({line.index(how) for line, how in zip(lines, rows.values(), strict=True)}) == 1
    )
    assert set(Capabilities().rows().values()) == {"yes", "anywhere", "bool, float, int, str", "-"}


@CALM
def test_a_graph_is_known_whole() -> None:
    seen: list[Any] = []

    @sgl.function
    def program(s, topic):
        seen.append(topic)  # so the body itself would not be traced
        s += topic + sgl.gen("a")
        s += sgl.select("c", ["a", "b"])

    graph = program.compile()
    backend = Limited(select=False)
    state = graph.run("rain", backend=backend)
    assert isinstance(state.error(), sgl.BackendError) and backend.calls == []
    assert graph.run("rain", backend=Limited())["a"] == "word"
