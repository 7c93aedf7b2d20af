"""Primitives and what a state tells: section 2 of the language's table."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

import sgbench as sgl
from tests.lang.behaviours.case import GREEDY, behaviour, failed, first, go, told

WORD = {"max_tokens": 4}


@behaviour(chat=True)
def function_is_used_bare_and_with_parameters(place: Any) -> Any:
    @sgl.function
    def bare(s):
        s += sgl.user("Hi") + sgl.assistant(sgl.gen("a", **WORD))

    @sgl.function(num_api_spec_tokens=8)
    def spec(s):
        s += sgl.user("Hi") + sgl.assistant(sgl.gen("a", max_tokens=8, stop="\n"))

    states = [program.run(backend=place, **GREEDY) for program in (bare, spec)]
    assert [state.error() for state in states] == [None, None]
    with pytest.raises(AssertionError, match="named s"):
        sgl.function(lambda state: None)
    return [told(state, "a") for state in states]


@behaviour()
def appending_keeps_the_order_and_refuses_none(place: Any) -> Any:
    def body(s):
        for i in range(3):
            s += f"{i}:" + sgl.gen(f"x{i}", **WORD)
            s += ";"
        with pytest.raises(ValueError, match="None"):
            s += None

    state = go(body, place)
    parts = "".join(f"{i}:{state[f'x{i}']};" for i in range(3))
    assert state.text() == parts
    wrong = sgl.function(lambda s: s.__iadd__("a").__iadd__(7)).run(backend=place)
    assert failed(wrong, sgl.UsageError, "int") == "a"
    return parts


@behaviour()
def strings_and_nodes_add_up_to_one_list(place: Any) -> Any:
    node = "a" + sgl.gen("x", **WORD) + "b" + ("c" + sgl.gen("y", **WORD))
    assert [type(part).__name__ for part in node.expr_list] == [
        "SglConstantText", "SglGen", "SglConstantText", "SglConstantText", "SglGen",
    ]  # fmt: skip
    state = go(lambda s: s.__iadd__(node), place)
    assert state.text() == f"a{state['x']}bc{state['y']}"
    return told(state, "x", "y")


@behaviour(chat=True)
def gen_appends_stores_and_counts(place: Any) -> Any:
    def body(s):
        s += sgl.user("What is the capital of France?") + sgl.assistant(sgl.gen("a", max_tokens=6))

    state = go(body, place)
    meta = state.get_meta_info("a")
    assert state["a"] in state.text() and meta["prompt_tokens"] > 0 and 0 < meta["completion_tokens"] <= 6
    assert meta["finish_reason"]["type"] in ("stop", "length")
    return told(state, "a"), meta["completion_tokens"], meta["prompt_tokens"]


@behaviour()
def an_unnamed_gen_is_stored_under_none_and_the_last_one_wins(place: Any) -> Any:
    state = go(lambda s: s.__iadd__("One" + sgl.gen(**WORD) + " two" + sgl.gen(**WORD)), place)
    assert state.text().endswith(" two" + state[None])
    return told(state, None)


@behaviour([" Paris"], scores=first([" Paris", " London"]))
def gen_with_choices_is_a_select(place: Any) -> Any:
    def body(s):
        s += "The capital of France is" + sgl.gen("c", choices=[" Paris", " London"], max_tokens=1)

    state = go(body, place, temperature=1.0)
    assert state["c"] == " Paris" and state.text().endswith(" Paris")
    assert len(state.get_meta_info("c")["normalized_prompt_logprobs"]) == 2
    return told(state, "c")


@behaviour([" 1989"], chat=True)
def a_regex_constrains_and_is_checked_where_it_is_written(place: Any) -> Any:
    with pytest.raises(re.error):
        sgl.gen("x", regex="(")

    def body(s):
        s += sgl.user("Which year is it?") + sgl.assistant(sgl.gen("year", max_tokens=8, regex=r" (19|20)\d\d"))

    state = go(body, place)
    assert re.fullmatch(r" (19|20)\d\d", state["year"])
    return told(state, "year")


@behaviour(['{"ok": true}'], chat=True)
def a_json_schema_is_a_string(place: Any) -> Any:
    schema = json.dumps({"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]})

    def body(s):
        s += sgl.user("Answer in JSON.") + sgl.assistant(sgl.gen("json", max_tokens=24, json_schema=schema))

    state = go(body, place)
    assert isinstance(json.loads(state["json"])["ok"], bool)
    return told(state, "json")


@behaviour(lambda prompt: {"I": "7", "F": "7.5", "B": "True"}[prompt[-3]])
def values_of_a_type_stay_strings(place: Any) -> Any:
    def body(s):
        s += "I: " + sgl.gen("int", max_tokens=6, dtype=int) + " F: " + sgl.gen("float", max_tokens=6, dtype="float")
        s += " B: " + sgl.gen("bool", max_tokens=6, dtype=bool)

    state = go(body, place)
    int(state["int"])
    float(state["float"])
    assert state["bool"] in ("True", "False") and all(isinstance(state[name], str) for name in ("int", "float", "bool"))
    with pytest.raises(ValueError, match="complex"):
        sgl.gen("x", dtype=complex)
    return told(state, "int", "float", "bool")


@behaviour(lambda prompt: "24" if prompt.endswith("has ") else '"Paris"')
def whole_numbers_and_strings_have_primitives(place: Any) -> Any:
    def body(s):
        s += "A day has " + sgl.gen_int("hours", max_tokens=4) + " hours. The capital of France is "
        s += sgl.gen_string("name", max_tokens=12)

    state = go(body, place)
    assert int(state["hours"]) >= 0 or state["hours"].startswith("-")
    assert state["name"].startswith('"')
    for primitive in (sgl.gen_int, sgl.gen_string):
        with pytest.raises(TypeError):
            primitive("x", regex="a")
    return told(state, "hours", "name")


@behaviour([" Rome"], scores=first([" Rome", " Oslo", " Bern"]))
def select_appends_the_best_choice_and_needs_no_name(place: Any) -> Any:
    choices = [" Rome", " Oslo", " Bern"]

    def body(s):
        s += "The capital of Italy is" + sgl.select("city", choices) + ". Again:" + sgl.select(choices=choices)

    state = go(body, place)
    assert state["city"] == " Rome" and any(state.text().endswith(choice) for choice in choices)
    with pytest.raises(AssertionError):
        sgl.select("x")
    return told(state, "city")


PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8"
    b"\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)


@behaviour(chat=True)
def an_image_reaches_who_sees_and_is_refused_by_who_reads(place: Any) -> Any:
    @sgl.function
    def program(s):
        s += sgl.user(sgl.image(PNG) + "What is it?") + sgl.assistant(sgl.gen("a", **WORD))

    state = program.run(backend=place)
    if isinstance(place, sgl.ScriptedBackend):
        assert state.error() is None and state.messages()[-2]["content"][1]["type"] == "image_url"
        return None
    assert state.error() is not None and "a" not in state
    assert any(word in str(state.error()) for word in ("text only", "image_data", "read text"))
    return None


@behaviour(chat=True)
def roles_as_expressions(place: Any) -> Any:
    def body(s):
        s += sgl.system("Be brief.") + sgl.user("Hello!") + sgl.assistant(sgl.gen("a", **WORD))

    state = go(body, place)
    assert state.messages() == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello!"},
        {"role": "assistant", "content": state["a"].lstrip()},
    ]
    return told(state, "a")


@behaviour(chat=True)
def roles_as_markers(place: Any) -> Any:
    def body(s):
        s += sgl.system_begin() + "Be brief." + sgl.system_end() + sgl.user_begin() + "Hello!" + sgl.user_end()
        s += sgl.assistant_begin() + sgl.gen("a", **WORD) + sgl.assistant_end()

    state = go(body, place)
    assert [turn["role"] for turn in state.messages()] == ["system", "user", "assistant"]
    return told(state, "a")


@behaviour(chat=True)
def roles_as_methods(place: Any) -> Any:
    def body(s):
        s.system("Be brief.")
        s.user("Hello!")
        s.assistant(sgl.gen("a", **WORD))

    return told(go(body, place), "a")


@behaviour(chat=True)
def roles_as_blocks(place: Any) -> Any:
    def body(s):
        with s.system():
            s += "Be brief."
        with s.user():
            s += "Hel"
            s += "lo!"
        with s.assistant():
            s += sgl.gen("a", **WORD)

    state = go(body, place)
    assert state.messages()[1]["content"] == "Hello!"
    return told(state, "a")


@behaviour(chat=True)
def nested_roles_are_an_error_of_the_state(place: Any) -> Any:
    def body(s):
        s += sgl.user_begin() + "Hello"
        s += sgl.assistant(sgl.gen("a"))

    return failed(sgl.function(body).run(backend=place), AssertionError, "Nested roles are not allowed")


@behaviour(chat=True)
def reading_a_variable_waits_for_it_and_a_missing_one_is_a_key_error(place: Any) -> Any:
    found = []

    def body(s):
        s += sgl.user("Hi") + sgl.assistant(sgl.gen("a", **WORD))
        found.append(s["a"])
        with pytest.raises(KeyError, match="never"):
            s["never"]

    state = go(body, place)
    assert found == [state["a"]]
    return found


@behaviour()
def a_variable_can_be_set_and_asked_for(place: Any) -> Any:
    seen = []

    def body(s):
        s["given"] = {"any": "thing"}
        seen.append(("given" in s, "x" in s))
        s += "Hi" + sgl.gen("x", **WORD)
        s.sync()
        seen.append("x" in s)

    state = go(body, place)
    assert seen == [(True, False), True] and state["given"] == {"any": "thing"}
    return state.text()


@behaviour()
def text_and_str_wait_for_everything(place: Any) -> Any:
    @sgl.function
    def program(s):
        s += "Once" + sgl.gen("a", max_tokens=8)

    state = program.run(backend=place, **GREEDY)
    assert str(state) == f"ProgramState({state.text()})" and state.text() == "Once" + state["a"]
    return state.text()


@behaviour(chat=True)
def messages_are_the_closed_turns(place: Any) -> Any:
    counts = []

    def body(s):
        s += sgl.system("Be brief.") + sgl.user("Hello")
        s += sgl.assistant_begin()
        counts.append(len(s.messages()))
        s += sgl.gen("a", **WORD)
        s += sgl.assistant_end()

    state = go(body, place)
    assert counts == [2] and len(state.messages()) == 3
    return state.messages()


@behaviour()
def meta_information_is_waited_for_and_none_where_there_is_none(place: Any) -> Any:
    state = go(lambda s: s.__iadd__("Hi" + sgl.gen("a", **WORD)), place)
    assert state.get_meta_info("a")["completion_tokens"] > 0 and state.get_meta_info("b") is None
    return state.get_meta_info("a")["completion_tokens"]


@behaviour()
def sync_waits_and_error_tells(place: Any) -> Any:
    @sgl.function
    def program(s):
        s += "Hi" + sgl.gen("a", **WORD)
        s.sync()
        s += sgl.user_end()

    state = program.run(backend=place, **GREEDY)
    assert failed(state, AssertionError, "the open turn") == "Hi" + state["a"]
    s = state.fork(1)[0]  # a child of a failed state has failed too
    assert s.error() is state.error()
    return state.text()


@behaviour()
def a_scope_is_the_text_inside(place: Any) -> Any:
    def body(s):
        s += "Before. "
        with s.var_scope("inside"):
            s += "It is" + sgl.gen(**WORD) + "!"
        s += " After."

    state = go(body, place)
    assert state.text() == f"Before. {state['inside']} After." and state["inside"].startswith("It is")
    return told(state, "inside")


@behaviour(["hello there"])
def what_stops_is_trimmed_and_may_be_a_list(place: Any) -> Any:
    def body(s):
        s += (
            "Count: 1, 2, 3, 4,"
            + sgl.gen("a", max_tokens=12, stop=",")
            + "|"
            + sgl.gen("b", max_tokens=8, stop=["e", "1"])
        )

    state = go(body, place)
    assert "," not in state["a"] and not set("e1") & set(state["b"])
    return told(state, "a", "b")


@behaviour(["word"])
def a_run_gives_what_a_gen_leaves_open(place: Any) -> Any:
    def body(s):
        s += "Once upon a time" + sgl.gen("a") + "." + sgl.gen("b", max_tokens=2)

    state = go(body, place, max_new_tokens=5, stop="\n")
    counts = [state.get_meta_info(name)["completion_tokens"] for name in ("a", "b")]
    assert isinstance(place, sgl.ScriptedBackend) or (counts[0] <= 5 and counts[1] <= 2)
    return told(state, "a", "b"), counts


@behaviour(["<think>hm</think>42"], chat=True)
def thinking_is_told_from_the_answer(place: Any) -> Any:
    def body(s):
        s += sgl.user("6 x 7?") + sgl.assistant(sgl.separate_reasoning(sgl.gen("a", max_tokens=6), model_type="qwen3"))

    state = go(body, place)
    assert state["a_reasoning_content"] + state["a"] and state.messages()[-1]["content"] == state["a"].lstrip()
    if isinstance(place, sgl.ScriptedBackend):
        assert (state["a"], state["a_reasoning_content"]) == ("42", "hm")
    with pytest.raises(ValueError, match="name"):
        sgl.separate_reasoning(sgl.gen(), model_type="qwen3")
    return told(state, "a", "a_reasoning_content")


@behaviour(chat=True)
def a_stream_gives_the_whole_text_and_each_variable(place: Any) -> Any:
    @sgl.function
    def program(s):
        s += sgl.user("Hello!") + sgl.assistant(sgl.gen("a", max_tokens=6))

    state = program.run(backend=place, stream=True, **GREEDY)
    whole, again, variable = "".join(state.text_iter()), "".join(state.text_iter()), "".join(state.text_iter("a"))
    assert state.error() is None and whole == again == state.text() and variable == state["a"]
    return whole, variable


@behaviour(chat=True)
def a_stream_is_awaited_without_stopping_the_loop(place: Any) -> Any:
    @sgl.function
    def program(s):
        s += sgl.user("Hello!") + sgl.assistant(sgl.gen("a", max_tokens=6))

    async def read() -> tuple[str, int]:
        ticks = 0
        state = program.run(backend=place, stream=True, **GREEDY)

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        ticking = asyncio.ensure_future(tick())
        text = "".join([piece async for piece in state.text_async_iter("a")])
        ticking.cancel()
        assert state.error() is None and text == state["a"]
        return text, ticks

    text, ticks = asyncio.run(read())
    assert ticks > 0 or isinstance(place, sgl.ScriptedBackend)  # a script may be over before anybody waits
    return text
