"""A compiled program gives what the interpreter gives, and what cannot be compiled says so."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sgbench as sgl
from sgbench.lang.graph import Graph
from sgbench.lang.ir import SglFork, SglGen, SglJoin
from tests.lang.local import backend, completion

pytestmark = [pytest.mark.timeout(120), pytest.mark.filterwarnings("ignore:.*failed.*:RuntimeWarning")]

NAMES = st.sampled_from("abc")
LEAF = st.one_of(
    st.tuples(st.just("text"), st.text("xy z", max_size=5)),
    st.tuples(st.just("argument"), st.sampled_from("pq")),
    st.tuples(st.just("gen"), NAMES),
    st.tuples(st.just("select"), NAMES),
    st.tuples(st.just("read"), NAMES),
    st.tuples(st.just("set"), NAMES),
)
PROGRAMS = st.recursive(
    st.lists(LEAF, min_size=1, max_size=5),
    lambda inner: st.lists(
        st.one_of(
            LEAF,
            st.tuples(st.sampled_from(["gather", "append", "left"]), st.lists(inner, min_size=1, max_size=3)),
            st.tuples(st.sampled_from(["copy", "call", "scope", "turn"]), inner),
        ),
        max_size=5,
    ),
    max_leaves=10,
)


def execute(s: Any, program: list, arguments: dict[str, Any], depth: int = 0) -> None:
    for kind, value in program:
        if kind == "text":
            s += value
        elif kind == "argument":
            s += arguments[value]
        elif kind == "gen":
            s += sgl.gen(value, max_tokens=2, temperature=0)
        elif kind == "select":
            s += sgl.select(value, ["u", "vw"])
        elif kind == "read":
            read(s, value)
        elif kind == "set":
            s[value] = arguments["p"]
        elif kind in ("gather", "append", "left"):
            forks = s.fork(len(value))
            for fork, part in zip(forks, value, strict=True):
                execute(fork, part, arguments, depth)
            if kind != "left":
                forks.join("gather_variable" if kind == "gather" else "concate_and_append")
        elif kind == "copy":
            with s.copy() as twin:
                execute(twin, value, arguments, depth)
        elif kind == "call":
            called = nested(value, arguments["p"], depth + 1)
            s["called"] = called.ret_value
        elif kind == "scope":
            with s.var_scope(f"scope {depth}"):
                execute(s, [part for part in value if part[0] != "scope"], arguments, depth + 1)
        else:
            s += "<" + sgl.gen("t", max_tokens=1, temperature=0)
            execute(s, value, arguments, depth)


def read(s: Any, name: str) -> None:
    """Append what the program knows of ``name``: a value, or the last of a joined list."""
    try:
        value = s[name]
    except KeyError:
        return
    while isinstance(value, list):
        value = value[-1]
    s += value


@sgl.function
def nested(s, program, p, depth):
    s += f"called {depth} "
    execute(s, program, {"p": p, "q": "Q"}, depth)
    s += sgl.gen("r", max_tokens=1, temperature=0)
    return s["r"]


@sgl.function
def interpret(s, program, p, q="Q"):
    s += "start "
    execute(s, program, {"p": p, "q": q})
    s += sgl.gen("end", max_tokens=2)
    return {"end": s["end"], "state": s}


def everything(state: sgl.ProgramState) -> Any:
    """All that a program made: texts, variables and calls of every branch."""
    assert state.error() is None
    executor = state.stream_executor
    calls = [everything(sgl.ProgramState(call)) for call in executor.calls]
    return state.text(), dict(executor.variables), [everything(child) for child in state.children()], calls


@settings(max_examples=40, deadline=None)
@given(PROGRAMS, st.sampled_from(["", "one", "two "]), st.sampled_from(["threads", "none", "stream"]), st.booleans())
def test_a_compiled_program_gives_what_the_interpreter_gives(program: list, p: str, how: str, fixed: bool) -> None:
    place = backend(2000, deterministic=fixed)
    with place.engine:
        bound = interpret.bind(program=program)
        compiled = bound.compile(backend=place)
        expected = bound.run(p=p, backend=place)
        found = compiled.run(p=p, use_thread=how != "none", stream=how == "stream")
        assert "".join(found.text_iter()) == expected.text()
        assert everything(found) == everything(expected)
        assert expected.text().startswith(compiled.prompt({"p": p}, place))
        assert found.ret_value["end"] == expected.ret_value["end"] and found.ret_value["state"] is found
        place.engine.check_integrity()


def test_a_seed_draws_the_interpreters_tokens() -> None:
    @sgl.function
    def program(s, p):
        s += "x" + p + sgl.gen("a", max_tokens=2)
        nested([("text", "t")], p, 0)
        forks = s.fork(2)
        forks += sgl.gen("b", max_tokens=2)
        nested([("gen", "a")], p, 1)
        forks.join()

    place = backend(2000)
    seen: list[list] = []
    with place.engine:
        for run in (program.run, program.compile().run):
            state = run(p="p", backend=place, sampling_seed=3)
            state.sync()
            children = [*state.stream_executor.forks, *state.stream_executor.calls]
            seen.append([(child.branch, child.text()) for child in children])
    assert seen[0] == seen[1]


def test_a_batch_of_a_compiled_program() -> None:
    @sgl.function
    def program(s, p, q="."):
        s += "A text that is long enough for its prefix to be read ahead, before the items of the batch start: "
        s += p + q + sgl.gen("x", max_tokens=3)

    place = sgl.ScriptedBackend(lambda prompt: prompt[-2:])
    compiled = program.compile()
    states = compiled.run_batch([{"p": "1"}, {"p": "2", "q": "!"}], backend=place)
    assert [state["x"] for state in states] == ["1.", "2!"]
    assert [call.kind for call in place.calls].count("cache_prefix") == 1
    assert compiled.prompt({"p": "1"}, place).endswith("start: 1.")


def test_nobody_waits_who_need_not() -> None:
    """The interpreter reads variable a before it begins the second call; the graph begins all calls before any is done."""

    @sgl.function
    def call(s, text):
        s += text + sgl.gen("y", max_tokens=2)

    @sgl.function
    def program(s):
        first = call("one")
        s += first["y"]
        second = call("two")
        s += second["y"] + sgl.gen("z", max_tokens=1)

    def order(graph: Graph) -> list[int]:
        return [node.pid for node in graph.schedule() if isinstance(node.expr, SglGen)]

    assert order(program.trace().graph) == [1, 2, 0]
    place = backend()
    with place.engine:
        assert program.compile().run(backend=place).text() == program.run(backend=place).text()


def test_a_fork_starts_from_its_parents_text_and_shared_nodes_stay_apart() -> None:
    @sgl.function
    def program(s):
        s += "parent "
        forks = s.fork(2)
        forks += [f"{i}" for i in range(2)]
        forks += sgl.gen("x", max_tokens=2)
        forks.join()

    place = backend()
    with place.engine:
        state = program.compile().run(backend=place)
        assert state["x"] == [completion("parent 0", 2), completion("parent 1", 2)]


def by_truth(s, q):
    s += "a" if q else "b"


def by_comparison(s, q):
    s += "a" if q == "x" else "b"


def by_a_models_words(s, q):
    s += q + sgl.gen("x")
    if s["x"] == "yes":
        s += "b"


def by_computing(s, q):
    s += q + sgl.gen("x")
    s += s["x"].strip()


def by_f_string(s, q):
    s += f"{q}"


def by_text(s, q):
    s += q
    s += s.text()


def by_presence(s, q):
    s += "a" if "x" in s else "b"


def by_count(s, q):
    for _ in range(q):
        s += "a"


def by_an_open_scope(s, q):
    with s.var_scope("v"):
        s += q
        s += s["v"]


def by_a_joined_branch(s, q):
    forks = s.fork(2)
    forks.join()
    forks[0] += q


def by_nothing(s, q):
    s += None


def by_unknown_variable(s, q):
    s += s["nothing"]


@pytest.mark.parametrize(
    "body",
    [
        by_truth,
        by_comparison,
        by_a_models_words,
        by_computing,
        by_f_string,
        by_text,
        by_presence,
        by_count,
        by_an_open_scope,
        by_a_joined_branch,
        by_nothing,
        by_unknown_variable,
    ],
)
def test_what_has_no_value_yet_is_refused_with_its_line(body) -> None:
    with pytest.raises(sgl.UsageError, match=rf"{body.__name__} cannot be traced \(line \d+\): ."):
        sgl.function(body).compile()


def test_known_arguments_decide() -> None:
    assert "Constant('a')" in str(sgl.function(by_comparison).trace(q="x").graph)
    assert "Constant('b')" in str(sgl.function(by_comparison).bind(q="y").compile().graph)
    assert len(sgl.function(by_count).bind(q=3).trace().nodes) == 3


def test_every_kind_of_parameter_is_an_argument() -> None:
    @sgl.function
    def program(s, a, n="B", *, c="C", d="D"):
        s += a + n + c + d + sgl.gen("x")

    compiled = program.compile(backend=sgl.ScriptedBackend([""]))
    assert compiled.run("a").text() == "aBCD" and compiled.run("a", n="b", c="c", d="d").text() == "abcd"
    with pytest.raises(TypeError, match="'a'"):
        compiled.run()


def test_a_prompt_needs_all_arguments() -> None:
    compiled = sgl.function(by_comparison).bind(q="x").compile()
    assert compiled.prompt({}, sgl.ScriptedBackend()) == "a"
    with pytest.raises(sgl.UsageError, match="needs p, too"):
        interpret.bind(program=[]).compile().prompt({"q": "Q"}, sgl.ScriptedBackend())


def test_a_failure_in_a_graph_is_the_states_error() -> None:
    @sgl.function
    def program(s):
        s += "a" + sgl.gen("x")
        forks = s.fork(2)
        forks += sgl.gen("y")
        s += s["x"]

    def fail(prompt: str) -> str:
        raise sgl.BackendError("no")

    state = program.compile().run(backend=sgl.ScriptedBackend(fail))
    assert isinstance(state.error(), sgl.BackendError) and state.text() == "a"
    assert [isinstance(child.error(), sgl.BackendError) for child in state.children()] == [True, True]


def test_a_value_that_is_no_text_is_refused_as_by_the_interpreter() -> None:
    program = sgl.function(lambda s: s.__iadd__("a" + sgl.gen("x", n=2)).__iadd__(s["x"]))
    state = program.compile().run(backend=sgl.ScriptedBackend(["1"]))
    assert isinstance(state.error(), sgl.UsageError)
    first = sgl.function(lambda s: s.__iadd__("a" + sgl.gen("x", n=2)).__iadd__(s["x"][1]))
    assert first.compile().run(backend=sgl.ScriptedBackend(["1", "2"])).text() == "a12"


def test_the_graph_says_what_waits_for_what(capsys) -> None:
    @sgl.function
    def program(s, q):
        s += q
        forks = s.fork(2)
        forks += sgl.gen("x")
        forks.join()
        s += s["x"][0]

    trace = program.trace()
    trace.last_node.print_graph_dfs()
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "%0 = Argument(name='q')",
        "%1 = Fork(%0, number=2, position_ids_offset=None)",
        "%2 = GetForkItem(%1, index=0)",
        "%3 = GetForkItem(%1, index=1)",
        "%4 = %2 + Gen('x')",
        "%5 = %3 + Gen('x')",
        "%6 = Join(%1, 'gather_variable', %4, %5)",
        "%7 = %6 + Variable('x', source=%4)",
    ]
    program.compile().print_graph()
    assert capsys.readouterr().out.splitlines()[-1] == "stream  0: %7 = %6 + Variable('x', source=%4)"
    kinds = [type(node.expr) for node in trace.graph.schedule()]
    assert kinds.index(SglFork) < kinds.index(SglJoin)
    assert [child.pid for child in trace.child_states] == [1, 2] and set(trace.variables) == {"x"}


@pytest.mark.parametrize("nested", [False, True])
def test_a_graph_speculates_as_the_interpreter_does(nested: bool) -> None:
    @sgl.function(num_api_spec_tokens=40)
    def sheet(s, q):
        s += q + "\nName:" + sgl.gen("name", stop="\n") + "\nJob:" + sgl.gen("job", stop="\n")

    @sgl.function
    def caller(s, q):
        called = sheet(q)
        s += called["name"] + called["job"]

    program = caller if nested else sheet
    found = []
    for run in (program.run, program.compile().run):
        place = sgl.ScriptedBackend([" Ann\nJob: cook\n"])
        state = run("Q", backend=place)
        found.append((state.text(), state.error(), len(place.calls)))
    assert found[0] == found[1] and found[0][2] == 1


def test_a_turn_that_comes_as_a_whole_cannot_be_read_before_its_end() -> None:
    @sgl.function(num_api_spec_tokens=40)
    def program(s):
        s += sgl.user("q") + sgl.assistant_begin() + sgl.gen("a", stop=".")
        s += s["a"] + sgl.assistant_end()

    with pytest.raises(sgl.UsageError, match="read it after the turn"):
        program.compile()


def test_a_batch_called_from_a_body_is_traced_call_by_call() -> None:
    @sgl.function
    def program(s, p):
        for state in nested.run_batch([{"program": [], "p": p, "depth": i} for i in range(2)], temperature=0):
            s += state["r"]

    place = backend(2000)
    with place.engine:
        compiled = program.compile()
        assert [stream.kind for stream in compiled.graph.streams] == ["program", "call", "call"]
        assert compiled.run("p", backend=place).text() == program.run("p", backend=place).text() != ""
