"""`select` by the probability of texts, whatever their tokens."""

from __future__ import annotations

import math

import pytest

import sgbench as sgl
from sgbench.backends.local import LocalBackend
from sgbench.engine.constrained.tokenizations import spellings
from sgbench.lang.chat_template import get_chat_template
from sgbench.lang.choices import ExactLikelihood
from tests.constrained.spelling import LongestMatch
from tests.engine.world import scripted

pytestmark = [pytest.mark.timeout(60), pytest.mark.filterwarnings("ignore:.*failed.*:RuntimeWarning")]


class Read:
    """A text as tokens."""

    def __init__(self, ids: list[int]) -> None:
        self.ids = ids

    def chars(self, n_tokens: int) -> int:
        return n_tokens


class Words(LongestMatch):
    """With what programs ask besides."""

    chat_template = None

    def read(self, text: str) -> Read:
        return Read(self.encode(text))


def test_exact_likelihood_sums_over_every_tokenization() -> None:
    """Over single bytes there is one; over words there are many, and they may join with the prompt's end."""
    words = Words()
    core = scripted(4000, vocab=words.vocab_size, tokenizer=words, start=True)
    choices = ["the Name", " and", "orderId"]
    vocabulary = words.vocabulary()

    @sgl.function
    def program(s, text, method):
        s += text + sgl.select("c", choices, choices_method=method)

    with core:
        place = LocalBackend(core, get_chat_template("default"))
        prompt = words.encode("x or ")
        state = program.run("x or ", sgl.exact_likelihood, backend=place)
        assert state.error() is None
        meta = state.get_meta_info("c")
        for choice, found in zip(choices, meta["choice_logprobs"], strict=True):
            total = 0.0
            for way in spellings(b" " + choice.encode(), vocabulary, 10_000):
                ids = (*prompt[:-1], *way)
                total += math.exp(sum(core.runner.logprob(ids[:p], ids[p]) for p in range(len(prompt) - 1, len(ids))))
            assert found == pytest.approx(math.log(total))
        assert sum(meta["choice_probabilities"]) == pytest.approx(1)
        assert state["c"] == choices[meta["choice_logprobs"].index(max(meta["choice_logprobs"]))]
        few = program.run("x", ExactLikelihood(3), backend=place)
        assert isinstance(few.error(), sgl.ConstraintError)
        bare = program.run("", sgl.exact_likelihood, backend=place)
        assert isinstance(bare.error(), sgl.UsageError)
        core.check_integrity()
