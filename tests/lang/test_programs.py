"""Running programs: variables, roles, batches, nesting. The acceptance list of the frontend language, on scripted answers."""

from __future__ import annotations

import threading

import pytest

import sgbench as sgl
from sgbench.lang.global_config import global_config


def answers(*responses: str, **options) -> sgl.ScriptedBackend:
    return sgl.ScriptedBackend(list(responses), **options)


@sgl.function
def qa(s, question, note=""):
    s += "Q: " + question + note + "\nA:" + sgl.gen("answer", stop="\n")


def test_few_shot_run_and_batch_in_order() -> None:
    backend = sgl.ScriptedBackend(lambda prompt: " " + prompt.split("Q: ")[1].split("\n")[0].upper() + "\nQ: next")
    assert qa.run(question="one", backend=backend)["answer"] == " ONE"
    assert qa("two", backend=backend)["answer"] == " TWO"
    items = [{"question": f"q{i}"} for i in range(130)]
    states = qa.run_batch(items, backend=backend)
    assert [s["answer"] for s in states] == [f" Q{i}" for i in range(130)]
    assert all(s.text().endswith(s["answer"]) for s in states)


@pytest.mark.parametrize("threads", [1, 3, "auto"])
@pytest.mark.parametrize("generator", [False, True])
@pytest.mark.parametrize("form", [dict, list, tuple])
def test_batches_take_every_form(threads, generator: bool, form: type) -> None:
    backend = sgl.ScriptedBackend(lambda prompt: prompt[3:6])
    items = [{"question": f"q{i:02}"} if form is dict else form([f"q{i:02}"]) for i in range(20)]
    states = qa.run_batch(items, backend=backend, num_threads=threads, generator_style=generator, progress_bar=False)
    assert [s["answer"] for s in states] == [f"q{i:02}" for i in range(20)]


def test_an_empty_batch_and_wrong_items() -> None:
    backend = answers("x")
    assert qa.run_batch([], backend=backend) == []
    assert list(qa.run_batch([], backend=backend, generator_style=True)) == []
    for wrong in ([["a", "b", "c"]], [[]], ["text"], "text"):
        with pytest.raises(sgl.UsageError):
            qa.run_batch(wrong, backend=backend)
    with pytest.raises(sgl.UsageError):
        qa.run_batch([{"question": "q"}], backend=backend, num_threads=0)
    assert backend.calls == []


def test_the_progress_bar_counts_every_item(capsys) -> None:
    qa.run_batch([{"question": "q"}] * 5, backend=answers("x"), progress_bar=True)
    assert "5/5" in capsys.readouterr().err


def test_without_a_backend_there_is_an_assertion_error() -> None:
    with pytest.raises(AssertionError, match="backend"):
        qa.run(question="q")
    backend = answers("x")
    sgl.set_default_backend(backend)
    assert sgl.get_default_backend() is backend
    assert qa.run(question="q")["answer"] == "x"


def test_an_object_with_an_endpoint_stands_for_it() -> None:
    class Wrapper:
        endpoint = answers("x")

    assert qa.run(question="q", backend=Wrapper())["answer"] == "x"


@pytest.mark.parametrize("style", ["method", "block", "expression", "markers"])
def test_two_turns_in_every_role_style(style: str) -> None:
    @sgl.function
    def chat(s):
        if style == "method":
            s.system("S")
            s.user("U1")
            s.assistant(sgl.gen("a1"))
            s.user("U2")
            s.assistant(sgl.gen("a2"))
        elif style == "block":
            with s.system():
                s += "S"
            with s.user():
                s += "U1"
            with s.assistant():
                s += sgl.gen("a1")
            with s.user():
                s += "U2"
            with s.assistant():
                s += sgl.gen("a2")
        elif style == "expression":
            s += sgl.system("S") + sgl.user("U1") + sgl.assistant(sgl.gen("a1"))
            s += sgl.user("U2")
            s += sgl.assistant(sgl.gen("a2"))
        else:
            s += sgl.system_begin() + "S" + sgl.system_end()
            s += sgl.user_begin() + "U1" + sgl.user_end()
            s += sgl.assistant_begin() + sgl.gen("a1") + sgl.assistant_end()
            s += sgl.user_begin() + "U2" + sgl.user_end()
            s += sgl.assistant_begin() + sgl.gen("a2") + sgl.assistant_end()

    state = chat.run(backend=answers("one", "two", chat_template="chatml"))
    assert state.text() == (
        "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nU1<|im_end|>\n<|im_start|>assistant\none<|im_end|>\n"
        "<|im_start|>user\nU2<|im_end|>\n<|im_start|>assistant\ntwo<|im_end|>\n"
    )
    assert [(m["role"], m["content"]) for m in state.messages()] == [
        ("system", "S"),
        ("user", "U1"),
        ("assistant", "one"),
        ("user", "U2"),
        ("assistant", "two"),
    ]


def test_a_default_system_prompt_is_a_turn_of_its_own() -> None:
    @sgl.function
    def chat(s):
        s += sgl.user("U") + sgl.assistant(sgl.gen("a"))

    state = chat.run(backend=answers(" A", chat_template="qwen"))
    assert state.messages()[0] == {"role": "system", "content": "You are a helpful assistant."}
    assert state.messages()[2]["content"] == "A"
    assert "You are a helpful assistant.<|im_end|>" in state.text()


def test_a_variable_is_waited_for_where_it_is_used_in_the_same_line() -> None:
    @sgl.function
    def expert(s):
        s += "Who? " + sgl.gen("expert")
        s += "For " + s["expert"] + ":" + sgl.gen("answer")

    assert expert.run(backend=answers("Ada", "yes", delay_s=0.01)).text() == "Who? AdaFor Ada:yes"


def test_a_scope_is_exactly_the_text_inside() -> None:
    @sgl.function
    def tool(s):
        s += "before "
        with s.var_scope("inner"):
            s += "x=" + sgl.gen("x", stop=")")
            s += ";"
        s += " after"

    state = tool.run(backend=answers("3) + 4"))
    assert (state["inner"], state["x"], state.text()) == ("x=3;", "3", "before x=3; after")


def test_unnamed_calls_set_assign_and_contains() -> None:
    @sgl.function
    def program(s):
        s += "a" + sgl.gen() + sgl.gen()
        s["mine"] = [1, 2]
        assert "mine" in s and "other" not in s

    state = program.run(backend=answers("x", "y"))
    assert (state[None], state["mine"], state.text()) == ("y", [1, 2], "axy")
    state.set_var("mine", 3)
    assert state.get_var("mine") == 3


def test_the_later_of_two_equal_names_wins_even_while_the_first_runs() -> None:
    @sgl.function
    def program(s):
        s += "p" + sgl.gen("a")
        s += sgl.gen("a")

    for _ in range(20):
        assert program.run(backend=answers("first", "second", delay_s=0.001))["a"] == "second"


def test_n_samples_go_on_with_the_first() -> None:
    @sgl.function
    def program(s):
        s += "p" + sgl.gen("many", n=2) + "|" + sgl.gen("one")

    state = program.run(backend=answers("A", "B", "C"))
    assert (state["many"], state["one"], state.text()) == (["A", "B"], "C", "pA|C")


def test_select_takes_the_best_score_or_the_scripted_choice() -> None:
    @sgl.function
    def program(s):
        s += "sky is" + sgl.select("colour", [" red", " blue"]) + sgl.gen("again", choices=[" yes", " no"])

    by_score = program.run(backend=answers(scores=lambda prompt, choice: -len(choice)))
    assert (by_score["colour"], by_score["again"]) == (" red", " no")
    assert by_score.get_meta_info("colour")["normalized_prompt_logprobs"] == [-4, -5]
    assert program.run(backend=answers(" blue", " yes")).text() == "sky is blue yes"


def test_run_defaults_fill_what_a_call_leaves_open() -> None:
    @sgl.function
    def program(s):
        s += "p" + sgl.gen("a") + sgl.gen("b", temperature=0.9, max_tokens=3)

    backend = answers("x")
    program.run(temperature=0.1, max_new_tokens=9, stop="z", backend=backend).sync()
    a, b = (call.sampling_params for call in backend.calls)
    assert (a.temperature, a.max_new_tokens, a.stop) == (0.1, 9, ["z"])
    assert (b.temperature, b.max_new_tokens) == (0.9, 3)


def test_a_program_parameter_named_like_an_option_gets_the_value() -> None:
    @sgl.function
    def program(s, n, stop="none"):
        s += f"{n} {stop}" + sgl.gen("a", max_tokens=4)

    backend = answers("x")
    assert program.run(n=5, stop="here", backend=backend).text() == "5 herex"
    assert program.run(5, backend=backend).text() == "5 nonex"
    assert backend.calls[0].sampling_params.n == 1 and backend.calls[0].sampling_params.stop == []


def test_bound_arguments_win_and_nobodys_dict_is_changed() -> None:
    bound = qa.bind(question="bound")
    backend = answers("x")
    assert "bound" in bound.run(question="called", backend=backend).text()
    items = [{"note": "1"}, {"note": "2"}]
    assert [s.text()[3:9] for s in bound.run_batch(items, backend=backend)] == ["bound1", "bound2"]
    assert items == [{"note": "1"}, {"note": "2"}]
    with pytest.raises(AssertionError, match="no parameter"):
        qa.bind(nothing=1)
    assert sgl.function(num_api_spec_tokens=7)(lambda s, a: None).bind(a=1).num_api_spec_tokens == 7


def test_run_returns_before_its_last_call_has() -> None:
    gate = threading.Event()

    def slow(prompt: str) -> str:
        gate.wait()
        return "late"

    state = qa.run(question="q", backend=sgl.ScriptedBackend(slow))
    assert "answer" not in state
    gate.set()
    assert state["answer"] == "late" and "answer" in state


def test_the_return_value_is_kept() -> None:
    @sgl.function
    def program(s):
        s += "p" + sgl.gen("a")
        return s["a"] * 2

    assert program.run(backend=answers("x")).ret_value == "xx"


def test_nested_calls_run_side_by_side_on_their_callers_backend() -> None:
    meeting = threading.Barrier(3)

    def together(prompt: str) -> str:
        meeting.wait(timeout=20)
        return prompt[-1].upper()

    @sgl.function
    def inner(s, x):
        s += "inner " + x + sgl.gen("y")

    @sgl.function
    def outer(s):
        calls = [inner(x) for x in "abc"]
        s += "".join(call["y"] for call in calls)

    backend = sgl.ScriptedBackend(together)
    state = outer.run(backend=backend, temperature=0.25)
    assert state.text() == "ABC"
    assert {call.sampling_params.temperature for call in backend.calls} == {0.25}
    assert state.usage().calls == 3

    other = answers("Z")
    sgl.set_default_backend(other)
    assert outer.run(backend=backend).text() == "ZZZ"
    assert {call.sampling_params.temperature for call in other.calls} == {1.0}


def test_control_flow_on_generated_text() -> None:
    @sgl.function
    def agent(s):
        s += "Task\n"
        for i in range(1, 6):
            s += f"Thought {i}:" + sgl.gen(f"thought {i}", stop="\n") + "\n"
            s += "Act:" + sgl.select("action", ["search", "finish"]) + "\n"
            if s["action"] == "finish":
                break
            s += "Obs: result\n"

    state = agent.run(backend=answers("t1", "search", "t2", "search", "t3", "finish"))
    assert state.text().count("Obs") == 2 and state["thought 3"] == "t3" and "thought 4" not in state


def test_verbosity_prints_the_text(capsys, monkeypatch) -> None:
    monkeypatch.setattr(global_config, "verbosity", 2)
    qa.run(question="q", backend=answers("x"))
    assert "Q: q\nA:x" in capsys.readouterr().out


def test_without_threads_calls_happen_inside_the_statement() -> None:
    seen = []

    @sgl.function
    def program(s):
        s += "p" + sgl.gen("a")
        seen.append("a" in s)

    program.run(backend=answers("x", delay_s=0.01), use_thread=False)
    assert seen == [True]


def test_five_hundred_programs_with_forks_in_order() -> None:
    @sgl.function
    def program(s, i):
        s += f"{i}:"
        forks = s.fork(2)
        forks += sgl.gen("part")
        forks.join()
        s += "".join(s["part"])

    backend = sgl.ScriptedBackend(lambda prompt: prompt)
    states = program.run_batch([{"i": i} for i in range(500)], backend=backend)
    assert [s.text() for s in states] == [f"{i}:{i}:{i}:" for i in range(500)]


def test_sglangs_modules_are_where_programs_import_them_from() -> None:
    from sgbench.api import set_default_backend
    from sgbench.lang.backend.base_backend import BaseBackend
    from sgbench.lang.chat_template import get_chat_template_by_model_path, register_chat_template
    from sgbench.lang.choices import ChoicesDecision, ChoicesSamplingMethod
    from sgbench.lang.interpreter import (
        ProgramState,
        ProgramStateGroup,
        StreamExecutor,
        cache_program,
        run_program,
        run_program_batch,
    )
    from sgbench.lang.ir import REGEX_BOOL, REGEX_FLOAT, REGEX_INT, REGEX_STR, SglFunction, SglSamplingParams

    assert set_default_backend is sgl.set_default_backend and SglFunction is sgl.SglFunction
    assert BaseBackend is sgl.BaseBackend and ProgramState is sgl.ProgramState
    for name in (
        get_chat_template_by_model_path,
        register_chat_template,
        ChoicesDecision,
        ChoicesSamplingMethod,
        ProgramStateGroup,
        StreamExecutor,
        cache_program,
        run_program,
        run_program_batch,
        SglSamplingParams,
    ):
        assert callable(name)
    assert all((REGEX_BOOL, REGEX_FLOAT, REGEX_INT, REGEX_STR))
