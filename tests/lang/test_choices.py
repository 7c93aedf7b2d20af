"""The three choice methods, by their formulas."""

from __future__ import annotations

import math
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sgbench as sgl
from sgbench.lang.choices import ChoicesDecision, ChoicesSamplingMethod, ExactLikelihood

LOGPROBS = st.lists(st.lists(st.floats(-20, -0.001), min_size=1, max_size=5), min_size=1, max_size=6)


def ask(method: ChoicesSamplingMethod, rows: list[list[float]], bare: list[list[float | None]] | None = None):
    def entries(row):
        return [(value, i, str(i)) for i, value in enumerate(row)]

    return method(
        choices=[f"c{i}" for i in range(len(rows))],
        normalized_prompt_logprobs=[fmean(row) for row in rows],
        input_token_logprobs=[entries(row) for row in rows],
        output_token_logprobs=[[] for _ in rows],
        unconditional_token_logprobs=None if bare is None else [entries(row) for row in bare],
    )


@settings(deadline=None)
@given(LOGPROBS)
def test_token_length_normalized_takes_the_first_best_mean(rows) -> None:
    means = [fmean(row) for row in rows]
    decision = ask(sgl.token_length_normalized, rows)
    assert decision.decision == f"c{means.index(max(means))}"
    assert decision.meta_info["normalized_prompt_logprobs"] == means


@settings(deadline=None)
@given(LOGPROBS)
def test_greedy_follows_the_best_token_at_each_position(rows) -> None:
    width = max(map(len, rows))
    padded = [row + [fmean(row)] * (width - len(row)) for row in rows]
    decision = ask(sgl.greedy_token_selection, rows)
    best = max(padded)  # rows compare position by position, as the method does
    assert decision.decision == f"c{padded.index(best)}"
    assert decision.meta_info["greedy_logprob_matrix"] == padded


@settings(deadline=None)
@given(LOGPROBS)
def test_unconditional_subtracts_what_the_choice_has_without_the_prompt(rows) -> None:
    bare: list[list[float | None]] = [[None, *(-0.5 * i for i in range(1, len(row)))] for row in rows]
    scores = [
        fmean(a - (b or 0.0) for a, b in zip(row, alone, strict=True)) for row, alone in zip(rows, bare, strict=True)
    ]
    decision = ask(sgl.unconditional_likelihood_normalized, rows, bare)
    assert decision.decision == f"c{scores.index(max(scores))}"
    assert decision.meta_info["normalized_unconditional_prompt_logprobs"] == scores


@pytest.mark.parametrize(
    ("method", "winner"),
    [
        (sgl.token_length_normalized, "c1"),
        (sgl.greedy_token_selection, "c0"),
    ],
)
def test_an_easy_long_tail_wins_only_by_the_mean(method, winner: str) -> None:
    assert ask(method, [[-1.0, -3.0], [-2.0, -0.01, -0.01]]).decision == winner


def test_ties_go_to_the_first() -> None:
    for method in (sgl.token_length_normalized, sgl.greedy_token_selection):
        assert ask(method, [[-1.0], [-1.0]]).decision == "c0"


def test_the_unconditional_method_says_what_it_misses() -> None:
    with pytest.raises(ValueError, match="without the prompt"):
        ask(sgl.unconditional_likelihood_normalized, [[-1.0]])
    assert sgl.unconditional_likelihood_normalized.requires_unconditional_logprobs
    assert not sgl.token_length_normalized.requires_unconditional_logprobs


def test_a_method_of_ones_own() -> None:
    class Longest(ChoicesSamplingMethod):
        def __call__(self, *, choices, **scores):
            return ChoicesDecision(max(choices, key=len), {"mine": True})

    @sgl.function
    def program(s):
        s += "p" + sgl.select("x", ["a", "bbb", "cc"], choices_method=Longest())

    state = program.run(backend=sgl.ScriptedBackend(scores=lambda prompt, choice: 0.0))
    assert state["x"] == "bbb" and state.get_meta_info("x")["mine"]


def test_exact_likelihood_goes_by_texts_and_says_what_it_misses() -> None:
    def choose(texts):
        return sgl.exact_likelihood(
            choices=["a", "b", "c"],
            normalized_prompt_logprobs=[-1.0, -2.0, -3.0],
            input_token_logprobs=[[], [], []],
            output_token_logprobs=[[], [], []],
            text_logprobs=texts,
        )

    decision = choose([-1000.0, -999.0, -float("inf")])
    assert decision.decision == "b"
    assert decision.meta_info["choice_probabilities"] == pytest.approx([1 / (1 + math.e), math.e / (1 + math.e), 0.0])
    with pytest.raises(sgl.UsageError, match="in-kernel engine"):
        choose(None)
    with pytest.raises(sgl.UsageError, match="at least 1"):
        ExactLikelihood(0)
    assert sgl.exact_likelihood.max_tokenizations and sgl.token_length_normalized.max_tokenizations is None
