"""What constrained decoding draws, against sums over everything that a tiny model can write."""

from __future__ import annotations

import itertools
import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sgbench as sgl
from sgbench.engine.constrained.canonical import CanonicalPairs
from sgbench.engine.constrained.compiler import Compiler
from sgbench.engine.constrained.constraint import Constraint
from sgbench.engine.constrained.distribution import Decoding, Distributions, conditional
from sgbench.engine.constrained.tokenizations import spellings, tokenizations
from sgbench.errors import ConstraintError
from tests.constrained.exact_model import ExactModel, Ids, Table
from tests.constrained.spelling import EOS, LongestMatch

TOKENIZER = LongestMatch(["ab", "abc", "bc", "aa"], single_bytes=b"abc")
VOCAB = TOKENIZER.vocab_size
COMPILER = Compiler(TOKENIZER.vocabulary)
STOPS = frozenset({EOS})
FINITE = ["ab|abc|b", "a[bc]{1,2}", "(aa|b)?c", "(abc|aab)c?", "abc(a|b)", "a", "[ab]{2}"]


def spell(ids: Ids) -> str:
    return TOKENIZER.decode(ids).decode()


def decoding(pattern: str, model: ExactModel, mode: str, canonical: bool = False) -> Decoding:
    pairs = CanonicalPairs(TOKENIZER, VOCAB) if canonical else None
    constraint = Constraint(COMPILER.regex(pattern), TOKENIZER, STOPS, mode, pairs=pairs)
    return Decoding(constraint, Table(model), (), spell, STOPS)


def every_sequence(longest: int) -> list[Ids]:
    return [ids for n in range(longest + 1) for ids in itertools.product(range(1, VOCAB), repeat=n)]


@pytest.mark.parametrize("pattern", FINITE)
def test_every_tokenization_of_every_match_is_listed_once(pattern: str) -> None:
    found = tokenizations(COMPILER.regex(pattern), 1000)
    wanted = [ids for ids in every_sequence(4) if re.fullmatch(pattern, spell(ids))]
    assert sorted(found) == sorted(wanted)
    for text in {spell(ids) for ids in found}:
        assert sorted(spellings(text.encode(), TOKENIZER.vocabulary(), 1000)) == sorted(
            ids for ids in wanted if spell(ids) == text
        )


def test_too_many_and_endless_are_refused_with_the_number() -> None:
    with pytest.raises(ConstraintError, match="endlessly many"):
        tokenizations(COMPILER.regex("a*"), 10)
    with pytest.raises(ConstraintError, match=r"in 2 ways.*limit is 1"):
        tokenizations(COMPILER.regex("ab"), 1)
    with pytest.raises(ConstraintError, match=r"about 10\^\d+ ways.*limit is 1,000"):
        spellings(b"abc" * 300, TOKENIZER.vocabulary(), 1000)
    with pytest.raises(ConstraintError, match="limit is 1,000"):
        tokenizations(COMPILER.regex("(abc){100}"), 1000)


@settings(max_examples=60, deadline=None)
@given(pattern=st.sampled_from(FINITE), seed=st.integers(0, 10_000), ends=st.booleans())
def test_the_models_own_distribution_is_the_sum_over_all_it_can_write(pattern: str, seed: int, ends: bool) -> None:
    model = ExactModel(VOCAB, seed)
    found, log_mass = conditional(
        tokenizations(COMPILER.regex(pattern), 1000), Table(model), spell, STOPS if ends else None
    )
    masses: dict[str, float] = {}
    for ids in every_sequence(4):
        if re.fullmatch(pattern, spell(ids)):
            p = math.prod(model.probabilities(ids[:i])[token] for i, token in enumerate(ids))
            masses[spell(ids)] = masses.get(spell(ids), 0.0) + p * (model.probabilities(ids)[EOS] if ends else 1.0)
    assert math.exp(log_mass) == pytest.approx(sum(masses.values()))
    assert found == pytest.approx({text: mass / sum(masses.values()) for text, mass in masses.items()})


@settings(max_examples=60, deadline=None)
@given(pattern=st.sampled_from(FINITE), seed=st.integers(0, 10_000))
def test_masks_alone_draw_the_product_of_renormalised_steps(pattern: str, seed: int) -> None:
    model = ExactModel(VOCAB, seed)
    found = decoding(pattern, model, "off").probabilities()
    wanted: dict[str, float] = {}
    alive = {text[:n] for text in found for n in range(len(text) + 1)}

    def follow(ids: Ids, mass: float) -> None:
        text, row = spell(ids), model.probabilities(ids)
        further = {i: row[i] for i in range(1, VOCAB) if spell((*ids, i)) in alive}
        if re.fullmatch(pattern, text):
            whole = (row[EOS] + sum(further.values())) if further else row[EOS]
            wanted[text] = wanted.get(text, 0.0) + mass * row[EOS] / whole
        else:
            whole = sum(further.values())
        for token, p in further.items():
            follow((*ids, token), mass * p / whole)

    follow((), 1.0)
    assert found == pytest.approx(wanted)


@settings(max_examples=60, deadline=None)
@given(
    pattern=st.sampled_from(FINITE),
    seed=st.integers(0, 10_000),
    mode=st.sampled_from(["off", "safe", "text"]),
    canonical=st.booleans(),
)
def test_every_way_draws_a_distribution_and_greedy_is_one_of_its_texts(
    pattern: str, seed: int, mode: str, canonical: bool
) -> None:
    way = decoding(pattern, ExactModel(VOCAB, seed), mode, canonical)
    found = way.probabilities()
    assert sum(found.values()) == pytest.approx(1)
    assert all(re.fullmatch(pattern, text) for text in found)
    assert way.greedy() in found


def test_one_byte_tokens_and_nothing_forbidden_stray_nowhere() -> None:
    single = LongestMatch([], single_bytes=b"ab")
    model = ExactModel(3, 5, {(): {1: 0.3, 2: 0.7}})
    masks = Compiler(single.vocabulary).regex("[ab]")
    own, _ = conditional(tokenizations(masks, 10), Table(model), lambda ids: single.decode(ids).decode(), None)
    way = Decoding(
        Constraint(masks, single, STOPS, "off"), Table(model), (), lambda ids: single.decode(ids).decode(), STOPS
    )
    both = Distributions(own, {"off": way.probabilities()}, {}, 0.0, 2)
    assert both.kl("off") == pytest.approx(0, abs=1e-12)


def test_the_pull_of_a_first_letter_is_measured() -> None:
    """The model wants to write `aa` and thinks of `a` first; the mask leaves it `abc` only (the paper's `Above Average`)."""
    a, b, c = (TOKENIZER.ids[x] for x in (b"a", b"b", b"c"))
    model = ExactModel(
        VOCAB,
        given={
            (): {a: 0.8, b: 0.2},
            (a,): {a: 0.99, b: 0.01},
            (a, b): {c: 1.0},
            (b,): {c: 1.0},
        },
    )
    table = Table(model)
    own, _ = conditional(tokenizations(COMPILER.regex("abc|bc"), 100), table, spell, None)
    assert own == pytest.approx({"abc": 0.008 / 0.208, "bc": 0.2 / 0.208})
    drawn = decoding("abc|bc", model, "off").probabilities()
    assert drawn == pytest.approx({"abc": 0.8, "bc": 0.2})
    measured = Distributions(own, {"off": drawn, "never": {"abc": 1.0}}, {}, 0.0, 5)
    wanted = sum(p * math.log(p / drawn[text]) for text, p in own.items())
    assert measured.kl("off") == pytest.approx(wanted) and wanted > 1
    assert measured.kl("never") == math.inf


def test_a_jump_takes_the_text_and_leaves_the_tokens() -> None:
    """`abc` is one token; forced `a` as text hides it, and the model goes where it would not after a token of its own."""
    a, ab, abc = (TOKENIZER.ids[x] for x in (b"a", b"ab", b"abc"))
    b = TOKENIZER.ids[b"b"]
    c = TOKENIZER.ids[b"c"]
    model = ExactModel(VOCAB, given={(): {abc: 0.9, a: 0.1}, (a,): {b: 1.0}, (ab,): {a: 0.5, c: 0.5}, (a, b): {a: 1.0}})
    safe, text = (decoding("ab(a|c)", model, mode).probabilities() for mode in ("safe", "text"))
    assert safe == pytest.approx({"abc": 0.9, "aba": 0.1})
    assert text == pytest.approx({"abc": 0.5, "aba": 0.5})


def test_canonical_masks_leave_only_the_tokenizers_own_pairs() -> None:
    pairs = CanonicalPairs(TOKENIZER, VOCAB)
    ids = TOKENIZER.ids
    asked = np.array([ids[b"a"], ids[b"b"], ids[b"bc"], ids[b"c"]], dtype=np.int32)
    assert pairs.after(ids[b"a"], asked).tolist() == [ids[b"c"]], "aa, ab and abc are tokens of their own"
    assert pairs.after(ids[b"a"], asked[:2]).tolist() == asked[:2].tolist(), "none is left: all stay"


class FakeEngine:
    """What `sgl.constrained.distributions` asks of an engine, over a tiny model."""

    def __init__(self, model: ExactModel) -> None:
        self.model, self.tokenizer, self.compiler = model, TOKENIZER, COMPILER

    def generate(self, *, input_ids: Any, sampling_params: Any, **wish: Any) -> Any:
        if not wish:
            return {}
        start = wish["logprob_start_len"]
        rows = [
            [(self.model.logprob(tuple(ids[:p]), ids[p]), ids[p], None) for p in range(start, len(ids))]
            for ids in input_ids
        ]
        return [{"meta_info": {"input_token_logprobs": row}} for row in rows]


def test_an_engines_distributions_are_those_of_its_parts() -> None:
    model = ExactModel(VOCAB, 11)
    found = sgl.constrained.distributions(FakeEngine(model), "", "ab|abc|b")
    assert found.decoded["off"] == pytest.approx(decoding("ab|abc|b", model, "off").probabilities())
    assert found.decoded["canonical"] == pytest.approx(decoding("ab|abc|b", model, "off", True).probabilities())
    assert found.greedy["text"] == decoding("ab|abc|b", model, "text").greedy()
    assert found.tokenizations == 7 and found.kl("off") >= 0
    with pytest.raises(ConstraintError, match="begins another"):
        sgl.constrained.distributions(FakeEngine(model), "", "ab|abc|b", ends=False)
    free = sgl.constrained.distributions(FakeEngine(model), "a", "[bc]", ends=False)
    assert sum(free.conditional.values()) == pytest.approx(1)
