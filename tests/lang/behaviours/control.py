"""Forks, runs, batches and logprobs: the rest of section 2, and what the shipped examples rely on."""

from __future__ import annotations

from typing import Any

import pytest

import sgbench as sgl
from tests.lang.behaviours.case import GREEDY, behaviour, failed, first, go, told

WORD = {"max_tokens": 4}


@behaviour()
def fork_copies_text_and_variables(place: Any) -> Any:
    def body(s):
        s += "Shared." + sgl.gen("own", **WORD)
        forks = s.fork(2)
        assert len(forks) == 2 and [fork["own"] for fork in forks] == [s["own"]] * 2
        forks[0] += " A:" + sgl.gen("x", **WORD)
        forks[1] += " B:" + sgl.gen("x", **WORD)
        s["texts"] = [fork.text() for fork in forks]

    state = go(body, place)
    shared = state.text()
    assert all(text.startswith(shared) for text in state["texts"]) and "x" not in state
    return told(state, "own", "texts")


@behaviour()
def forks_take_text_nodes_lists_and_functions(place: Any) -> Any:
    def body(s):
        s += "Go."
        forks = s.fork(2)
        forks += " Same:"
        forks += sgl.gen("a", **WORD)
        forks += [" one", " two"]
        forks += lambda i: f" nr {i}:" + sgl.gen("b", **WORD)
        forks.join()

    state = go(body, place)
    assert len(state["a"]) == len(state["b"]) == 2 and state.text() == "Go."
    return told(state, "a", "b")


@behaviour()
def join_gathers_new_variables_in_order(place: Any) -> Any:
    def body(s):
        s["kept"] = "mine"
        s += "Numbers:"
        forks = s.fork(3)
        for i, fork in enumerate(forks):
            fork += f" {i}" + sgl.gen("x", **WORD)
            fork["kept"] = "other"
            if i:
                fork["some"] = i
        forks.join()
        assert [fork["x"] for fork in forks] == s["x"]  # children stay readable

    state = go(body, place)
    assert state["kept"] == "mine" and state["some"] == [1, 2] and len(state["x"]) == 3
    return told(state, "x")


@behaviour()
def join_appends_the_childrens_text(place: Any) -> Any:
    def body(s):
        s += "Facts:\n"
        forks = s.fork(2)
        forks += lambda i: f"{i}:" + sgl.gen("x", **WORD) + "\n"
        forks.join("concate_and_append")
        s += "So" + sgl.gen("end", **WORD)

    state = go(body, place)
    assert state.text().startswith("Facts:\n0:") and "\n1:" in state.text()
    with pytest.raises(ValueError, match="modes"):
        sgl.function(lambda s: s.fork(2).join("other")).run(backend=place)
    return told(state, "end")


@behaviour()
def a_copy_gives_lists_of_one_back(place: Any) -> Any:
    def body(s):
        s += "Main."
        with s.copy() as c:
            c += " Aside:" + sgl.gen("note", **WORD)
        s += " End."

    state = go(body, place)
    assert state.text() == "Main. End." and len(state["note"]) == 1
    return told(state, "note")


@behaviour()
def run_returns_what_the_body_returns_and_a_call_is_a_run(place: Any) -> Any:
    @sgl.function
    def program(s, n):
        s += f"{n}:" + sgl.gen("a", **WORD)
        return n * 2

    one, other = program.run(4, backend=place, **GREEDY), program(n=4, backend=place, **GREEDY)
    assert one.ret_value == other.ret_value == 8 and one["a"] == other["a"]
    with pytest.raises(ZeroDivisionError):
        sgl.function(lambda s: s.__iadd__("a") and 1 / 0).run(backend=place)
    return told(one, "a")


@behaviour()
def parameters_named_like_options_are_the_programs(place: Any) -> Any:
    @sgl.function
    def program(s, n, stop="x"):
        s += f"{n}{stop}" + sgl.gen("a", max_tokens=3)

    state = program.run(n=3, stop="!", backend=place, **GREEDY)
    assert state.text().startswith("3!") and isinstance(state["a"], str)
    return told(state, "a")


@behaviour(chat=True)
def a_batch_is_in_order_in_every_form(place: Any) -> Any:
    @sgl.function
    def capital(s, country, sort="capital"):
        s += sgl.user(f"What is the {sort} of {country}?") + sgl.assistant(sgl.gen("a", **WORD))

    lands = ["France", "Italy", "Japan"]
    by_name = capital.run_batch([{"country": land} for land in lands], backend=place, **GREEDY)
    by_place = capital.run_batch([[land] for land in lands], backend=place, num_threads=1, **GREEDY)
    streamed = list(capital.run_batch([[land] for land in lands], backend=place, generator_style=True, **GREEDY))
    answers = [state["a"] for state in by_name]
    assert answers == [state["a"] for state in by_place] == [state["a"] for state in streamed]
    assert all(land in state.text() for land, state in zip(lands, by_name, strict=True))
    assert capital.run_batch([], backend=place) == []
    with pytest.raises(ValueError, match="does not match"):
        capital.run_batch([["a", "b", "c"]], backend=place)
    return answers


@behaviour()
def bound_arguments_win_and_change_nothing(place: Any) -> Any:
    @sgl.function
    def program(s, a, b):
        s += f"{a}{b}" + sgl.gen("x", max_tokens=2)

    item = {"b": 2}
    states = program.bind(a=1).run_batch([item, item], backend=place, **GREEDY)
    assert [state.text()[:2] for state in states] == ["12", "12"] and item == {"b": 2}
    assert program.bind(a=1).run(a=5, b=6, backend=place, **GREEDY).text().startswith("16")
    with pytest.raises(AssertionError, match="no parameter"):
        program.bind(c=1)
    return [state.text() for state in states]


@behaviour(chat=True)
def a_program_is_traced_and_its_prefix_is_read_ahead(place: Any) -> Any:
    @sgl.function
    def program(s, question):
        s += sgl.system("You know all the capitals of the world, and answer in one word. " * 2)
        s += sgl.user(question) + sgl.assistant(sgl.gen("a", **WORD))

    program.cache(backend=place)
    graph = program.trace()
    assert "Gen('a')" in "".join(map(str, graph.nodes)) and "Argument(name='question')" in "".join(
        map(str, graph.nodes)
    )
    state = program.run("Peru?", backend=place, **GREEDY)
    assert program.compile().run(question="Peru?", backend=place, **GREEDY).text() == state.text()
    return told(state, "a")


@behaviour(chat=True)
def programs_call_programs_on_their_callers_backend(place: Any) -> Any:
    @sgl.function
    def tip(s, topic):
        s += sgl.user("A word about " + topic) + sgl.assistant(sgl.gen("text", **WORD))

    @sgl.function
    def overview(s, topics):
        tips = [tip(topic) for topic in topics]
        s += sgl.user("; ".join(one["text"] for one in tips)) + sgl.assistant(sgl.gen("end", **WORD))

    state = go(overview.func, place, ["rain", "cats"])
    assert state.messages()[-2]["content"].count(";") >= 1
    return told(state, "end")


@behaviour(["one", "two", "three"])
def several_samples_are_a_list_and_the_text_goes_on_with_the_first(place: Any) -> Any:
    def body(s):
        s += "Once upon a time" + sgl.gen("many", n=3, max_tokens=4) + "." + sgl.gen("one", n=1, max_tokens=2)

    state = go(body, place)
    assert len(state["many"]) == 3 and state.text().startswith(f"Once upon a time{state['many'][0]}.")
    assert isinstance(state["one"], str)
    return told(state, "many", "one")


@behaviour()
def the_later_of_two_equal_names_wins(place: Any) -> Any:
    def body(s):
        s += "A" + sgl.gen("x", max_tokens=6) + " B" + sgl.gen("x", max_tokens=2)

    state = go(body, place)
    assert state.text().endswith(" B" + state["x"])
    return told(state, "x")


@behaviour()
def a_failed_state_answers_at_once_and_keeps_its_text(place: Any) -> Any:
    def body(s):
        s += "Good." + sgl.gen("a", **WORD)
        s += sgl.assistant_end()
        s += " Never." + sgl.gen("b")

    state = sgl.function(body).run(backend=place, **GREEDY)
    text = failed(state, AssertionError, "the open turn")
    with pytest.raises(KeyError, match="will not come"):
        state["b"]
    state += "later"
    assert state.text() == text == "Good." + state["a"]
    return text


@behaviour()
def one_bad_item_leaves_the_others_of_a_batch_whole(place: Any) -> Any:
    @sgl.function
    def program(s, i):
        s += f"{i}" + sgl.gen("a", max_tokens=2)
        if i == 1:
            raise LookupError("bad item")

    states = program.run_batch([{"i": i} for i in range(3)], backend=place, return_exceptions=True, **GREEDY)
    assert isinstance(states[1].error(), LookupError) and states[0].error() is states[2].error() is None
    with pytest.raises(LookupError, match="bad item"):
        program.run_batch([{"i": i} for i in range(3)], backend=place, **GREEDY)
    return [states[i]["a"] for i in (0, 2)]


@behaviour()
def readers_of_a_stream_do_not_take_from_each_other(place: Any) -> Any:
    @sgl.function
    def program(s):
        s += "Count:" + sgl.gen("a", max_tokens=6)
        forks = s.fork(2)
        forks += lambda i: f"{i}" + sgl.gen("b", max_tokens=3)
        forks.join()

    state = program.run(backend=place, stream=True, **GREEDY)
    readers = [list(state.text_iter("a")) for _ in range(3)]
    state.sync()
    assert state.error() is None and readers[0] == readers[1] == readers[2] and "".join(readers[0]) == state["a"]
    return state["a"], state["b"]


@behaviour(completions=False)
def logprobs_of_prompt_and_completion(place: Any) -> Any:
    def body(s):
        s += "The capital of France is" + sgl.gen(
            "a",
            max_tokens=3,
            return_logprob=True,
            logprob_start_len=0,
            top_logprobs_num=2,
            return_text_in_logprobs=True,
        )

    meta = go(body, place).get_meta_info("a")
    if isinstance(place, sgl.ScriptedBackend):
        return None
    assert len(meta["input_token_logprobs"]) == meta["prompt_tokens"] and meta["input_token_logprobs"][0][0] is None
    assert "".join(entry[2] for entry in meta["input_token_logprobs"]) == "The capital of France is"
    assert [len(row) for row in meta["output_top_logprobs"]] == [2] * len(meta["output_token_logprobs"])
    return [entry[1] for entry in meta["output_token_logprobs"]]


@behaviour(chat=True)
def logprobs_of_what_was_said(place: Any) -> Any:
    def body(s):
        s += sgl.user("Hello!") + sgl.assistant(sgl.gen("a", max_tokens=3, return_logprob=True, top_logprobs_num=1))

    meta = go(body, place).get_meta_info("a")
    if isinstance(place, sgl.ScriptedBackend):
        return None
    assert all(entry[0] <= 0 for entry in meta["output_token_logprobs"])
    return len(meta["output_token_logprobs"]), len(meta["output_top_logprobs"])


@behaviour(completions=False)
def no_tokens_read_the_prompt_and_tell_the_next_ones(place: Any) -> Any:
    def body(s):
        s += "The capital of France is" + sgl.gen(
            "next", max_tokens=0, return_logprob=True, top_logprobs_num=3, return_text_in_logprobs=True
        )

    state = go(body, place)
    if isinstance(place, sgl.ScriptedBackend):
        return None
    (row,) = state.get_meta_info("next")["output_top_logprobs"]
    assert len(row) == 3 and state.text() == "The capital of France is"
    return [entry[2] for entry in row]


@behaviour(chat=True)
def the_fewest_and_the_most_tokens(place: Any) -> Any:
    def body(s):
        s += sgl.user("Say hi.") + sgl.assistant(sgl.gen("a", min_tokens=12, max_tokens=14))

    state = go(body, place)
    count = state.get_meta_info("a")["completion_tokens"]
    assert isinstance(place, sgl.ScriptedBackend) or 12 <= count <= 14
    return told(state, "a")


@behaviour(chat=True)
def a_backend_tells_of_itself_and_forgets(place: Any) -> Any:
    sgl.flush_cache(place)
    sgl.get_server_info(place)
    state = go(lambda s: s.__iadd__(sgl.user("Hi") + sgl.assistant(sgl.gen("a", **WORD))), place)
    assert sgl.flush_cache() is False and sgl.get_server_info() is None  # there is no default backend
    return told(state, "a")


@behaviour(lambda prompt: " no" if prompt.endswith("too?") else " yes", scores=first([" yes", " no", " maybe"]))
def every_choice_method_decides(place: Any) -> Any:
    found = []
    for method in (sgl.token_length_normalized, sgl.greedy_token_selection, sgl.unconditional_likelihood_normalized):

        def body(s, method=method):
            s += "Is the sky blue? Answer:" + sgl.select("a", [" yes", " no", " maybe"], choices_method=method)

        state = go(body, place)
        found.append(state["a"])
        meta = state.get_meta_info("a")
        assert len(meta["input_token_logprobs"]) == 3
        assert ("greedy_logprob_matrix" in meta) == (method is sgl.greedy_token_selection)
        assert ("normalized_unconditional_prompt_logprobs" in meta) == method.requires_unconditional_logprobs
    return found
