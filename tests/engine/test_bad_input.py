"""Bad input has one clear error, queues nothing, keeps no KV, and the engine serves the next request."""

from __future__ import annotations

import re

import pytest

from sgbench.engine.request import SamplingParams
from sgbench.engine.sampling_params import sampling_params
from sgbench.errors import CapacityError, ConstraintError, UnknownOptionError, UsageError

from .world import continuation, scripted, speaking

PARAMETERS = [
    ({"max_new_tokens": -1}, "max_new_tokens=-1"),
    ({"max_new_tokens": 2.5}, "max_new_tokens=2.5"),
    ({"max_new_tokens": True}, "max_new_tokens=True"),
    ({"max_new_tokens": 3, "min_new_tokens": 4}, "min_new_tokens=4"),
    ({"temperature": -0.1}, "temperature=-0.1"),
    ({"temperature": float("nan")}, "temperature=nan"),
    ({"temperature": "hot"}, "temperature='hot'"),
    ({"top_p": 0}, "top_p=0"),
    ({"top_p": 1.1}, "top_p=1.1"),
    ({"top_k": 0}, "top_k=0"),
    ({"min_p": 2}, "min_p=2"),
    ({"frequency_penalty": 3}, "frequency_penalty=3"),
    ({"presence_penalty": -3}, "presence_penalty=-3"),
    ({"repetition_penalty": 0}, "repetition_penalty=0"),
    ({"stop": [""]}, "stop"),
    ({"stop": 7}, "stop=7"),
    ({"stop_token_ids": [-1]}, "stop_token_ids"),
    ({"stop_token_ids": [99999]}, "vocabulary"),
    ({"stop_regex": "("}, "stop_regex"),
    ({"n": 0}, "n=0"),
    ({"ignore_eos": "yes"}, "ignore_eos='yes'"),
    ({"sampling_seed": 1.5}, "sampling_seed=1.5"),
]


@pytest.mark.parametrize(("given", "words"), PARAMETERS, ids=str)
def test_a_wrong_sampling_parameter_is_named(given, words):
    with speaking("fine") as core:
        with pytest.raises(UsageError, match=re.escape(words)):
            core.generate("?:", given)
        assert core.stats().finished == core.stats().waiting == 0
        assert core.generate("?:")["text"] == "fine"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ({"max_new_tokens": 1}, {"max_new_tokens": True}),
        ({"max_new_tokens": 1}, {"max_new_tokens": 1.0}),
        ({"temperature": 1}, {"temperature": True}),
        ({"ignore_eos": True}, {"ignore_eos": 1}),
        ({"stop_token_ids": (1,)}, {"stop_token_ids": (True,)}),
    ],
)
@pytest.mark.parametrize("by_hand", [False, True], ids=["by name", "by hand"])
def test_a_wrong_parameter_is_refused_though_an_equal_right_one_is_remembered(right, wrong, by_hand):
    sampling_params(right)
    with pytest.raises(UsageError):
        sampling_params(SamplingParams(**wrong) if by_hand else wrong)


def test_an_unknown_sampling_parameter_names_the_nearest():
    with speaking("fine") as core, pytest.raises(UnknownOptionError, match="temperature"):
        core.generate("?:", {"temprature": 1})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "either prompt or input_ids"),
        ({"prompt": "a:", "input_ids": [1]}, "either prompt or input_ids"),
        ({"prompt": ""}, "empty"),
        ({"prompt": []}, "at least one prompt"),
        ({"prompt": ["a:", ""]}, "empty"),
        ({"prompt": "\ud800:"}, "Unicode"),
        ({"prompt": [1, 2]}, "input_ids"),
        ({"input_ids": []}, "empty"),
        ({"input_ids": [300]}, "vocabulary"),
        ({"input_ids": [-1]}, "vocabulary"),
        ({"input_ids": [1.5]}, "whole numbers"),
        ({"prompt": ["a:", "b:"], "sampling_params": [{}]}, "1 entries for 2 prompts"),
        ({"prompt": "a:", "top_logprobs_num": 3}, "return_logprob"),
        ({"prompt": "a:", "return_logprob": True, "top_logprobs_num": 65}, "top_logprobs_num=65"),
        ({"prompt": "a:", "return_logprob": True, "logprob_start_len": 3}, "logprob_start_len=3"),
    ],
    ids=str,
)
def test_a_wrong_call_queues_nothing(arguments, words):
    with speaking("fine") as core:
        with pytest.raises(UsageError, match=words):
            core.generate(**arguments)
        assert core.stats().prompt_tokens == core.stats().waiting == 0
        assert core.generate("?:")["text"] == "fine"


def test_a_prompt_that_can_never_fit_is_refused_with_its_numbers():
    core = scripted(20, context=30)
    with pytest.raises(CapacityError, match=r"31 tokens and the context ends at 30"):
        core.submit([1] * 31)
    with pytest.raises(CapacityError, match=r"20 tokens and the KV pool holds 20.*kv_tokens"):
        core.submit([1] * 20)
    assert core.submit([1] * 20, SamplingParams(max_new_tokens=0)).result().finish_reason["type"] == "length"
    assert core.submit([1] * 19).result().finish_reason == {"type": "length", "length": 1}


@pytest.mark.parametrize("cache", ["radix", "flat", "force-miss", "off"])
@pytest.mark.parametrize(("kv_tokens", "context", "length"), [(20, 100, 15), (100, 12, 7)])
def test_at_the_end_of_pool_or_context_generation_ends_whatever_is_cached(cache, kv_tokens, context, length):
    core = scripted(kv_tokens, context=context, radix_cache=cache)
    for _ in range(2):
        output = core.submit([1, 2, 3, 4, 5], SamplingParams(max_new_tokens=90)).result()
        assert output.finish_reason == {"type": "length", "length": length}
        assert list(output.output_ids) == continuation([1, 2, 3, 4, 5], length)
        core.check_integrity()


@pytest.mark.parametrize("constraint", [{"regex": "[0-9]+"}, {"json_schema": {"type": "object"}}])
def test_a_constraint_without_a_tokenizer_is_refused(constraint):
    core = scripted()
    with pytest.raises(ConstraintError):
        core.generate(input_ids=[1], sampling_params=constraint)


def test_text_needs_a_tokenizer():
    core = scripted()
    with pytest.raises(UsageError, match="skip_tokenizer_init"):
        core.generate("hello")
    with pytest.raises(UsageError, match="stop_token_ids"):
        core.generate(input_ids=[1], sampling_params={"stop": "x"})
    result = core.generate(input_ids=[1], sampling_params={"max_new_tokens": 3})
    assert (result["text"], result["output_ids"]) == ("", continuation([1], 3))


@pytest.mark.parametrize("option", [{"eviction": "lruu"}, {"kv_tokns": 3}, {"schedule": "lifo"}])
def test_an_unknown_option_is_an_error(option):
    with pytest.raises(UsageError):
        scripted(**option)
