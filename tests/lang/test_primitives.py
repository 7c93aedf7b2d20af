"""What the primitives accept, refuse and make."""

from __future__ import annotations

import inspect
import re

import pytest

import sgbench as sgl
from sgbench.lang import ir
from sgbench.lang.sampling import SglSamplingParams, dtype_as_regex, resolve

GEN_PARAMETERS = (
    "name max_tokens min_tokens n stop stop_token_ids stop_regex temperature top_p top_k min_p frequency_penalty "
    "presence_penalty ignore_eos return_logprob logprob_start_len top_logprobs_num return_text_in_logprobs dtype choices "
    "choices_method regex json_schema close_within_budget canonical"
)


def test_gen_takes_its_parameters_by_position_in_sglangs_order() -> None:
    every = GEN_PARAMETERS.split()
    assert list(inspect.signature(sgl.gen).parameters) == every
    constraints = {"dtype", "choices", "choices_method", "regex", "json_schema", "close_within_budget", "canonical"}
    left_out = {"min_tokens", *constraints}
    for short in (sgl.gen_int, sgl.gen_string):
        assert list(inspect.signature(short).parameters) == [name for name in every if name not in left_out]
    assert list(inspect.signature(sgl.select).parameters) == ["name", "choices", "temperature", "choices_method"]


def test_every_parameter_of_gen_reaches_the_node() -> None:
    node = sgl.gen(
        "x",
        7,
        2,
        3,
        "a",
        [4],
        "b",
        0.5,
        0.9,
        8,
        0.1,
        0.2,
        0.3,
        True,
        True,
        5,
        6,
        True,
        regex="a+",
        json_schema="{}",
        close_within_budget=True,
        canonical=True,
    )
    assert isinstance(node, ir.SglGen)
    values = node.sampling_params.given()
    assert values == {
        "max_new_tokens": 7,
        "min_new_tokens": 2,
        "n": 3,
        "stop": "a",
        "stop_token_ids": [4],
        "stop_regex": "b",
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 8,
        "min_p": 0.1,
        "frequency_penalty": 0.2,
        "presence_penalty": 0.3,
        "ignore_eos": True,
        "return_logprob": True,
        "logprob_start_len": 5,
        "top_logprobs_num": 6,
        "return_text_in_logprobs": True,
        "regex": "a+",
        "json_schema": "{}",
        "close_within_budget": True,
        "canonical": True,
    }


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: sgl.gen(regex="("), re.error),
        (lambda: sgl.gen(max_tokens=-1), sgl.UsageError),
        (lambda: sgl.gen(min_tokens=-1), sgl.UsageError),
        (lambda: sgl.gen(n=0), sgl.UsageError),
        (lambda: sgl.gen(dtype=list), sgl.UsageError),
        (lambda: sgl.gen(choices=["a", "b"], regex="(a"), re.error),
        (lambda: sgl.gen(choices=["a", "b"], regex="c"), sgl.UsageError),
        (lambda: sgl.gen(choices=[], regex="c"), sgl.UsageError),
        (lambda: sgl.select("x"), AssertionError),
        (lambda: sgl.select("x", []), sgl.UsageError),
        (lambda: sgl.select("x", "yes"), sgl.UsageError),
        (lambda: sgl.select("x", ["yes", ""]), sgl.UsageError),
        (lambda: sgl.function(lambda state: None), AssertionError),
        (lambda: sgl.function(lambda: None), AssertionError),
    ],
)
def test_what_cannot_work_is_refused_where_it_is_written(call, error) -> None:
    with pytest.raises(error):
        call()


def test_choices_make_a_select_and_keep_its_method() -> None:
    node = sgl.gen("x", choices=["a", "b"], choices_method=sgl.greedy_token_selection)
    assert isinstance(node, ir.SglSelect)
    assert (node.choices, node.temperature, node.choices_method) == (["a", "b"], 0.0, sgl.greedy_token_selection)


def test_a_regex_keeps_the_choices_that_it_matches_as_a_whole() -> None:
    node = sgl.gen("x", choices=["12", "1a", "x12", "٣"], regex=r"\d+|[a-z]")
    assert node.choices == ["12"], "classes are ASCII, as in a constraint"


def test_concatenation_is_flat() -> None:
    whole = "a" + sgl.gen("x") + ("b" + sgl.gen("y")) + "c"
    assert [type(part).__name__ for part in whole.expr_list] == [
        "SglConstantText",
        "SglGen",
        "SglConstantText",
        "SglGen",
        "SglConstantText",
    ]
    with pytest.raises(TypeError):
        sgl.gen("x") + 5


@pytest.mark.parametrize("role", ["system", "user", "assistant"])
def test_roles_bracket_what_they_hold(role: str) -> None:
    turn = getattr(sgl, role)("hello")
    assert [repr(part) for part in turn.expr_list] == [f"RoleBegin({role})", "Constant('hello')", f"RoleEnd({role})"]
    assert len(getattr(sgl, role)().expr_list) == 2
    assert repr(getattr(sgl, f"{role}_begin")()) == f"RoleBegin({role})"
    assert repr(getattr(sgl, f"{role}_end")()) == f"RoleEnd({role})"


def test_a_calls_values_win_and_the_templates_stops_are_added_to_a_copy() -> None:
    stop = ["\n"]
    merged = resolve(
        SglSamplingParams(temperature=0.3, stop=("run",)), SglSamplingParams(**nothing_but(stop=stop)), ["<|im_end|>"]
    )
    assert (merged.temperature, merged.stop, stop) == (0.3, ["\n", "<|im_end|>"], ["\n"])
    assert resolve(SglSamplingParams(stop="run"), SglSamplingParams(**nothing_but()), ["t"]).stop == ["run", "t"]


def nothing_but(**given: object) -> dict:
    return dict.fromkeys(SglSamplingParams.__dataclass_fields__) | given


@pytest.mark.parametrize(
    ("dtype", "good", "bad"),
    [
        (int, ["3", "-12", "+4 \n"], ["x", "1.5"]),
        ("float", ["3", ".5", "-1.25"], ["x"]),
        (bool, ["True", "False"], ["true"]),
        ("str", ['"a b"', '""'], ["a"]),
    ],
)
def test_a_dtype_is_a_regex(dtype, good: list[str], bad: list[str]) -> None:
    params = dtype_as_regex(resolve(SglSamplingParams(), SglSamplingParams(**nothing_but(dtype=dtype, stop="."))))
    assert params.dtype is None and params.regex is not None
    assert all(re.fullmatch(params.regex, text) for text in good)
    assert not any(re.fullmatch(params.regex, text) for text in bad)
    assert params.stop == [".", " ", "\n"] if dtype in (int, "float") else params.stop == ["."]


def test_dtype_wins_over_regex_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="dtype is used"):
        assert dtype_as_regex(SglSamplingParams(dtype=bool, regex="x")).regex == "(True|False)"
