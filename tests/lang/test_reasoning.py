"""Thinking and answer: told apart by the family's marks, exactly, wherever the call stands."""

from __future__ import annotations

import pytest

import sgbench as sgl
from sgbench.lang.reasoning import MODEL_TYPES, Split, split

HARMONY = (
    "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>42<|return|>",
    "hm",
    "42",
)


@pytest.mark.parametrize(
    ("model_type", "completion", "thinking", "answer"),
    [
        ("qwen3", "<think>hm</think>42", "hm", "42"),
        ("qwen3", "42", "", "42"),
        ("qwen3", "<think>hm, not done", "hm, not done", ""),
        ("qwen3", "<think>hm<tool_call>{}", "hm", "<tool_call>{}"),
        ("qwen3-thinking", "hm</think>42", "hm", "42"),
        ("deepseek-r1", "hm</think>42</think>!", "hm", "42</think>!"),
        ("deepseek-r1", "hm", "hm", ""),
        ("deepseek-v3", "42", "", "42"),
        ("kimi", "◁think▷hm◁/think▷42", "hm", "42"),
        ("kimi_k2", "<think>hm<|tool_calls_section_begin|>f", "hm", "<|tool_calls_section_begin|>f"),
        ("mistral", "[THINK]hm[/THINK]42", "hm", "42"),
        ("gpt-oss", *HARMONY),
        ("gpt-oss", "<|channel|>analysis<|message|>hm", "hm", ""),
        ("gpt-oss", "42", "", "42"),
        ("deepseek-v4", "<think>hm</think>42", "hm", "42"),
        ("deepseek-v4", "<think>hm<tool_call>{}", "hm<tool_call>{}", ""),
        ("gemma4", "<|channel>thought\nhm<channel|>42", "hm", "42"),
        ("gemma4", "42", "", "42"),
        ("hunyuan", "<think>hm<tool_calls>f", "hm", "<tool_calls>f"),
        ("minimax-m3", "<mm:think>hm</mm:think>42", "hm", "42"),
        ("minimax-m3", "\n</mm:think>42", "", "42"),
        ("minimax-append-think", "hm</think>42", "", "<think>hm</think>42"),
        ("poolside_v1", "<think>hm</think>42", "hm", "42"),
        ("telechat4", "hm</think>42", "hm", "42"),
        ("telechat4", "<think>42", "", "42"),
        ("apertus2509", "<|inner_prefix|>h<|inner_suffix|>4<|inner_prefix|>m<|inner_suffix|>2", "hm", "42"),
        (
            "apertus2509",
            "<|inner_prefix|>h<|tools_prefix|>[f]<|tools_suffix|>m<|inner_suffix|>42",
            "hm",
            "<|tools_prefix|>[f]<|tools_suffix|>42",
        ),
        ("apertus2509", "<|inner_prefix|>hm", "hm", ""),
        ("cohere_command4", "hm<|END_THINKING|><|START_TEXT|>42<|END_TEXT|>", "hm", "42"),
        ("cohere_command4", "<|START_THINKING|>hm", "hm", ""),
        ("cohere_command4", "<|START_TEXT|>42", "", "42"),
        (
            "cohere_command4",
            "hm<|END_THINKING|><|START_ACTION|>[]<|END_ACTION|>",
            "hm",
            "<|START_ACTION|>[]<|END_ACTION|>",
        ),
        ("kimi_k3", "hm<|close|>think<|sep|><|open|>response<|sep|>42<|close|>response<|sep|>", "hm", "42"),
        ("kimi_k3", "<|open|>think<|sep|>hm<|close|>think", "hm", ""),
        ("kimi_k3", "hm<|open|>response<|sep|>42<|close|>message<|sep|>", "hm", "42"),
        ("kimi_k3", "hm<|open|>tools<|sep|>f", "hm", "<|open|>tools<|sep|>f"),
        (
            "inkling",
            "<|message_model|><|content_thinking|>hm<|end_message|><|message_model|><|content_text|>42<|end_message|>",
            "hm",
            "42",
        ),
        ("inkling", "<|content_thinking|>hm", "hm", ""),
        ("inkling", "42", "", "42"),
        (
            "inkling",
            "<|content_thinking|>hm<|end_message|><|message_model|>f<|content_invoke_tool_json|>{}<|end_message|>",
            "hm",
            "<|message_model|>f<|content_invoke_tool_json|>{}<|end_message|>",
        ),
    ],
)
def test_each_family_has_its_marks(model_type: str, completion: str, thinking: str, answer: str) -> None:
    found = split(completion, model_type)
    assert (found.thinking, found.answer) == (thinking, answer)
    assert in_place(completion, found)


def in_place(completion: str, found: Split) -> bool:
    """Does the answer stand where it is said to? One that is made of several pieces stands nowhere."""
    at = completion[found.answer_start :]
    return at.startswith(found.answer) or (not at and found.answer not in completion)


def test_every_family_that_sglang_names_is_known() -> None:
    named = """apertus2509 deepseek-r1 deepseek-v3 deepseek-v4 glm45 gpt-oss hunyuan kimi kimi_k2 kimi_k3 mimo poolside_v1 qwen3
        qwen3-thinking minimax minimax-append-think minimax-m3 step3 step3p5 mistral nemotron_3 interns1 gemma4 inkling
        cohere_command4 telechat4"""
    assert sorted(named.split()) == list(MODEL_TYPES)


@pytest.mark.parametrize("model_type", MODEL_TYPES)
@pytest.mark.parametrize("completion", ["", "<think>", "</think>", "<think></think>", "<|channel|>", "[THINK]x"])
def test_no_completion_breaks_a_family(model_type: str, completion: str) -> None:
    found = split(completion, model_type)
    assert in_place(completion, found)


def place(**options) -> sgl.ScriptedBackend:
    return sgl.ScriptedBackend(["<think>one</think>1", "<think>two</think>2"], **options)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("compiled", [False, True])
def test_text_and_variables_have_the_answer_and_the_thinking_has_its_own(stream: bool, compiled: bool) -> None:
    @sgl.function
    def program(s):
        s += sgl.user("q")
        s += sgl.assistant("So: " + sgl.separate_reasoning(sgl.gen("a") + " and " + sgl.gen("b"), "qwen3") + "!")

    state = (program.compile() if compiled else program).run(backend=place(), stream=stream)
    assert state["a"] == "1" and state["a_reasoning_content"] == "one"
    assert state["b"] == "2" and state["b_reasoning_content"] == "two"
    assert state.messages()[-1] == {"role": "assistant", "content": "So: 1 and 2!"}
    assert state.text().endswith("So: 1 and 2!\n") and "think" not in state.text()
    assert "".join(state.text_iter()) == state.text()
    assert state.get_meta_info("a_reasoning_content") == state.get_meta_info("a")


def test_outside_a_turn_nothing_is_doubled() -> None:
    @sgl.function
    def program(s):
        s += "before " + sgl.separate_reasoning(sgl.gen("a", n=2), model_type="qwen3") + " after"
        with s.var_scope("v"):
            s += sgl.separate_reasoning(sgl.gen("b"), model_type="QWEN3")

    state = program.run(backend=place())
    assert state["a"] == ["1", "2"] and state["a_reasoning_content"] == ["one", "two"]
    assert state.text() == "before 1 after" + state["v"] and state["v"] == "2"


def test_a_choice_is_not_thought_about() -> None:
    @sgl.function
    def program(s):
        s += "x" + sgl.separate_reasoning(sgl.select("c", ["yes", "no"]), "deepseek-r1")

    state = program.run(backend=sgl.ScriptedBackend(["no"]))
    assert state["c"] == "no" and state["c_reasoning_content"] == ""


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: sgl.separate_reasoning(sgl.gen(), "qwen3"),
        lambda: sgl.separate_reasoning(sgl.gen("a"), "no-such-family"),
        lambda: sgl.separate_reasoning(sgl.gen("a")),
        lambda: sgl.separate_reasoning("text", "qwen3"),
        sgl.separate_reasoning,
    ],
)
def test_what_cannot_be_cut_is_refused_at_once(wrong) -> None:
    with pytest.raises(ValueError, match="separate_reasoning"):
        wrong()
